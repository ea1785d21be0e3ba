/* The module list of an NSS database, pkcs11.txt, as NSS's own tool edits it. */
#ifndef OT_CLI_INSTALL_NSS_MODULE_H
#define OT_CLI_INSTALL_NSS_MODULE_H

#include "install/plan.h"

/* Plans that the database in directory dir knows our module. *found: whether there is a
 * database of this user's. */
enum ot_status ot_nss_plan(struct ot_stack_plan *plan, const char *dir, bool *found,
                           struct ot_error *err);

/* Plans a new database in dir, empty and without a password, that knows our module. */
enum ot_status ot_nss_plan_new(struct ot_stack_plan *plan, const char *dir,
                               struct ot_error *err);

/* The list without our module; see struct ot_stack. */
enum ot_status ot_nss_strip(struct ot_file_state *to, const char *path,
                            const struct ot_file_state *now, bool *found,
                            struct ot_error *err);

/* Whether the database in directory dir names our module, as far as this user may see. */
bool ot_nss_is_listed(const char *dir);

/* Where Chromium and the tools look: below a home, the first that is there; for
 * everybody; and the browsers that make one when they first run. Each up to a NULL. */
extern const char *const ot_nss_homes[], *const ot_nss_browsers[];
#define OT_NSS_MACHINE_DATABASE "/etc/pki/nssdb"

#endif

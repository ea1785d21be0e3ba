/* The module list of an NSS database, pkcs11.txt, as NSS's own tool edits it. */
#ifndef OT_CLI_INSTALL_NSS_MODULE_H
#define OT_CLI_INSTALL_NSS_MODULE_H

#include "install/plan.h"

/* NSS asks the module with the lowest order first: the user's own database has 75,
 * Mozilla's roots have 100, and a module for which nothing is said 50. Behind them all,
 * what a user or Mozilla says of a certificate stands, also that it is trusted for e-mail
 * only. At 100 it would depend on who is loaded first. */
#define OT_NSS_ORDER 101

enum ot_nss_wiring {
    OT_NSS_UNLISTED,
    OT_NSS_TOO_EARLY, /* listed, and asked before the user or Mozilla */
    OT_NSS_LISTED
};

/* What the list says of our module. */
enum ot_nss_wiring ot_nss_wiring_of(const struct ot_file_state *list);
/* The same of the database in directory dir, as far as this user may see. */
enum ot_nss_wiring ot_nss_wiring_in(const char *dir);

/* Plans that the database in directory dir knows our module, in its
 * order. *found: whether there is a
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

/* Firefox's policy can name a module, and no order. */
#define OT_FIREFOX_POLICY_MEANS                                                          \
    "by a policy Firefox asks orgtrust before the user and Mozilla: what is active is "  \
    "trusted also where a user distrusts it, until `orgtrust install firefox`, run by "  \
    "the user, has set the order in his profiles"

/* Where Chromium and the tools look: below a home, the first that is there; for
 * everybody; and the browsers that make one when they first run. Each up to a NULL. */
extern const char *const ot_nss_homes[], *const ot_nss_browsers[];
#define OT_NSS_MACHINE_DATABASE "/etc/pki/nssdb"

#endif

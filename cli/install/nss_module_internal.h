/* Databases of NSS that come to know our module, made and edited by NSS's own tools. */
#ifndef OT_CLI_INSTALL_NSS_MODULE_INTERNAL_H
#define OT_CLI_INSTALL_NSS_MODULE_INTERNAL_H

#include "install/plan_internal.h"

/* Plans that the database in directory dir knows our module, in its
 * order. *found: whether there is a database of this user's. */
enum ot_status ot_nss_plan(struct ot_stack_plan *plan, const char *dir, bool *found,
                           struct ot_error *err);

/* Plans a new database in dir, empty and without a password, that knows our module. */
enum ot_status ot_nss_plan_new(struct ot_stack_plan *plan, const char *dir,
                               struct ot_error *err);

/* The list without our module; see struct ot_stack. */
enum ot_status ot_nss_strip(struct ot_file_state *to, const char *path,
                            const struct ot_file_state *now, bool *found,
                            struct ot_error *err);

#endif

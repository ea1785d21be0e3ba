/* NSS's databases: where they are, and what the module list of one says of our module. */
#ifndef OT_CLI_INSTALL_NSS_LIST_H
#define OT_CLI_INSTALL_NSS_LIST_H

#include <stdbool.h>

#include "base/error.h"

struct ot_file_state;

#define OT_NSS_LIST "pkcs11.txt"

/* NSS asks the module with the lowest order first: the user's own database has 75,
 * Mozilla's roots have 100, and a module for which nothing is said 50. Behind them all,
 * what a user or Mozilla says of a certificate stands, also that it is trusted for e-mail
 * only. At 100 it would depend on who is loaded first. */
#define OT_NSS_ORDER "101"

#define OT_NSS_ORDER_SETTING "trustOrder=" OT_NSS_ORDER

/* A no goes before them all. An order is of a module, so there is one for it alone. */
#define OT_NSS_DISTRUST_ORDER_SETTING "trustOrder=10"

enum ot_nss_wiring {
    OT_NSS_UNLISTED,
    OT_NSS_TOO_EARLY, /* listed, and asked before the user or Mozilla */
    OT_NSS_LISTED
};

/* Whether the list has the module of what is distrusted. */
bool ot_nss_list_has_distrust(const struct ot_file_state *list);

enum ot_nss_wiring ot_nss_wiring_of(const struct ot_file_state *list);
/* Of the database in directory dir, as far as this user may see. */
enum ot_nss_wiring ot_nss_wiring_in(const char *dir);
bool ot_nss_has_distrust_in(const char *dir);

/* Our module's entry gets its order and else stays as it is: somebody may have given it
 * another name, or settings. Without one the list stays as it is. */
enum ot_status ot_nss_list_set_order(struct ot_file_state *list, struct ot_error *err);

/* Where Chromium and the tools look: below a home, the first that is there; for
 * everybody; and the browsers that make one when they first run. Each up to a NULL. */
extern const char *const ot_nss_homes[], *const ot_nss_browsers[];
#define OT_NSS_OLDER_HOME ".pki/nssdb"
#define OT_NSS_NEWER_HOME ".local/share/pki/nssdb"
#define OT_NSS_MACHINE_DATABASE "/etc/pki/nssdb"

#endif

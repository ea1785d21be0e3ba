/* Firefox on this machine: whether it is here, and by what it has the module. */
#ifndef OT_CLI_INSTALL_FIREFOX_H
#define OT_CLI_INSTALL_FIREFOX_H

#include <stdbool.h>

#include "base/error.h"

struct ot_file_state;
struct ot_install_env;

/* By a package of the distribution or of Mozilla's, or policies for it are. */
bool ot_firefox_is_here(void);
/* The module is every profile's where the machine's policy says so. */
bool ot_firefox_policy_has_module(void);

/* dir: where a profile may be. Another status than OT_OK ends the walk, and is its own.
 */
typedef enum ot_status ot_firefox_look(void *arg, const char *dir, struct ot_error *err);

/* This user's profiles. A Firefox that finds no .mozilla makes its profiles where the XDG
 * specification has them, as ESR 153 does; one that does goes on there. */
enum ot_status ot_firefox_profiles_each(const struct ot_install_env *env,
                                        ot_firefox_look *look, void *arg,
                                        struct ot_error *err);

/* The policies without our name; see struct ot_stack. */
enum ot_status ot_firefox_policy_strip(struct ot_file_state *to, const char *path,
                                       const struct ot_file_state *now, bool *found,
                                       struct ot_error *err);

/* What runs `orgtrust install firefox` for a user, as installed. */
#define OT_FIREFOX_UNIT ORGTRUST_USER_UNIT_DIR "/orgtrust-firefox.service"
#define OT_FIREFOX_DESKTOP ORGTRUST_DATADIR "/orgtrust-firefox.desktop"

/* A policy can name a module, and no order. */
#define OT_FIREFOX_POLICY_MEANS                                                          \
    "by a policy Firefox asks orgtrust before the user and Mozilla: what is active is "  \
    "trusted also where a user distrusts it, until `orgtrust install firefox`, run by "  \
    "the user, has set the order in his profiles"
#define OT_FIREFOX_WANTS_MODUTIL                                                         \
    "what runs at logins takes NSS's tool modutil, which is not here"
#define OT_FIREFOX_SEES_IT_LATER "a Firefox that runs now sees it after its next start"
#define OT_FIREFOX_IS_ABSENT "Firefox is not on this machine"

#endif

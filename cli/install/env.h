/* For whom something is installed, and where that leads. */
#ifndef OT_CLI_INSTALL_ENV_H
#define OT_CLI_INSTALL_ENV_H

#include <stdbool.h>

#include "base/error.h"

struct ot_settings;

/* Paths of our own files are those of this build. */
struct ot_install_env {
    bool is_root; /* for the machine; otherwise for this user */
    char *home, *config_home, *state_dir;
    const struct ot_settings *settings; /* what setup wants; NULL: it is not setup */
};

/* OT_E_UNSAFE: it is root who runs, and HOME, XDG_* or TMPDIR lead where another user
 * decides what is found. */
enum ot_status ot_install_env_init(struct ot_install_env *env, struct ot_error *err);
void ot_install_env_clear(struct ot_install_env *env);

#endif

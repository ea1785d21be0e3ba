#include "install/env.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/environment.h"
#include "files/path.h"
#include "files/place.h"

#define MACHINE_STATE_DIR "/var/lib/orgtrust/install"

/* $NAME/rest, or home/fallback/rest; relative values do not count (XDG). */
static char *xdg_path(const char *name, const char *home, const char *fallback,
                      const char *rest)
{
    const char *value = ot_env_get(name);
    char *path = NULL;
    int n = value != NULL && value[0] == '/'
                ? asprintf(&path, "%s%s", value, rest)
                : asprintf(&path, "%s/%s%s", home, fallback, rest);

    return n < 0 ? NULL : path;
}

/* What names the files that programs of one user read, and the way out for root. */
static const struct variable {
    const char *name, *way_out;
} personal[] = {
    {"HOME", "run it with 'sudo -H'"}, {"XDG_CONFIG_HOME", "unset it"},
    {"XDG_CACHE_HOME", "unset it"},    {"XDG_DATA_HOME", "unset it"},
    {"XDG_STATE_HOME", "unset it"},    {"TMPDIR", "unset it"},
};

/* Root neither reads nor obeys what another user may have put there. */
static enum ot_status check_personal(const struct variable *variable,
                                     struct ot_error *err)
{
    const char *path = ot_env_get(variable->name);
    struct ot_error why = OT_ERROR_INIT;
    struct stat st;

    if (path == NULL || path[0] != '/' || ot_place_check(path, &why) == OT_OK)
        return OT_OK;
    if (stat(path, &st) == 0 && st.st_uid != 0)
        return ot_error_set(err, OT_E_UNSAFE,
                            "%s is %s, which belongs to another user: %s", variable->name,
                            path, variable->way_out);
    return ot_error_set(err, OT_E_UNSAFE,
                        "%s is %s, where another user decides what is found: %s (%s)",
                        variable->name, path, variable->way_out, why.message);
}

static const char *home_of_user(void)
{
    const char *home = ot_env_get("HOME");
    const struct passwd *account;

    if (home != NULL && home[0] == '/')
        return home;
    account = getpwuid(geteuid());
    return account != NULL ? account->pw_dir : "/";
}

enum ot_status ot_install_env_init(struct ot_install_env *env, struct ot_error *err)
{
    const char *home = home_of_user();
    enum ot_status status = OT_OK;

    *env = (struct ot_install_env){.is_root = geteuid() == 0};
    for (size_t i = 0;
         env->is_root && status == OT_OK && i < sizeof(personal) / sizeof(personal[0]);
         i++)
        status = check_personal(&personal[i], err);
    if (status != OT_OK)
        return status;
    env->home = strdup(home);
    env->config_home = xdg_path("XDG_CONFIG_HOME", home, ".config", "");
    env->state_dir = env->is_root ? strdup(MACHINE_STATE_DIR)
                                  : xdg_path("XDG_STATE_HOME", home, ".local/state",
                                             "/orgtrust/install");
    if (env->home != NULL && env->config_home != NULL && env->state_dir != NULL)
        return OT_OK;
    ot_install_env_clear(env);
    return ot_error_nomem(err);
}

void ot_install_env_clear(struct ot_install_env *env)
{
    free(env->home);
    free(env->config_home);
    free(env->state_dir);
    *env = (struct ot_install_env){.home = NULL};
}

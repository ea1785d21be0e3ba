/* NSS: the databases that Chromium and the NSS tools of this user open, and the one that
 * some systems keep for everybody. */
#include <stdio.h>
#include <stdlib.h>

#include "install/nss_list.h"
#include "install/nss_module_internal.h"
#include "install/stack_internal.h"
#include "install/tool.h"

static enum ot_status plan_home(struct ot_stack_plan *plan, const char *home,
                                const char *name, bool *found, struct ot_error *err)
{
    enum ot_status status;
    char *dir;

    if (asprintf(&dir, "%s/%s", home, name) < 0)
        return ot_error_nomem(err);
    status = ot_nss_plan(plan, dir, found, err);
    free(dir);
    return status;
}

static bool has_browser(void)
{
    for (size_t i = 0; ot_nss_browsers[i] != NULL; i++)
        if (ot_tool_exists(ot_nss_browsers[i]))
            return true;
    return false;
}

static enum ot_status plan_new(struct ot_stack_plan *plan,
                               const struct ot_install_env *env, struct ot_error *err)
{
    enum ot_status status;
    char *dir;

    /* Root does not browse, and its HOME may be another's. */
    if (env->is_root || !has_browser())
        return ot_error_set(
            err, OT_E_NOT_FOUND,
            "this user has no NSS database; mkdir -p -m 700 '%s/" OT_NSS_NEWER_HOME
            "' && certutil -N --empty-password -d 'sql:%s/" OT_NSS_NEWER_HOME
            "' makes one (certutil is in libnss3-tools)",
            env->home, env->home);
    if (asprintf(&dir, "%s/" OT_NSS_NEWER_HOME, env->home) < 0)
        return ot_error_nomem(err);
    status = ot_nss_plan_new(plan, dir, err);
    free(dir);
    return status;
}

static enum ot_status plan_nss(struct ot_stack_plan *plan,
                               const struct ot_install_env *env, struct ot_error *err)
{
    bool found = false;
    enum ot_status status = ot_install_need(OT_PKCS11_MODULE, err);

    /* Chromium opens the first of these two that is there. */
    if (status == OT_OK)
        status = plan_home(plan, env->home, OT_NSS_OLDER_HOME, &found, err);
    if (status == OT_OK)
        status = plan_home(plan, env->home, OT_NSS_NEWER_HOME, &found, err);
    if (status == OT_OK && env->is_root)
        status = ot_nss_plan(plan, OT_NSS_MACHINE_DATABASE, &found, err);
    if (status != OT_OK)
        return status;
    if (!found)
        status = plan_new(plan, env, err);
    if (status == OT_OK && plan->count > 0)
        ot_stack_plan_note(plan, "a browser that runs now sees it after its next start");
    return status;
}

const struct ot_stack ot_stack_nss = {
    .name = "nss",
    .summary = "Chromium and the NSS tools, for this user",
    .plan = plan_nss,
    .strip = ot_nss_strip,
};

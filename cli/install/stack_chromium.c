/* Chromium, Chrome and Edge, for every user of the machine: export_chromium in its
 * configuration. */
#include "export/chromium.h"
#include "install/config_line_internal.h"
#include "install/stack_internal.h"

#define KEY "export_chromium"

static bool has_browser_with_policy(void)
{
    for (size_t i = 0; i < OT_CHROMIUM_BROWSERS; i++)
        if (ot_chromium_is_installed(&ot_chromium_browsers[i]))
            return true;
    return false;
}

static enum ot_status plan_chromium(struct ot_stack_plan *plan,
                                    const struct ot_install_env *env,
                                    struct ot_error *err)
{
    if (!env->is_root)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "the browsers' policies are the machine's: as root; for this "
                            "user alone: orgtrust install nss");
    if (!has_browser_with_policy())
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "no Chromium, Chrome or Edge is on this machine");
    return ot_config_line_plan(plan, KEY, "yes", err);
}

static enum ot_status strip_chromium(struct ot_file_state *to, const char *path,
                                     const struct ot_file_state *now, bool *found,
                                     struct ot_error *err)
{
    (void)path;
    return ot_config_line_strip(to, KEY, now, found, err);
}

static enum ot_status finish_chromium(struct ot_stack_plan *plan,
                                      const struct ot_install_env *env, bool is_installed,
                                      struct ot_error *err)
{
    (void)env;
    (void)is_installed;
    return ot_config_line_finish(plan, OT_EXPORT_CHROMIUM,
                                 "the policies of the machine's browsers", err);
}

const struct ot_stack ot_stack_chromium = {
    .name = "chromium",
    .summary = "Chromium, Chrome and Edge by a policy, for every user",
    .plan = plan_chromium,
    .strip = strip_chromium,
    .has_markers = true,
    .finish = finish_chromium,
};

/* The system's own anchors, for programs that read only files: export_system in the
 * machine's configuration, upon which each sync keeps them in step. The first time, and
 * the taking back, are done here: they need no sync. */
#include "install/config_line_internal.h"
#include "install/stack_internal.h"

#define KEY "export_system"

static enum ot_status plan_system(struct ot_stack_plan *plan,
                                  const struct ot_install_env *env, struct ot_error *err)
{
    if (!env->is_root)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "the system's anchors are the machine's: as root; a program "
                            "of this user takes a file that export_bundle makes");
    return ot_config_line_plan(plan, KEY, "yes", err);
}

static enum ot_status strip_system(struct ot_file_state *to, const char *path,
                                   const struct ot_file_state *now, bool *found,
                                   struct ot_error *err)
{
    (void)path;
    return ot_config_line_strip(to, KEY, now, found, err);
}

static enum ot_status finish_system(struct ot_stack_plan *plan,
                                    const struct ot_install_env *env, bool is_installed,
                                    struct ot_error *err)
{
    (void)env;
    (void)is_installed;
    return ot_config_line_finish(plan, OT_EXPORT_SYSTEM, "the system's store", err);
}

const struct ot_stack ot_stack_system = {
    .name = "system",
    .summary = "the system's anchors, for all programs that read only files",
    .plan = plan_system,
    .strip = strip_system,
    .has_markers = true,
    .finish = finish_system,
};

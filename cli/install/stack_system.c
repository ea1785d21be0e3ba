/* The system's own anchors, for programs that read only files: export_system in the
 * machine's configuration, upon which each sync keeps them in step. The first time, and
 * the taking back, are done here: they need no sync. */
#include <stdlib.h>

#include "config/config.h"
#include "export/export.h"
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

static enum ot_status note_system_export(struct ot_stack_plan *plan,
                                         const struct ot_exports *exports,
                                         enum ot_status status, struct ot_error *err)
{
    /* What kept all of them from being done. */
    if (status != OT_OK && err->message[0] != '\0')
        return status;
    for (size_t i = 0; i < exports->count; i++) {
        const struct ot_export *item = &exports->items[i];

        if (item->kind != OT_EXPORT_SYSTEM)
            continue;
        if (item->outcome == OT_EXPORT_FAILED)
            return ot_error_set(err, item->why.status, "%s", item->why.message);
        if (item->outcome == OT_EXPORT_KEPT)
            ot_stack_plan_note(plan, "%s", item->why.message);
        else
            ot_stack_plan_note(plan, "%zu anchor%s of orgtrust in the system's store",
                               item->anchors, item->anchors == 1 ? "" : "s");
        return OT_OK;
    }
    /* What went wrong with another export is for the next sync to tell. */
    return OT_OK;
}

/* Brings the exports to what the configuration now says, from the snapshots as they are.
 */
static enum ot_status finish_system(struct ot_stack_plan *plan,
                                    const struct ot_install_env *env, bool is_installed,
                                    struct ot_error *err)
{
    const struct ot_exports_options options = {.stop = NULL};
    struct ot_exports *exports = NULL;
    struct ot_config *config = NULL;
    enum ot_status status = ot_config_load(&config, err);

    (void)env;
    (void)is_installed;
    if (status == OT_OK)
        status = ot_exports_follow(&exports, &config, &options, err);
    if (exports != NULL)
        status = note_system_export(plan, exports, status, err);
    free(exports);
    ot_config_free(config);
    return status;
}

const struct ot_stack ot_stack_system = {
    .name = "system",
    .summary = "the system's anchors, for all programs that read only files",
    .plan = plan_system,
    .strip = strip_system,
    .has_markers = true,
    .finish = finish_system,
};

/* The system's own anchors, for programs that read only files: export_system in the
 * machine's configuration, upon which each sync keeps them in step. The first time, and
 * the taking back, are done here: they need no sync. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "export/export.h"
#include "install/markers_internal.h"
#include "install/stack_internal.h"

#define FILE_PATH ORGTRUST_SYSCONFDIR "/orgtrust/orgtrust.conf"
#define KEY "export_system"

/* The value of the key before the first section, as it is written; NULL: it is not there.
 * len: of the value, without what follows it on the line. */
static const char *global_value(const char *text, size_t *len)
{
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n")) {
        const char *at = line += strspn(line, "\n");

        at += strspn(at, " \t");
        if (*at == '[')
            break;
        if (strncmp(at, KEY, strlen(KEY)) != 0)
            continue;
        at += strlen(KEY);
        at += strspn(at, " \t");
        if (*at != '=' && *at != ':')
            continue;
        at++;
        at += strspn(at, " \t");
        *len = strcspn(at, " \t\r\n;");
        return at;
    }
    return NULL;
}

static bool is_yes(const char *text)
{
    size_t len = 0;
    const char *value = global_value(text, &len);

    return value != NULL && len == 3 && strncmp(value, "yes", 3) == 0;
}

/* theirs: without our line. */
static enum ot_status plan_text(struct ot_stack_plan *plan, struct ot_edit *edit,
                                const struct ot_file_state *theirs, bool is_ours,
                                struct ot_error *err)
{
    size_t len = 0;
    const char *value = global_value(theirs->data, &len);

    if (is_yes(theirs->data)) {
        ot_stack_plan_note(plan, "%s says so by itself", edit->path);
        if (is_ours)
            return ot_file_state_copy(&edit->after, theirs, err);
        ot_stack_plan_drop(plan);
        return OT_OK;
    }
    if (value != NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "%s says " KEY " = %.*s; if that is no longer meant, remove "
                            "the line",
                            edit->path, (int)len, value);
    if (is_ours && is_yes(edit->before.data))
        return OT_OK;
    return ot_markers_prepend(&edit->after, theirs, KEY " = yes\n", err);
}

static enum ot_status plan_system(struct ot_stack_plan *plan,
                                  const struct ot_install_env *env, struct ot_error *err)
{
    struct ot_file_state theirs = {.kind = OT_FILE_ABSENT};
    struct ot_edit *edit;
    bool is_ours;
    enum ot_status status;

    if (!env->is_root)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "the system's anchors are the machine's: as root; a program "
                            "of this user takes a file that export_bundle makes");
    status = ot_stack_plan_edit(plan, FILE_PATH, &edit, err);
    if (status == OT_OK && edit->before.kind == OT_FILE_ABSENT)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "there is no " FILE_PATH " yet; orgtrust.conf(5) says what "
                            "goes into it");
    if (status == OT_OK)
        status = ot_markers_strip(&theirs, edit->path, &edit->before, &is_ours, err);
    if (status == OT_OK)
        status = plan_text(plan, edit, &theirs, is_ours, err);
    ot_file_state_clear(&theirs);
    return status;
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
    .strip = ot_markers_strip,
    .has_markers = true,
    .finish = finish_system,
};

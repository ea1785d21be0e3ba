/* The system's own anchors, for programs that read only files: export_system in the
 * machine's configuration, upon which each sync keeps them in step. The first time, and
 * the taking back, are done here: they need no sync. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/ini_file.h"
#include "export/export.h"
#include "install/markers_internal.h"
#include "install/stack_internal.h"

#define FILE_PATH ORGTRUST_SYSCONFDIR "/orgtrust/orgtrust.conf"
#define KEY "export_system"

/* What the keys before the first section say of it. */
struct head {
    bool is_over;
    char value[16]; /* as much as fits; "": the key is not there */
};

static enum ot_status end_head(void *arg, const char *name, unsigned line,
                               struct ot_error *err)
{
    struct head *head = arg;

    (void)name, (void)line, (void)err;
    head->is_over = true;
    return OT_OK;
}

static enum ot_status take_head_pair(void *arg, const char *key, const char *value,
                                     unsigned line, struct ot_error *err)
{
    struct head *head = arg;

    (void)line, (void)err;
    if (!head->is_over && strcmp(key, KEY) == 0)
        snprintf(head->value, sizeof(head->value), "%s", value);
    return OT_OK;
}

static enum ot_status read_config_head(struct head *head, const char *path,
                                       const struct ot_file_state *file,
                                       struct ot_error *err)
{
    const struct ot_ini ini = {end_head, take_head_pair, head, OT_E_CONFIG};
    struct ot_file_state copy = {.kind = OT_FILE_ABSENT};
    enum ot_status status = ot_file_state_copy(&copy, file, err);

    *head = (struct head){.is_over = false};
    if (status == OT_OK && copy.data != NULL)
        status = ot_ini_parse(&ini, path, copy.data, copy.len, err);
    ot_file_state_clear(&copy);
    return status;
}

/* theirs: without our line. */
static enum ot_status plan_text(struct ot_stack_plan *plan, struct ot_edit *edit,
                                const struct ot_file_state *theirs, bool is_ours,
                                struct ot_error *err)
{
    struct head head, before;
    enum ot_status status = read_config_head(&head, edit->path, theirs, err);

    if (status == OT_OK)
        status = read_config_head(&before, edit->path, &edit->before, err);
    if (status != OT_OK)
        return status;
    if (strcmp(head.value, "yes") == 0) {
        ot_stack_plan_note(plan, "%s says so by itself", edit->path);
        if (is_ours)
            return ot_file_state_copy(&edit->after, theirs, err);
        ot_stack_plan_drop(plan);
        return OT_OK;
    }
    if (head.value[0] != '\0')
        return ot_error_set(err, OT_E_CONFIG,
                            "%s says " KEY " = %s; if that is no longer meant, remove "
                            "the line",
                            edit->path, head.value);
    if (is_ours && strcmp(before.value, "yes") == 0)
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

#include "install/config_line_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/ini_file.h"
#include "install/markers_internal.h"

/* What the keys before the first section say of it. */
struct head {
    bool is_over;
    const char *key;
    char value[PATH_MAX]; /* "": the key is not there */
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
    if (!head->is_over && strcmp(key, head->key) == 0)
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

    head->is_over = false;
    head->value[0] = '\0';
    if (status == OT_OK && copy.data != NULL)
        status = ot_ini_parse(&ini, path, copy.data, copy.len, err);
    ot_file_state_clear(&copy);
    return status;
}

/* theirs: without our line. */
static enum ot_status plan_text(struct ot_stack_plan *plan, struct ot_edit *edit,
                                const struct ot_file_state *theirs, bool is_ours,
                                const char *key, const char *value, struct ot_error *err)
{
    struct head head = {.key = key}, before = {.key = key};
    char line[PATH_MAX + 64];
    enum ot_status status = read_config_head(&head, edit->path, theirs, err);

    if (status == OT_OK)
        status = read_config_head(&before, edit->path, &edit->before, err);
    if (status != OT_OK)
        return status;
    if (strcmp(head.value, value) == 0) {
        ot_stack_plan_note(plan, "%s says so by itself", edit->path);
        if (is_ours)
            return ot_file_state_copy(&edit->after, theirs, err);
        ot_stack_plan_drop(plan);
        return OT_OK;
    }
    if (head.value[0] != '\0')
        return ot_error_set(err, OT_E_CONFIG,
                            "%s says %s = %s; if that is no longer meant, remove "
                            "the line",
                            edit->path, key, head.value);
    if (is_ours && strcmp(before.value, value) == 0)
        return OT_OK;
    snprintf(line, sizeof(line), "%s = %s\n", key, value);
    return ot_markers_prepend(&edit->after, theirs, line, err);
}

enum ot_status ot_config_line_plan(struct ot_stack_plan *plan, const char *key,
                                   const char *value, struct ot_error *err)
{
    struct ot_file_state theirs = {.kind = OT_FILE_ABSENT};
    struct ot_edit *edit;
    bool is_ours;
    enum ot_status status = ot_stack_plan_edit(plan, OT_MACHINE_CONFIG, &edit, err);

    if (status == OT_OK && edit->before.kind == OT_FILE_ABSENT)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "there is no " OT_MACHINE_CONFIG
                            " yet; orgtrust.conf(5) says "
                            "what goes into it");
    if (status == OT_OK)
        status = ot_config_line_strip(&theirs, key, &edit->before, &is_ours, err);
    if (status == OT_OK)
        status = plan_text(plan, edit, &theirs, is_ours, key, value, err);
    ot_file_state_clear(&theirs);
    return status;
}

enum ot_status ot_config_line_strip(struct ot_file_state *to, const char *key,
                                    const struct ot_file_state *now, bool *found,
                                    struct ot_error *err)
{
    char line[64];

    snprintf(line, sizeof(line), "%s =", key);
    return ot_markers_strip_line(to, line, now, found, err);
}

static enum ot_status note_export(struct ot_stack_plan *plan, enum ot_export_kind kind,
                                  const char *place, const struct ot_exports *exports,
                                  enum ot_status status, struct ot_error *err)
{
    /* What kept all of them from being done. */
    if (status != OT_OK && err->message[0] != '\0')
        return status;
    for (size_t i = 0; i < exports->count; i++) {
        const struct ot_export *item = &exports->items[i];

        if (item->kind != kind)
            continue;
        if (item->outcome == OT_EXPORT_FAILED)
            return ot_error_set(err, item->why.status, "%s", item->why.message);
        if (item->outcome == OT_EXPORT_KEPT)
            ot_stack_plan_note(plan, "%s", item->why.message);
        else
            ot_stack_plan_note(plan, "%zu anchor%s of orgtrust in %s%s", item->anchors,
                               item->anchors == 1 ? "" : "s", place,
                               item->says_no ? ", told what is distrusted" : "");
        return OT_OK;
    }
    /* What went wrong with another export is for the next sync to tell. */
    return OT_OK;
}

enum ot_status ot_config_line_finish(struct ot_stack_plan *plan, enum ot_export_kind kind,
                                     const char *place, struct ot_error *err)
{
    const struct ot_exports_options options = {.stop = NULL};
    struct ot_exports *exports = NULL;
    struct ot_config *config = NULL;
    enum ot_status status = ot_config_load(&config, err);

    if (status == OT_OK)
        status = ot_exports_follow(&exports, &config, &options, err);
    if (exports != NULL)
        status = note_export(plan, kind, place, exports, status, err);
    free(exports);
    ot_config_free(config);
    return status;
}

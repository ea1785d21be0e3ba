#include "install/plan_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "files/place.h"

void ot_stack_plan_clear(struct ot_stack_plan *plan)
{
    while (plan->count > 0)
        ot_stack_plan_drop(plan);
    free(plan->edits);
    for (size_t i = 0; i < plan->note_count; i++)
        free(plan->notes[i]);
    free(plan->notes);
    *plan = (struct ot_stack_plan){.edits = NULL};
}

void ot_stack_plan_drop(struct ot_stack_plan *plan)
{
    struct ot_edit *edit = &plan->edits[--plan->count];

    free(edit->path);
    ot_file_state_clear(&edit->before);
    ot_file_state_clear(&edit->after);
}

/* Takes path over. */
static enum ot_status add_edit(struct ot_stack_plan *plan, char *path,
                               struct ot_edit **edit, struct ot_error *err)
{
    struct ot_edit *edits =
        reallocarray(plan->edits, plan->count + 1, sizeof(plan->edits[0]));
    enum ot_status status;

    if (edits == NULL) {
        free(path);
        return ot_error_nomem(err);
    }
    plan->edits = edits;
    *edit = &edits[plan->count++];
    **edit = (struct ot_edit){.path = path};
    /* The path is kept as JSON text. */
    if (!ot_text_is_utf8(path, strlen(path)))
        return ot_error_set(err, OT_E_UNSAFE, "the path %s is not UTF-8", path);
    status = ot_file_state_read(&(*edit)->before, path, OT_EDITED_BYTES_MAX, err);
    return status == OT_OK ? ot_file_state_copy(&(*edit)->after, &(*edit)->before, err)
                           : status;
}

enum ot_status ot_stack_plan_edit(struct ot_stack_plan *plan, const char *path,
                                  struct ot_edit **edit, struct ot_error *err)
{
    char *resolved = NULL;
    enum ot_status status = ot_place_resolve(&resolved, path, err);

    *edit = NULL;
    return status == OT_OK ? add_edit(plan, resolved, edit, err) : status;
}

enum ot_status ot_stack_plan_edit_here(struct ot_stack_plan *plan, const char *path,
                                       struct ot_edit **edit, struct ot_error *err)
{
    char *copy = strdup(path);

    *edit = NULL;
    return copy != NULL ? add_edit(plan, copy, edit, err) : ot_error_nomem(err);
}

enum ot_status ot_stack_plan_link(struct ot_stack_plan *plan, const char *path,
                                  const char *target, struct ot_error *err)
{
    struct ot_edit *edit;
    char *text;
    enum ot_status status = ot_stack_plan_edit_here(plan, path, &edit, err);

    if (status != OT_OK)
        return status;
    if (edit->before.kind != OT_FILE_ABSENT) {
        ot_stack_plan_drop(plan);
        return OT_OK;
    }
    text = strdup(target);
    if (text == NULL)
        return ot_error_nomem(err);
    ot_file_state_set(&edit->after, text, strlen(text));
    edit->after.kind = OT_FILE_LINK;
    return OT_OK;
}

void ot_stack_plan_note(struct ot_stack_plan *plan, const char *fmt, ...)
{
    char **notes =
        reallocarray(plan->notes, plan->note_count + 1, sizeof(plan->notes[0]));
    va_list args;
    int len;

    if (notes == NULL)
        return;
    plan->notes = notes;
    va_start(args, fmt);
    len = vasprintf(&notes[plan->note_count], fmt, args);
    va_end(args);
    if (len >= 0)
        plan->note_count++;
}

size_t ot_stack_plan_changes(const struct ot_stack_plan *plan)
{
    size_t changes = 0;

    for (size_t i = 0; i < plan->count; i++)
        changes += !ot_file_state_equal(&plan->edits[i].before, &plan->edits[i].after);
    return changes;
}

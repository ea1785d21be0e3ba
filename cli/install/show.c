#include "install/show_internal.h"

#include <string.h>

static const struct {
    const char *plan, *past;
} words[] = {{"make", "made"}, {"change", "changed"}, {"remove", "removed"}};

static size_t action_of(const struct ot_edit *edit)
{
    if (edit->after.kind == OT_FILE_ABSENT)
        return 2;
    return edit->before.kind != OT_FILE_ABSENT;
}

static bool changes_something(const struct ot_edit *edit)
{
    return !ot_file_state_equal(&edit->before, &edit->after);
}

/* How many bytes of whole lines both begin with. */
static size_t same_head(const struct ot_file_state *a, const struct ot_file_state *b)
{
    size_t line = 0;

    for (size_t i = 0; i < a->len && i < b->len && a->data[i] == b->data[i]; i++)
        if (a->data[i] == '\n')
            line = i + 1;
    return line;
}

/* How many they end with, not reaching back into the head. */
static size_t same_tail(const struct ot_file_state *a, const struct ot_file_state *b,
                        size_t head)
{
    size_t line = 0, least = a->len < b->len ? a->len : b->len;

    for (size_t n = 1; n <= least - head; n++) {
        if (a->data[a->len - n] != b->data[b->len - n])
            break;
        if (n == a->len - head || n == b->len - head || a->data[a->len - n - 1] == '\n' ||
            b->data[b->len - n - 1] == '\n')
            line = n;
    }
    return line;
}

static void show_lines(struct ot_output *out, char sign, const char *text, size_t len)
{
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t line = end == NULL ? len : (size_t)(end - text);

        ot_output_printf(out, "    %c ", sign);
        ot_output_text(out, text, line);
        ot_output_printf(out, "\n");
        line += end != NULL;
        text += line;
        len -= line;
    }
}

/* The lines that go and those that come; of a database, nothing. */
static void show_difference(struct ot_output *out, const struct ot_edit *edit)
{
    if (memchr(edit->after.data, '\0', edit->after.len) != NULL)
        return;
    size_t head = same_head(&edit->before, &edit->after);
    size_t tail = same_tail(&edit->before, &edit->after, head);

    show_lines(out, '-', edit->before.data + head, edit->before.len - head - tail);
    show_lines(out, '+', edit->after.data + head, edit->after.len - head - tail);
}

static void show_edit(struct ot_output *out, const struct ot_edit *edit, bool is_past)
{
    if (is_past)
        ot_output_printf(out, "  %s%s ", edit->is_done ? "" : "not ",
                         words[action_of(edit)].past);
    else
        ot_output_printf(out, "  would %s ", words[action_of(edit)].plan);
    ot_output_text(out, edit->path, strlen(edit->path));
    if (edit->after.kind == OT_FILE_LINK)
        ot_output_printf(out, " -> %s", edit->after.data);
    ot_output_printf(out, "\n");
    if (edit->after.kind == OT_FILE_REGULAR && !is_past && !edit->is_secret)
        show_difference(out, edit);
}

static const char *outcome_word(const struct ot_install_item *item)
{
    const struct ot_stack_plan *plan = &item->plan;

    if (plan->kind == OT_PLAN_ABSENT)
        return "absent";
    if (plan->kind == OT_PLAN_REFUSED)
        return "refused";
    if (item->is_tried)
        return item->status == OT_OK ? "done" : "failed";
    return ot_stack_plan_changes(plan) > 0 || plan->is_unfinished ? "planned"
                                                                  : "unchanged";
}

void ot_install_show(struct ot_output *out, const struct ot_install_item *item,
                     bool is_past)
{
    const struct ot_stack_plan *plan = &item->plan;
    const char *state = outcome_word(item);

    ot_output_printf(out, "%s: ", item->stack->name);
    if (plan->kind != OT_PLAN_READY && (!is_past || item->status == OT_OK))
        ot_output_printf(out, "%s: %s\n", state, plan->why.message);
    else if (strcmp(state, "unchanged") == 0)
        ot_output_printf(out, "nothing to do\n");
    else
        ot_output_printf(out, "%s\n", state);
    for (size_t i = 0; i < plan->count; i++)
        if (changes_something(&plan->edits[i]))
            show_edit(out, &plan->edits[i], is_past);
    for (size_t i = 0; i < plan->note_count; i++) {
        ot_output_printf(out, "  ");
        ot_output_text(out, plan->notes[i], strlen(plan->notes[i]));
        ot_output_printf(out, "\n");
    }
}

void ot_install_json(cJSON *object, const struct ot_install_item *item, bool *failed)
{
    const struct ot_stack_plan *plan = &item->plan;
    const struct ot_error *why = plan->kind == OT_PLAN_READY ? &item->why : &plan->why;
    bool has_error = why->message[0] != '\0';
    cJSON *array;

    ot_json_put_string(object, "stack", item->stack->name, failed);
    ot_json_put_string(object, "outcome", outcome_word(item), failed);
    ot_json_put_string(object, "status", has_error ? ot_status_word(why->status) : NULL,
                       failed);
    ot_json_put_string(object, "error", has_error ? why->message : NULL, failed);
    array = ot_json_put_array(object, "files", failed);
    for (size_t i = 0; i < plan->count; i++) {
        cJSON *file;

        if (!changes_something(&plan->edits[i]))
            continue;
        file = ot_json_append_object(array, failed);
        ot_json_put_string(file, "path", plan->edits[i].path, failed);
        ot_json_put_string(file, "action", words[action_of(&plan->edits[i])].plan,
                           failed);
        ot_json_put_bool(file, "done", plan->edits[i].is_done, failed);
    }
    array = ot_json_put_array(object, "notes", failed);
    for (size_t i = 0; i < plan->note_count; i++)
        if (array == NULL ||
            !cJSON_AddItemToArray(array, cJSON_CreateString(plan->notes[i])))
            *failed = true;
}

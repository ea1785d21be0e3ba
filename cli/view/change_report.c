#include "view/change_report.h"

#include <string.h>

#include "base/hex.h"
#include "change/admin.h"
#include "change/cert_input.h"
#include "view/record_json.h"

static const struct {
    const char *plan, *past, *unchanged;
} words[] = {
    [OT_CHANGE_UPLOAD] = {"upload", "uploaded", "already there"},
    [OT_CHANGE_RENAME] = {"rename", "renamed", "already so named"},
    [OT_CHANGE_ACTIVATE] = {"activate", "activated", "already active"},
    [OT_CHANGE_DEACTIVATE] = {"deactivate", "deactivated", "already inactive"},
    [OT_CHANGE_DELETE] = {"delete", "deleted", "already gone"},
};

static const char *const outcomes[] = {
    [OT_CHANGE_PLANNED] = "planned", [OT_CHANGE_UNCHANGED] = "unchanged",
    [OT_CHANGE_DONE] = "done",       [OT_CHANGE_KEPT] = "kept",
    [OT_CHANGE_FAILED] = "failed",   [OT_CHANGE_UNKNOWN] = "unknown",
};

static void print_word(struct ot_output *out, const struct ot_change *change,
                       enum ot_change_tense tense)
{
    const char *plan = words[change->action].plan;
    const char *past = words[change->action].past;

    switch (change->outcome) {
    case OT_CHANGE_UNCHANGED:
        ot_output_printf(out, "%s", words[change->action].unchanged);
        return;
    case OT_CHANGE_DONE:
        ot_output_printf(out, "%s", past);
        return;
    case OT_CHANGE_KEPT:
        ot_output_printf(out, "kept");
        return;
    case OT_CHANGE_FAILED:
        ot_output_printf(out, "not %s", past);
        return;
    case OT_CHANGE_UNKNOWN:
        ot_output_printf(out, "perhaps %s", past);
        return;
    case OT_CHANGE_PLANNED:
        break;
    }
    if (tense == OT_CHANGE_PAST)
        ot_output_printf(out, "not tried: %s", plan);
    else
        ot_output_printf(out, "%s%s", tense == OT_CHANGE_WOULD ? "would " : "", plan);
}

static void print_quoted(struct ot_output *out, const char *before, const char *text)
{
    if (text == NULL)
        return;
    ot_output_printf(out, "%s'", before);
    ot_output_text(out, text, strlen(text));
    ot_output_printf(out, "'");
}

/* What people know it by: its name, else what a list shows it with. */
static const char *people_call(const struct ot_change *change, const char *name)
{
    return name != NULL && *name != '\0' ? name : change->label;
}

static void print_input(struct ot_output *out, const struct ot_cert_input *input)
{
    ot_output_printf(out, " from ");
    ot_output_text(out, input->file, strlen(input->file));
    if (input->of > 1)
        ot_output_printf(out, " (%u of %u)", input->number, input->of);
}

static void print_one(struct ot_output *out, const struct ot_change *change,
                      enum ot_change_tense tense)
{
    const char *project = ot_admin_project(change->admin);
    bool is_rename = change->action == OT_CHANGE_RENAME;
    char ends[OT_TIME_MAX];

    print_word(out, change, tense);
    if (change->id[0] != '\0')
        ot_output_printf(out, " %s", change->id);
    print_quoted(out, " ",
                 people_call(change, is_rename ? change->before : change->name));
    if (is_rename)
        print_quoted(out, " to ", change->name);
    if (change->input != NULL)
        print_input(out, change->input);
    if (project != NULL &&
        (change->action == OT_CHANGE_ACTIVATE || change->action == OT_CHANGE_DEACTIVATE))
        ot_output_printf(out, " in project %s", project);
    if (change->ends_at != 0)
        ot_output_printf(out, " until %s", ot_output_time(ends, change->ends_at));
    ot_output_printf(out, "\n");
}

void ot_change_report_print(struct ot_output *out, const struct ot_changes *changes,
                            enum ot_change_tense tense)
{
    for (size_t i = 0; i < changes->count; i++)
        print_one(out, &changes->items[i], tense);
}

void ot_change_report_totals(struct ot_output *out, const struct ot_changes *changes)
{
    size_t counts[OT_CHANGE_DELETE + 1] = {0};
    const char *before = "in all: ";

    for (size_t i = 0; i < changes->count; i++)
        if (changes->items[i].outcome == OT_CHANGE_PLANNED)
            counts[changes->items[i].action]++;
    for (size_t action = 0; action <= OT_CHANGE_DELETE; action++) {
        if (counts[action] == 0)
            continue;
        ot_output_printf(out, "%s%zu to %s", before, counts[action], words[action].plan);
        before = ", ";
    }
    if (strcmp(before, ", ") == 0)
        ot_output_printf(out, "\n");
}

bool ot_change_report_failures(const struct ot_changes *changes)
{
    const char *said = "";

    for (size_t i = 0; i < changes->count; i++) {
        const struct ot_change *change = &changes->items[i];

        if (change->why == NULL || strcmp(change->why, said) == 0)
            continue;
        said = change->why;
        if (change->id[0] != '\0')
            ot_output_say("%s %s: %s", words[change->action].plan, change->id, said);
        else
            ot_output_say("%s %s: %s", words[change->action].plan,
                          change->input != NULL ? change->input->file : "", said);
    }
    return *said != '\0';
}

static void put_change(cJSON *object, const struct ot_change *change, bool *failed)
{
    const struct ot_cert_input *input = change->input;
    bool has_error = change->why != NULL;
    char hex[2 * OT_SHA256_LEN + 1];

    ot_json_put_string(object, "action", words[change->action].plan, failed);
    ot_json_put_string(object, "outcome", outcomes[change->outcome], failed);
    ot_json_put_string(object, "id", change->id[0] != '\0' ? change->id : NULL, failed);
    ot_json_put_string(object, "name", change->name, failed);
    ot_json_put_string(object, "before", change->before, failed);
    ot_json_put_string(object, "file", input != NULL ? input->file : NULL, failed);
    if (input != NULL)
        ot_hex_text(hex, ot_span_of(input->sha256, OT_SHA256_LEN), 0);
    ot_json_put_string(object, "sha256", input != NULL ? hex : NULL, failed);
    ot_json_put_string(object, "project", ot_admin_project(change->admin), failed);
    if (change->ends_at != 0)
        ot_json_put_int(object, "until", change->ends_at, failed);
    else
        ot_json_put_string(object, "until", NULL, failed);
    ot_json_put_string(object, "status",
                       has_error ? ot_status_word(change->status) : NULL, failed);
    ot_json_put_string(object, "error", change->why, failed);
}

void ot_change_report_json(cJSON *array, const struct ot_changes *changes, bool *failed)
{
    for (size_t i = 0; i < changes->count; i++)
        put_change(ot_json_append_object(array, failed), &changes->items[i], failed);
}

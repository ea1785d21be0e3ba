#include "completion.h"

#include <stdlib.h>
#include <string.h>

#include "cache/limits.h"
#include "cache/text.h"
#include "command.h"
#include "doctor/check.h"
#include "export/format.h"
#include "install/stack.h"
#include "record_json.h"
#include "snapshot_use.h"

#define ID_PREFIX "cert_"

/* The program without a command, then the table. */
static bool command(struct ot_complete_command *out, size_t i)
{
    const struct ot_command *at = i > 0 ? ot_command_at(i - 1) : NULL;

    *out = (struct ot_complete_command){"", "", ""};
    if (at != NULL)
        *out = (struct ot_complete_command){at->name, at->arguments, at->summary};
    return i == 0 || at != NULL;
}

static const struct ot_option_info *option(size_t number, size_t i)
{
    if (number == 0)
        return ot_command_options[i].name != NULL ? &ot_command_options[i] : NULL;
    for (int bit = 0; bit < OT_OPTION_COUNT; bit++)
        if ((ot_command_at(number - 1)->options & OT_OPTION_BIT(bit)) != 0 && i-- == 0)
            return ot_option_info((enum ot_option)bit);
    return NULL;
}

static void add_commands(struct ot_complete *complete)
{
    const struct ot_command *at;

    for (size_t i = 0; (at = ot_command_at(i)) != NULL; i++)
        if (at->run != NULL)
            ot_complete_add(complete, at->name, at->summary);
}

static void add_states(struct ot_complete *complete)
{
    for (size_t i = 0; ot_list_state_word(i) != NULL; i++)
        ot_complete_add(complete, ot_list_state_word(i), NULL);
}

static void add_formats(struct ot_complete *complete)
{
    for (int i = 0; i < OT_FORMAT_COUNT; i++)
        ot_complete_add(complete, ot_format_name((enum ot_export_format)i), NULL);
}

static void add_stacks(struct ot_complete *complete)
{
    for (size_t i = 0; ot_stacks[i] != NULL; i++)
        ot_complete_add(complete, ot_stacks[i]->name, ot_stacks[i]->summary);
}

static void add_checks(struct ot_complete *complete)
{
    for (size_t i = 0; ot_checks[i] != NULL; i++)
        ot_complete_add(complete, ot_checks[i]->name, ot_checks[i]->summary);
}

/* The sources' names, or their projects. */
static void add_sources(struct ot_complete *complete, bool projects)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config = NULL;

    if (ot_config_load(&config, &err) != OT_OK)
        return;
    for (size_t i = 0; i < ot_config_count(config); i++) {
        const struct ot_source *source = ot_config_at(config, i);

        if (!projects)
            ot_complete_add(complete, source->name, source->base_url);
        else if (source->project != NULL)
            ot_complete_add(complete, source->project, source->name);
    }
    ot_config_free(config);
}

/* The name, if it means this certificate alone and can be typed and seen as it is. */
static bool is_usable(const char *name, struct ot_snapshot *snapshot)
{
    char shown[4 * OT_NAME_MAX + 1];
    struct ot_positions same;
    struct ot_error err = OT_ERROR_INIT;

    if (name[0] == '\0' || name[0] == '-')
        return false;
    ot_text_escape(shown, sizeof(shown), name, strlen(name));
    return strcmp(shown, name) == 0 &&
           ot_snapshot_find(snapshot, OT_INDEX_NAME, ot_span_str(name), ot_span_str(NULL),
                            &same, &err) == OT_OK &&
           same.count == 1;
}

enum wanted { WANT_ANY, WANT_ID, WANT_NAME };

/* One word for each certificate, its name; the id if it needs one, or if an id is begun.
 */
static void add_certificate(struct ot_complete *complete, struct ot_snapshot *snapshot,
                            const struct ot_record *record, enum wanted wanted)
{
    const char *typed = ot_complete_typed(complete);
    bool id_is_begun = *typed != '\0' && (strncmp(typed, ID_PREFIX, strlen(typed)) == 0 ||
                                          strncmp(typed, ID_PREFIX, 5) == 0);
    char *id = ot_snapshot_text(record->field[OT_FIELD_ID]);
    char *name = ot_snapshot_text(record->field[OT_FIELD_NAME]);
    char *label = ot_snapshot_text(record->field[OT_FIELD_LABEL]);
    char about[4 * OT_NAME_MAX + 32];
    bool usable;

    if (id == NULL || name == NULL || label == NULL)
        goto out;
    usable = is_usable(name, snapshot);
    if (wanted != WANT_ID && usable) {
        snprintf(about, sizeof(about), "%s, %s", id, ot_record_state_word(record));
        ot_complete_add(complete, name, about);
    }
    if (wanted == WANT_ID || (wanted == WANT_ANY && (!usable || id_is_begun))) {
        snprintf(about, sizeof(about), "%s, %s", label, ot_record_state_word(record));
        ot_complete_add(complete, id, about);
    }
out:
    free(id);
    free(name);
    free(label);
}

static void add_certificates(struct ot_complete *complete, enum wanted wanted)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_snapshot_use use;
    struct ot_positions all = {.count = 0};
    struct ot_record record;
    enum ot_status status =
        ot_snapshot_use_begin(&use, ot_complete_value(complete, "source"), &err);

    if (status == OT_OK)
        status = ot_snapshot_all(use.snapshot, &all, &err);
    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        status = ot_snapshot_record(use.snapshot, &all, i, &record, &err);
        if (status == OT_OK)
            add_certificate(complete, use.snapshot, &record, wanted);
    }
    ot_snapshot_use_end(&use);
}

static void values(struct ot_complete *complete, const char *argument)
{
    if (strcmp(argument, "COMMAND") == 0)
        add_commands(complete);
    else if (strcmp(argument, "NAME") == 0)
        add_sources(complete, false);
    else if (strcmp(argument, "PROJECT") == 0)
        add_sources(complete, true);
    else if (strcmp(argument, "STATE") == 0)
        add_states(complete);
    else if (strcmp(argument, "FORMAT") == 0)
        add_formats(complete);
    else if (strcmp(argument, "STACK") == 0)
        add_stacks(complete);
    else if (strcmp(argument, "CHECK") == 0)
        add_checks(complete);
    else if (strcmp(argument, "ID|NAME") == 0)
        add_certificates(complete,
                         ot_complete_has(complete, "by-id") ? WANT_ID : WANT_ANY);
    else if (strcmp(argument, "ID") == 0)
        add_certificates(complete, WANT_ID);
    else if (strcmp(argument, "TEXT") == 0)
        add_certificates(complete, WANT_NAME);
}

const struct ot_complete_program ot_completion = {command, option, values};

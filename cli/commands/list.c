/* orgtrust list: the certificates in a snapshot, or of a project as the API has it. */
#include <time.h>

#include "cache/cache.h"
#include "cache/distrust.h"
#include "commands/commands.h"
#include "commands/list_scope_internal.h"
#include "commands/source_use.h"
#include "config/source.h"
#include "snapshot/snapshot.h"
#include "view/cert_table.h"
#include "view/record_json.h"

static bool is_listed_record(const struct ot_options *options,
                             const struct ot_record *record)
{
    bool quarantined = (record->flags & OT_RECORD_QUARANTINED) != 0;
    bool active = (record->flags & OT_RECORD_ACTIVE) != 0;

    if (options->name != NULL && !ot_record_is_called(record, ot_span_str(options->name)))
        return false;
    switch (options->state) {
    case OT_LIST_ALL:
        return true;
    case OT_LIST_ACTIVE:
        return active && !quarantined;
    case OT_LIST_INACTIVE:
        return !active && !quarantined;
    case OT_LIST_QUARANTINED:
        return quarantined;
    case OT_LIST_WITHHELD:
        return active && !quarantined && ot_record_is_withheld(record);
    case OT_LIST_LIMITED:
        return active && record->field[OT_FIELD_ORIGINAL].data != NULL;
    }
    return false;
}

static enum ot_status add_row(struct ot_cert_table *table, const struct ot_source *source,
                              const struct ot_record *record, bool is_shown,
                              struct ot_error *err)
{
    const bool quarantined = (record->flags & OT_RECORD_QUARANTINED) != 0;
    const struct ot_cert_row row = {
        .id = record->field[OT_FIELD_ID],
        .label = record->field[OT_FIELD_LABEL],
        .state = ot_record_state_word(record),
        .by = ot_source_inherits(source) ? ot_record_active_by(source, record) : NULL,
        .expires_at = quarantined ? 0 : record->expires_at,
        .ends_at = record->ends_at,
        .is_shown = is_shown,
    };

    return ot_cert_table_add(table, &row, err);
}

static enum ot_status add_listed_object(cJSON *array, const struct ot_source *source,
                                        const struct ot_record *record,
                                        struct ot_error *err)
{
    bool failed = false;
    cJSON *object = ot_json_append_object(array, &failed);

    ot_record_json_put(object, record, &failed);
    ot_record_json_put_scopes(object, source, record, &failed);
    return failed ? ot_error_nomem(err) : OT_OK;
}

/* Adds what is wanted to the table or, if there is none, to the array. */
static enum ot_status collect_rows(struct ot_cli *cli, const struct ot_snapshot_use *use,
                                   struct ot_cert_table *table, cJSON *array,
                                   struct ot_error *err)
{
    struct ot_snapshot *snapshot = use->snapshot;
    struct ot_positions all;
    enum ot_status status = ot_snapshot_all(snapshot, &all, err);

    if (status == OT_OK && table != NULL)
        status = ot_cert_table_init(table, all.count, err);
    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_record record;
        bool is_listed;

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status != OT_OK)
            break;
        (void)ot_distrust_mark(use->distrust, &record, use->source->purposes);
        is_listed = is_listed_record(&cli->options, &record);
        if (table != NULL)
            status = add_row(table, use->source, &record, is_listed, err);
        else if (is_listed)
            status = add_listed_object(array, use->source, &record, err);
    }
    return status;
}

static enum ot_status list_json(struct ot_cli *cli, const struct ot_snapshot_use *use,
                                struct ot_error *err)
{
    bool failed = false;
    cJSON *root = cJSON_CreateObject();
    cJSON *array;
    enum ot_status status;

    ot_json_put_string(root, "source", use->source->name, &failed);
    array = ot_json_put_array(root, "certificates", &failed);
    if (failed)
        status = ot_error_nomem(err);
    else
        status = collect_rows(cli, use, NULL, array, err);
    if (status == OT_OK)
        status = ot_output_json(&cli->out, root, false, err);
    cJSON_Delete(root);
    return status;
}

/* Below the table: why what is active is not handed to everybody. */
static enum ot_status print_reasons(struct ot_cli *cli, const struct ot_snapshot_use *use,
                                    struct ot_error *err)
{
    struct ot_snapshot *snapshot = use->snapshot;
    struct ot_positions all = {.count = 0};
    enum ot_status status = OT_OK;
    char places[OT_PLACES_TEXT_MAX];
    bool any = false;

    /* Mostly there is none, and not each record need be read again to see that. */
    if (use->distrust != NULL || ot_snapshot_info(snapshot)->withheld > 0)
        status = ot_snapshot_all(snapshot, &all, err);
    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_record record;
        const struct ot_span *label = &record.field[OT_FIELD_LABEL];
        const struct ot_span *why = &record.field[OT_FIELD_WITHHELD];

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status == OT_OK)
            (void)ot_distrust_mark(use->distrust, &record, use->source->purposes);
        if (status != OT_OK || (record.flags & OT_RECORD_ACTIVE) == 0 ||
            !ot_record_is_withheld(&record) || why->data == NULL ||
            !is_listed_record(&cli->options, &record))
            continue;
        ot_output_printf(&cli->out, "%s'", any ? "" : "\n");
        ot_output_text(&cli->out, (const char *)label->data, label->len);
        ot_output_printf(&cli->out,
                         "' is withheld from %s: ", ot_record_places(places, &record));
        ot_output_text(&cli->out, (const char *)why->data, why->len);
        ot_output_printf(&cli->out, "\n");
        any = true;
    }
    return status;
}

static enum ot_status list_table(struct ot_cli *cli, const struct ot_snapshot_use *use,
                                 struct ot_error *err)
{
    struct ot_cert_table table = {0};
    enum ot_status status = collect_rows(cli, use, &table, NULL, err);

    if (status == OT_OK)
        status = ot_cert_table_print(&table, &cli->out, time(NULL), err);
    ot_cert_table_clear(&table);
    return status == OT_OK ? print_reasons(cli, use, err) : status;
}

enum ot_status ot_cmd_list(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_snapshot_use use;
    enum ot_status status;

    if (cli->options.project != NULL)
        return ot_list_scope(cli, err);
    if (cli->options.key_fd >= 0)
        return ot_error_set(err, OT_E_USAGE,
                            "--key-fd is for --project, which asks the API: a snapshot "
                            "is read without a key");
    status = ot_snapshot_use_begin(&use, cli->options.source, err);
    if (status == OT_OK)
        status =
            cli->options.json ? list_json(cli, &use, err) : list_table(cli, &use, err);
    ot_snapshot_use_end(&use);
    return status;
}

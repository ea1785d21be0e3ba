/* orgtrust list: the certificates in a snapshot. */
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "cache/distrust.h"
#include "commands/commands.h"
#include "commands/source_use.h"
#include "config/source.h"
#include "snapshot/snapshot.h"
#include "view/record_json.h"
#include "view/table.h"

/* The third is for the sources that hold what is active in either of two scopes. */
static const char *const titles[] = {"ID", "STATE", "BY", "CA", "EXPIRES", "NAME"};
#define COLUMNS (sizeof(titles) / sizeof(titles[0]))
#define COLUMN_BY 2

static size_t choose_columns(const char *out[COLUMNS], const char *const all[COLUMNS],
                             const struct ot_source *source)
{
    size_t count = 0;

    for (size_t i = 0; i < COLUMNS; i++)
        if (i != COLUMN_BY || ot_source_inherits(source))
            out[count++] = all[i];
    return count;
}

static bool is_listed_record(const struct ot_options *options,
                             const struct ot_record *record)
{
    bool quarantined = (record->flags & OT_RECORD_QUARANTINED) != 0;
    bool active = (record->flags & OT_RECORD_ACTIVE) != 0;

    if (options->name != NULL &&
        !ot_span_equal(record->field[OT_FIELD_NAME], ot_span_str(options->name)))
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

static enum ot_status add_row(struct ot_table *table, const struct ot_source *source,
                              const struct ot_record *record, struct ot_error *err)
{
    bool quarantined = (record->flags & OT_RECORD_QUARANTINED) != 0;
    char *id = ot_snapshot_text(record->field[OT_FIELD_ID]);
    char *label = ot_snapshot_text(record->field[OT_FIELD_LABEL]);
    char expires[OT_TIME_MAX];
    enum ot_status status;

    if (id == NULL || label == NULL) {
        status = ot_error_nomem(err);
    } else {
        const char *const all[COLUMNS] = {
            id,
            ot_record_state_word(record),
            ot_record_active_by(source, record),
            quarantined                           ? "-"
            : (record->flags & OT_RECORD_CA) != 0 ? "yes"
                                                  : "no",
            quarantined ? "-" : ot_output_time(expires, record->expires_at),
            label,
        };
        const char *cells[COLUMNS];

        choose_columns(cells, all, source);
        status = ot_table_add(table, cells, err);
    }
    free(id);
    free(label);
    return status;
}

/* Adds what is wanted to the table or, if there is one, to the array. */
static enum ot_status collect_rows(struct ot_cli *cli, const struct ot_snapshot_use *use,
                                   struct ot_table *table, cJSON *array,
                                   struct ot_error *err)
{
    struct ot_snapshot *snapshot = use->snapshot;
    struct ot_positions all;
    enum ot_status status = ot_snapshot_all(snapshot, &all, err);
    bool failed = false;

    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_record record;
        cJSON *object;

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status == OT_OK)
            (void)ot_distrust_mark(use->distrust, &record);
        if (status != OT_OK || !is_listed_record(&cli->options, &record))
            continue;
        if (array == NULL) {
            status = add_row(table, use->source, &record, err);
            continue;
        }
        object = ot_json_append_object(array, &failed);
        ot_record_json_put(object, &record, &failed);
        ot_record_json_put_scopes(object, use->source, &record, &failed);
        if (failed)
            status = ot_error_nomem(err);
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
    struct ot_positions all;
    enum ot_status status = ot_snapshot_all(snapshot, &all, err);
    char places[OT_PLACES_TEXT_MAX];
    bool any = false;

    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_record record;
        const struct ot_span *id = &record.field[OT_FIELD_ID];
        const struct ot_span *why = &record.field[OT_FIELD_WITHHELD];

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status == OT_OK)
            (void)ot_distrust_mark(use->distrust, &record);
        if (status != OT_OK || (record.flags & OT_RECORD_ACTIVE) == 0 ||
            !ot_record_is_withheld(&record) || why->data == NULL ||
            !is_listed_record(&cli->options, &record))
            continue;
        ot_output_printf(&cli->out, "%s%.*s is withheld from %s: ", any ? "" : "\n",
                         (int)id->len, (const char *)id->data,
                         ot_record_places(places, &record));
        ot_output_text(&cli->out, (const char *)why->data, why->len);
        ot_output_printf(&cli->out, "\n");
        any = true;
    }
    return status;
}

static enum ot_status list_table(struct ot_cli *cli, const struct ot_snapshot_use *use,
                                 struct ot_error *err)
{
    const char *shown[COLUMNS];
    size_t columns = choose_columns(shown, titles, use->source);
    struct ot_table *table = NULL;
    enum ot_status status = ot_table_new(&table, shown, columns, err);

    if (status == OT_OK)
        status = collect_rows(cli, use, table, NULL, err);
    if (status == OT_OK && ot_table_rows(table) > 0)
        ot_table_print(table, &cli->out);
    ot_table_free(table);
    return status == OT_OK ? print_reasons(cli, use, err) : status;
}

enum ot_status ot_cmd_list(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_snapshot_use use;
    enum ot_status status = ot_snapshot_use_begin(&use, cli->options.source, err);

    if (status == OT_OK)
        status =
            cli->options.json ? list_json(cli, &use, err) : list_table(cli, &use, err);
    ot_snapshot_use_end(&use);
    return status;
}

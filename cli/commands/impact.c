/* orgtrust impact: which servers would be refused without a certificate, or by a no to
 * it. */
#include "view/impact_report.h"

#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "commands/impact_look_internal.h"
#include "commands/snapshot_cert_internal.h"
#include "commands/source_use.h"
#include "config/source.h"
#include "view/record_json.h"

/* since 0: not known */
static void print_certificate(struct ot_output *out, const struct ot_record *record,
                              int64_t since)
{
    struct ot_span id = record->field[OT_FIELD_ID], name = record->field[OT_FIELD_NAME];
    char time[OT_TIME_MAX];

    ot_output_printf(out, "%.*s", (int)id.len, (const char *)id.data);
    if (name.data != NULL) {
        ot_output_printf(out, " '");
        ot_output_text(out, (const char *)name.data, name.len);
        ot_output_printf(out, "'");
    }
    ot_output_printf(out, ": %s, %s since %s\n", ot_record_state_word(record),
                     since != 0 ? "trusted here" : "in the organization",
                     ot_output_time(time, since != 0 ? since : record->created_at));
}

static enum ot_status print_impact(struct ot_cli *cli, const struct ot_source *source,
                                   const struct ot_record *record,
                                   const struct ot_impact *impact, struct ot_error *err)
{
    int64_t since = ot_trusted_since(source, record->field[OT_FIELD_ID]);
    cJSON *root, *object;
    bool failed = false;
    enum ot_status status;

    if (!cli->options.json) {
        print_certificate(&cli->out, record, since);
        ot_impact_report_print(&cli->out, impact);
        if (impact->count == 0)
            ot_output_printf(&cli->out, "no server was tried; --probe names one\n");
        return OT_OK;
    }
    root = cJSON_CreateObject();
    ot_json_put_string(root, "source", source->name, &failed);
    object = cJSON_AddObjectToObject(root, "certificate");
    ot_record_json_put(object, record, &failed);
    ot_json_put_time(object, "trusted_since", since, &failed);
    ot_impact_report_json(root, impact, &failed);
    status = failed ? ot_error_nomem(err) : ot_output_json(&cli->out, root, false, err);
    cJSON_Delete(root);
    return status;
}

/* As if it were deleted: gone from every scope of its API. In a source that distrusts, as
 * if it were activated there. */
static enum ot_status find_impact(struct ot_cli *cli, const struct ot_snapshot_use *use,
                                  const struct ot_record *record, struct ot_error *err)
{
    char *id = ot_snapshot_text(record->field[OT_FIELD_ID]);
    const bool denies = ot_source_distrusts(use->source);
    const struct ot_impact_change change = {.base_url = use->source->base_url,
                                            .project =
                                                denies ? use->source->project : NULL,
                                            .id = id,
                                            .activates = denies,
                                            .everywhere = !denies};
    const struct ot_impact_changes changes = {&change, 1};
    struct ot_impact impact = {0};
    enum ot_status status = id != NULL ? OT_OK : ot_error_nomem(err);

    if (status == OT_OK)
        status =
            ot_impact_look(&impact, cli, use->config, use->source, &changes, false, err);
    if (status == OT_OK)
        status = print_impact(cli, use->source, record, &impact, err);
    if (status == OT_OK && impact.refused > 0)
        status = ot_error_set(err, OT_E_NEEDED,
                              "%zu of %zu servers would be refused %s %s", impact.refused,
                              impact.count, denies ? "with a no to" : "without", id);
    ot_impact_clear(&impact);
    free(id);
    return status;
}

enum ot_status ot_cmd_impact(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_snapshot_use use;
    struct ot_record record;
    enum ot_status status = ot_snapshot_use_begin(&use, cli->options.source, err);

    if (status == OT_OK)
        status = ot_snapshot_cert_find(&record, &use, cli->options.arguments[0], err);
    if (status == OT_OK)
        status = find_impact(cli, &use, &record, err);
    ot_snapshot_use_end(&use);
    return status;
}

#include "commands/status_json_internal.h"

#include "config/source.h"
#include "config/source_path.h"
#include "notify/notify.h"
#include "view/export_report.h"
#include "view/record_json.h"

static void put_last_error(cJSON *object, const struct ot_source_report *report,
                           bool *failed)
{
    const struct ot_state *state = &report->state;
    cJSON *error;

    if (state->failures == 0) {
        ot_json_put_string(object, "last_error", NULL, failed);
        return;
    }
    error = cJSON_CreateObject();
    if (error != NULL) {
        ot_json_put_string(error, "status", ot_status_word(state->last.status), failed);
        ot_json_put_string(error, "message", state->last.message, failed);
        ot_json_put_int(error, "at", state->attempt_at, failed);
    }
    ot_json_put(object, "last_error", error, failed);
}

static void put_limits_of_source(cJSON *object, const struct ot_source_report *report,
                                 bool *failed)
{
    const struct ot_source *source = report->source;
    cJSON *limits;

    if (ot_source_limits(source) == 0) {
        ot_json_put_string(object, "limits", NULL, failed);
        return;
    }
    limits = cJSON_CreateObject();
    if (limits != NULL) {
        ot_json_put_string(limits, "names", source->names, failed);
        if (source->not_after_s != 0)
            ot_json_put_int(limits, "not_after", source->not_after_s, failed);
        else
            ot_json_put_string(limits, "not_after", NULL, failed);
    }
    ot_json_put(object, "limits", limits, failed);
}

static void put_counts(cJSON *object, const struct ot_source_report *report, bool *failed)
{
    ot_json_put_int(object, "total", report->total, failed);
    ot_json_put_int(object, "active", report->active, failed);
    ot_json_put_int(object, "inactive", report->inactive, failed);
    ot_json_put_int(object, "limited", report->limited, failed);
    ot_json_put_int(object, "seen_at", report->freshness.seen_at, failed);
    ot_json_put_int(object, "age", report->freshness.age_s, failed);
}

static enum ot_status put_attention(cJSON *object, const struct ot_source_report *report,
                                    bool *failed, struct ot_error *err)
{
    for (int kind = 0; kind < OT_ATTENTION_COUNT; kind++) {
        cJSON *array =
            ot_json_put_array(object, ot_attention_word((enum ot_attention)kind), failed);

        for (size_t i = 0; i < report->attention[kind].count; i++) {
            struct ot_record record;
            cJSON *entry = ot_json_append_object(array, failed);
            enum ot_status status =
                ot_source_report_record(report, (enum ot_attention)kind, i, &record, err);

            if (status != OT_OK)
                return status;
            ot_record_json_put(entry, &record, failed);
        }
    }
    return OT_OK;
}

static void put_notify(cJSON *object, const struct ot_source *source, bool *failed)
{
    struct ot_state state;
    cJSON *notify;

    if (source->notify_url == NULL) {
        ot_json_put_string(object, "notify", NULL, failed);
        return;
    }
    ot_notify_state(&state, source, NULL);
    notify = cJSON_CreateObject();
    ot_json_put_bool(notify, "waiting", ot_notify_is_due(source), failed);
    ot_json_put_int(notify, "failures", state.failures, failed);
    ot_json_put_string(notify, "problem", state.failures > 0 ? state.last.message : NULL,
                       failed);
    ot_json_put_time(notify, "at", state.failures > 0 ? state.attempt_at : 0, failed);
    ot_json_put(object, "notify", notify, failed);
}

static enum ot_status put_report(cJSON *sources, const struct ot_source_report *report,
                                 const struct ot_exports *exports, struct ot_error *err)
{
    bool failed = false;
    cJSON *object = ot_json_append_object(sources, &failed);
    enum ot_status status;

    ot_json_put_string(object, "name", report->source->name, &failed);
    ot_json_put_string(object, "base_url", report->source->base_url, &failed);
    ot_json_put_string(object, "project", report->source->project, &failed);
    ot_json_put_string(object, "state", report->word, &failed);
    ot_json_put_bool(object, "usable", report->problem.status == OT_OK, &failed);
    ot_json_put_string(object, "problem",
                       report->problem.status ? report->problem.message : NULL, &failed);
    ot_json_put_string(object, "meaning",
                       ot_source_distrusts(report->source) ? "distrust" : "trust",
                       &failed);
    put_limits_of_source(object, report, &failed);
    if (report->has_snapshot)
        put_counts(object, report, &failed);
    ot_json_put_int(object, "next_refresh", report->next_refresh, &failed);
    ot_json_put_int(object, "failures", report->state.failures, &failed);
    put_last_error(object, report, &failed);
    ot_json_put_time(object, "key_ends_at", report->state.key_ends_at, &failed);
    ot_export_report_json(object, exports, report->source, &failed);
    put_notify(object, report->source, &failed);
    status = put_attention(object, report, &failed, err);
    if (status == OT_OK && failed)
        return ot_error_nomem(err);
    return status;
}

enum ot_status ot_status_json(struct ot_output *out,
                              const struct ot_machine_report *machine,
                              struct ot_error *err)
{
    bool failed = false;
    cJSON *root = cJSON_CreateObject();
    cJSON *list = ot_json_put_array(root, "sources", &failed);
    enum ot_status status = failed ? ot_error_nomem(err) : OT_OK;

    for (size_t i = 0; status == OT_OK && i < machine->count; i++)
        status = put_report(list, &machine->sources[i], machine->exports, err);
    if (status == OT_OK)
        status = ot_output_json(out, root, false, err);
    cJSON_Delete(root);
    return status;
}

/* orgtrust log: who changed what in the organization, as the API has it, or what that
 * changed here. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/api.h"
#include "api/audit.h"
#include "api/cursor.h"
#include "base/api_extension.h"
#include "base/text.h"
#include "commands/admin_use_internal.h"
#include "commands/commands.h"
#include "commands/log_local_internal.h"
#include "commands/snapshot_cert_internal.h"
#include "config/config.h"
#include "config/source.h"
#include "http/http.h"
#include "view/json_build.h"
#include "view/output.h"

#define SINCE_BY_ITSELF "30d"

/* From the first second of a day to its last. */
#define DAY_LAST_S (24 * 3600 - 1)

/* Where the answers go; array is NULL where they are printed as text. */
struct log {
    struct ot_cli *cli;
    cJSON *array;
};

static void print_field(struct ot_output *out, const char *text)
{
    ot_output_printf(out, "  ");
    ot_output_text(out, text, strlen(text));
}

/* When an activation is to end, or was to. */
static void print_end(struct ot_output *out, const cJSON *at)
{
    char when[OT_TIME_MAX];

    if (cJSON_IsNumber(at) && at->valuedouble > 0 && at->valuedouble < (double)INT64_MAX)
        ot_output_printf(out, "  until %s",
                         ot_output_time(when, (int64_t)at->valuedouble));
}

/* What was changed: the certificates of an activation, else the one thing. */
static void print_subjects(struct ot_output *out, const struct ot_api_event *event)
{
    const cJSON *detail = cJSON_GetObjectItemCaseSensitive(event->item, event->type);
    const cJSON *many = cJSON_GetObjectItemCaseSensitive(detail, "certificates");
    const cJSON *one = many != NULL ? many->child : detail;

    for (; one != NULL; one = many != NULL ? one->next : NULL) {
        const char *id =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "id"));
        const char *name =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "name"));

        if (id != NULL)
            print_field(out, id);
        if (name != NULL) {
            ot_output_printf(out, " (");
            ot_output_text(out, name, strlen(name));
            ot_output_printf(out, ")");
        }
    }
    print_end(out, cJSON_GetObjectItemCaseSensitive(detail, OT_DEACTIVATE_AT));
}

/* The time, what was done, by whom, in which project, to what. */
static void print_event(struct ot_output *out, const struct ot_api_event *event)
{
    char when[OT_TIME_MAX];

    ot_output_printf(out, "%s", ot_output_time(when, event->effective_at));
    print_field(out, event->type);
    print_field(out, event->actor != NULL ? event->actor : "-");
    print_field(out, event->project != NULL ? event->project : "-");
    print_subjects(out, event);
    ot_output_printf(out, "\n");
}

static enum ot_status show_events(const struct log *log, const struct ot_api_events *page,
                                  struct ot_error *err)
{
    for (size_t i = 0; i < page->count; i++) {
        cJSON *copy;

        if (log->array == NULL) {
            print_event(&log->cli->out, &page->items[i]);
            continue;
        }
        copy = cJSON_Duplicate(page->items[i].item, true);
        if (copy == NULL || !cJSON_AddItemToArray(log->array, copy)) {
            cJSON_Delete(copy);
            return ot_error_nomem(err);
        }
    }
    return OT_OK;
}

static enum ot_status show_log(const struct log *log, struct ot_api *api,
                               const struct ot_api_audit_query *query,
                               struct ot_error *err)
{
    struct ot_api_cursor cursor = {.pages = 0};
    enum ot_status status = OT_OK;
    bool more = true;

    while (status == OT_OK && more) {
        struct ot_api_events page;

        status = ot_api_list_audit(api, query, cursor.after, &page, err);
        if (status == OT_OK)
            status = show_events(log, &page, err);
        more = page.has_more;
        if (status == OT_OK && more)
            status = ot_api_cursor_move(&cursor, page.items[page.count - 1].id, err);
        ot_api_events_clear(&page);
    }
    return status;
}

/* How long ago, or a day in UTC. */
static enum ot_status read_since(int64_t *since, const char *text, struct ot_error *err)
{
    int64_t ago_ms = ot_text_duration_ms(text), end;

    if (ago_ms >= 0)
        *since = (int64_t)time(NULL) - ago_ms / 1000;
    else if (ot_text_day_end(&end, text))
        *since = end - DAY_LAST_S;
    else
        return ot_error_set(err, OT_E_USAGE,
                            "--since is a time such as 12h or 30d ago, or a day, "
                            "2026-11-29, not \"%.40s\"",
                            text);
    return OT_OK;
}

static enum ot_status print_log(struct ot_cli *cli, struct ot_api *api,
                                const struct ot_source *source,
                                const struct ot_api_audit_query *query,
                                struct ot_error *err)
{
    struct log log = {.cli = cli};
    bool failed = false;
    cJSON *root;
    enum ot_status status;

    if (!cli->options.json)
        return show_log(&log, api, query, err);
    root = cJSON_CreateObject();
    ot_json_put_string(root, "source", source->name, &failed);
    log.array = ot_json_put_array(root, "events", &failed);
    status = failed ? ot_error_nomem(err) : show_log(&log, api, query, err);
    if (status == OT_OK)
        status = ot_output_json(&cli->out, root, false, err);
    cJSON_Delete(root);
    return status;
}

enum ot_status ot_cmd_log(struct ot_cli *cli, struct ot_error *err)
{
    const char *since = cli->options.since;
    char id[OT_ID_MAX + 1];
    struct ot_api_audit_query query = {.cert = NULL};
    struct ot_admin_use use = {0};
    struct ot_api *api = NULL;
    enum ot_status status = OT_OK;

    if (cli->options.cert != NULL)
        cli->options.cert =
            ot_snapshot_cert_id(id, cli->options.source, cli->options.cert);
    query.cert = cli->options.cert;
    if (since == NULL && !cli->options.local)
        since = SINCE_BY_ITSELF;
    if (since != NULL)
        status = read_since(&query.since, since, err);
    if (status == OT_OK && cli->options.local)
        return ot_log_local(cli, query.since, err);
    if (status == OT_OK)
        status = ot_admin_use_source(&use, cli, err);
    if (status == OT_OK)
        status = ot_api_new(&api, use.source, &use.key, NULL, err);
    if (status == OT_OK) {
        ot_http_set_stop(ot_api_http(api), cli->stop);
        status = print_log(cli, api, use.source, &query, err);
    }
    ot_api_free(api);
    ot_admin_use_end(&use);
    return status;
}

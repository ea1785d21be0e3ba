/* orgtrust hosts: which hosts have what is active now, as they have told the server. */
#include <stdio.h>

#include "api/api.h"
#include "api/cursor.h"
#include "api/hosts.h"
#include "commands/admin_use_internal.h"
#include "commands/commands.h"
#include "config/source.h"
#include "http/http.h"
#include "view/json_build.h"
#include "view/table.h"

static const char *const titles[] = {"NAME",      "STATE",   "SINCE",
                                     "LAST SEEN", "VERSION", "STACKS WIRED"};
#define COLUMNS (sizeof(titles) / sizeof(titles[0]))

/* Where the answers go: one of table and array is NULL. */
struct hosts {
    struct ot_cli *cli;
    struct ot_table *table;
    cJSON *array;
    size_t count, behind;
};

static enum ot_status add_host_row(struct hosts *hosts, const struct ot_api_host *host,
                                   struct ot_error *err)
{
    char since[OT_TIME_MAX], seen[OT_TIME_MAX], wired[48];
    bool is_behind = host->behind_since != 0;

    snprintf(wired, sizeof(wired), "%zu of %zu", host->wired, host->stacks);
    return ot_table_add(
        hosts->table,
        (const struct ot_span[]){
            ot_span_str(host->name), ot_span_str(is_behind ? "behind" : "current"),
            ot_span_str(is_behind ? ot_output_time(since, host->behind_since) : "-"),
            ot_span_str(ot_output_time(seen, host->last_seen)),
            ot_span_str(host->version), ot_span_str(wired)},
        err);
}

static enum ot_status show_host(struct hosts *hosts, const struct ot_api_host *host,
                                struct ot_error *err)
{
    cJSON *copy;

    hosts->count++;
    hosts->behind += host->behind_since != 0;
    if (hosts->table != NULL)
        return add_host_row(hosts, host, err);
    copy = cJSON_Duplicate(host->item, true);
    if (copy != NULL && cJSON_AddItemToArray(hosts->array, copy))
        return OT_OK;
    cJSON_Delete(copy);
    return ot_error_nomem(err);
}

static enum ot_status fetch_hosts(struct hosts *hosts, struct ot_api *api,
                                  struct ot_error *err)
{
    struct ot_api_cursor cursor = {.pages = 0};
    enum ot_status status = OT_OK;
    bool more = true;

    while (status == OT_OK && more) {
        struct ot_api_hosts page;

        status =
            ot_api_list_hosts(api, hosts->cli->options.behind, cursor.after, &page, err);
        for (size_t i = 0; status == OT_OK && i < page.count; i++)
            status = show_host(hosts, &page.items[i], err);
        more = page.has_more;
        if (status == OT_OK && more)
            status = ot_api_cursor_move(&cursor, page.items[page.count - 1].name, err);
        ot_api_hosts_clear(&page);
    }
    if (status == OT_E_NOT_FOUND)
        ot_error_prefix(err,
                        "there is no list of hosts, which orgtrust-server keeps and a "
                        "relay does not show");
    return status;
}

static void print_verdict_of_hosts(const struct hosts *hosts)
{
    struct ot_output *out = &hosts->cli->out;
    const char *s = hosts->count == 1 ? "" : "s";

    if (hosts->cli->options.behind)
        ot_output_printf(out, "%zu host%s behind\n", hosts->count, s);
    else
        ot_output_printf(out, "%zu of %zu host%s current\n", hosts->count - hosts->behind,
                         hosts->count, s);
}

static enum ot_status print_hosts(struct hosts *hosts, struct ot_api *api,
                                  struct ot_error *err)
{
    enum ot_status status = ot_table_new(&hosts->table, titles, COLUMNS, 0, err);

    if (status == OT_OK)
        status = fetch_hosts(hosts, api, err);
    if (status == OT_OK && hosts->count > 0)
        ot_table_print(hosts->table, &hosts->cli->out);
    if (status == OT_OK)
        print_verdict_of_hosts(hosts);
    ot_table_free(hosts->table);
    return status;
}

static enum ot_status print_hosts_json(struct hosts *hosts, struct ot_api *api,
                                       const struct ot_source *source,
                                       struct ot_error *err)
{
    bool failed = false;
    cJSON *root = cJSON_CreateObject();
    enum ot_status status;

    ot_json_put_string(root, "source", source->name, &failed);
    hosts->array = ot_json_put_array(root, "hosts", &failed);
    status = failed ? ot_error_nomem(err) : fetch_hosts(hosts, api, err);
    if (status == OT_OK)
        status = ot_output_json(&hosts->cli->out, root, false, err);
    cJSON_Delete(root);
    return status;
}

enum ot_status ot_cmd_hosts(struct ot_cli *cli, struct ot_error *err)
{
    struct hosts hosts = {.cli = cli};
    struct ot_admin_use use;
    struct ot_api *api = NULL;
    enum ot_status status = ot_admin_use_source(&use, cli, err);

    if (status == OT_OK && ot_source_is_hosted(use.source))
        status = ot_error_set(err, OT_E_USAGE,
                              "the hosted API takes no reports of hosts: orgtrust-server "
                              "does, and --source names a source of it");
    if (status == OT_OK)
        status = ot_api_new(&api, use.source, &use.key, NULL, err);
    if (status == OT_OK) {
        ot_http_set_stop(ot_api_http(api), cli->stop);
        status = cli->options.json ? print_hosts_json(&hosts, api, use.source, err)
                                   : print_hosts(&hosts, api, err);
    }
    ot_api_free(api);
    ot_admin_use_end(&use);
    return status;
}

#include "api/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "api/api_call_internal.h"
#include "api/api_parse_internal.h"
#include "api/json.h"
#include "config/identifier.h"

#define HOSTS "/orgtrust/hosts"

void ot_api_hosts_clear(struct ot_api_hosts *hosts)
{
    free(hosts->items);
    cJSON_Delete(hosts->root);
    *hosts = (struct ot_api_hosts){0};
}

static void count_stacks(struct ot_api_host *host, const cJSON *stacks)
{
    const cJSON *stack;

    cJSON_ArrayForEach(stack, stacks)
    {
        const char *state =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(stack, "state"));

        host->stacks++;
        host->wired += state != NULL && strcmp(state, "wired") == 0;
    }
}

/* It is about to become part of a path. */
static enum ot_status parse_host_name(struct ot_api_host *host, const cJSON *item,
                                      const char *path, struct ot_error *err)
{
    const char *name = "";
    enum ot_status status = ot_json_string(item, "name", path, &name, err);

    if (status == OT_OK && !ot_is_host_name(name, strlen(name)))
        return ot_error_set(err, OT_E_PROTOCOL, "%s.name is no name of a host", path);
    if (status == OT_OK)
        strcpy(host->name, name);
    return status;
}

static enum ot_status parse_host(void *place, const cJSON *item, const char *path,
                                 const void *arg, struct ot_error *err)
{
    struct ot_api_host *host = place;
    bool is_current = false;
    enum ot_status status = ot_json_literal(item, "object", path, "orgtrust.host", err);

    (void)arg;
    if (status == OT_OK)
        status = parse_host_name(host, item, path, err);
    if (status == OT_OK)
        status = ot_json_string(item, "version", path, &host->version, err);
    if (status == OT_OK)
        status = ot_json_int(item, "last_seen", path, &host->last_seen, err);
    if (status == OT_OK)
        status = ot_json_bool(item, "current", path, &is_current, err);
    if (status == OT_OK && !is_current)
        status = ot_json_int(item, "behind_since", path, &host->behind_since, err);
    count_stacks(host, cJSON_GetObjectItemCaseSensitive(item, "stacks"));
    host->item = item;
    return status;
}

static enum ot_status parse_hosts(const struct ot_api_call *call,
                                  const struct ot_http_answer *answer,
                                  struct ot_error *err)
{
    struct ot_api_hosts *out = call->out;
    struct ot_api_array array = {NULL, 0};
    enum ot_status status = ot_api_parse_list(&array, sizeof(*out->items), &out->has_more,
                                              &out->root, answer, parse_host, err);

    out->items = array.items;
    out->count = array.count;
    if (status != OT_OK)
        ot_api_hosts_clear(out);
    return status;
}

enum ot_status ot_api_list_hosts(struct ot_api *api, bool behind, const char *after,
                                 struct ot_api_hosts *out, struct ot_error *err)
{
    struct ot_api_call call = {
        .api = api,
        .what = "list the hosts",
        .parse = parse_hosts,
        .out = out,
    };

    memset(out, 0, sizeof(*out));
    return ot_api_perform_list(&call, HOSTS, behind ? "&behind=true" : "&behind=false",
                               after, err);
}

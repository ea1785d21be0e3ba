#include "api/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_call_internal.h"
#include "api/api_parse_internal.h"
#include "api/json.h"
#include "config/identifier.h"

#define AUDIT_LOG "/organization/audit_logs"

void ot_api_events_clear(struct ot_api_events *events)
{
    free(events->items);
    cJSON_Delete(events->root);
    *events = (struct ot_api_events){0};
}

/* A string somewhere below; NULL where it, or what it is in, is not there. */
static const char *find_text(const cJSON *object, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        object = cJSON_GetObjectItemCaseSensitive(object, *keys);
    return cJSON_GetStringValue(object);
}

static const char *find_actor(const cJSON *item)
{
    static const char *const paths[][5] = {
        {"actor", "api_key", "id", NULL},
        {"actor", "session", "user", "email", NULL},
        {"actor", "session", "user", "id", NULL},
    };
    const char *found = NULL;

    for (size_t i = 0; found == NULL && i < sizeof(paths) / sizeof(paths[0]); i++)
        found = find_text(item, paths[i]);
    return found;
}

static enum ot_status parse_event(void *place, const cJSON *item, const char *path,
                                  const void *arg, struct ot_error *err)
{
    struct ot_api_event *event = place;
    enum ot_status status = ot_api_parse_id(event->id, item, path, err);

    (void)arg;
    if (status == OT_OK)
        status = ot_json_string(item, "type", path, &event->type, err);
    if (status == OT_OK)
        status = ot_json_int(item, "effective_at", path, &event->effective_at, err);
    event->actor = find_actor(item);
    event->project = find_text(item, (const char *const[]){"project", "id", NULL});
    event->item = item;
    return status;
}

static enum ot_status parse_events(const struct ot_api_call *call,
                                   const struct ot_http_answer *answer,
                                   struct ot_error *err)
{
    struct ot_api_events *out = call->out;
    struct ot_api_array array = {NULL, 0};
    enum ot_status status = ot_api_parse_list(&array, sizeof(*out->items), &out->has_more,
                                              &out->root, answer, parse_event, err);

    out->items = array.items;
    out->count = array.count;
    if (status != OT_OK)
        ot_api_events_clear(out);
    return status;
}

enum ot_status ot_api_list_audit(struct ot_api *api,
                                 const struct ot_api_audit_query *query,
                                 const char *after, struct ot_api_events *out,
                                 struct ot_error *err)
{
    char filters[OT_API_PATH_MAX];
    struct ot_api_call call = {
        .api = api,
        .what = "read the audit log",
        .parse = parse_events,
        .out = out,
    };

    memset(out, 0, sizeof(*out));
    if (query->cert != NULL && !ot_is_cert_id(query->cert, strlen(query->cert)))
        return ot_error_set(err, OT_E_USAGE, "\"%.80s\" is not a certificate id",
                            query->cert);
    /* %5B and %5D are the brackets that RFC 3986 keeps for addresses. */
    snprintf(filters, sizeof(filters), "&effective_at%%5Bgte%%5D=%lld%s%s",
             (long long)query->since, query->cert != NULL ? "&resource_ids%5B%5D=" : "",
             query->cert != NULL ? query->cert : "");
    return ot_api_perform_list(&call, AUDIT_LOG, filters, after, err);
}

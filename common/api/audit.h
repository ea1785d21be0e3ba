/* The API's audit log: who changed what, newest first. */
#ifndef OT_API_AUDIT_H
#define OT_API_AUDIT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"

struct ot_api;

struct ot_api_event {
    char id[OT_ID_MAX + 1];
    int64_t effective_at; /* Unix seconds */
    /* In item, as the API has them; NULL: it says nothing of it. The actor is the id of a
     * key, or the address or id of a user. */
    const char *type, *actor, *project;
    const cJSON *item;
};

struct ot_api_events {
    struct ot_api_event *items;
    size_t count;
    bool has_more; /* there are others behind the last one's id */
    cJSON *root;
};

struct ot_api_audit_query {
    int64_t since;    /* Unix seconds */
    const char *cert; /* the id of a certificate; NULL: any */
};

/* One page; after "" or NULL: the first. OT_E_USAGE: cert is no id. */
enum ot_status ot_api_list_audit(struct ot_api *api,
                                 const struct ot_api_audit_query *query,
                                 const char *after, struct ot_api_events *out,
                                 struct ot_error *err);
void ot_api_events_clear(struct ot_api_events *events);

#endif

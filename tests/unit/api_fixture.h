/* One call of the API against one answer. */
#ifndef OT_TESTS_API_FIXTURE_H
#define OT_TESTS_API_FIXTURE_H

#include "api/api.h"
#include "config/source.h"
#include "peer.h"

struct api_world {
    struct peer *peer;
    struct ot_source source;
    struct ot_api *api;
    struct ot_error err;
};

/* A client, with a key or none, of a server that answers by the script. */
void api_begin(struct api_world *world, const struct peer_answer *script, size_t len,
               const char *project, bool with_key);
/* Of one that answers every request like this. */
void api_begin_with(struct api_world *world, int status, const char *headers,
                    const char *body);
void api_end(struct api_world *world);

/* One certificate with its content, by the call that fetches many. */
enum ot_status api_get(struct api_world *world, const char *id, struct ot_api_cert *cert);

/* The request number i, from its begin, and its body. */
void api_requested(struct api_world *world, size_t i, const char *line, const char *body);
/* The last call ended like that, and why is in its message. */
void api_said(struct api_world *world, enum ot_status status, enum ot_status expected,
              const char *why);

#define ITEM(kind, id)                                                                   \
    "{\"object\":\"" kind "\",\"id\":\"" id "\",\"name\":\"n\",\"created_at\":5,"        \
    "\"certificate_details\":{},\"active\":true}"
#define ORG "organization.certificate"
#define PROJECT "organization.project.certificate"
#define LIST(items, last, more)                                                          \
    "{\"object\":\"list\",\"data\":[" items "],\"first_id\":null,\"last_id\":" last      \
    ",\"has_more\":" more "}"
#define CERT(id)                                                                         \
    "{\"object\":\"certificate\",\"id\":\"" id "\",\"name\":\"n\",\"created_at\":5,"     \
    "\"certificate_details\":{\"content\":\"PEM\"}}"
#define ERROR_BODY(message)                                                              \
    "{\"error\":{\"message\":\"" message                                                 \
    "\",\"type\":\"t\",\"param\":null,\"code\":null}}"

#endif

#include "http/router_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth/apikey.h"
#include "auth/auth.h"
#include "auth/rate.h"
#include "base/error.h"
#include "config/identifier.h"
#include "handle/context.h"
#include "handle/ends.h"
#include "handle/handlers.h"
#include "http/server.h"
#include "message/reply.h"
#include "message/request.h"
#include "shared/limits.h"
#include "shared/log.h"
#include "store/db.h"
#include "store/store.h"

struct method_handler {
    enum ot_method method;
    ot_handler *handle;
    enum ot_need need;
};

/* A path, by its segments: ":cert", ":project" and ":key" stand for ids. */
struct route {
    const char *segment[OT_SEGMENTS_MAX];
    struct method_handler methods[3];
};

static const struct route routes[] = {
    {{"v1", "organization", "certificates"},
     {{OT_METHOD_GET, ot_handle_list, OT_NEED_READ},
      {OT_METHOD_POST, ot_handle_upload, OT_NEED_WRITE}}},
    {{"v1", "organization", "certificates", "activate"},
     {{OT_METHOD_POST, ot_handle_activate, OT_NEED_WRITE}}},
    {{"v1", "organization", "certificates", "deactivate"},
     {{OT_METHOD_POST, ot_handle_deactivate, OT_NEED_WRITE}}},
    {{"v1", "organization", "certificates", ":cert"},
     {{OT_METHOD_GET, ot_handle_get, OT_NEED_READ},
      {OT_METHOD_POST, ot_handle_modify, OT_NEED_WRITE},
      {OT_METHOD_DELETE, ot_handle_delete, OT_NEED_WRITE}}},
    {{"v1", "organization", "audit_logs"},
     {{OT_METHOD_GET, ot_handle_audit_list, OT_NEED_OVERSIGHT}}},
    {{"v1", "organization", "admin_api_keys"},
     {{OT_METHOD_GET, ot_handle_key_list, OT_NEED_OVERSIGHT},
      {OT_METHOD_POST, ot_handle_key_create, OT_NEED_WRITE}}},
    {{"v1", "organization", "admin_api_keys", ":key"},
     {{OT_METHOD_GET, ot_handle_key_get, OT_NEED_READ},
      {OT_METHOD_DELETE, ot_handle_key_delete, OT_NEED_WRITE}}},
    {{"v1", "organization", "projects"},
     {{OT_METHOD_GET, ot_handle_project_list, OT_NEED_READ},
      {OT_METHOD_POST, ot_handle_project_create, OT_NEED_WRITE}}},
    {{"v1", "organization", "projects", ":project"},
     {{OT_METHOD_GET, ot_handle_project_get, OT_NEED_READ}}},
    {{"v1", "organization", "projects", ":project", "certificates"},
     {{OT_METHOD_GET, ot_handle_list, OT_NEED_READ}}},
    {{"v1", "organization", "projects", ":project", "certificates", "activate"},
     {{OT_METHOD_POST, ot_handle_activate, OT_NEED_WRITE}}},
    {{"v1", "organization", "projects", ":project", "certificates", "deactivate"},
     {{OT_METHOD_POST, ot_handle_deactivate, OT_NEED_WRITE}}},
};

static bool route_matches(const struct route *route, const struct ot_request *request)
{
    unsigned i;

    for (i = 0; i < OT_SEGMENTS_MAX && route->segment[i] != NULL; i++) {
        if (i >= request->segments)
            return false;
        if (route->segment[i][0] == ':') {
            if (!ot_is_cert_id(request->segment[i], strlen(request->segment[i])))
                return false;
        } else if (strcmp(route->segment[i], request->segment[i]) != 0) {
            return false;
        }
    }
    return i == request->segments;
}

static const struct route *find_route(const struct ot_request *request)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
        if (route_matches(&routes[i], request))
            return &routes[i];
    return NULL;
}

static const struct method_handler *find_handler(const struct route *route,
                                                 enum ot_method method)
{
    if (method == OT_METHOD_HEAD)
        method = OT_METHOD_GET; /* the transport leaves the body out */
    for (size_t i = 0; i < sizeof(route->methods) / sizeof(route->methods[0]); i++)
        if (route->methods[i].method == method)
            return &route->methods[i];
    return NULL;
}

static void say_allowed(const struct route *route, struct ot_reply *reply)
{
    snprintf(reply->allow, sizeof(reply->allow), "%s%s%sOPTIONS",
             find_handler(route, OT_METHOD_GET) != NULL ? "GET, HEAD, " : "",
             find_handler(route, OT_METHOD_POST) != NULL ? "POST, " : "",
             find_handler(route, OT_METHOD_DELETE) != NULL ? "DELETE, " : "");
}

static bool asks_for_options(struct ot_context *context)
{
    if (context->request->method != OT_METHOD_OPTIONS || context->request->segments != 0)
        return false;
    context->reply->status = 204;
    snprintf(context->reply->allow, sizeof(context->reply->allow),
             "GET, HEAD, POST, DELETE, OPTIONS");
    return true;
}

/* Fills the ids of the path in. */
static void take_ids(struct ot_context *context, const struct route *route)
{
    context->scope = "";
    for (unsigned i = 0; i < OT_SEGMENTS_MAX && route->segment[i] != NULL; i++) {
        if (strcmp(route->segment[i], ":cert") == 0)
            context->cert_id = context->request->segment[i];
        else if (strcmp(route->segment[i], ":project") == 0)
            context->scope = context->request->segment[i];
        else if (strcmp(route->segment[i], ":key") == 0)
            context->key_id = context->request->segment[i];
    }
}

/* NULL: reply says why, or answers an OPTIONS. */
static const struct method_handler *resolve_route(struct ot_context *context)
{
    const struct method_handler *handler;
    const struct route *route;

    if (context->request->malformed) {
        ot_reply_error(context->reply, 400, "invalid_url", NULL,
                       "The path or query of this request is not encoded as RFC 3986 "
                       "§2.1 asks.");
        context->reply->close = true; /* who knows where it ends */
        return NULL;
    }
    if (asks_for_options(context))
        return NULL;
    route = find_route(context->request);
    if (route == NULL) {
        ot_reply_error(context->reply, 404, "unknown_url", NULL,
                       "There is nothing under this path: the API's operations are "
                       "under certificates, projects, admin_api_keys and audit_logs of "
                       "/v1/organization.");
        return NULL;
    }
    take_ids(context, route);
    handler = find_handler(route, context->request->method);
    if (handler != NULL)
        return handler;
    say_allowed(route, context->reply);
    if (context->request->method == OT_METHOD_OPTIONS)
        context->reply->status = 204;
    else
        ot_reply_error(context->reply, 405, "method_not_allowed", NULL,
                       "This path does not have the method; it has %s.",
                       context->reply->allow);
    return NULL;
}

static bool is_write(const struct ot_request *request)
{
    return (request->method & (OT_METHOD_GET | OT_METHOD_HEAD)) == 0;
}

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    size_t len = sizeof(json) - 1;

    if (content_type == NULL || strncasecmp(content_type, json, len) != 0)
        return false;
    return content_type[len] == '\0' || strchr("; \t", content_type[len]) != NULL;
}

static bool check_media(const struct ot_request *request, struct ot_reply *reply)
{
    if (request->method != OT_METHOD_POST)
        return true;
    if (request->content_encoding != NULL &&
        strcasecmp(request->content_encoding, "identity") != 0) {
        ot_reply_error(reply, 415, "unsupported_content_encoding", NULL,
                       "The body is encoded: send it as it is, without "
                       "Content-Encoding.");
        return false;
    }
    if (is_json(request->content_type))
        return true;
    ot_reply_error(reply, 415, "unsupported_media_type", NULL,
                   "The body must be JSON: send it with 'Content-Type: "
                   "application/json'.");
    return false;
}

static struct ot_context new_context(const struct ot_server *server,
                                     struct ot_request *request, struct ot_reply *reply)
{
    return (struct ot_context){
        .settings = &server->settings,
        .request = request,
        .reply = reply,
    };
}

bool ot_router_admit(struct ot_server *server, struct ot_request *request,
                     struct ot_reply *reply)
{
    struct ot_context context = new_context(server, request, reply);
    const struct method_handler *handler = resolve_route(&context);
    bool admitted;

    if (handler == NULL)
        return false;
    context.db = ot_store_lend(server->store);
    admitted = ot_auth_identify(server->wrong_keys, context.db, request, &context.caller,
                                reply) &&
               ot_auth_permits(&context.caller, handler->need, reply) &&
               check_media(request, reply);
    ot_store_return(server->store, context.db);
    return admitted;
}

static bool within_rate(struct ot_rate *rate, struct ot_context *context)
{
    unsigned wait_s = ot_rate_take(rate, context->caller.seq, ot_log_clock());

    if (wait_s == 0)
        return true;
    ot_reply_error(context->reply, 429, "rate_limit_exceeded", NULL,
                   "The key %s sends more requests a second than this server allows: "
                   "try again in %u s.",
                   context->caller.id, wait_s);
    context->reply->retry_after_s = wait_s;
    return false;
}

static bool may_go_on(struct ot_server *server, struct ot_context *context,
                      const struct method_handler *handler)
{
    return ot_auth_identify(server->wrong_keys, context->db, context->request,
                            &context->caller, context->reply) &&
           within_rate(server->rate, context) &&
           ot_auth_permits(&context->caller, handler->need, context->reply) &&
           check_media(context->request, context->reply) &&
           ot_handle_knows_project(context);
}

/* A reading route sees its key and its rows in one transaction. */
static void run_reading(struct ot_server *server, struct ot_context *context,
                        const struct method_handler *handler)
{
    struct ot_error err = OT_ERROR_INIT;

    if (ot_db_begin(context->db, OT_READING, &err) != OT_OK) {
        ot_reply_failure(context->reply, &err);
        return;
    }
    if (may_go_on(server, context, handler))
        handler->handle(context);
    ot_db_rollback(context->db);
}

static void run_route(struct ot_server *server, struct ot_context *context,
                      const struct method_handler *handler)
{
    if (!is_write(context->request))
        run_reading(server, context, handler);
    else if (may_go_on(server, context, handler))
        handler->handle(context);
}

/* First of all: no answer shows what was to end before the question. */
static bool carry_out_ends(struct ot_context *context)
{
    struct ot_error err = OT_ERROR_INIT;

    if (ot_ends_carry_out(context->db, OT_WRITING, &err) == OT_OK)
        return true;
    ot_reply_failure(context->reply, &err);
    return false;
}

void ot_router_run(struct ot_server *server, struct ot_request *request,
                   struct ot_reply *reply, char caller[OT_APIKEY_ID_MAX])
{
    struct ot_context context = new_context(server, request, reply);
    const struct method_handler *handler = resolve_route(&context);

    if (handler == NULL)
        return;
    context.db = ot_store_lend(server->store);
    if (carry_out_ends(&context))
        run_route(server, &context, handler);
    /* Zero unless the key was found. */
    if (context.caller.seq != 0) {
        memcpy(caller, context.caller.id, OT_APIKEY_ID_MAX);
        reply->key_expires_at = context.caller.expires_at;
        ot_auth_note_use(context.db, &context.caller);
    }
    ot_store_return(server->store, context.db);
    if (reply->body.failed)
        ot_reply_error(reply, 500, "internal_error", NULL,
                       "The server had no memory for the answer.");
}

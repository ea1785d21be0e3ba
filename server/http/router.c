#include "http/router_internal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/apikey.h"
#include "auth/auth.h"
#include "auth/rate.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/identifier.h"
#include "console/console.h"
#include "handle/context.h"
#include "handle/ends.h"
#include "handle/handlers.h"
#include "http/server.h"
#include "http/waits.h"
#include "message/reply.h"
#include "message/request.h"
#include "shared/limits.h"
#include "shared/log.h"
#include "store/cert.h"
#include "store/db.h"
#include "store/openings.h"
#include "store/store.h"

struct method_handler {
    enum ot_method method;
    ot_handler *handle;
    enum ot_need need;
};

/* A path, by its segments: ":cert", ":project" and ":key" stand for ids, ":file" for
 * whatever is there. */
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
    {{"v1", "orgtrust", "reports"}, {{OT_METHOD_POST, ot_handle_report, OT_NEED_READ}}},
    {{"v1", "orgtrust", "contents"}, {{OT_METHOD_GET, ot_handle_contents, OT_NEED_READ}}},
    {{"v1", "orgtrust", "hosts"}, {{OT_METHOD_GET, ot_handle_host_list, OT_NEED_READ}}},
    {{"v1", "orgtrust", "hosts", "count"},
     {{OT_METHOD_GET, ot_handle_host_count, OT_NEED_READ}}},
    {{"v1", "orgtrust", "server"}, {{OT_METHOD_GET, ot_handle_server_get, OT_NEED_READ}}},
    {{"v1", "orgtrust", "certificates"},
     {{OT_METHOD_GET, ot_handle_inspect_list, OT_NEED_READ}}},
    {{"v1", "orgtrust", "certificates", ":cert"},
     {{OT_METHOD_GET, ot_handle_inspect_get, OT_NEED_READ}}},
    {{"console"}, {{OT_METHOD_GET, ot_handle_console, OT_NEED_NOTHING}}},
    {{"console", ":file"}, {{OT_METHOD_GET, ot_handle_console, OT_NEED_NOTHING}}},
};

_Static_assert(sizeof(routes) / sizeof(routes[0]) < OT_ROUTES_MAX,
               "each has its number, and 0 is none");

static bool segment_matches(const char *wanted, const char *segment)
{
    if (wanted[0] != ':')
        return strcmp(wanted, segment) == 0;
    return strcmp(wanted, ":file") == 0 || ot_is_cert_id(segment, strlen(segment));
}

static bool route_matches(const struct route *route, const struct ot_request *request)
{
    unsigned i;

    for (i = 0; i < OT_SEGMENTS_MAX && route->segment[i] != NULL; i++) {
        if (i >= request->segments ||
            !segment_matches(route->segment[i], request->segment[i]))
            return false;
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

size_t ot_router_number(const struct ot_request *request)
{
    const struct route *route = request->malformed ? NULL : find_route(request);

    return route != NULL ? (size_t)(route - routes) + 1 : 0;
}

bool ot_router_name(size_t number, char name[OT_ROUTE_NAME_MAX])
{
    const struct route *route = number > 0 ? &routes[number - 1] : NULL;
    size_t len = 0;

    if (number > sizeof(routes) / sizeof(routes[0]))
        return false;
    snprintf(name, OT_ROUTE_NAME_MAX, "other");
    for (unsigned i = 0;
         route != NULL && i < OT_SEGMENTS_MAX && route->segment[i] != NULL; i++) {
        bool is_id = route->segment[i][0] == ':';

        len += (size_t)snprintf(name + len, OT_ROUTE_NAME_MAX - len, "/%s%s%s",
                                is_id ? "{" : "", route->segment[i] + is_id,
                                is_id ? "}" : "");
    }
    return true;
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

/* "/", where a person begins. */
static bool is_root(const struct ot_request *request)
{
    return request->segments == 1 && *request->segment[0] == '\0';
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
    if (route == NULL && is_root(context->request) && !context->settings->no_console) {
        ot_reply_error(context->reply, 404, "unknown_url", NULL,
                       "There is nothing under this path: people find a page at "
                       "/console/, and programs the API under /v1.");
        return NULL;
    }
    if (route == NULL) {
        ot_reply_error(context->reply, 404, "unknown_url", NULL,
                       "There is nothing under this path: the API's operations are "
                       "under certificates, projects, admin_api_keys and audit_logs of "
                       "/v1/organization, and reports, contents, hosts, server and "
                       "certificates of /v1/orgtrust.");
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

static struct ot_context new_context(struct ot_server *server, struct ot_request *request,
                                     struct ot_reply *reply)
{
    return (struct ot_context){
        .settings = &server->settings,
        .request = request,
        .reply = reply,
        .answers = server->answers,
        .openings = server->openings,
        .tls_ends_at = atomic_load(&server->tls_ends_at),
    };
}

/* What the opening leaves in the context and beside it. */
struct opened {
    struct ot_context *context;
    struct ot_claim *claim;
    bool failed;
};

static void forget_opening(struct ot_context *context)
{
    free((char *)(uintptr_t)context->cert.name);
    context->cert.name = NULL;
    context->has_cert = false;
}

static void take_opening(void *arg, const struct ot_opening *opening)
{
    struct opened *opened = arg;
    struct ot_context *context = opened->context;

    ot_apikey_compare(opened->claim, opening->key);
    context->is_due = opening->next_end != 0 && opening->next_end <= ot_clock_unix_s();
    context->has_project = opening->has_project;
    context->has_revision = opening->revision != NULL;
    if (opening->revision != NULL)
        memcpy(context->revision, opening->revision, OT_REVISION_LEN);
    forget_opening(context);
    if (opening->cert == NULL)
        return;
    context->has_cert = true;
    context->cert = *opening->cert;
    context->cert.id = context->cert_id;
    if (opening->cert->name != NULL) {
        context->cert.name = strdup(opening->cert->name);
        opened->failed = context->cert.name == NULL;
    }
}

/* false: the database could not be asked, reply says why. */
static bool ask_first(struct ot_context *context, struct ot_claim *claim)
{
    const struct ot_question question = {
        .key_id = claim->caller.id,
        .scope = context->scope,
        .cert_id = context->cert_id,
    };
    struct opened opened = {.context = context, .claim = claim};
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status = ot_openings_ask(context->openings, context->db, &question,
                                            take_opening, &opened, &err);

    if (status == OT_OK && opened.failed)
        status = ot_error_nomem(&err);
    if (status != OT_OK)
        ot_reply_failure(context->reply, &err);
    return status == OT_OK;
}

bool ot_router_admit(struct ot_server *server, struct ot_request *request,
                     struct ot_reply *reply)
{
    struct ot_context context = new_context(server, request, reply);
    const struct method_handler *handler = resolve_route(&context);
    struct ot_claim claim;
    bool admitted;

    if (handler == NULL)
        return false;
    /* Of whoever needs no key no body is kept. */
    if (handler->need == OT_NEED_NOTHING) {
        handler->handle(&context);
        return false;
    }
    if (!ot_auth_claim(&claim, request, reply))
        return false;
    context.db = ot_store_lend(server->store);
    admitted = ask_first(&context, &claim) &&
               ot_auth_accepts(&claim, server->wrong_keys, request, reply) &&
               ot_auth_permits(&claim.caller, handler->need, request, reply) &&
               check_media(request, reply);
    ot_store_return(server->store, context.db);
    forget_opening(&context);
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

/* One that was held counts once. */
static bool may_go_on(struct ot_server *server, struct ot_context *context,
                      const struct method_handler *handler)
{
    return (context->request->has_waited || within_rate(server->rate, context)) &&
           ot_auth_permits(&context->caller, handler->need, context->request,
                           context->reply) &&
           check_media(context->request, context->reply) &&
           ot_handle_knows_project(context);
}

/* A reading route sees its key and its rows in one transaction; one that writes begins
 * its own later. */
static bool begin_and_ask(struct ot_context *context, struct ot_claim *claim)
{
    struct ot_error err = OT_ERROR_INIT;

    if (is_write(context->request) || ot_db_begin(context->db, OT_READING, &err) == OT_OK)
        return ask_first(context, claim);
    ot_reply_failure(context->reply, &err);
    return false;
}

/* No answer shows what was to end before the question: that is carried out, and asked
 * once more. */
static bool carry_out_ends(struct ot_server *server, struct ot_context *context,
                           struct ot_claim *claim)
{
    struct ot_error err = OT_ERROR_INIT;

    if (!context->is_due || !claim->is_right)
        return true;
    ot_db_rollback(context->db);
    ot_openings_forget(context->openings);
    if (ot_ends_carry_out(context->db, OT_WRITING, &err) == OT_OK) {
        ot_waits_note_change(server->waits, context->db);
        return begin_and_ask(context, claim);
    }
    ot_reply_failure(context->reply, &err);
    return false;
}

static void run_route(struct ot_server *server, struct ot_context *context,
                      const struct method_handler *handler, struct ot_claim *claim)
{
    if (begin_and_ask(context, claim) && carry_out_ends(server, context, claim) &&
        ot_auth_accepts(claim, server->wrong_keys, context->request, context->reply)) {
        context->caller = claim->caller;
        if (may_go_on(server, context, handler))
            handler->handle(context);
    }
    ot_db_rollback(context->db);
    if (handler->need == OT_NEED_WRITE) {
        ot_openings_forget(context->openings);
        ot_waits_note_change(server->waits, context->db);
    }
}

void ot_router_run(struct ot_server *server, struct ot_request *request,
                   struct ot_reply *reply, char caller[OT_APIKEY_ID_MAX])
{
    struct ot_context context = new_context(server, request, reply);
    const struct method_handler *handler = resolve_route(&context);
    struct ot_claim claim;

    if (handler != NULL && handler->need == OT_NEED_NOTHING)
        handler->handle(&context);
    if (handler == NULL || handler->need == OT_NEED_NOTHING ||
        !ot_auth_claim(&claim, request, reply))
        return;
    context.db = ot_store_lend(server->store);
    run_route(server, &context, handler, &claim);
    /* Zero unless the key was found. */
    if (claim.caller.seq != 0) {
        memcpy(caller, claim.caller.id, OT_APIKEY_ID_MAX);
        reply->key_expires_at = claim.caller.expires_at;
        reply->is_to_key = true;
        reply->takes_waits = ot_waits_are_taken(server->waits);
        if (ot_auth_note_use(context.db, &claim.caller))
            ot_openings_note_use(server->openings, claim.caller.id, ot_clock_unix_s());
    }
    ot_store_return(server->store, context.db);
    forget_opening(&context);
    if (reply->body.failed)
        ot_reply_error(reply, 500, "internal_error", NULL,
                       "The server had no memory for the answer.");
}

#include "http/connection_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/apikey.h"
#include "base/api_extension.h"
#include "http/access_log_internal.h"
#include "http/framing_internal.h"
#include "http/guests.h"
#include "http/meter.h"
#include "http/router_internal.h"
#include "http/server.h"
#include "http/waits.h"
#include "message/buffer.h"
#include "message/reply.h"
#include "message/request.h"
#include "shared/address.h"
#include "shared/limits.h"
#include "shared/log.h"
#include "store/store.h"

/* One request and its reply. */
struct exchange {
    struct ot_server *server;
    struct ot_request request;
    struct ot_reply reply;
    struct ot_wait wait;
    int64_t began_us; /* after a wait: when that was over */
    uint64_t body_seen;
    uintptr_t target, target_end; /* where the library's copy of the target lies */
    char method[16];              /* for the log */
    char *path;
    char caller[OT_APIKEY_ID_MAX];
    bool begun;    /* headers have been looked at */
    bool complete; /* all of the request is here, or as much of it as was wanted */
    bool refused;  /* reply is final; what is left of the body is passed over */
};

size_t ot_connection_keep_escapes(void *cls, struct MHD_Connection *connection,
                                  char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static struct ot_guest *guest_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

static void enter_phase(struct ot_server *server, struct MHD_Connection *connection,
                        enum ot_guest_phase phase)
{
    ot_guests_enter(server->guests, guest_of(connection), phase, ot_log_clock());
}

static const struct sockaddr *peer_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    return info != NULL ? info->client_addr : NULL;
}

void ot_connection_notify(void *cls, struct MHD_Connection *connection,
                          void **socket_context, enum MHD_ConnectionNotificationCode code)
{
    struct ot_server *server = cls;
    const union MHD_ConnectionInfo *info;
    const struct sockaddr *from;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        ot_guests_close(server->guests, *socket_context);
        *socket_context = NULL;
        return;
    }
    from = peer_of(connection);
    /* Since 1.0 libmicrohttpd answers in one place: what stood there is gone now. */
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info != NULL)
        *socket_context =
            ot_guests_open(server->guests, from, info->connect_fd, ot_log_clock());
}

void *ot_connection_target(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct ot_server *server = cls;
    struct exchange *exchange = calloc(1, sizeof(*exchange));

    enter_phase(server, connection, OT_GUEST_HEAD);
    if (exchange == NULL)
        return NULL;
    if (!ot_request_init(&exchange->request, uri)) {
        free(exchange);
        return NULL;
    }
    exchange->server = server;
    exchange->request.address = *ot_guest_address(guest_of(connection));
    ot_address_whole(exchange->request.peer, peer_of(connection));
    exchange->target = (uintptr_t)uri;
    exchange->target_end = (uintptr_t)uri + strlen(uri);
    exchange->began_us = ot_log_clock();
    snprintf(exchange->caller, sizeof(exchange->caller), "-");
    if (server->log)
        exchange->path = strndup(uri, strcspn(uri, "?"));
    ot_reply_init(&exchange->reply);
    return exchange;
}

void ot_connection_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                             enum MHD_RequestTerminationCode why)
{
    struct ot_server *server = cls;
    struct exchange *exchange = *con_cls;

    (void)why;
    enter_phase(server, connection, OT_GUEST_IDLE);
    if (exchange == NULL)
        return;
    if (exchange->begun)
        atomic_fetch_sub(&server->in_flight, 1);
    if (exchange->complete)
        atomic_fetch_sub(&server->answering, 1);
    ot_request_clear(&exchange->request);
    ot_reply_clear(&exchange->reply);
    free(exchange->path);
    free(exchange);
    *con_cls = NULL;
}

static void refuse_size(struct exchange *exchange)
{
    exchange->refused = true;
    ot_reply_error(&exchange->reply, 413, "body_too_large", NULL,
                   "The body is larger than %u bytes, which is more than any certificate "
                   "takes.",
                   OT_BODY_MAX);
}

static const char *header_value(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void take_headers(struct ot_request *request, struct MHD_Connection *connection)
{
    request->authorization = header_value(connection, MHD_HTTP_HEADER_AUTHORIZATION);
    request->content_type = header_value(connection, MHD_HTTP_HEADER_CONTENT_TYPE);
    request->content_encoding =
        header_value(connection, MHD_HTTP_HEADER_CONTENT_ENCODING);
    request->if_none_match = header_value(connection, MHD_HTTP_HEADER_IF_NONE_MATCH);
}

/* Looks at the headers; *now says that the reply is not to wait for the body. */
static void begin_exchange(struct exchange *exchange, struct MHD_Connection *connection,
                           const char *method, const char *version, bool *now)
{
    struct ot_request *request = &exchange->request;
    struct ot_framing framing;
    unsigned long long length;

    if (!ot_framing_check(&framing, connection,
                          &(struct ot_request_line){method, version, exchange->target,
                                                    exchange->target_end},
                          &exchange->reply)) {
        exchange->refused = true;
        *now = true;
        return;
    }
    take_headers(request, connection);
    /* The library has checked that it is a number. */
    length = framing.length != NULL ? strtoull(framing.length, NULL, 10) : 0;
    request->has_body = length != 0 || framing.encoding != NULL;
    if (!request->has_body)
        return;
    enter_phase(exchange->server, connection, OT_GUEST_BODY);
    if (length > OT_BODY_MAX)
        refuse_size(exchange);
    else
        exchange->refused = !ot_router_admit(exchange->server, request, &exchange->reply);
    /* Who waits for "100 Continue" has not sent the body; of who has sent it, we read as
     * much as is reasonable, since a reset connection could lose the reply. */
    *now = exchange->refused && (framing.expect != NULL || length > OT_BODY_DISCARD_MAX);
    if (*now || framing.is_last)
        exchange->reply.close = true;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t len)
{
    exchange->body_seen += len;
    if (exchange->body_seen > OT_BODY_DISCARD_MAX)
        return MHD_NO;
    if (exchange->refused)
        return MHD_YES;
    if (exchange->body_seen > OT_BODY_MAX) {
        ot_buffer_clear(&exchange->request.body);
        refuse_size(exchange);
        return MHD_YES;
    }
    return ot_buffer_append(&exchange->request.body, data, len) ? MHD_YES : MHD_NO;
}

/* Whoever has kept it asks whether it is still the same: after an upgrade it is not. */
static void add_content_headers(struct MHD_Response *response,
                                const struct ot_reply *reply)
{
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content->type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, reply->etag);
    for (const struct ot_header *at = reply->content->headers; at->name != NULL; at++)
        MHD_add_response_header(response, at->name, at->value);
}

static void add_json_headers(struct MHD_Response *response, const struct ot_reply *reply,
                             bool has_body)
{
    if (has_body)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                "application/json");
    /* What needs a key may be kept by its owner, and by a relay that is told to, but is
     * to be asked after each time; whose key it was makes a difference. */
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                            reply->etag[0] != '\0' ? "private, no-cache" : "no-store");
    if (reply->etag[0] != '\0') {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, reply->etag);
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Authorization");
    }
}

static void add_headers(struct MHD_Response *response, const struct ot_reply *reply,
                        bool has_body)
{
    char seconds[24];

    if (reply->content != NULL)
        add_content_headers(response, reply);
    else
        add_json_headers(response, reply, has_body);
    if (reply->location != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, reply->location);
    if (reply->allow[0] != '\0')
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (reply->retry_after_s != 0) {
        snprintf(seconds, sizeof(seconds), "%u", reply->retry_after_s);
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    if (reply->key_expires_at != 0) {
        snprintf(seconds, sizeof(seconds), "%" PRId64, reply->key_expires_at);
        MHD_add_response_header(response, OT_KEY_EXPIRES_HEADER, seconds);
    }
    if (reply->is_to_key) {
        MHD_add_response_header(response, OT_REPORTS_HEADER, OT_REPORTS_TAKEN);
        MHD_add_response_header(response, OT_CONTENTS_HEADER, OT_CONTENTS_GIVEN);
    }
    if (reply->takes_waits)
        MHD_add_response_header(response, OT_WAITS_HEADER, OT_WAITS_TAKEN);
    if (reply->status == 401)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                "Bearer realm=\"orgtrust\"");
    if (reply->close)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static void log_reply(const struct exchange *exchange)
{
    if (!exchange->server->log)
        return;
    ot_log_request(&(struct ot_log_request){
        .method = exchange->method,
        .path = exchange->path != NULL ? exchange->path : "-",
        .caller = exchange->caller,
        .status = exchange->reply.status,
        .bytes = ot_reply_len(&exchange->reply),
        .microseconds = ot_log_clock() - exchange->began_us,
    });
}

static void meter_reply(const struct exchange *exchange)
{
    ot_meter_count(exchange->server->meter,
                   &(struct ot_metered){
                       .route = ot_router_number(&exchange->request),
                       .method = exchange->request.method,
                       .status = exchange->reply.status,
                       .failure = exchange->reply.failure,
                       .microseconds = ot_log_clock() - exchange->began_us,
                   });
}

static void set_complete(struct exchange *exchange)
{
    exchange->complete = true;
    atomic_fetch_add(&exchange->server->answering, 1);
}

/* Who has connected before another certificate was there is to see that one. */
static bool is_last_answer(const struct ot_server *server,
                           struct MHD_Connection *connection)
{
    return atomic_load(&server->stopping) ||
           ot_guest_came_us(guest_of(connection)) < atomic_load(&server->renewed_us);
}

/* Which the library does not write to. */
static struct MHD_Response *content_response(const struct ot_reply *reply)
{
    return MHD_create_response_from_buffer(ot_reply_len(reply),
                                           (void *)(uintptr_t)reply->content->data,
                                           MHD_RESPMEM_PERSISTENT);
}

/* Takes the body; its bytes are not copied. NULL: no memory. */
static struct MHD_Response *new_response(struct ot_reply *reply)
{
    struct ot_bytes *bytes =
        reply->kept != NULL ? reply->kept : ot_buffer_share(&reply->body);
    struct MHD_Response *response;

    reply->kept = NULL;
    if (bytes == NULL)
        return NULL;
    response = MHD_create_response_from_buffer_with_free_callback_cls(
        ot_bytes_len(bytes), (void *)(uintptr_t)ot_bytes_data(bytes), ot_bytes_unref,
        bytes);
    if (response == NULL)
        ot_bytes_unref(bytes);
    return response;
}

static enum MHD_Result send_reply(struct exchange *exchange,
                                  struct MHD_Connection *connection)
{
    struct ot_reply *reply = &exchange->reply;
    const size_t len = ot_reply_len(reply);
    struct MHD_Response *response;
    enum MHD_Result result;

    if (is_last_answer(exchange->server, connection))
        reply->close = true;
    log_reply(exchange);
    meter_reply(exchange);
    response = reply->content != NULL ? content_response(reply) : new_response(reply);
    if (response == NULL)
        return MHD_NO;
    add_headers(response, reply, len != 0);
    enter_phase(exchange->server, connection, OT_GUEST_REPLY);
    result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

/* What was changed after the question and before the wait has released nobody that came
 * later. Where the database does not answer, it is looked at again in a second. */
static void look_behind(struct ot_server *server)
{
    struct ot_db *db = ot_store_lend(server->store);

    (void)ot_waits_look(server->waits, db, NULL);
    ot_store_return(server->store, db);
}

/* Whether it is held: the handler is called again once that is over. */
static bool hold_exchange(struct exchange *exchange, struct MHD_Connection *connection,
                          unsigned turn)
{
    struct ot_server *server = exchange->server;
    const int64_t now_us = ot_log_clock();
    char etag[OT_ETAG_MAX];

    strcpy(etag, exchange->reply.etag);
    ot_reply_clear(&exchange->reply);
    ot_reply_init(&exchange->reply);
    exchange->request.has_waited = true;
    if (!ot_guests_hold(server->guests, guest_of(connection), now_us))
        return false;
    exchange->complete = false;
    atomic_fetch_sub(&server->answering, 1);
    if (ot_waits_hold(server->waits, &exchange->wait, connection, etag, now_us)) {
        if (ot_waits_turn(server->waits) != turn)
            look_behind(server);
        return true;
    }
    set_complete(exchange);
    return false;
}

/* Where it is one to wait and cannot be held, it is answered at once. The connection of
 * one that was held is closed, since the library fills all of a connection's memory with
 * zeros before a second request, six times of what one takes; but not where another
 * connection costs a TLS handshake each minute. */
static enum MHD_Result answer_exchange(struct exchange *exchange,
                                       struct MHD_Connection *connection)
{
    struct ot_server *server = exchange->server;
    struct ot_reply *reply = &exchange->reply;
    const unsigned turn = ot_waits_turn(server->waits);

    set_complete(exchange);
    enter_phase(server, connection, OT_GUEST_WORK);
    if (!ot_framing_check_trailers(connection, reply))
        exchange->refused = true;
    if (exchange->request.has_waited) {
        exchange->began_us = ot_log_clock();
        reply->close = atomic_load(&server->tls_ends_at) == 0;
    }
    if (!exchange->refused)
        ot_router_run(server, &exchange->request, reply, exchange->caller);
    if (reply->is_to_wait) {
        if (hold_exchange(exchange, connection, turn))
            return MHD_YES;
        ot_router_run(server, &exchange->request, reply, exchange->caller);
    }
    return send_reply(exchange, connection);
}

enum MHD_Result ot_connection_handle(void *cls, struct MHD_Connection *connection,
                                     const char *url, const char *method,
                                     const char *version, const char *upload_data,
                                     size_t *upload_data_size, void **con_cls)
{
    struct exchange *exchange = *con_cls;
    bool now = false;

    (void)cls;
    (void)url;
    if (exchange == NULL)
        return MHD_NO; /* out of memory */
    if (!exchange->begun) {
        exchange->begun = true;
        atomic_fetch_add(&exchange->server->in_flight, 1);
        exchange->request.method = ot_method_parse(method);
        snprintf(exchange->method, sizeof(exchange->method), "%s",
                 exchange->request.method == OT_METHOD_OTHER ? "?" : method);
        begin_exchange(exchange, connection, method, version, &now);
        if (!now)
            return MHD_YES;
        set_complete(exchange);
        return send_reply(exchange, connection);
    }
    if (*upload_data_size != 0) {
        size_t len = *upload_data_size;

        *upload_data_size = 0;
        return take_body(exchange, upload_data, len);
    }
    return answer_exchange(exchange, connection);
}

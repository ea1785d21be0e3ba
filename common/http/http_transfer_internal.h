/* One request on one easy handle, which the next request uses again. */
#ifndef OT_HTTP_HTTP_TRANSFER_INTERNAL_H
#define OT_HTTP_HTTP_TRANSFER_INTERNAL_H

#include <curl/curl.h>

#include "base/error.h"
#include "http/http_request.h"

struct ot_endpoint;
struct ot_http_attempt;

enum ot_transfer_state { OT_TRANSFER_IDLE, OT_TRANSFER_RUNNING, OT_TRANSFER_WAITING };

struct ot_transfer {
    enum ot_transfer_state state;
    CURL *easy;
    size_t index;                   /* of the request in its run */
    int64_t due_ms;                 /* when a waiting one is sent again, monotonic */
    int64_t sent_ms;                /* when it was last sent */
    unsigned attempts, turned_away; /* in all; those that the server had no time for */
    struct ot_http_request request;
    bool is_beside_others;    /* as easy was made */
    struct curl_slist header; /* of this request alone, before those of all */
    char *body;               /* of the answer; kept for the next one */
    size_t len, capacity;
    size_t head_len;   /* of the answer's lines outside its body, 1xx and trailers too */
    uint64_t wire_len; /* of all that came for it, before any decoding */
    bool too_large, head_too_large, wire_too_large, out_of_memory;
    unsigned long memory_failures; /* of libcurl's, before it began */
    char content_type[64];
    char etag[OT_HTTP_ETAG_MAX];
    char detail[CURL_ERROR_SIZE]; /* libcurl's words for a failure */
};

/* Makes the handle ready to send the request, within time_left_ms. is_beside_others: on
 * the same connection, by HTTP/2. */
enum ot_status ot_transfer_prepare(struct ot_transfer *transfer,
                                   struct ot_endpoint *endpoint, bool is_beside_others,
                                   int64_t time_left_ms, struct ot_error *err);

/* What became of it: the answer for the caller, and what a retry depends on. */
void ot_transfer_conclude(struct ot_transfer *transfer,
                          const struct ot_endpoint *endpoint, CURLcode result,
                          struct ot_http_answer *answer, struct ot_http_attempt *attempt);

/* Idle again; gives back a large body's memory. */
void ot_transfer_rest(struct ot_transfer *transfer);
void ot_transfer_clear(struct ot_transfer *transfer);

#endif

/* A request, its answer, and how hard to try for one. */
#ifndef OT_HTTP_HTTP_REQUEST_H
#define OT_HTTP_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum ot_http_method { OT_HTTP_GET, OT_HTTP_POST, OT_HTTP_DELETE };

struct ot_http_request {
    enum ot_http_method method;
    const char *path;   /* behind base_url, encoded, begins with '/' ; may have a query */
    const char *body;   /* JSON, or NULL */
    size_t max_bytes;   /* of the decoded answer */
    bool idempotent;    /* may be sent again when it is unknown whether it arrived */
    const char *header; /* one more line, "NAME: VALUE", living as the body; or NULL */
    bool is_conditional; /* by that header: 304 is an answer, without a body */
    unsigned held_s;     /* the server may keep its answer for so much longer */
};

/* Longer than an entity tag that anybody is to be asked for by. */
#define OT_HTTP_ETAG_MAX 96

struct ot_http_answer {
    long status; /* 200 … ; 0 when there was none */
    char *body;  /* decoded, terminated, NULL when empty; owned by the transport and
                    valid until the callback returns */
    size_t len;
    const char *content_type; /* lower case, without parameters; "" when absent */
    int64_t retry_after_ms;   /* -1 when absent or unusable */
    const char *etag;         /* as it came, or "" */
    int64_t key_expires_at;   /* what OT_KEY_EXPIRES_HEADER says; 0: nothing */
    bool takes_reports;       /* it says OT_REPORTS_HEADER */
    bool takes_waits;         /* it says OT_WAITS_HEADER */
    bool gives_contents;      /* it says OT_CONTENTS_HEADER */
    enum ot_status failure;   /* OT_OK when there is an answer, whatever its status; else
                                 OT_E_NETWORK, OT_E_PROTOCOL (too large, redirect), … */
    struct ot_error error;    /* the sentence, when failure is set */
    unsigned requests;        /* how often it was sent */
    unsigned attempts;        /* of these without those that a 429 or 503 turned away */
};

/* How hard to try; the defaults are limits.h, tests make it quick. */
struct ot_http_tuning {
    unsigned retries;
    int64_t retry_first_ms, retry_longest_ms, retry_after_max_ms;
    int64_t deadline_ms; /* for everything this object does, from its making, or from
                            ot_http_begin_time */
    unsigned in_flight, connections;
    unsigned low_speed_s; /* 0: OT_LOW_SPEED_SECONDS */
    unsigned
        poll_ms; /* how late it may be seen that it is to stop; 0: a tenth of a second
                  */
};
extern const struct ot_http_tuning ot_http_default_tuning;

#endif

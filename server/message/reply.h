/* What a request is answered with, before the transport sends it. */
#ifndef OT_SERVER_MESSAGE_REPLY_H
#define OT_SERVER_MESSAGE_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "message/buffer.h"
#include "message/etag.h"

/* A header of a reply. */
struct ot_header {
    const char *name, *value;
};

/* What is sent as it is: a part of the program, the same for everybody. */
struct ot_content {
    const char *type; /* the media type */
    const unsigned char *data;
    size_t len;
    const struct ot_header *headers; /* up to one without a name */
};

struct ot_reply {
    unsigned status;
    struct ot_buffer body; /* JSON; empty for 204 and 304 */
    struct ot_bytes *kept; /* the body in place of that one; NULL: there is none */
    const struct ot_content *content; /* likewise, of the program itself */
    char etag[OT_ETAG_MAX]; /* "" : none; with one, the answer may be kept and asked after
                             */
    char allow[64];         /* "" : no Allow header */
    const char *location;   /* NULL: no Location header */
    unsigned retry_after_s; /* 0: no Retry-After header */
    int64_t key_expires_at; /* of the key that asked; 0: never, or there was none */
    bool is_to_key;         /* what else this server does (api_extension.h) is said */
    bool takes_waits;       /* and that it does this */
    bool is_to_wait;        /* it is none yet, until what etag says is over */
    bool close;             /* the connection is of no more use */
    enum ot_status failure; /* of the database, else OT_OK */
};

void ot_reply_init(struct ot_reply *reply);
void ot_reply_clear(struct ot_reply *reply);
/* Of the body, wherever it is. */
size_t ot_reply_len(const struct ot_reply *reply);

/* Whether who asks, with this If-None-Match header (NULL: none), has what the reply's tag
 * stands for: then all that there is to say is 304, and that is set. */
bool ot_reply_is_known(struct ot_reply *reply, const char *if_none_match);

/* An error in the API's shape: {error:{message,type,param,code}}; whatever was composed
 * before is dropped. The type follows from the status. param may be NULL. */
void ot_reply_error(struct ot_reply *reply, unsigned status, const char *code,
                    const char *param, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* What the database refused: 503 when it is busy or away, else 500. The reason is for the
 * operator, whom ot_log_failure tells, and not for the client. */
void ot_reply_failure(struct ot_reply *reply, const struct ot_error *err);

#endif

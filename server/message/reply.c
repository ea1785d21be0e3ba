#include "message/reply.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "message/json_write.h"
#include "shared/limits.h"
#include "shared/log.h"

void ot_reply_init(struct ot_reply *reply)
{
    *reply = (struct ot_reply){.status = 200};
    ot_buffer_init(&reply->body, OT_REPLY_MAX);
}

static void drop_body(struct ot_reply *reply)
{
    ot_buffer_clear(&reply->body);
    ot_bytes_unref(reply->kept);
    reply->kept = NULL;
    reply->content = NULL;
}

void ot_reply_clear(struct ot_reply *reply)
{
    drop_body(reply);
}

size_t ot_reply_len(const struct ot_reply *reply)
{
    if (reply->content != NULL)
        return reply->status == 304 ? 0 : reply->content->len;
    return reply->kept != NULL ? ot_bytes_len(reply->kept) : reply->body.len;
}

bool ot_reply_is_known(struct ot_reply *reply, const char *if_none_match)
{
    if (!ot_etag_matches(reply->etag, if_none_match))
        return false;
    reply->status = 304;
    return true;
}

static const char *error_type(unsigned status)
{
    if (status == 429)
        return "rate_limit_error";
    return status >= 500 ? "server_error" : "invalid_request_error";
}

void ot_reply_error(struct ot_reply *reply, unsigned status, const char *code,
                    const char *param, const char *fmt, ...)
{
    struct ot_error message = OT_ERROR_INIT;
    char text[OT_ERROR_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    /* Makes it valid UTF-8 without controls, whatever of the request it quotes. */
    ot_error_set(&message, OT_E_REFUSED, "%s", text);

    drop_body(reply);
    reply->status = status;
    reply->etag[0] = '\0';
    ot_jsonw_open(&reply->body, '{');
    ot_jsonw_key(&reply->body, "error");
    ot_jsonw_open(&reply->body, '{');
    ot_jsonw_text_member(&reply->body, "message", message.message);
    ot_jsonw_text_member(&reply->body, "type", error_type(status));
    ot_jsonw_text_member(&reply->body, "param", param);
    ot_jsonw_text_member(&reply->body, "code", code);
    ot_jsonw_close(&reply->body, '}');
    ot_jsonw_close(&reply->body, '}');
}

void ot_reply_failure(struct ot_reply *reply, const struct ot_error *err)
{
    /* While the database is away every request says the same of it. */
    static _Atomic int64_t away_said_us;

    reply->failure = err->status;
    if (err->status != OT_E_NETWORK || ot_log_is_due(&away_said_us))
        ot_log_failure(err);
    if (err->status == OT_E_BUSY) {
        ot_reply_error(reply, 503, "database_busy", NULL,
                       "The server's database is in use by another process: try again.");
        reply->retry_after_s = 1;
        return;
    }
    if (err->status == OT_E_NETWORK) {
        ot_reply_error(reply, 503, "database_unavailable", NULL,
                       "The server's database cannot be reached: try again. Nothing has "
                       "changed.");
        reply->retry_after_s = OT_DB_AWAY_RETRY_S;
        return;
    }
    if (err->status == OT_E_SERVER) {
        ot_reply_error(reply, 500, "outcome_unknown", NULL,
                       "The server's database went away while it confirmed this change: "
                       "look whether it has happened before you ask for it again.");
        return;
    }
    ot_reply_error(reply, 500, "internal_error", NULL,
                   "The server could not carry this out; its log says why. Nothing has "
                   "changed.");
}

#include <stddef.h>

#include "auth/apikey.h"
#include "base/clock.h"
#include "handle/context.h"
#include "handle/handlers.h"
#include "message/buffer.h"
#include "message/json_write.h"
#include "message/reply.h"
#include "shared/settings.h"

static void write_own_key(struct ot_buffer *out, const struct ot_caller *caller)
{
    ot_jsonw_key(out, "key");
    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "id", caller->id);
    ot_jsonw_text_member(out, "role", ot_role_name(caller->role));
    ot_jsonw_time_member(out, "expires_at", caller->expires_at);
    ot_jsonw_close(out, '}');
}

void ot_handle_server_get(struct ot_context *context)
{
    const struct ot_settings *settings = context->settings;
    struct ot_buffer *out = &context->reply->body;

    ot_jsonw_open(out, '{');
    ot_jsonw_text_member(out, "object", "orgtrust.server");
    ot_jsonw_text_member(out, "version", ORGTRUST_VERSION);
    ot_jsonw_int_member(out, "time", ot_clock_unix_s());
    ot_jsonw_time_member(out, "tls_expires_at", context->tls_ends_at);
    ot_jsonw_int_member(out, "max_certificates", settings->max_certificates);
    ot_jsonw_text_member(out, "upload_rules", settings->hosted_rules ? "hosted" : "any");
    write_own_key(out, &context->caller);
    ot_jsonw_close(out, '}');
}

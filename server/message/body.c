#include "message/body.h"

#include <string.h>

#include "api/json.h"
#include "base/error.h"
#include "base/text.h"
#include "message/reply.h"
#include "message/request.h"
#include "shared/limits.h"

cJSON *ot_body_parse(const struct ot_request *request, struct ot_reply *reply)
{
    struct ot_error err = OT_ERROR_INIT;
    const struct ot_buffer *text = &request->body;
    cJSON *body = NULL;
    enum ot_status status =
        ot_json_parse(&body, text->data ? text->data : "", text->len, &err);

    if (status == OT_E_NOMEM) {
        ot_reply_failure(reply, &err);
        return NULL;
    }
    if (status != OT_OK) {
        ot_reply_error(reply, 400, "invalid_json", NULL,
                       "The body is not JSON that can be accepted: %s", err.message);
        return NULL;
    }
    if (!cJSON_IsObject(body)) {
        ot_reply_error(reply, 400, "invalid_json", NULL,
                       "The body must be a JSON object.");
        cJSON_Delete(body);
        return NULL;
    }
    return body;
}

static bool is_control(const unsigned char *at)
{
    return at[0] < 0x20 || at[0] == 0x7f ||
           (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f);
}

bool ot_name_is_valid(const char *text, const char **reason)
{
    size_t chars = 0;

    if (!ot_text_is_utf8(text, strlen(text))) {
        *reason = "is not UTF-8";
        return false;
    }
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (is_control(at)) {
            *reason = "has a control character in it";
            return false;
        }
        if ((*at & 0xc0) != 0x80)
            chars++;
    }
    *reason = "is longer than 255 characters";
    _Static_assert(OT_NAME_CHARS_MAX == 255, "the reason says so");
    return chars <= OT_NAME_CHARS_MAX;
}

bool ot_body_name(const cJSON *body, const char **name, struct ot_reply *reply)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(body, "name");
    const char *reason;

    *name = NULL;
    if (member == NULL)
        return true;
    if (!cJSON_IsString(member)) {
        ot_reply_error(reply, 400, "invalid_type", "name",
                       "'name' must be a string; leave it out where there is none.");
        return false;
    }
    if (!ot_name_is_valid(member->valuestring, &reason)) {
        ot_reply_error(reply, 400, "invalid_name", "name", "'name' %s.", reason);
        return false;
    }
    *name = member->valuestring;
    return true;
}

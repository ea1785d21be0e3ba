#include "api/api_wait.h"

#include <stdio.h>
#include <string.h>

#include "api/api_answer_internal.h"
#include "api/api_call_internal.h"
#include "api/moment_tag.h"
#include "base/limits.h"
#include "http/http.h"
#include "http/http_request.h"

struct waiting {
    struct ot_api *api;
    const char *tag;
    char path[OT_API_LIST_PATH_MAX];
    bool is_over;
    char *moment;
};

/* By "*" the answer has a tag and no page. */
static enum ot_status fill_wait(void *arg, size_t i, struct ot_http_request *request,
                                struct ot_error *err)
{
    const struct waiting *waiting = arg;

    (void)i;
    (void)err;
    *request = (struct ot_http_request){
        .method = OT_HTTP_GET,
        .path = waiting->path,
        .max_bytes = OT_PAGE_BYTES_MAX,
        .idempotent = true,
        .header = "If-None-Match: *",
        .is_conditional = true,
        .held_s = OT_WAIT_S,
    };
    return OT_OK;
}

static enum ot_status end_wait(void *arg, size_t i, const struct ot_http_answer *answer,
                               struct ot_error *err)
{
    struct waiting *waiting = arg;
    struct ot_api_checker *checker = &waiting->api->checker;
    char tag[OT_MOMENT_TAG_MAX];
    enum ot_status status = ot_api_checker_is_unchanged(checker, answer)
                                ? OT_OK
                                : ot_api_checker_check(checker, answer, err);

    (void)i;
    if (status != OT_OK)
        return status;
    if (!ot_moment_tag_parse(tag, answer->etag))
        return OT_E_PROTOCOL;
    waiting->is_over = !ot_moment_tag_is_same(tag, waiting->tag);
    ot_moment_tag_digits(waiting->moment, tag);
    return OT_OK;
}

enum ot_status ot_api_wait(struct ot_api *api, const char *tag, bool *is_over,
                           char moment[OT_MOMENT_MAX])
{
    struct waiting waiting = {.api = api, .tag = tag, .moment = moment};
    struct ot_error ignored = OT_ERROR_INIT;
    enum ot_status status;

    snprintf(waiting.path, sizeof(waiting.path), "%s?limit=1&" OT_WAIT_PARAMETER "=%.*s",
             api->scope, OT_MOMENT_TAG_DIGITS, tag + strlen(OT_MOMENT_TAG_START));
    ot_api_checker_reset(&api->checker);
    status = ot_http_run(api->http, 1, fill_wait, end_wait, &waiting, &ignored);
    *is_over = waiting.is_over;
    return status;
}

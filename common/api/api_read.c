#include "api/api.h"

#include <stdio.h>

#include "api/api_answer_internal.h"
#include "api/api_call_internal.h"
#include "api/api_cert.h"
#include "api/api_parse_internal.h"
#include "api/moment_tag.h"
#include "base/api_extension.h"
#include "base/error.h"
#include "base/limits.h"
#include "http/http.h"
#include "http/http_request.h"

#define IF_NONE_MATCH "If-None-Match: "

struct reading {
    struct ot_api *api;
    const struct ot_api_reader *reader;
    char path[OT_API_LIST_PATH_MAX + OT_API_IDS_MAX]; /* of the request to be sent */
    char header[sizeof(IF_NONE_MATCH) + OT_MOMENT_TAG_MAX]; /* its own */
};

static struct ot_api_wanted wanted_of(const struct reading *reading, size_t i)
{
    struct ot_api_wanted wanted = {0};

    reading->reader->want(reading->reader->arg, i, &wanted);
    return wanted;
}

static enum ot_status fill_read(void *arg, size_t i, struct ot_http_request *request,
                                struct ot_error *err)
{
    struct reading *reading = arg;
    struct ot_api_wanted wanted = wanted_of(reading, i);
    enum ot_status status;

    *request = (struct ot_http_request){
        .method = OT_HTTP_GET,
        .path = reading->path,
        .max_bytes = wanted.id != NULL ? OT_CONTENT_BYTES_MAX : OT_PAGE_BYTES_MAX,
        .idempotent = true,
    };
    if (wanted.tag != NULL) {
        snprintf(reading->header, sizeof(reading->header), IF_NONE_MATCH "%s",
                 wanted.tag);
        request->header = reading->header;
        request->is_conditional = true;
    }
    if (wanted.ids != NULL) {
        snprintf(reading->path, sizeof(reading->path),
                 OT_CONTENTS_PATH "?" OT_CONTENTS_PARAMETER "=%s", wanted.ids);
        return OT_OK;
    }
    if (wanted.id == NULL)
        return ot_api_format_list_path(reading->path,
                                       wanted.of_organization ? OT_API_CERTIFICATES
                                                              : reading->api->scope,
                                       wanted.after, wanted.limit, err);
    status = ot_api_check_id(wanted.id, err);
    if (status == OT_OK)
        ot_api_format_cert_path(reading->path, wanted.id, true);
    return status;
}

static enum ot_status end_page(struct reading *reading, size_t i, const char *kind,
                               const struct ot_http_answer *answer, struct ot_error *err)
{
    struct ot_api_checker *checker = &reading->api->checker;
    struct ot_api_page page = {.is_unchanged =
                                   ot_api_checker_is_unchanged(checker, answer)};
    enum ot_status status =
        page.is_unchanged ? OT_OK : ot_api_checker_check(checker, answer, err);

    if (status != OT_OK) {
        ot_error_prefix(err, "cannot list the certificates");
    } else if (!page.is_unchanged) {
        status = ot_api_parse_page(&page, kind, answer->body, answer->len, err);
        if (status != OT_OK)
            ot_api_checker_blame(checker, answer, err);
        else
            ot_moment_tag_parse(page.tag, answer->etag);
    }
    status =
        reading->reader->page(reading->reader->arg, i, status, &page, answer->len, err);
    ot_api_page_clear(&page);
    return status;
}

static enum ot_status end_cert(struct reading *reading, size_t i, const char *id,
                               const struct ot_http_answer *answer, struct ot_error *err)
{
    struct ot_api_checker *checker = &reading->api->checker;
    struct ot_api_cert cert = {0};
    enum ot_status status = ot_api_checker_check(checker, answer, err);

    if (status != OT_OK) {
        ot_error_prefix(err, "cannot get the certificate %s", id);
    } else {
        status = ot_api_parse_cert_of(id, answer, &cert, err);
        if (status != OT_OK)
            ot_api_checker_blame(checker, answer, err);
    }
    status = reading->reader->cert(reading->reader->arg, i, status,
                                   status == OT_OK ? &cert : NULL, err);
    ot_api_cert_clear(&cert);
    return status;
}

static enum ot_status end_certs(struct reading *reading, size_t i,
                                const struct ot_http_answer *answer, struct ot_error *err)
{
    struct ot_api_checker *checker = &reading->api->checker;
    struct ot_api_page page = {.count = 0};
    enum ot_status status = ot_api_checker_check(checker, answer, err);

    if (status != OT_OK) {
        ot_error_prefix(err, "cannot get several certificates");
    } else {
        status = ot_api_parse_contents(&page, answer->body, answer->len, err);
        if (status != OT_OK)
            ot_api_checker_blame(checker, answer, err);
    }
    status = reading->reader->certs(reading->reader->arg, i, status, &page, err);
    ot_api_page_clear(&page);
    return status;
}

static enum ot_status end_read(void *arg, size_t i, const struct ot_http_answer *answer,
                               struct ot_error *err)
{
    struct reading *reading = arg;
    struct ot_api_wanted wanted = wanted_of(reading, i);

    const char *kind = wanted.of_organization ? OT_API_ORGANIZATION_KIND
                                              : ot_api_item_kind(reading->api);

    if (wanted.ids != NULL)
        return end_certs(reading, i, answer, err);
    return wanted.id == NULL ? end_page(reading, i, kind, answer, err)
                             : end_cert(reading, i, wanted.id, answer, err);
}

enum ot_status ot_api_read(struct ot_api *api, const struct ot_api_reader *reader,
                           size_t count, struct ot_error *err)
{
    struct reading reading = {.api = api, .reader = reader};
    struct ot_error ignored;

    ot_api_checker_reset(&api->checker);
    ot_error_clear(err);
    return ot_http_run(api->http, count, fill_read, end_read, &reading,
                       err != NULL ? err : &ignored);
}

void ot_api_read_more(struct ot_api *api, size_t more)
{
    ot_http_extend(api->http, more);
}

struct getting {
    const char *const *ids;
    ot_api_got *got;
    void *arg;
};

static void want_id(void *arg, size_t i, struct ot_api_wanted *wanted)
{
    wanted->id = ((const struct getting *)arg)->ids[i];
}

static enum ot_status hand_on(void *arg, size_t i, enum ot_status status,
                              const struct ot_api_cert *cert, struct ot_error *err)
{
    const struct getting *getting = arg;

    return getting->got(getting->arg, i, status, cert, err);
}

enum ot_status ot_api_get_many(struct ot_api *api, const char *const *ids, size_t count,
                               ot_api_got *got, void *arg, struct ot_error *err)
{
    struct getting getting = {ids, got, arg};
    const struct ot_api_reader reader = {
        .want = want_id, .cert = hand_on, .arg = &getting};

    for (size_t i = 0; i < count; i++) {
        enum ot_status status = ot_api_check_id(ids[i], err);

        if (status != OT_OK)
            return status;
    }
    return ot_api_read(api, &reader, count, err);
}

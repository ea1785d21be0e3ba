#include "api/report.h"

#include "api/api_call_internal.h"
#include "api/json.h"

#define REPORTS "/orgtrust/reports"
#define ANSWER_BYTES_MAX 4096

static enum ot_status check_report_answer(const struct ot_api_call *call,
                                          const struct ot_http_answer *answer,
                                          struct ot_error *err)
{
    cJSON *root = NULL;
    enum ot_status status = ot_json_parse(&root, answer->body, answer->len, err);

    (void)call;
    if (status == OT_OK)
        status = ot_json_literal(root, "object", "", "orgtrust.report", err);
    cJSON_Delete(root);
    return status;
}

enum ot_status ot_api_report(struct ot_api *api, const char *body, struct ot_error *err)
{
    struct ot_api_call call = {
        .api = api,
        .request = {.method = OT_HTTP_POST,
                    .path = REPORTS,
                    .body = body,
                    .max_bytes = ANSWER_BYTES_MAX,
                    .idempotent = true},
        .what = "report this host",
        .parse = check_report_answer,
    };

    return ot_api_perform(&call, err);
}

/* One request of the API, from its path to the parsed answer. Private to api*.c. */
#ifndef OT_API_API_CALL_INTERNAL_H
#define OT_API_API_CALL_INTERNAL_H

#include "api/api_answer_internal.h"
#include "base/error.h"
#include "base/limits.h"
#include "http/http_request.h"

struct ot_api_cert;
struct ot_http;

/* "/organization/projects/" id "/certificates/" id "?include%5B%5D=content" and room */
#define OT_API_PATH_MAX (2 * OT_ID_MAX + 128)

/* The scope, a cursor and a limit */
#define OT_API_LIST_PATH_MAX (2 * OT_API_PATH_MAX)

/* Certificates belong to the organization, whatever the scope. */
#define OT_API_CERTIFICATES "/organization/certificates"

struct ot_api {
    struct ot_http *http;
    struct ot_api_checker checker;
    char scope[OT_API_PATH_MAX]; /* where the scope's list is */
    bool is_project, inherits;
};

struct ot_api_call {
    struct ot_api *api;
    struct ot_http_request request;
    const char *what; /* "list the certificates", for messages */
    /* Makes out of a good answer; one of the four below. */
    enum ot_status (*parse)(const struct ot_api_call *call,
                            const struct ot_http_answer *answer, struct ot_error *err);
    void *out;        /* struct ot_api_page or ot_api_cert, empty; NULL for a delete */
    const char *id;   /* that the answer must be about; NULL: any */
    const char *kind; /* of the whole answer to activate and deactivate */
    const char *item; /* of the items of a list */
};

/* Sends it and waits for the answer. */
enum ot_status ot_api_perform(struct ot_api_call *call, struct ot_error *err);

/* The same, and fills in its request: one page of a list other than of certificates, of
 * those that filters ("&behind=true", "") let through, behind `after`; "" or NULL: the
 * first. All of it can be part of a URL as it is. */
enum ot_status ot_api_perform_list(struct ot_api_call *call, const char *list,
                                   const char *filters, const char *after,
                                   struct ot_error *err);

enum ot_status ot_api_call_page(const struct ot_api_call *call,
                                const struct ot_http_answer *answer,
                                struct ot_error *err);
enum ot_status ot_api_call_toggled(const struct ot_api_call *call,
                                   const struct ot_http_answer *answer,
                                   struct ot_error *err);
enum ot_status ot_api_call_cert(const struct ot_api_call *call,
                                const struct ot_http_answer *answer,
                                struct ot_error *err);
enum ot_status ot_api_call_deleted(const struct ot_api_call *call,
                                   const struct ot_http_answer *answer,
                                   struct ot_error *err);

/* A certificate that must have this id, unless id is NULL. */
enum ot_status ot_api_parse_cert_of(const char *id, const struct ot_http_answer *answer,
                                    struct ot_api_cert *cert, struct ot_error *err);

/* Before an id of the caller's becomes part of a path: OT_E_USAGE. */
enum ot_status ot_api_check_id(const char *id, struct ot_error *err);
void ot_api_format_cert_path(char path[OT_API_PATH_MAX], const char *id,
                             bool with_content);

/* The page of scope's list behind `after`; "" or NULL: the first one. Checks both first:
 * OT_E_USAGE. */
enum ot_status ot_api_format_list_path(char path[OT_API_LIST_PATH_MAX], const char *scope,
                                       const char *after, unsigned limit,
                                       struct ot_error *err);

/* What `object` is in the items of the scope's lists, and of the organization's. */
const char *ot_api_item_kind(const struct ot_api *api);
#define OT_API_ORGANIZATION_KIND "organization.certificate"

#endif

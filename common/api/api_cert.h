/* Certificates and pages of them as the API gives them. */
#ifndef OT_API_API_CERT_H
#define OT_API_API_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/api_extension.h"
#include "base/limits.h"

/* Whose list a certificate stands in: the scope's own, or the organization's where the
 * scope is a project that inherits. */
enum ot_api_list_of { OT_LIST_OF_SCOPE = 1u << 0, OT_LIST_OF_ORGANIZATION = 1u << 1 };

/* A certificate as the API shows it. Strings are owned by the item. */
struct ot_api_cert {
    char id[OT_ID_MAX + 1];
    char *name; /* NULL: null */
    int64_t created_at;
    int64_t valid_at, expires_at; /* meaningful when has_valid_at, has_expires_at */
    bool has_valid_at, has_expires_at;
    bool active, has_active;       /* a single certificate comes without */
    int64_t ends_at;               /* of the activation, Unix seconds; 0: it has none */
    unsigned listed_in, active_in; /* enum ot_api_list_of: set where lists are joined */
    char *content;                 /* PEM, or NULL */
    char *extra;                   /* fields beyond the schema, see extra.h; NULL: none */
};
void ot_api_cert_clear(struct ot_api_cert *cert);

struct ot_api_page {
    struct ot_api_cert *certs;
    size_t count;
    bool has_more;
    char last_id[OT_ID_MAX + 1]; /* "" : null */
    char tag[OT_MOMENT_TAG_MAX]; /* its entity tag, where that is of the whole list
                                  (api_extension.h), else "" */
    bool is_unchanged;     /* since the one that was asked after; it has nothing else */
    int64_t deactivate_at; /* of an activation: OT_DEACTIVATE_AT; 0: there was none */
};
void ot_api_page_clear(struct ot_api_page *page);

#endif

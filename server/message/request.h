/* A request as the router sees it: decoded, its parts checked for form. */
#ifndef OT_SERVER_MESSAGE_REQUEST_H
#define OT_SERVER_MESSAGE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "message/buffer.h"
#include "shared/address.h"
#include "shared/limits.h"

enum ot_method {
    OT_METHOD_GET = 1u << 0,
    OT_METHOD_POST = 1u << 1,
    OT_METHOD_DELETE = 1u << 2,
    OT_METHOD_HEAD = 1u << 3,
    OT_METHOD_OPTIONS = 1u << 4,
    OT_METHOD_OTHER = 1u << 5
};
enum ot_method ot_method_parse(const char *name);

/* The query parameters that the API has; the others are passed over, as an answer's
 * unknown members are by its clients. */
struct ot_query_values {
    const char *limit, *after, *order; /* NULL: not given */
    bool include_content;
    const char *bad; /* the parameter that is given twice or has an unknown value */
};

struct ot_request {
    enum ot_method method;
    char *target; /* the decoded segments and query lie in here */
    const char *segment[OT_SEGMENTS_MAX];
    unsigned segments;
    struct ot_query_values query;
    bool malformed; /* a percent-encoding or NUL that means nothing */

    /* Headers; NULL when absent. They belong to the transport. */
    const char *authorization, *content_type, *content_encoding, *if_none_match;

    struct ot_address address; /* who asks */

    struct ot_buffer body;
    bool has_body;
};

/* Takes the target (RFC 9112 §3.2.1: path and query, still encoded) apart. false: out of
 * memory. Each path segment is decoded once, after splitting: an encoded '/' or '.' stays
 * part of its segment, where no id can hold it. */
bool ot_request_init(struct ot_request *request, const char *target);
/* Percent-decodes what is encoded right, in place, NULs aside. false: nothing was. */
bool ot_request_decode_all(char *text);
void ot_request_clear(struct ot_request *request);

#endif

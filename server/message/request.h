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

struct ot_parameter {
    const char *name, *value; /* decoded */
};

struct ot_request {
    enum ot_method method;
    char *target; /* the decoded segments and query lie in here */
    const char *segment[OT_SEGMENTS_MAX];
    unsigned segments;
    struct ot_parameter *parameters; /* of the query, in their order */
    unsigned parameter_count;
    bool malformed; /* an encoding that means nothing, a NUL, too many parameters */

    /* Headers; NULL when absent. They belong to the transport. */
    const char *authorization, *content_type, *content_encoding, *if_none_match;

    struct ot_address address;      /* who asks, as far as limits go */
    char peer[OT_ADDRESS_TEXT_MAX]; /* and the whole address, for the audit log */

    struct ot_buffer body;
    bool has_body;
    bool has_waited; /* it was held before, and is not to be again */
};

/* Takes the target (RFC 9112 §3.2.1: path and query, still encoded) apart. false: out of
 * memory. Each path segment is decoded once, after splitting: an encoded '/' or '.' stays
 * part of its segment, where no id can hold it. */
bool ot_request_init(struct ot_request *request, const char *target);
/* The values of a parameter, one for each call; NULL: no more. *at begins as 0. An array,
 * asked for as "name[]", comes in either of the two usual spellings, with the brackets
 * and without. Parameters that nobody asks for are passed over, as an answer's unknown
 * members are by its clients. */
const char *ot_request_next(const struct ot_request *request, const char *name,
                            unsigned *at);
/* Percent-decodes what is encoded right, in place, NULs aside. false: nothing was. */
bool ot_request_decode_all(char *text);
void ot_request_clear(struct ot_request *request);

#endif

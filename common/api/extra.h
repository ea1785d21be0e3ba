/* Fields that an answer has beyond the API's published schema. A client that passes one
 * over may trust a certificate for more than is meant: the hosted API lets one carry a
 * filter, which no schema shows. */
#ifndef OT_API_EXTRA_H
#define OT_API_EXTRA_H

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/span.h"

/* Names, each with the path to it, a line end between two, with a '!' in front of one
 * that restricts. These come first; what is too long is left out. */
#define OT_EXTRA_MAX 512

/* Of a certificate in a list or an answer; *out NULL: it has none. The caller frees it.
 */
enum ot_status ot_extra_collect(char **out, const cJSON *cert, struct ot_error *err);

/* The first name that says that its field restricts the certificate: "filter", "policy"
 * or "constraint" in it, or "cel" as a word of it, and a value that is not null. Absent
 * where there is none, and of an absent span. */
struct ot_span ot_extra_restriction(struct ot_span extra);

#endif

/* libcurl's failures as sentences that say what to do. */
#ifndef OT_FETCH_HTTP_FAILURE_H
#define OT_FETCH_HTTP_FAILURE_H

#include "fetch/http_endpoint.h"

/* Describes the failure of a transfer; detail is what libcurl adds, or "". Never names
 * the key, nor the credentials of a proxy. Returns the status. */
enum ot_status ot_http_failure(struct ot_error *err, const struct ot_endpoint *endpoint,
                               CURLcode code, const char *detail);

/* Whether the same request may well succeed a moment later. */
bool ot_http_failure_is_passing(CURLcode code);

#endif

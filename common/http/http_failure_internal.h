/* libcurl's failures as sentences that say what to do. */
#ifndef OT_HTTP_HTTP_FAILURE_INTERNAL_H
#define OT_HTTP_HTTP_FAILURE_INTERNAL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/error.h"

struct ot_endpoint;

/* Describes the failure of a transfer by easy; detail is what libcurl adds, or "". Never
 * names the key, nor the credentials of a proxy. Returns the status. */
enum ot_status ot_http_failure(struct ot_error *err, const struct ot_endpoint *endpoint,
                               CURL *easy, CURLcode code, const char *detail);

/* Whether the same request may well succeed a moment later. */
bool ot_http_failure_is_passing(CURLcode code);

#endif

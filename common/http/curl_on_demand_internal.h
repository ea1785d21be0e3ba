/* libcurl is loaded with the first request, not with the program. */
#ifndef OT_HTTP_CURL_ON_DEMAND_INTERNAL_H
#define OT_HTTP_CURL_ON_DEMAND_INTERNAL_H

#include "base/error.h"

/* As often as one likes, from any thread. OT_E_INTERNAL: libcurl is not installed, or it
 * is one that lacks what orgtrust calls. */
enum ot_status ot_curl_load(struct ot_error *err);

#endif

/* A question that orgtrust-server answers when something has changed
 * (base/api_extension.h). */
#ifndef OT_API_API_WAIT_H
#define OT_API_API_WAIT_H

#include <stdbool.h>

#include "base/api_extension.h"
#include "base/error.h"

struct ot_api;

/* Waits until the lists are of another moment than tag's (moment_tag.h), up to OT_WAIT_S
 * seconds; *is_over: they are. OT_E_PROTOCOL: the API does not say so in its answer. */
enum ot_status ot_api_wait(struct ot_api *api, const char *tag, bool *is_over,
                           struct ot_error *err);

#endif

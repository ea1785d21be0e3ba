/* A question that orgtrust-server answers when something has changed
 * (base/api_extension.h). */
#ifndef OT_API_API_WAIT_H
#define OT_API_API_WAIT_H

#include <stdbool.h>

#include "base/api_extension.h"
#include "base/error.h"

struct ot_api;

/* Waits until the lists are of another moment than tag's (moment_tag.h), up to OT_WAIT_S
 * seconds; *is_over: they are, and of the moment with these digits. What goes wrong has
 * no sentence: the next sync meets it, too. OT_E_PROTOCOL, besides those of every
 * request: the answer is of no moment. */
enum ot_status ot_api_wait(struct ot_api *api, const char *tag, bool *is_over,
                           char moment[OT_MOMENT_MAX]);

#endif

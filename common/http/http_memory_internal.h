/* libcurl's memory: what it gives back is overwritten first, because its buffers have
 * held the key; and that there was none left is remembered, because libcurl also says
 * "out of memory" of a line that is too long for it. */
#ifndef OT_HTTP_HTTP_MEMORY_INTERNAL_H
#define OT_HTTP_HTTP_MEMORY_INTERNAL_H

#include "base/error.h"

/* In place of curl_global_init; as often as one likes, from any thread. */
enum ot_status ot_http_memory_init(struct ot_error *err);

/* How often an allocation has failed, in any thread. */
unsigned long ot_http_memory_failures(void);

#endif

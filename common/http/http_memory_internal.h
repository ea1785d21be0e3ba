/* libcurl's memory: what it gives back is overwritten first, because its buffers have
 * held the key; and that there was none left is remembered, because libcurl also says
 * "out of memory" of a line that is too long for it. */
#ifndef OT_HTTP_HTTP_MEMORY_INTERNAL_H
#define OT_HTTP_HTTP_MEMORY_INTERNAL_H

#include <curl/curl.h>

/* In place of curl_global_init. */
CURLcode ot_http_memory_init(void);

/* How often an allocation has failed, in any thread. */
unsigned long ot_http_memory_failures(void);

#endif

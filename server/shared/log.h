/* Lines to standard error. They never hold a key, a body or a query. */
#ifndef OT_SERVER_SHARED_LOG_H
#define OT_SERVER_SHARED_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ot_error;

/* Stands where a key stood. */
#define OT_LOG_HIDDEN "[hidden]"

/* Copies text without what looks like a key (ours, or the hosted API's); ids_only: nor
 * any run of letters and digits that is longer than a word and no id. */
void ot_log_hide_keys(char *out, size_t size, const char *text, bool ids_only);

/* "orgtrust-server: " and the sentence, without keys. */
void ot_log_failure(const struct ot_error *err);

/* Unix seconds as "2027-01-31T23:59:59Z", in out, which is returned. */
#define OT_LOG_TIME_MAX 32
const char *ot_log_time(char out[OT_LOG_TIME_MAX], int64_t when);

/* Microseconds of the monotonic clock. */
int64_t ot_log_clock(void);

/* Whether a line that may come with every request is due: once a second is enough for a
 * log, and fills no disk. said_us: when it was the last time; 0 at first. */
bool ot_log_is_due(_Atomic int64_t *said_us);

#endif

/* What notify_url is sent: the body, and the header line that signs it. */
#ifndef OT_NOTIFY_MESSAGE_INTERNAL_H
#define OT_NOTIFY_MESSAGE_INTERNAL_H

#include <stdint.h>

#include "base/error.h"

struct ot_key;
struct ot_mark;
struct ot_memory;

/* {id, host, source, began, ceased, other, news: [...]}, of the same range always the
 * same; the caller frees it. NULL: out of memory. */
char *ot_notify_body(const char *id, const char *source, const struct ot_memory *memory,
                     const struct ot_mark *from, const struct ot_mark *to);

/* "Orgtrust-Signature: t=SECONDS,v1=" and HMAC-SHA256, in hexadecimal, of "SECONDS.BODY".
 */
#define OT_NOTIFY_SIGNATURE_MAX 128
enum ot_status ot_notify_sign(char header[OT_NOTIFY_SIGNATURE_MAX],
                              const struct ot_key *secret, int64_t now, const char *body,
                              struct ot_error *err);

#endif

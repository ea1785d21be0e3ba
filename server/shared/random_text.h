/* Unguessable names and secrets. */
#ifndef OT_SERVER_SHARED_RANDOM_TEXT_H
#define OT_SERVER_SHARED_RANDOM_TEXT_H

#include <stddef.h>

#include "base/error.h"

/* prefix and len random bytes in hexadecimal; at most 32 bytes, which fit size. */
enum ot_status ot_random_id(char *out, size_t size, const char *prefix, size_t len,
                            struct ot_error *err);

#endif

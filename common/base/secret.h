/* The keys that this process holds, struck out of all that comes from outside.
 *
 * Whoever is sent a key can send it back: in an error, a header field, a certificate's
 * name. So text that an API decides is struck out as soon as it is decoded, before any of
 * it is cut off, compared or stored; then nothing that leaves this process has it.
 * Thread-safe. */
#ifndef OT_BASE_SECRET_H
#define OT_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* From now on this one, too; it is not copied, and must stay until it is removed. */
void ot_secret_add(const char *secret, size_t len);
void ot_secret_remove(const char *secret);

/* Overwrites each of them with asterisks wherever it stands in text: in either case, and
 * with any of its characters written as %73, \u0073, \x73 or &#x73;. */
void ot_secret_redact(char *text, size_t len);

/* Whether one of them stands there. */
bool ot_secret_stands_in(const void *data, size_t len);

#endif

/* How many wrong keys came from which address of late. A key is 256 random bits, which
 * nobody guesses; what is bounded is the noise, in the log and in the network. A right
 * key is served whatever else comes from its address, so that nobody is locked out by who
 * shares a NAT or a relay with him. */
#ifndef OT_SERVER_AUTH_WRONG_KEYS_H
#define OT_SERVER_AUTH_WRONG_KEYS_H

#include <stdint.h>

#include "base/error.h"

struct ot_address;

struct ot_wrong_keys;

enum ot_status ot_wrong_keys_new(struct ot_wrong_keys **out, struct ot_error *err);
void ot_wrong_keys_free(struct ot_wrong_keys *table);

/* Notes one. 0: it is still answered as such; else in how many seconds the next will be.
 * *count: the how many-th of its address it is. Thread-safe. */
unsigned ot_wrong_keys_note(struct ot_wrong_keys *table, const struct ot_address *address,
                            int64_t now_us, unsigned *count);

#endif

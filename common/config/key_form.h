/* How an admin key looks, for all that must tell one from something else without knowing
 * whether it is valid. */
#ifndef OT_CONFIG_KEY_FORM_H
#define OT_CONFIG_KEY_FORM_H

#include <stdbool.h>

#include "base/span.h"

/* How keys of orgtrust-server and of the hosted API begin. */
#define OT_KEY_OF_SERVER "orgtrust-"
#define OT_KEY_OF_HOSTED "sk-"

bool ot_key_begins(struct ot_span key, const char *prefix);

/* Whether this can be an admin key at all: a PIN or a password that some program asked
 * for is none, and must not leave the machine. */
bool ot_key_is_possible(struct ot_span typed);

#endif

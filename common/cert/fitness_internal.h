/* Whether every reader can read a certificate. GnuTLS and Java throw a whole store away
 * for one that they cannot parse, so that one odd certificate would take all others with
 * it: each is checked once, by RFC 5280 §4.1 and §4.2, before it is handed to anybody. */
#ifndef OT_CERT_FITNESS_INTERNAL_H
#define OT_CERT_FITNESS_INTERNAL_H

#include <stdbool.h>

#include "base/span.h"

struct ot_fitness;

/* Checks any bytes; what is fit for every place is a certificate that OpenSSL can read.
 * fit: one that was fit for every place when it was checked, or none; where both have the
 * same key, algorithm or name, that is not checked again. Touches no shared state. */
void ot_fitness_check(struct ot_fitness *out, struct ot_span der, struct ot_span fit);

/* What its extensions must have been read for. lacks_name: it vouches for others, and has
 * no name; is_sound: OpenSSL could make out its extensions. */
void ot_fitness_conclude(struct ot_fitness *out, bool lacks_name, bool is_sound);

#endif

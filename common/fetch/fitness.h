/* Whether every reader can read a certificate. GnuTLS and Java throw a whole store away
 * for one that they cannot parse, so that one odd certificate would take all others with
 * it: each is judged once, by RFC 5280 §4.1 and §4.2, before it is handed to anybody. */
#ifndef OT_FETCH_FITNESS_H
#define OT_FETCH_FITNESS_H

#include <stdbool.h>

#include "cache/record.h"

/* A sentence with the names of those who would stumble. */
#define OT_FITNESS_REASON_MAX 256

struct ot_fitness {
    uint32_t withheld; /* OT_RECORD_WITHHELD_…; 0: fit for every place */
    char reason[OT_FITNESS_REASON_MAX]; /* "its … , which …"; "" while it is fit */
};

/* Places by who reads them. Java reads tokens, too, and reads them whole. */
#define OT_PLACES_SHARED                                                                 \
    (OT_RECORD_WITHHELD_TOKEN | OT_RECORD_WITHHELD_FILES | OT_RECORD_WITHHELD_JAVA)
#define OT_PLACES_JAVA (OT_RECORD_WITHHELD_TOKEN | OT_RECORD_WITHHELD_JAVA)
#define OT_PLACES_ALL OT_RECORD_WITHHELD

/* Judges a certificate that OpenSSL could read. is_ca: it vouches for others, so that it
 * needs a name; is_sound: OpenSSL could make out its extensions. Touches no shared state.
 */
void ot_fitness_judge(struct ot_fitness *out, struct ot_span der, bool is_ca,
                      bool is_sound);

/* Withholds from these places; the reason is that of the first call, so that what is
 * worst has to come first. */
void ot_fitness_withhold(struct ot_fitness *out, uint32_t places, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif

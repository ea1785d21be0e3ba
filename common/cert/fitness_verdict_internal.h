/* What fitness.h finds: from which places a certificate is withheld, and why. */
#ifndef OT_CERT_FITNESS_VERDICT_INTERNAL_H
#define OT_CERT_FITNESS_VERDICT_INTERNAL_H

#include "snapshot/record.h"

/* A sentence with the names of those who would stumble. */
#define OT_FITNESS_REASON_MAX 256

struct ot_fitness {
    /* Flags of enum ot_record_flag; 0: fit for every place. */
    uint32_t withheld;
    /* "its KEY, which READERS cannot read"; "" while it is fit. */
    char reason[OT_FITNESS_REASON_MAX];
};

/* Places by who reads them. Java reads tokens, too, and reads them whole. */
#define OT_PLACES_SHARED                                                                 \
    (OT_RECORD_WITHHELD_TOKEN | OT_RECORD_WITHHELD_FILES | OT_RECORD_WITHHELD_JAVA)
#define OT_PLACES_JAVA (OT_RECORD_WITHHELD_TOKEN | OT_RECORD_WITHHELD_JAVA)
#define OT_PLACES_ALL OT_RECORD_WITHHELD

/* Withholds from these places; the reason is that of the first call, so that what is
 * worst has to come first. */
void ot_fitness_withhold(struct ot_fitness *out, uint32_t places, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif

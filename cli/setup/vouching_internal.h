/* Who vouches for the API, where that is no authority that the machine knows. */
#ifndef OT_CLI_SETUP_VOUCHING_INTERNAL_H
#define OT_CLI_SETUP_VOUCHING_INTERNAL_H

#include "setup/answers_internal.h"

struct ot_source;

/* A name for memory that libraries read as a file of PEM, while fd is open. */
struct ot_vouching {
    int fd; /* -1: none */
    char path[32];
};

/* Looks at what the API of source, as it would be, shows. With --ca-fingerprint that
 * certificate goes into answers, and what was seen is printed. Where nobody vouches for
 * it who is trusted, the certificates are printed with their fingerprints, and it is
 * OT_E_NETWORK. With certificates in answers these count, and not source's ca_file. */
enum ot_status ot_vouching_find(struct ot_answers *answers,
                                const struct ot_options *options,
                                const struct ot_source *source, struct ot_error *err);

/* The certificates in answers, if there are any, as a file. ot_vouching_close after
 * success and failure. */
enum ot_status ot_vouching_open(struct ot_vouching *vouching,
                                const struct ot_answers *answers, struct ot_error *err);
void ot_vouching_close(struct ot_vouching *vouching);

#endif

/* The real tokens and OpenSSL's store, read whole: a scratch source is no proof of what
 * is in the one that counts. No sync is started by it. */
#ifndef OT_CLI_DOCTOR_TOKENS_INTERNAL_H
#define OT_CLI_DOCTOR_TOKENS_INTERNAL_H

#include "base/error.h"

struct ot_doctor;

enum ot_token_reader {
    OT_TOKEN_GNUTLS,  /* through p11-kit */
    OT_TOKEN_OPENSSL, /* the provider's URI */
    OT_TOKEN_NSS,     /* a database, as NSS's tools name it */
    OT_TOKEN_JAVA     /* the first source's, with the installed security properties */
};

/* Compares, for each source that has a snapshot, what the reader counts with the anchors
 * that there should be, and adds a finding of this part. Where the reader's program is
 * not installed nothing is added. database: of NSS; else NULL. */
enum ot_status ot_tokens_try(struct ot_doctor *doctor, const char *part,
                             enum ot_token_reader reader, const char *database,
                             struct ot_error *err);

#endif

/* The blocks of a list of authorities as programs keep it: PEM that anybody wrote,
 * whatever stands between them. (cert/pem.h is for what an organization uploads, and
 * strict.) */
#ifndef OT_MACHINE_PEM_BLOCKS_H
#define OT_MACHINE_PEM_BLOCKS_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A block's name, "CERTIFICATE" for example, and what is in it, decoded. Of a "TRUSTED
 * CERTIFICATE" that is the certificate alone. */
typedef enum ot_status ot_pem_block_seen(void *arg, const char *name, const uint8_t *der,
                                         size_t len, struct ot_error *err);

/* Calls seen for one after the other, and ends with the first that is not OT_OK, or where
 * no further one can be read. The caller frees bio. */
enum ot_status ot_pem_blocks(BIO *bio, ot_pem_block_seen *seen, void *arg,
                             struct ot_error *err);

#endif

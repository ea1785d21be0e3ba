/* Certificates that somebody wants to upload, out of files: PEM with one block or
 * several, or one in DER. Whatever is not a certificate is refused with the whole file, a
 * private key first of all; and what leaves the machine is written anew from the DER, so
 * that no text around a block goes with it. */
#ifndef OT_CHANGE_CERT_INPUT_H
#define OT_CHANGE_CERT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"

struct ot_cert_input {
    char *file;          /* as messages call it */
    unsigned number, of; /* which of those that were new in the file, from 1 */
    uint8_t sha256[OT_SHA256_LEN];
    char *pem;
    bool is_ca;
    int64_t valid_at, expires_at; /* Unix seconds */
    uint32_t withheld;            /* OT_RECORD_WITHHELD_…, as a sync will check it */
    char *reason;                 /* why; NULL: it is fit for every place */
};

/* Each certificate once, in the order of reading. Zeroed: empty. */
struct ot_cert_inputs {
    struct ot_cert_input *items;
    size_t count, capacity;
    bool is_as_is; /* a file in PEM is one entry with all its text, and its first
                      certificate is what it stands for */
    bool extracts; /* certificates are also taken out of PKCS #7,
                      TRUSTED CERTIFICATE and DER one behind the other */
};

/* Each adds all certificates of one file, or none. Content that is not certificates is
 * OT_E_USAGE and named, never quoted; a file that is not there is OT_E_NOT_FOUND. */
enum ot_status ot_cert_inputs_add(struct ot_cert_inputs *inputs, const char *file,
                                  const void *data, size_t len, struct ot_error *err);
enum ot_status ot_cert_inputs_add_fd(struct ot_cert_inputs *inputs, const char *file,
                                     int fd, struct ot_error *err);
enum ot_status ot_cert_inputs_add_file(struct ot_cert_inputs *inputs, const char *path,
                                       struct ot_error *err);

/* Every file of a directory, by name, but those whose names begin with a dot. Anything
 * else than a file (or a link to one) is refused: what is overlooked would look as if it
 * were not wanted. */
enum ot_status ot_cert_inputs_add_dir(struct ot_cert_inputs *inputs, const char *path,
                                      struct ot_error *err);

/* The one with this digest, NULL if there is none. */
const struct ot_cert_input *ot_cert_inputs_find(const struct ot_cert_inputs *inputs,
                                                const uint8_t sha256[OT_SHA256_LEN]);
void ot_cert_inputs_clear(struct ot_cert_inputs *inputs);

/* SHA-256 of the first certificate in PEM, as the API gives it. OT_E_PROTOCOL: it is not
 * one. */
enum ot_status ot_cert_input_digest(uint8_t sha256[OT_SHA256_LEN], const char *pem,
                                    struct ot_error *err);

#endif

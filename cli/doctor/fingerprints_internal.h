/* Which certificates files in PEM hold, to be compared with what they should hold. */
#ifndef OT_CLI_DOCTOR_FINGERPRINTS_INTERNAL_H
#define OT_CLI_DOCTOR_FINGERPRINTS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "export/anchors.h"

/* Zeroed: empty. */
struct ot_fingerprints {
    uint8_t (*items)[OT_ANCHOR_ID_LEN]; /* SHA-256 of the DER */
    size_t count;
};

/* Adds all certificates of a file; of a directory, those of all files in it. */
enum ot_status ot_fingerprints_add_file(struct ot_fingerprints *set, const char *path,
                                        struct ot_error *err);
enum ot_status ot_fingerprints_add_dir(struct ot_fingerprints *set, const char *path,
                                       struct ot_error *err);
void ot_fingerprints_clear(struct ot_fingerprints *set);

/* How many of the anchors the set lacks. */
size_t ot_fingerprints_missing(const struct ot_fingerprints *set,
                               const struct ot_anchors *anchors);

#endif

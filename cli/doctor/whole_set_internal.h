/* All certificates that a file holds, whether anybody can parse them or not. */
#ifndef OT_CLI_DOCTOR_WHOLE_SET_INTERNAL_H
#define OT_CLI_DOCTOR_WHOLE_SET_INTERNAL_H

#include "base/error.h"
#include "export/anchors.h"

/* Zeroed: empty. Items have der and id only. */
struct ot_whole_set {
    struct ot_anchors certs;
    uint8_t **owned; /* the bytes of each */
};

/* Adds all of a file in PEM; of a directory, those of all files in it; of a trust store
 * in PKCS #12 without a password. Absent: OT_E_NOT_FOUND. */
enum ot_status ot_whole_set_add_pem(struct ot_whole_set *set, const char *path,
                                    struct ot_error *err);
enum ot_status ot_whole_set_add_dir(struct ot_whole_set *set, const char *path,
                                    struct ot_error *err);
enum ot_status ot_whole_set_add_p12(struct ot_whole_set *set, const char *path,
                                    struct ot_error *err);
void ot_whole_set_clear(struct ot_whole_set *set);

/* How many of the anchors it lacks. */
size_t ot_whole_set_missing(const struct ot_whole_set *set,
                            const struct ot_anchors *anchors);

/* How a person finds one: its subject, as far as it can be read, and the beginning of its
 * SHA-256, into buf, on one line. */
void ot_whole_set_describe(char *buf, size_t size, const struct ot_anchor *cert);

#endif

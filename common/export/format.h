/* Anchors as the bytes of one file. The same anchors always give the same bytes: no time
 * of writing, no salt. The caller frees *bytes with free(). */
#ifndef OT_EXPORT_FORMAT_H
#define OT_EXPORT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ot_anchor;
struct ot_anchors;

enum ot_export_format {
    OT_FORMAT_PEM, /* a bundle: one CERTIFICATE block after the other */
    OT_FORMAT_P12, /* PKCS #12 as Java 8 and later takes it for a trust store */
    OT_FORMAT_DER, /* exactly one anchor */
    OT_FORMAT_DIR, /* a directory, see files.h; not for ot_format_make */
    OT_FORMAT_COUNT
};

/* All of their names, for sentences. */
#define OT_FORMAT_NAMES "pem, dir, p12, der"

/* How a text of ours is told from an admin's own. */
#define OT_EXPORT_HEAD                                                                   \
    "# orgtrust writes this file: what is changed here is lost with the next sync.\n"

/* OT_FORMAT_COUNT: it is none of the names. */
enum ot_export_format ot_format_by_name(const char *name);
const char *ot_format_name(enum ot_export_format format);

enum ot_status ot_format_make(enum ot_export_format format, uint8_t **bytes, size_t *len,
                              const struct ot_anchors *anchors, struct ot_error *err);

/* Whether these bytes may be replaced unasked: an empty file, or what ot_format_make has
 * made, told by its first line or its aliases. Of a format that no export of the
 * configuration has (ot_export_format_of), nothing but an empty file. */
bool ot_format_is_ours(enum ot_export_format format, const uint8_t *bytes, size_t len);

/* The formats' own files. */
enum ot_status ot_pem_bundle_make(uint8_t **bytes, size_t *len,
                                  const struct ot_anchors *anchors, struct ot_error *err);
bool ot_pem_bundle_is_ours(const uint8_t *bytes, size_t len);
enum ot_status ot_pkcs12_make(uint8_t **bytes, size_t *len,
                              const struct ot_anchors *anchors, struct ot_error *err);
bool ot_pkcs12_is_ours(const uint8_t *bytes, size_t len);

/* An alias for a Java trust store, unique there and in lower case, as Java makes all of
 * them: "orgtrust 0123456789abcdef common name". Nothing but the certificate decides it,
 * so that giving it another name in the organization changes no file. The caller frees
 * it; NULL: out of memory. */
#define OT_JAVA_ALIAS "orgtrust "
char *ot_java_alias(const struct ot_anchor *anchor);

#endif

/* One certificate in a snapshot: everything that a search or an object needs, worked out
 * at sync time, so that a reader parses no ASN.1.
 *
 * In the file a record is a little-endian header, a table of field lengths and the
 * fields; its checksum (XXH3-64) covers all of it and is verified by ot_record_decode. */
#ifndef OT_SNAPSHOT_RECORD_H
#define OT_SNAPSHOT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

enum ot_field {
    OT_FIELD_ID,               /* certificate id, ASCII, not terminated; never absent */
    OT_FIELD_NAME,             /* UTF-8 as the API has it; absent where it says null */
    OT_FIELD_LABEL,            /* name, else subject's CN, else id; unique, no controls */
    OT_FIELD_NOTE,             /* why quarantined, or what to warn about; else absent */
    OT_FIELD_DER,              /* the certificate that is handed out; absent only when
                                  quarantined */
    OT_FIELD_SUBJECT,          /* DER Name */
    OT_FIELD_ISSUER,           /* DER Name */
    OT_FIELD_SERIAL,           /* DER INTEGER with tag and length */
    OT_FIELD_SUBJECT_CANON,    /* ot_name_canon of the subject, by which it is searched */
    OT_FIELD_ISSUER_CANON,     /* the same of the issuer */
    OT_FIELD_SERIAL_MAGNITUDE, /* big-endian, without leading zeros; OpenSSL's search has
                                  no sign */
    OT_FIELD_SPKI,             /* DER SubjectPublicKeyInfo */
    OT_FIELD_KEY_ID,           /* subject key identifier; else SHA-1 of the key's bits */
    OT_FIELD_AUTHORITY_KEY_ID, /* keyIdentifier of the extension, else absent */
    OT_FIELD_SPKI_SHA1,        /* SHA-1 of the key's bits (RFC 5280 §4.2.1.2 method 1) */
    OT_FIELD_DIGESTS,          /* enum ot_digest's values over DER, one after the other */
    OT_FIELD_WITHHELD, /* why withheld; absent where it is withheld from nothing */
    OT_FIELD_EXTRA,    /* names of fields that its own answer had beyond the API's
                          schema, as api/extra.h writes them; else absent */
    OT_FIELD_OTHERS, /* what its entry holds behind it, in words, for people; else absent:
                        of several certificates the first is the anchor */
    OT_FIELD_ORIGINAL,         /* the certificate that the API has, where the one that is
                                  handed out is that with limits on it; else absent */
    OT_FIELD_ORIGINAL_DIGESTS, /* enum ot_digest's values over it; likewise */
    OT_FIELD_COUNT
};

enum ot_record_flag {
    OT_RECORD_ACTIVE = 1u << 0,      /* active in the source's scope */
    OT_RECORD_CA = 1u << 1,          /* basicConstraints CA, or a self-signed v1 */
    OT_RECORD_SELF_SIGNED = 1u << 2, /* so its names and key identifiers say; unproven */
    OT_RECORD_QUARANTINED = 1u << 3, /* content unusable; never handed to anyone */
    OT_RECORD_WARNING = 1u << 4,     /* OT_FIELD_NOTE holds a warning */

    /* Places that programs share and that a certificate is kept out of, because one of
     * their readers stumbles over it; worked out at sync time, OT_FIELD_WITHHELD says
     * why. */
    OT_RECORD_WITHHELD_OPENSSL = 1u << 5, /* OpenSSL's store */
    OT_RECORD_WITHHELD_TOKEN = 1u << 6,   /* trust tokens: GnuTLS, NSS, Java read them */
    OT_RECORD_WITHHELD_FILES = 1u << 7,   /* bundle, hashed directory, system's store */
    OT_RECORD_WITHHELD_JAVA = 1u << 8,    /* trust stores for Java */

    OT_RECORD_NO_KEY_ID = 1u << 10, /* it has no key identifier of its own */
    /* In the snapshot of a project that inherits: where it is active. */
    OT_RECORD_BY_PROJECT = 1u << 15,
    OT_RECORD_BY_ORGANIZATION = 1u << 16,

    /* Handed out with limits on its names, to which not every program holds one. */
    OT_RECORD_NAMES_LIMITED = 1u << 17,

    /* Another source says no to it. Never in a file: cache/distrust.h finds out. */
    OT_RECORD_DISTRUSTED = 1u << 18,

    OT_RECORD_RESTRICTED = 1u << 9, /* withheld from all, because the API has a field that
                                       restricts it, whatever the certificate is like */
    OT_RECORD_TELLABLE = 1u << 23   /* and that alone withholds it from tokens */
};

#define OT_RECORD_WITHHELD                                                               \
    (OT_RECORD_WITHHELD_OPENSSL | OT_RECORD_WITHHELD_TOKEN | OT_RECORD_WITHHELD_FILES |  \
     OT_RECORD_WITHHELD_JAVA)

/* For which of its purposes (enum ot_purpose), shifted; likewise never in a file. */
#define OT_RECORD_DENIED_SHIFT 19u
#define OT_RECORD_DENIED (0xfu << OT_RECORD_DENIED_SHIFT)
#define OT_RECORD_DENIED_SERVERS (1u << OT_RECORD_DENIED_SHIFT)

/* What its own extended key usage leaves out, where it has one: purposes (enum
 * ot_purpose), shifted. */
#define OT_RECORD_BARRED_SHIFT 11u
#define OT_RECORD_BARRED (0xfu << OT_RECORD_BARRED_SHIFT)

/* Digests of a certificate that are kept, in this order, in OT_FIELD_DIGESTS: what people
 * search by, and what NSS's trust objects show. */
enum ot_digest {
    OT_DIGEST_SHA1,
    OT_DIGEST_SHA2_256,
    OT_DIGEST_SHA2_384,
    OT_DIGEST_SHA2_512,
    OT_DIGEST_MD5,
    OT_DIGEST_COUNT
};

#define OT_DIGESTS_LEN 180 /* sum of the lengths; ot_digest_info is the list */

struct ot_digest_info {
    const char *name; /* OpenSSL's name: "SHA2-256" */
    size_t len;
    size_t offset; /* in OT_FIELD_DIGESTS */
};

const struct ot_digest_info *ot_digest_info(enum ot_digest digest);

/* Finds a digest by any name OpenSSL gives it, without regard to case: SHA256, SHA-256,
 * SHA2-256, 2.16.840.1.101.3.4.2.1. OT_DIGEST_COUNT: not one that is kept. */
enum ot_digest ot_digest_by_name(const char *name, size_t len);

/* A decoded record: its spans point into the snapshot (or whatever held the bytes). */
struct ot_record {
    uint32_t flags;                           /* enum ot_record_flag */
    int64_t created_at, valid_at, expires_at; /* Unix seconds; validity is the DER's */
    int64_t ends_at; /* when the activation ends by itself, as far as the API says so when
                        it is listed; 0: it does not */
    struct ot_span field[OT_FIELD_COUNT];
};

/* Size of the encoded record; then the encoding itself into exactly that many bytes. */
size_t ot_record_encoded_len(const struct ot_record *record);
void ot_record_encode(const struct ot_record *record, uint8_t *out);

/* What an encoding says of itself (that it is one, its length and checksum), whatever its
 * other bytes are; none is shorter than that of an empty record. */
void ot_record_seal(uint8_t *bytes, size_t len);

/* Decodes the record at the start of bytes[0..len): OT_E_CORRUPT when it does not fit,
 * its checksum differs, or a field that its kind must have is absent. */
enum ot_status ot_record_decode(struct ot_record *record, const uint8_t *bytes,
                                size_t len, struct ot_error *err);

/* The same of bytes that somebody has verified already, all of them: what they say of the
 * lengths of fields is still held against len, their checksum is not. */
enum ot_status ot_record_decode_verified(struct ot_record *record, const uint8_t *bytes,
                                         size_t len, struct ot_error *err);

/* The bytes that a record was decoded from. */
struct ot_span ot_record_encoded(const struct ot_record *record);

/* ot_record_number of the record at the start of bytes[0..len), as these say: nothing is
 * verified. 0: there is none. */
uint64_t ot_record_peek_number(const uint8_t *bytes, size_t len);

/* Whether people call it so: it is its name, or its label. */
bool ot_record_is_called(const struct ot_record *record, struct ot_span text);

/* Within its validity at the given Unix time, both ends included (RFC 5280 §4.1.2.5). */
bool ot_record_is_valid_at(const struct ot_record *record, int64_t now);

/* Whether it is a trust anchor of a place (OT_RECORD_WITHHELD_…) at the given Unix time:
 * active, a CA, valid, and not withheld from that place. */
bool ot_record_is_anchor(const struct ot_record *record, uint32_t place, int64_t now);

/* "OpenSSL's store, tokens and shared files": from where it is withheld, for people. */
#define OT_PLACES_TEXT_MAX 96
const char *ot_record_places(char buf[OT_PLACES_TEXT_MAX],
                             const struct ot_record *record);

/* Whether readers of tokens can be told a no to it: they do not stumble over it. What
 * restricts trust in it does not restrict a no. */
bool ot_record_is_tellable(const struct ot_record *record);

/* Whether people are to know that it is kept out of some place. One whose names are
 * limited is kept from Java, which is so of all of its source and nobody's to mend. */
bool ot_record_is_withheld(const struct ot_record *record);

/* The digest's bytes inside OT_FIELD_DIGESTS. */
struct ot_span ot_record_digest(const struct ot_record *record, enum ot_digest digest);

/* Of the certificate that the API has, by which people know it; of one without limits the
 * same as above. */
struct ot_span ot_record_original_digest(const struct ot_record *record,
                                         enum ot_digest digest);
/* That certificate. */
struct ot_span ot_record_original(const struct ot_record *record);

/* A number for a certificate where only a number will do (PKCS#11 object handles): a hash
 * of its id, so that it means the same in every snapshot and process. Its three lowest
 * bits are zero, free for the user's own distinctions. */
uint64_t ot_record_number(const struct ot_record *record);

#endif

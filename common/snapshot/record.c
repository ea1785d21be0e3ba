#include "snapshot/record.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "snapshot/snapshot_format.h"

/* magic, length, checksum of all that follows it, flags, four times, field lengths. */
#define MAGIC 0x3152544fu /* "OTR1" */
#define AT_LENGTH 4
#define AT_CHECKSUM 8
#define AT_FLAGS 16
#define AT_TIMES 20
#define AT_FIELDS 52
#define HEADER_LEN (AT_FIELDS + 4 * OT_FIELD_COUNT)
#define ABSENT 0xffffffffu

/* What the file's version stands for. Whoever adds a field or a digest raises that. */
_Static_assert(OT_FORMAT_VERSION == 8 && OT_FIELD_COUNT == 21 && OT_DIGEST_COUNT == 5 &&
                   OT_DIGESTS_LEN == 20 + 32 + 48 + 64 + 16,
               "a record of another shape needs another version of the format");

static const struct ot_digest_info digests[OT_DIGEST_COUNT] = {
    [OT_DIGEST_SHA1] = {"SHA1", 20, 0},
    [OT_DIGEST_SHA2_256] = {"SHA2-256", 32, 20},
    [OT_DIGEST_SHA2_384] = {"SHA2-384", 48, 52},
    [OT_DIGEST_SHA2_512] = {"SHA2-512", 64, 100},
    [OT_DIGEST_MD5] = {"MD5", 16, 164},
};

/* Other names of the same digests, as OpenSSL's providers register them. */
static const struct {
    const char *name;
    enum ot_digest digest;
} aliases[] = {
    {"SHA-1", OT_DIGEST_SHA1},
    {"SSL3-SHA1", OT_DIGEST_SHA1},
    {"1.3.14.3.2.26", OT_DIGEST_SHA1},
    {"SHA-256", OT_DIGEST_SHA2_256},
    {"SHA256", OT_DIGEST_SHA2_256},
    {"2.16.840.1.101.3.4.2.1", OT_DIGEST_SHA2_256},
    {"SHA-384", OT_DIGEST_SHA2_384},
    {"SHA384", OT_DIGEST_SHA2_384},
    {"2.16.840.1.101.3.4.2.2", OT_DIGEST_SHA2_384},
    {"SHA-512", OT_DIGEST_SHA2_512},
    {"SHA512", OT_DIGEST_SHA2_512},
    {"2.16.840.1.101.3.4.2.3", OT_DIGEST_SHA2_512},
    {"SSL3-MD5", OT_DIGEST_MD5},
    {"1.2.840.113549.2.5", OT_DIGEST_MD5},
};

const struct ot_digest_info *ot_digest_info(enum ot_digest digest)
{
    return &digests[digest];
}

static bool is_name(const char *known, const char *name, size_t len)
{
    return strlen(known) == len && strncasecmp(known, name, len) == 0;
}

enum ot_digest ot_digest_by_name(const char *name, size_t len)
{
    for (size_t i = 0; i < OT_DIGEST_COUNT; i++)
        if (is_name(digests[i].name, name, len))
            return (enum ot_digest)i;
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (is_name(aliases[i].name, name, len))
            return aliases[i].digest;
    return OT_DIGEST_COUNT;
}

_Static_assert(OT_FIELD_ID == 0, "the field that lies behind the header");

static uint64_t number_of_id(struct ot_span id)
{
    return ot_span_hash(id) & ~UINT64_C(7);
}

/* Of a record with all of its bytes. */
static uint64_t checksum_of(const uint8_t *bytes, size_t len)
{
    return ot_span_hash(ot_span_of(bytes + AT_FLAGS, len - AT_FLAGS));
}

size_t ot_record_encoded_len(const struct ot_record *record)
{
    size_t len = HEADER_LEN;

    for (size_t i = 0; i < OT_FIELD_COUNT; i++)
        len += record->field[i].len;
    return len;
}

void ot_record_seal(uint8_t *bytes, size_t len)
{
    ot_put_u32(bytes, MAGIC);
    ot_put_u32(bytes + AT_LENGTH, (uint32_t)len);
    ot_put_u64(bytes + AT_CHECKSUM, checksum_of(bytes, len));
}

void ot_record_encode(const struct ot_record *record, uint8_t *out)
{
    size_t at = HEADER_LEN;
    const struct ot_span *field;

    ot_put_u32(out + AT_FLAGS, record->flags);
    ot_put_u64(out + AT_TIMES, (uint64_t)record->created_at);
    ot_put_u64(out + AT_TIMES + 8, (uint64_t)record->valid_at);
    ot_put_u64(out + AT_TIMES + 16, (uint64_t)record->expires_at);
    ot_put_u64(out + AT_TIMES + 24, (uint64_t)record->ends_at);
    for (size_t i = 0; i < OT_FIELD_COUNT; i++) {
        field = &record->field[i];
        if (field->data == NULL) {
            ot_put_u32(out + AT_FIELDS + 4 * i, ABSENT);
            continue;
        }
        ot_put_u32(out + AT_FIELDS + 4 * i, (uint32_t)field->len);
        memcpy(out + at, field->data, field->len);
        at += field->len;
    }
    ot_record_seal(out, at);
}

/* What every certificate has, as bits. A quarantined one has only id and label. */
#define BIT(field) (1u << (field))
#define ALWAYS (BIT(OT_FIELD_ID) | BIT(OT_FIELD_LABEL))
#define ALWAYS_OF_USABLE                                                                 \
    (ALWAYS | BIT(OT_FIELD_DER) | BIT(OT_FIELD_SUBJECT) | BIT(OT_FIELD_ISSUER) |         \
     BIT(OT_FIELD_SERIAL) | BIT(OT_FIELD_SUBJECT_CANON) | BIT(OT_FIELD_ISSUER_CANON) |   \
     BIT(OT_FIELD_SERIAL_MAGNITUDE) | BIT(OT_FIELD_SPKI) | BIT(OT_FIELD_KEY_ID) |        \
     BIT(OT_FIELD_SPKI_SHA1))

static bool is_complete(const struct ot_record *record, unsigned absent)
{
    if (record->field[OT_FIELD_ID].len == 0 || (absent & ALWAYS) != 0)
        return false;
    if (record->flags & OT_RECORD_QUARANTINED)
        return true;
    return (absent & ALWAYS_OF_USABLE) == 0 &&
           record->field[OT_FIELD_DIGESTS].len == OT_DIGESTS_LEN &&
           (record->field[OT_FIELD_ORIGINAL].data == NULL ||
            record->field[OT_FIELD_ORIGINAL_DIGESTS].len == OT_DIGESTS_LEN);
}

/* How long a field may be, on which whoever uses it relies: a file whose checksums are
 * right may still be forged. What is not named here is a part of the certificate, or a
 * sentence about it. */
static size_t field_max(enum ot_field field)
{
    switch (field) {
    case OT_FIELD_ID:
        return OT_ID_MAX;
    case OT_FIELD_NAME:
        return OT_NAME_MAX;
    case OT_FIELD_LABEL:
        return OT_LABEL_MAX;
    case OT_FIELD_SPKI_SHA1:
        return digests[OT_DIGEST_SHA1].len;
    case OT_FIELD_DIGESTS:
    case OT_FIELD_ORIGINAL_DIGESTS:
        return OT_DIGESTS_LEN;
    default:
        return OT_CERT_DER_MAX;
    }
}

/* The fields of a record of so many bytes, and which are absent, as bits; false: they do
 * not fill it, or one is longer than it may be, and they are of no use. */
static bool split_record(struct ot_record *record, const uint8_t *bytes, size_t total,
                         unsigned *absent)
{
    size_t at = HEADER_LEN;

    /* Each of its own, so that its limit is a number in the code. */
#pragma GCC unroll OT_FIELD_COUNT
    for (size_t i = 0; i < OT_FIELD_COUNT; i++) {
        const uint32_t len = ot_get_u32(bytes + AT_FIELDS + 4 * i);

        if (len <= field_max((enum ot_field)i)) {
            record->field[i] = ot_span_of(bytes + at, len);
            at += len;
        } else if (len == ABSENT) {
            record->field[i] = OT_SPAN_ABSENT;
            *absent |= BIT(i);
        } else {
            return false;
        }
    }
    return at == total; /* so that none ends behind it */
}

static enum ot_status refuse_record(struct ot_error *err)
{
    return ot_error_set(err, OT_E_CORRUPT, "a record of the snapshot is damaged");
}

/* How long the record at the start of bytes[0..len) says it is; 0: it is none. */
static size_t record_len(const uint8_t *bytes, size_t len)
{
    size_t total;

    if (len < HEADER_LEN || ot_get_u32(bytes) != MAGIC)
        return 0;
    total = ot_get_u32(bytes + AT_LENGTH);
    return total < HEADER_LEN || total > len ? 0 : total;
}

enum ot_status ot_record_decode(struct ot_record *record, const uint8_t *bytes,
                                size_t len, struct ot_error *err)
{
    const size_t total = record_len(bytes, len);

    if (total == 0 || checksum_of(bytes, total) != ot_get_u64(bytes + AT_CHECKSUM))
        return refuse_record(err);
    return ot_record_decode_verified(record, bytes, total, err);
}

enum ot_status ot_record_decode_verified(struct ot_record *record, const uint8_t *bytes,
                                         size_t len, struct ot_error *err)
{
    const size_t total = record_len(bytes, len);
    unsigned absent = 0;

    if (total == 0)
        return refuse_record(err);
    record->flags = ot_get_u32(bytes + AT_FLAGS);
    record->created_at = (int64_t)ot_get_u64(bytes + AT_TIMES);
    record->valid_at = (int64_t)ot_get_u64(bytes + AT_TIMES + 8);
    record->expires_at = (int64_t)ot_get_u64(bytes + AT_TIMES + 16);
    record->ends_at = (int64_t)ot_get_u64(bytes + AT_TIMES + 24);
    if (split_record(record, bytes, total, &absent) && is_complete(record, absent))
        return OT_OK;
    return refuse_record(err);
}

struct ot_span ot_record_encoded(const struct ot_record *record)
{
    const uint8_t *start = record->field[OT_FIELD_ID].data - HEADER_LEN;

    return ot_span_of(start, ot_get_u32(start + AT_LENGTH));
}

uint64_t ot_record_peek_number(const uint8_t *bytes, size_t len)
{
    size_t id_len;

    if (len < HEADER_LEN || ot_get_u32(bytes) != MAGIC)
        return 0;
    id_len = ot_get_u32(bytes + AT_FIELDS + 4 * OT_FIELD_ID);
    if (id_len > OT_ID_MAX || id_len > len - HEADER_LEN)
        return 0;
    return number_of_id(ot_span_of(bytes + HEADER_LEN, id_len));
}

bool ot_record_is_called(const struct ot_record *record, struct ot_span text)
{
    return ot_span_equal(record->field[OT_FIELD_NAME], text) ||
           ot_span_equal(record->field[OT_FIELD_LABEL], text);
}

bool ot_record_is_valid_at(const struct ot_record *record, int64_t now)
{
    return record->valid_at <= now && now <= record->expires_at;
}

bool ot_record_is_anchor(const struct ot_record *record, uint32_t place, int64_t now)
{
    const uint32_t needed = OT_RECORD_ACTIVE | OT_RECORD_CA;

    return (record->flags & (needed | OT_RECORD_QUARANTINED | place)) == needed &&
           ot_record_is_valid_at(record, now);
}

const char *ot_record_places(char buf[OT_PLACES_TEXT_MAX], const struct ot_record *record)
{
    static const struct {
        uint32_t place;
        const char *words;
    } places[] = {
        {OT_RECORD_WITHHELD_OPENSSL, "OpenSSL's store"},
        {OT_RECORD_WITHHELD_TOKEN, "tokens"},
        {OT_RECORD_WITHHELD_FILES, "shared files"},
        {OT_RECORD_WITHHELD_JAVA, "trust stores for Java"},
    };
    size_t count = (size_t)__builtin_popcount(record->flags & OT_RECORD_WITHHELD),
           len = 0;

    buf[0] = '\0';
    for (size_t i = 0, n = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if ((record->flags & places[i].place) != 0) {
            const char *before = n == 0 ? "" : n + 1 == count ? " and " : ", ";

            len += (size_t)snprintf(buf + len, OT_PLACES_TEXT_MAX - len, "%s%s", before,
                                    places[i].words);
            n++;
        }
    return buf;
}

bool ot_record_is_tellable(const struct ot_record *record)
{
    return (record->flags & OT_RECORD_WITHHELD_TOKEN) == 0 ||
           (record->flags & OT_RECORD_TELLABLE) != 0;
}

bool ot_record_is_withheld(const struct ot_record *record)
{
    bool names_limited = (record->flags & OT_RECORD_NAMES_LIMITED) != 0;
    uint32_t expected = names_limited ? OT_RECORD_WITHHELD_JAVA : 0;

    return (record->flags & OT_RECORD_WITHHELD & ~expected) != 0;
}

static struct ot_span digest_in(const struct ot_record *record, enum ot_field field,
                                enum ot_digest digest)
{
    const struct ot_digest_info *info = &digests[digest];
    const struct ot_span *all = &record->field[field];

    if (all->len != OT_DIGESTS_LEN)
        return OT_SPAN_ABSENT;
    return ot_span_of(all->data + info->offset, info->len);
}

struct ot_span ot_record_digest(const struct ot_record *record, enum ot_digest digest)
{
    return digest_in(record, OT_FIELD_DIGESTS, digest);
}

struct ot_span ot_record_original_digest(const struct ot_record *record,
                                         enum ot_digest digest)
{
    return digest_in(record,
                     record->field[OT_FIELD_ORIGINAL].data != NULL
                         ? OT_FIELD_ORIGINAL_DIGESTS
                         : OT_FIELD_DIGESTS,
                     digest);
}

struct ot_span ot_record_original(const struct ot_record *record)
{
    const struct ot_span *field = record->field;

    return field[OT_FIELD_ORIGINAL].data != NULL ? field[OT_FIELD_ORIGINAL]
                                                 : field[OT_FIELD_DER];
}

uint64_t ot_record_number(const struct ot_record *record)
{
    return number_of_id(record->field[OT_FIELD_ID]);
}

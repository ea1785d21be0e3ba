#include "cert/cert.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/span.h"
#include "base/text.h"
#include "cert/der_internal.h"
#include "cert/digest_method_internal.h"
#include "cert/fitness_internal.h"
#include "cert/fitness_verdict_internal.h"
#include "cert/reading_internal.h"
#include "snapshot/name.h"
#include "snapshot/record.h"

#define SHA1_LEN 20

struct ot_cert {
    struct ot_record facts;  /* what ot_cert_fill hands out */
    struct ot_span validity; /* with its header */
    bool is_sound;           /* OpenSSL could make out its extensions */
    char *withheld;          /* why it is kept from somebody; NULL: it is not */
    uint8_t *subject_canon, *issuer_canon;
    uint8_t *magnitude; /* of a negative number */
    uint8_t *held;      /* the identifiers of keys, where OpenSSL read them */
    uint8_t spki_sha1[SHA1_LEN];
    uint8_t digests[OT_DIGESTS_LEN];
    uint8_t der[]; /* what else there is are spans of it */
};

/* One TLV of the given universal class tag at *p, with its header; *p moves behind it,
 * or, when inner is set, to its content. */
static bool take_tlv(const uint8_t **p, const uint8_t *end, int tag, bool inner,
                     struct ot_span *out)
{
    const uint8_t *content = *p;
    int got, tag_class;
    long len;
    int kind = ASN1_get_object(&content, &len, &got, &tag_class, (long)(end - *p));

    if ((kind & 0x81) != 0 || got != tag || tag_class != V_ASN1_UNIVERSAL)
        return false;
    *out = ot_span_of(*p, (size_t)(content - *p) + (size_t)len);
    *p = inner ? content : content + len;
    return true;
}

/* The parts of TBSCertificate (RFC 5280 §4.1) as they stand in the DER. */
static bool locate_parts(struct ot_cert *cert, struct ot_span der)
{
    struct ot_span *field = cert->facts.field;
    const uint8_t *p = der.data, *end = der.data + der.len;
    struct ot_span skipped;

    for (int depth = 0; depth < 2; depth++) { /* Certificate, TBSCertificate */
        if (!take_tlv(&p, end, V_ASN1_SEQUENCE, true, &skipped))
            return false;
        end = skipped.data + skipped.len;
    }
    if (p < end && *p == 0xa0) { /* [0] version, of which every value is short */
        if (end - p < 2 || p[1] > 0x7f || end - p < 2 + p[1])
            return false;
        p += 2 + p[1];
    }
    return take_tlv(&p, end, V_ASN1_INTEGER, false, &field[OT_FIELD_SERIAL]) &&
           take_tlv(&p, end, V_ASN1_SEQUENCE, false, &skipped) &&
           take_tlv(&p, end, V_ASN1_SEQUENCE, false, &field[OT_FIELD_ISSUER]) &&
           take_tlv(&p, end, V_ASN1_SEQUENCE, false, &cert->validity) &&
           take_tlv(&p, end, V_ASN1_SEQUENCE, false, &field[OT_FIELD_SUBJECT]) &&
           take_tlv(&p, end, V_ASN1_SEQUENCE, false, &field[OT_FIELD_SPKI]);
}

/* A search compares canonical names, so a name without one could never be found. */
static enum ot_status read_name(uint8_t **canon, struct ot_span *span,
                                struct ot_span name, const char *which,
                                struct ot_error *err)
{
    errno = 0;
    *canon = ot_name_canon(name.data, name.len, &span->len);
    span->data = *canon;
    if (*canon == NULL && errno == ENOMEM)
        return ot_error_nomem(err);
    if (*canon == NULL)
        return ot_error_set(err, OT_E_PROTOCOL, "its %s is not a well-formed name",
                            which);
    return OT_OK;
}

static enum ot_status read_names(struct ot_cert *cert, struct ot_error *err)
{
    struct ot_span *field = cert->facts.field;
    enum ot_status status =
        read_name(&cert->subject_canon, &field[OT_FIELD_SUBJECT_CANON],
                  field[OT_FIELD_SUBJECT], "subject", err);

    if (status == OT_OK)
        status = read_name(&cert->issuer_canon, &field[OT_FIELD_ISSUER_CANON],
                           field[OT_FIELD_ISSUER], "issuer", err);
    return status;
}

/* OpenSSL holds an INTEGER as its magnitude and a sign beside it. */
static enum ot_status make_magnitude(struct ot_cert *cert, struct ot_span serial,
                                     struct ot_span *magnitude, struct ot_error *err)
{
    const uint8_t *p = serial.data;
    ASN1_INTEGER *number = d2i_ASN1_INTEGER(NULL, &p, (long)serial.len);
    bool has_memory;

    cert->magnitude = malloc(serial.len);
    has_memory = number != NULL && cert->magnitude != NULL;
    if (has_memory) {
        *magnitude = ot_span_of(cert->magnitude, (size_t)ASN1_STRING_length(number));
        memcpy(cert->magnitude, ASN1_STRING_get0_data(number), magnitude->len);
    }
    ASN1_INTEGER_free(number);
    return has_memory ? OT_OK : ot_error_nomem(err);
}

/* That of a number which is not negative stands in it. */
static enum ot_status read_magnitude(struct ot_cert *cert, struct ot_error *err)
{
    struct ot_span serial = cert->facts.field[OT_FIELD_SERIAL], magnitude;
    enum ot_status status = OT_OK;

    if (!ot_der_only(serial, OT_DER_INTEGER, &magnitude) || magnitude.len == 0 ||
        (magnitude.data[0] & 0x80) != 0)
        status = make_magnitude(cert, serial, &magnitude, err);
    if (status != OT_OK)
        return status;
    while (magnitude.len > 0 && magnitude.data[0] == 0)
        magnitude = ot_span_of(magnitude.data + 1, magnitude.len - 1);
    cert->facts.field[OT_FIELD_SERIAL_MAGNITUDE] = magnitude;
    return OT_OK;
}

/* The next of two Times, which OpenSSL has read or which are fit. */
static enum ot_status read_time(int64_t *out, const uint8_t **p, const uint8_t *end,
                                const char *which, struct ot_error *err)
{
    ASN1_TIME *time = d2i_ASN1_TIME(NULL, p, (long)(end - *p));
    struct tm tm;
    bool is_time;

    if (time == NULL)
        return ot_error_nomem(err);
    is_time = ASN1_TIME_to_tm(time, &tm) == 1;
    ASN1_TIME_free(time);
    if (!is_time)
        return ot_error_set(err, OT_E_PROTOCOL, "its %s is not a time", which);
    *out = timegm(&tm);
    return OT_OK;
}

static enum ot_status read_validity(struct ot_cert *cert, struct ot_error *err)
{
    const uint8_t *p = cert->validity.data, *end = p + cert->validity.len;
    struct ot_span skipped;
    enum ot_status status;

    take_tlv(&p, end, V_ASN1_SEQUENCE, true, &skipped);
    status = read_time(&cert->facts.valid_at, &p, end, "notBefore", err);
    if (status == OT_OK)
        status = read_time(&cert->facts.expires_at, &p, end, "notAfter", err);
    return status;
}

static bool digest_span(uint8_t *out, EVP_MD_CTX *ctx, const EVP_MD *method,
                        struct ot_span span)
{
    return EVP_DigestInit_ex(ctx, method, NULL) == 1 &&
           EVP_DigestUpdate(ctx, span.data, span.len) == 1 &&
           EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

/* Two of five, which are half of the work. */
#define LONG_DIGESTS (1u << OT_DIGEST_SHA2_384 | 1u << OT_DIGEST_SHA2_512)

/* All but those left out, which are a set of bits. */
static enum ot_status digest_der(struct ot_cert *cert, EVP_MD_CTX *ctx,
                                 struct ot_span der, unsigned left_out,
                                 struct ot_error *err)
{
    for (int i = 0; i < OT_DIGEST_COUNT; i++) {
        const struct ot_digest_info *info = ot_digest_info((enum ot_digest)i);
        const EVP_MD *method = ot_digest_method((enum ot_digest)i);

        /* The place of one that there is not stays zero. */
        if (method != NULL && (left_out & 1u << i) == 0 &&
            !digest_span(cert->digests + info->offset, ctx, method, der))
            return ot_error_set(err, OT_E_INTERNAL, "OpenSSL cannot compute %s",
                                info->name);
    }
    cert->facts.field[OT_FIELD_DER] = der;
    cert->facts.field[OT_FIELD_DIGESTS] = ot_span_of(cert->digests, OT_DIGESTS_LEN);
    return OT_OK;
}

static enum ot_status read_key_facts(struct ot_cert *cert, EVP_MD_CTX *ctx,
                                     const struct ot_reading *reading,
                                     struct ot_error *err)
{
    struct ot_span *field = cert->facts.field;
    const EVP_MD *method = ot_digest_method(OT_DIGEST_SHA1);

    if (method == NULL || !digest_span(cert->spki_sha1, ctx, method, reading->key))
        return ot_error_set(err, OT_E_INTERNAL,
                            "OpenSSL cannot compute SHA-1, by which "
                            "keys are identified");
    field[OT_FIELD_SPKI_SHA1] = ot_span_of(cert->spki_sha1, SHA1_LEN);
    field[OT_FIELD_KEY_ID] = reading->key_id;
    if (reading->key_id.len == 0) {
        cert->facts.flags |= OT_RECORD_NO_KEY_ID;
        field[OT_FIELD_KEY_ID] = field[OT_FIELD_SPKI_SHA1];
    }
    field[OT_FIELD_AUTHORITY_KEY_ID] = reading->authority_key_id;
    return OT_OK;
}

/* RFC 5280 §4.2.1.1: only a self-signed certificate need not identify its issuer's key.
 */
static bool is_self_signed(const struct ot_record *facts,
                           const struct ot_reading *reading)
{
    return reading->names_own_key && ot_span_equal(facts->field[OT_FIELD_SUBJECT_CANON],
                                                   facts->field[OT_FIELD_ISSUER_CANON]);
}

/* The last thing, when it is known whether it is a CA. */
static enum ot_status conclude_fitness(struct ot_cert *cert, struct ot_fitness *fitness,
                                       struct ot_error *err)
{
    struct ot_record *facts = &cert->facts;
    bool lacks_name = (facts->flags & OT_RECORD_CA) != 0 &&
                      facts->field[OT_FIELD_SUBJECT_CANON].len == 0;

    ot_fitness_conclude(fitness, lacks_name, cert->is_sound);
    if (fitness->withheld == 0)
        return OT_OK;
    cert->withheld = strdup(fitness->reason);
    if (cert->withheld == NULL)
        return ot_error_nomem(err);
    facts->flags |= fitness->withheld;
    facts->field[OT_FIELD_WITHHELD] = ot_span_str(cert->withheld);
    return OT_OK;
}

static enum ot_status read_facts(struct ot_cert *cert, EVP_MD_CTX *ctx,
                                 struct ot_span der, const struct ot_reading *reading,
                                 struct ot_error *err)
{
    struct ot_record *facts = &cert->facts;
    enum ot_status status = OT_OK;

    if (!locate_parts(cert, der))
        status = ot_error_set(err, OT_E_PROTOCOL, "it is not encoded in DER");
    if (status == OT_OK)
        status = read_names(cert, err);
    if (status == OT_OK)
        status = read_magnitude(cert, err);
    if (status == OT_OK)
        status = read_validity(cert, err);
    if (status == OT_OK)
        status = digest_der(cert, ctx, der, 0, err);
    if (status == OT_OK)
        status = read_key_facts(cert, ctx, reading, err);
    if (status != OT_OK)
        return status;
    facts->flags |= reading->is_ca ? OT_RECORD_CA : 0;
    facts->flags |= is_self_signed(facts, reading) ? OT_RECORD_SELF_SIGNED : 0;
    facts->flags |= reading->barred << OT_RECORD_BARRED_SHIFT;
    cert->is_sound = reading->is_sound;
    return OT_OK;
}

static enum ot_status parse_certificate(struct ot_cert *cert, struct ot_span der,
                                        struct ot_error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum ot_status status = ctx == NULL ? ot_error_nomem(err) : OT_OK;
    struct ot_fitness fitness;
    struct ot_reading reading;

    ot_fitness_check(&fitness, der, OT_SPAN_ABSENT);
    if (status == OT_OK && (fitness.withheld != 0 || !ot_reading_plain(&reading, der)))
        status = ot_reading_by_openssl(&reading, &cert->held, der, err);
    if (status == OT_OK)
        status = read_facts(cert, ctx, der, &reading, err);
    EVP_MD_CTX_free(ctx);
    return status == OT_OK ? conclude_fitness(cert, &fitness, err) : status;
}

static struct ot_cert *new_cert(struct ot_span der)
{
    struct ot_cert *cert = calloc(1, sizeof(*cert) + der.len);

    if (cert != NULL && der.len > 0)
        memcpy(cert->der, der.data, der.len);
    return cert;
}

enum ot_status ot_cert_parse(struct ot_cert **out, const uint8_t *der, size_t len,
                             struct ot_error *err)
{
    enum ot_status status;
    struct ot_cert *cert;

    *out = NULL;
    if (len > OT_CERT_DER_MAX)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "it is %zu bytes long, more than the %u that a certificate "
                            "may have",
                            len, OT_CERT_DER_MAX);
    cert = new_cert(ot_span_of(der, len));
    if (cert == NULL)
        return ot_error_nomem(err);
    ERR_clear_error();
    status = parse_certificate(cert, ot_span_of(cert->der, len), err);
    ERR_clear_error();
    if (status != OT_OK) {
        ot_cert_free(cert);
        return status;
    }
    *out = cert;
    return OT_OK;
}

/* What has not changed is original's, which is fit for all and by which people know it:
 * of itself it has the digests that searches have an index of, and that NSS shows. */
static enum ot_status read_rewrapped(struct ot_cert *cert, const struct ot_cert *original,
                                     struct ot_span der, struct ot_error *err)
{
    struct ot_record *facts = &cert->facts;
    struct ot_span serial = original->facts.field[OT_FIELD_SERIAL];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum ot_status status = ctx == NULL ? ot_error_nomem(err) : OT_OK;
    struct ot_fitness fitness;

    *facts = original->facts;
    cert->is_sound = original->is_sound;
    if (status == OT_OK && !locate_parts(cert, der))
        status = ot_error_set(err, OT_E_PROTOCOL, "it is not encoded in DER");
    if (status == OT_OK && !ot_span_equal(facts->field[OT_FIELD_SERIAL], serial))
        status = read_magnitude(cert, err);
    if (status == OT_OK && !ot_span_equal(cert->validity, original->validity))
        status = read_validity(cert, err);
    if (status == OT_OK)
        status = digest_der(cert, ctx, der, LONG_DIGESTS, err);
    EVP_MD_CTX_free(ctx);
    if (status != OT_OK)
        return status;
    ot_fitness_check(&fitness, der, original->facts.field[OT_FIELD_DER]);
    return conclude_fitness(cert, &fitness, err);
}

enum ot_status ot_cert_of_rewrapped(struct ot_cert **out, const struct ot_cert *original,
                                    struct ot_span der, struct ot_error *err)
{
    struct ot_cert *cert;
    enum ot_status status;

    *out = NULL;
    /* An odd one may be another once its version is: extensions of version 1 do not
     * count. */
    if (original->withheld != NULL)
        return ot_cert_parse(out, der.data, der.len, err);
    cert = new_cert(der);
    if (cert == NULL)
        return ot_error_nomem(err);
    ERR_clear_error();
    status = read_rewrapped(cert, original, ot_span_of(cert->der, der.len), err);
    ERR_clear_error();
    if (status == OT_OK)
        *out = cert;
    else
        ot_cert_free(cert);
    return status;
}

void ot_cert_free(struct ot_cert *cert)
{
    if (cert == NULL)
        return;
    free(cert->withheld);
    free(cert->subject_canon);
    free(cert->issuer_canon);
    free(cert->magnitude);
    free(cert->held);
    free(cert);
}

void ot_cert_fill(const struct ot_cert *cert, struct ot_record *record)
{
    static const enum ot_field fields[] = {OT_FIELD_DER,
                                           OT_FIELD_SUBJECT,
                                           OT_FIELD_ISSUER,
                                           OT_FIELD_SERIAL,
                                           OT_FIELD_SPKI,
                                           OT_FIELD_KEY_ID,
                                           OT_FIELD_DIGESTS,
                                           OT_FIELD_AUTHORITY_KEY_ID,
                                           OT_FIELD_SPKI_SHA1,
                                           OT_FIELD_WITHHELD,
                                           OT_FIELD_ORIGINAL,
                                           OT_FIELD_ORIGINAL_DIGESTS,
                                           OT_FIELD_SUBJECT_CANON,
                                           OT_FIELD_ISSUER_CANON,
                                           OT_FIELD_SERIAL_MAGNITUDE};
    const uint32_t own = OT_RECORD_CA | OT_RECORD_SELF_SIGNED | OT_RECORD_NO_KEY_ID |
                         OT_RECORD_WITHHELD | OT_RECORD_RESTRICTED | OT_RECORD_TELLABLE |
                         OT_RECORD_BARRED | OT_RECORD_NAMES_LIMITED;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        record->field[fields[i]] = cert->facts.field[fields[i]];
    record->flags = (record->flags & ~own) | cert->facts.flags;
    record->valid_at = cert->facts.valid_at;
    record->expires_at = cert->facts.expires_at;
}

#include "cert/cert.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/span.h"
#include "base/text.h"
#include "cert/digest_method_internal.h"
#include "cert/fitness_internal.h"
#include "cert/fitness_verdict_internal.h"
#include "cert/keyless_internal.h"
#include "cert/tbs_internal.h"
#include "config/source.h"
#include "snapshot/name.h"
#include "snapshot/record.h"

#define SHA1_LEN 20

struct ot_cert {
    struct ot_record facts; /* what ot_cert_fill hands out */
    ASN1_OCTET_STRING *key_id;
    AUTHORITY_KEYID *authority;
    struct ot_fitness fitness;
    bool is_sound; /* OpenSSL could make out its extensions */
    uint8_t *subject_canon, *issuer_canon, *magnitude;
    uint8_t spki_sha1[SHA1_LEN];
    uint8_t digests[OT_DIGESTS_LEN];
    uint8_t der[]; /* names, serial and key are spans of it */
};

/* What OpenSSL would not do, with its first word on it: those behind say only in what
 * that was nested. Out of memory must not pass for a bad certificate, which would be
 * remembered. Empties the queue. */
static enum ot_status refuse_certificate(struct ot_error *err, const char *what)
{
    const char *reason = NULL;

    for (unsigned long code; (code = ERR_get_error()) != 0;) {
        if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
            return ot_error_nomem(err);
        if (reason == NULL)
            reason = ERR_reason_error_string(code);
    }
    if (reason == NULL)
        return ot_error_set(err, OT_E_PROTOCOL, "%s", what);
    return ot_error_set(err, OT_E_PROTOCOL, "%s: %s", what, reason);
}

/* An extension or signature that could not be read is kept as absent or wrong, unless the
 * reason was that memory ran out. */
static enum ot_status check_memory(struct ot_error *err)
{
    struct ot_error ignored = OT_ERROR_INIT;

    return refuse_certificate(&ignored, "") == OT_E_NOMEM ? ot_error_nomem(err) : OT_OK;
}

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
static bool locate_parts(struct ot_record *facts, const uint8_t *der, size_t len)
{
    struct ot_span *field = facts->field;
    const uint8_t *p = der, *end = der + len;
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
           take_tlv(&p, end, V_ASN1_SEQUENCE, false, &skipped) &&
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
static enum ot_status read_magnitude(struct ot_cert *cert, const X509 *x509,
                                     struct ot_error *err)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
    const unsigned char *data = ASN1_STRING_get0_data(serial);
    size_t len = (size_t)ASN1_STRING_length(serial);

    for (; len > 0 && *data == 0; data++)
        len--;
    cert->magnitude = malloc(len + 1);
    if (cert->magnitude == NULL)
        return ot_error_nomem(err);
    memcpy(cert->magnitude, data, len);
    cert->facts.field[OT_FIELD_SERIAL_MAGNITUDE] = ot_span_of(cert->magnitude, len);
    return OT_OK;
}

static enum ot_status read_time(int64_t *out, const ASN1_TIME *time, const char *which,
                                struct ot_error *err)
{
    struct tm tm;

    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
        return ot_error_set(err, OT_E_PROTOCOL, "its %s is not a time", which);
    *out = timegm(&tm);
    return OT_OK;
}

static enum ot_status digest_der(struct ot_cert *cert, EVP_MD_CTX *ctx, size_t len,
                                 struct ot_error *err)
{
    for (int i = 0; i < OT_DIGEST_COUNT; i++) {
        const struct ot_digest_info *info = ot_digest_info((enum ot_digest)i);
        const EVP_MD *method = ot_digest_method((enum ot_digest)i);

        if (method == NULL)
            continue; /* its place stays zero */
        if (EVP_DigestInit_ex(ctx, method, NULL) != 1 ||
            EVP_DigestUpdate(ctx, cert->der, len) != 1 ||
            EVP_DigestFinal_ex(ctx, cert->digests + info->offset, NULL) != 1)
            return ot_error_set(err, OT_E_INTERNAL, "OpenSSL cannot compute %s",
                                info->name);
    }
    return OT_OK;
}

/* The key identifiers of RFC 5280 §4.2.1.1 and §4.2.1.2. */
static enum ot_status read_key_ids(struct ot_cert *cert, X509 *x509, EVP_MD_CTX *ctx,
                                   struct ot_error *err)
{
    struct ot_span *field = cert->facts.field;
    const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(x509);
    const EVP_MD *method = ot_digest_method(OT_DIGEST_SHA1);

    if (method == NULL || bits == NULL || EVP_DigestInit_ex(ctx, method, NULL) != 1 ||
        EVP_DigestUpdate(ctx, ASN1_STRING_get0_data(bits),
                         (size_t)ASN1_STRING_length(bits)) != 1 ||
        EVP_DigestFinal_ex(ctx, cert->spki_sha1, NULL) != 1)
        return ot_error_set(err, OT_E_INTERNAL,
                            "OpenSSL cannot compute SHA-1, by which "
                            "keys are identified");
    field[OT_FIELD_SPKI_SHA1] = ot_span_of(cert->spki_sha1, SHA1_LEN);
    field[OT_FIELD_KEY_ID] = field[OT_FIELD_SPKI_SHA1];

    cert->key_id = X509_get_ext_d2i(x509, NID_subject_key_identifier, NULL, NULL);
    if (cert->key_id == NULL || ASN1_STRING_length(cert->key_id) == 0)
        cert->facts.flags |= OT_RECORD_NO_KEY_ID;
    else
        field[OT_FIELD_KEY_ID] = ot_span_of(ASN1_STRING_get0_data(cert->key_id),
                                            (size_t)ASN1_STRING_length(cert->key_id));
    cert->authority = X509_get_ext_d2i(x509, NID_authority_key_identifier, NULL, NULL);
    if (cert->authority != NULL && cert->authority->keyid != NULL)
        field[OT_FIELD_AUTHORITY_KEY_ID] =
            ot_span_of(ASN1_STRING_get0_data(cert->authority->keyid),
                       (size_t)ASN1_STRING_length(cert->authority->keyid));
    return OT_OK;
}

/* As OpenSSL checks it. Of version 1, which cannot say it, a self-signed one is a CA if
 * its key could have made its signature: for these few the key is needed. */
static bool is_ca(X509 *x509, const uint8_t *der, size_t len)
{
    X509 *whole;
    int ca;

    if (X509_get_version(x509) != X509_VERSION_1)
        return X509_check_ca(x509) == 1;
    whole = d2i_X509(NULL, &der, (long)len);
    ca = whole != NULL ? X509_check_ca(whole) : 0;
    X509_free(whole);
    return ca == 1 || ca == 3;
}

/* RFC 5280 §4.2.1.1: only a self-signed certificate need not identify its issuer's key.
 */
static bool is_self_signed(X509 *x509, const AUTHORITY_KEYID *authority)
{
    return X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0 &&
           X509_check_akid(x509, authority) == X509_V_OK;
}

/* The purposes that its own extended key usage leaves out; none where it has no such
 * extension. Server gated cryptography was for servers. */
static unsigned barred_purposes(X509 *x509)
{
    static const struct {
        enum ot_purpose purpose;
        uint32_t usage;
    } usages[] = {{OT_PURPOSE_SERVER, XKU_SSL_SERVER | XKU_SGC},
                  {OT_PURPOSE_CLIENT, XKU_SSL_CLIENT},
                  {OT_PURPOSE_EMAIL, XKU_SMIME},
                  {OT_PURPOSE_CODE, XKU_CODE_SIGN}};
    uint32_t usage = X509_get_extended_key_usage(x509);
    unsigned barred = 0;

    if ((X509_get_extension_flags(x509) & EXFLAG_XKUSAGE) == 0 || (usage & XKU_ANYEKU))
        return 0;
    for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++)
        if ((usage & usages[i].usage) == 0)
            barred |= usages[i].purpose;
    return barred;
}

/* The last thing: it needs to be known whether it is a CA, for which its extensions have
 * been read. */
static void check_fitness(struct ot_cert *cert, struct ot_span sound_key)
{
    struct ot_record *facts = &cert->facts;

    ot_fitness_check(&cert->fitness, facts->field[OT_FIELD_DER],
                     (facts->flags & OT_RECORD_CA) != 0, cert->is_sound, sound_key);
    facts->flags |= cert->fitness.withheld;
    if (cert->fitness.withheld != 0)
        facts->field[OT_FIELD_WITHHELD] = ot_span_str(cert->fitness.reason);
}

static enum ot_status read_facts(struct ot_cert *cert, X509 *x509, size_t len,
                                 struct ot_error *err)
{
    struct ot_record *facts = &cert->facts;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum ot_status status = ctx == NULL ? ot_error_nomem(err) : OT_OK;

    if (status == OT_OK && !locate_parts(facts, cert->der, len))
        status = ot_error_set(err, OT_E_PROTOCOL, "it is not encoded in DER");
    if (status == OT_OK)
        status = read_names(cert, err);
    if (status == OT_OK)
        status = read_magnitude(cert, x509, err);
    if (status == OT_OK)
        status = read_time(&facts->valid_at, X509_get0_notBefore(x509), "notBefore", err);
    if (status == OT_OK)
        status = read_time(&facts->expires_at, X509_get0_notAfter(x509), "notAfter", err);
    if (status == OT_OK)
        status = digest_der(cert, ctx, len, err);
    if (status == OT_OK)
        status = read_key_ids(cert, x509, ctx, err);
    EVP_MD_CTX_free(ctx);
    if (status != OT_OK)
        return status;
    facts->field[OT_FIELD_DER] = ot_span_of(cert->der, len);
    facts->field[OT_FIELD_DIGESTS] = ot_span_of(cert->digests, OT_DIGESTS_LEN);
    facts->flags |= is_ca(x509, cert->der, len) ? OT_RECORD_CA : 0;
    facts->flags |= is_self_signed(x509, cert->authority) ? OT_RECORD_SELF_SIGNED : 0;
    facts->flags |= barred_purposes(x509) << OT_RECORD_BARRED_SHIFT;
    cert->is_sound = (X509_get_extension_flags(x509) & EXFLAG_INVALID) == 0;
    check_fitness(cert, OT_SPAN_ABSENT);
    return check_memory(err);
}

/* OpenSSL reads some BER too, and would show such a certificate re-encoded, with other
 * digests than the bytes that were uploaded. */
static bool is_der(X509 *x509, const uint8_t *der, size_t len)
{
    uint8_t *again = NULL;
    int n = i2d_X509(x509, &again);
    bool same = n >= 0 && (size_t)n == len && memcmp(again, der, len) == 0;

    OPENSSL_free(again);
    return same;
}

static enum ot_status parse_certificate(struct ot_cert *cert, const uint8_t *der,
                                        size_t len, struct ot_error *err)
{
    size_t used;
    X509 *x509 = ot_keyless_read(ot_span_of(der, len), &used);
    enum ot_status status;

    if (x509 == NULL)
        return refuse_certificate(err, "it is not a certificate that OpenSSL can read");
    if (used != len)
        status = ot_error_set(err, OT_E_PROTOCOL,
                              "%zu bytes that do not belong to it follow the certificate",
                              len - used);
    else if (!is_der(x509, der, len))
        status = refuse_certificate(err, "it is not encoded in DER");
    else
        status = read_facts(cert, x509, len, err);
    X509_free(x509);
    return status;
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
    status = parse_certificate(cert, cert->der, len, err);
    ERR_clear_error();
    if (status != OT_OK) {
        ot_cert_free(cert);
        return status;
    }
    *out = cert;
    return OT_OK;
}

/* The number of ot_rewrap is positive, and as long as it is written. */
static bool locate_magnitude(struct ot_record *facts)
{
    struct ot_span serial = facts->field[OT_FIELD_SERIAL];

    return ot_der_only(serial, OT_DER_INTEGER, &facts->field[OT_FIELD_SERIAL_MAGNITUDE]);
}

static enum ot_status read_new_end(struct ot_record *facts, struct ot_span der,
                                   struct ot_error *err)
{
    struct ot_tbs tbs;
    const uint8_t *p;
    ASN1_TIME *time;
    enum ot_status status;

    if (!ot_tbs_split(&tbs, der))
        return ot_error_set(err, OT_E_PROTOCOL, "its outermost parts are not DER");
    p = tbs.to.whole.data;
    time = d2i_ASN1_TIME(NULL, &p, (long)tbs.to.whole.len);
    status = read_time(&facts->expires_at, time, "notAfter", err);
    ASN1_TIME_free(time);
    return status;
}

/* Absent where it has not been found to be sound, or may not have been. */
static struct ot_span sound_key_of(const struct ot_cert *cert)
{
    struct ot_span key = OT_SPAN_ABSENT;

    if (cert->fitness.withheld == 0)
        ot_der_only(cert->facts.field[OT_FIELD_SPKI], OT_DER_SEQUENCE, &key);
    return key;
}

/* What has not changed is original's. */
static enum ot_status read_rewrapped(struct ot_cert *cert, const struct ot_cert *original,
                                     size_t len, struct ot_error *err)
{
    struct ot_record *facts = &cert->facts;
    struct ot_span der = ot_span_of(cert->der, len),
                   serial = original->facts.field[OT_FIELD_SERIAL];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum ot_status status = ctx == NULL ? ot_error_nomem(err) : OT_OK;

    *facts = original->facts;
    cert->is_sound = original->is_sound;
    if (status == OT_OK && (!locate_parts(facts, cert->der, len) ||
                            (!ot_span_equal(facts->field[OT_FIELD_SERIAL], serial) &&
                             !locate_magnitude(facts))))
        status = ot_error_set(err, OT_E_PROTOCOL, "it is not encoded in DER");
    if (status == OT_OK)
        status = read_new_end(facts, der, err);
    if (status == OT_OK)
        status = digest_der(cert, ctx, len, err);
    EVP_MD_CTX_free(ctx);
    if (status != OT_OK)
        return status;
    facts->field[OT_FIELD_DER] = der;
    facts->field[OT_FIELD_DIGESTS] = ot_span_of(cert->digests, OT_DIGESTS_LEN);
    facts->field[OT_FIELD_WITHHELD] = OT_SPAN_ABSENT;
    facts->flags &= ~(uint32_t)OT_RECORD_WITHHELD;
    check_fitness(cert, sound_key_of(original));
    return check_memory(err);
}

enum ot_status ot_cert_of_rewrapped(struct ot_cert **out, const struct ot_cert *original,
                                    struct ot_span der, struct ot_error *err)
{
    struct ot_cert *cert = new_cert(der);
    enum ot_status status;

    *out = NULL;
    if (cert == NULL)
        return ot_error_nomem(err);
    ERR_clear_error();
    status = read_rewrapped(cert, original, der.len, err);
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
    ASN1_OCTET_STRING_free(cert->key_id);
    AUTHORITY_KEYID_free(cert->authority);
    free(cert->subject_canon);
    free(cert->issuer_canon);
    free(cert->magnitude);
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
                         OT_RECORD_WITHHELD | OT_RECORD_RESTRICTED | OT_RECORD_BARRED |
                         OT_RECORD_NAMES_LIMITED;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        record->field[fields[i]] = cert->facts.field[fields[i]];
    record->flags = (record->flags & ~own) | cert->facts.flags;
    record->valid_at = cert->facts.valid_at;
    record->expires_at = cert->facts.expires_at;
}

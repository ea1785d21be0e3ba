#include "cert/reading_internal.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "cert/keyless_internal.h"
#include "config/source.h"

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

/* As OpenSSL checks it. Of version 1, which cannot say it, a self-signed one is a CA if
 * its key could have made its signature: for these few the key is needed. */
static bool is_ca(X509 *x509, struct ot_span der)
{
    X509 *whole;
    int ca;

    if (X509_get_version(x509) != X509_VERSION_1)
        return X509_check_ca(x509) == 1;
    whole = d2i_X509(NULL, &der.data, (long)der.len);
    ca = whole != NULL ? X509_check_ca(whole) : 0;
    X509_free(whole);
    return ca == 1 || ca == 3;
}

/* Server gated cryptography was for servers. */
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

/* Absent where there are none. *p moves behind the bytes, for which there is room. */
static struct ot_span hold_octets(uint8_t **p, const ASN1_STRING *octets)
{
    struct ot_span span = OT_SPAN_ABSENT;

    if (octets == NULL)
        return span;
    span = ot_span_of(*p, (size_t)ASN1_STRING_length(octets));
    if (span.len > 0)
        memcpy(*p, ASN1_STRING_get0_data(octets), span.len);
    *p += span.len;
    return span;
}

/* The key, and the identifiers of RFC 5280 §4.2.1.1 and §4.2.1.2. They all stand in the
 * certificate, so that they are not longer than it. */
static enum ot_status hold_keys(struct ot_reading *out, uint8_t **held, X509 *x509,
                                size_t len, struct ot_error *err)
{
    ASN1_OCTET_STRING *own;
    AUTHORITY_KEYID *authority;
    uint8_t *p = *held = malloc(len);

    if (p == NULL)
        return ot_error_nomem(err);
    own = X509_get_ext_d2i(x509, NID_subject_key_identifier, NULL, NULL);
    authority = X509_get_ext_d2i(x509, NID_authority_key_identifier, NULL, NULL);
    out->key = hold_octets(&p, X509_get0_pubkey_bitstr(x509));
    out->key_id = hold_octets(&p, own);
    if (authority != NULL)
        out->authority_key_id = hold_octets(&p, authority->keyid);
    out->names_own_key = X509_check_akid(x509, authority) == X509_V_OK;
    ASN1_OCTET_STRING_free(own);
    AUTHORITY_KEYID_free(authority);
    return OT_OK;
}

/* OpenSSL reads some BER too, and would show such a certificate re-encoded, with other
 * digests than the bytes that were uploaded. */
static bool is_der(X509 *x509, struct ot_span der)
{
    uint8_t *again = NULL;
    int n = i2d_X509(x509, &again);
    bool same = n >= 0 && ot_span_equal(der, ot_span_of(again, (size_t)n));

    OPENSSL_free(again);
    return same;
}

static enum ot_status read_x509(struct ot_reading *out, uint8_t **held, X509 *x509,
                                struct ot_span der, struct ot_error *err)
{
    enum ot_status status;

    if (!is_der(x509, der))
        return refuse_certificate(err, "it is not encoded in DER");
    out->is_ca = is_ca(x509, der); /* has OpenSSL read the extensions for what follows */
    status = hold_keys(out, held, x509, der.len, err);
    if (status != OT_OK)
        return status;
    out->barred = barred_purposes(x509);
    out->is_sound = (X509_get_extension_flags(x509) & EXFLAG_INVALID) == 0;
    return check_memory(err);
}

enum ot_status ot_reading_by_openssl(struct ot_reading *out, uint8_t **held,
                                     struct ot_span der, struct ot_error *err)
{
    size_t used;
    X509 *x509 = ot_keyless_read(der, &used);
    enum ot_status status;

    *out = (struct ot_reading){.is_ca = false};
    if (x509 == NULL)
        return refuse_certificate(err, "it is not a certificate that OpenSSL can read");
    if (used != der.len)
        status = ot_error_set(err, OT_E_PROTOCOL,
                              "%zu bytes that do not belong to it follow the certificate",
                              der.len - used);
    else
        status = read_x509(out, held, x509, der, err);
    X509_free(x509);
    return status;
}

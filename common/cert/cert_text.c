#include "cert/cert_text.h"

#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "cert/der_internal.h"
#include "cert/keyless_internal.h"
#include "cert/name_constraints_internal.h"
#include "cert/pem.h"

/* RFC 2253's escapes, but UTF-8 as it is and in the order in which the name is written.
 */
#define NAME_FLAGS                                                                       \
    (XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN |                                             \
     (ASN1_STRFLGS_RFC2253 & ~ASN1_STRFLGS_ESC_MSB))

/* What a memory BIO holds, with bidi controls escaped too. */
static char *take_text(BIO *bio)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    size_t size;
    char *text;

    if (len < 0)
        return NULL;
    size = 8 * (size_t)len + 1; /* an escape is at most `\u{NNNNNN}` for several bytes */
    text = malloc(size);
    if (text != NULL)
        ot_text_escape(text, size, data, (size_t)len);
    return text;
}

static char *name_text(const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (bio != NULL && X509_NAME_print_ex(bio, name, 0, NAME_FLAGS) >= 0)
        text = take_text(bio);
    BIO_free(bio);
    return text;
}

static char *serial_text(const ASN1_INTEGER *serial)
{
    int len = ASN1_STRING_length(serial);
    const unsigned char *bytes = ASN1_STRING_get0_data(serial);
    bool negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
    char *text = malloc(3 * (size_t)len + 2);

    if (text == NULL)
        return NULL;
    text[0] = '-';
    ot_hex_text(text + (negative ? 1 : 0), ot_span_of(bytes, (size_t)len), ':');
    return text;
}

/* Of the two kinds that nearly all keys are, told where the key lies: to OpenSSL 3.0 an
 * object of it is nine tenths of reading a certificate. False: it is another. */
static bool common_key_text(char *text, size_t size, const X509 *cert)
{
    struct ot_span bits, numbers, modulus;
    const unsigned char *data;
    ASN1_OBJECT *algorithm;
    const void *curve;
    X509_ALGOR *all;
    int len, type;

    if (X509_PUBKEY_get0_param(&algorithm, &data, &len, &all,
                               X509_get_X509_PUBKEY(cert)) != 1)
        return false;
    bits = ot_span_of(data, (size_t)len);
    switch (OBJ_obj2nid(algorithm)) {
    case NID_rsaEncryption:
        if (!ot_der_only(bits, OT_DER_SEQUENCE, &numbers) ||
            !ot_der_take_positive(&numbers, &modulus))
            return false;
        snprintf(text, size, "RSA %zu bits", ot_der_bits_of(modulus));
        return true;
    case NID_X9_62_id_ecPublicKey:
        X509_ALGOR_get0(NULL, &type, &curve, all);
        if (type != V_ASN1_OBJECT || OBJ_obj2nid(curve) == NID_undef)
            return false;
        snprintf(text, size, "EC %s", OBJ_nid2sn(OBJ_obj2nid(curve)));
        return true;
    default:
        return false;
    }
}

/* False: OpenSSL does not know its kind. */
static bool other_key_text(char *text, size_t size, struct ot_span der)
{
    const unsigned char *at = der.data;
    X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    EVP_PKEY *key = cert != NULL ? X509_get0_pubkey(cert) : NULL;
    char group[80];

    if (key != NULL && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1)
        snprintf(text, size, "%s %s", EVP_PKEY_get0_type_name(key), group);
    else if (key != NULL)
        snprintf(text, size, "%s %d bits", EVP_PKEY_get0_type_name(key),
                 EVP_PKEY_get_bits(key));
    X509_free(cert);
    return key != NULL;
}

static char *key_text(const X509 *cert, struct ot_span der)
{
    char text[160];

    if (common_key_text(text, sizeof(text), cert) ||
        other_key_text(text, sizeof(text), der))
        return strdup(text);
    return strdup("of a kind that OpenSSL does not know");
}

enum ot_status ot_cert_text_make(struct ot_cert_text *text, struct ot_span der,
                                 struct ot_error *err)
{
    X509 *cert = NULL;
    size_t used;
    enum ot_status status;

    memset(text, 0, sizeof(*text));
    if (der.len <= LONG_MAX)
        cert = ot_keyless_read(der, &used);
    if (cert == NULL) {
        ERR_clear_error();
        return ot_error_set(err, OT_E_CORRUPT, "OpenSSL cannot read the certificate");
    }
    text->subject = name_text(X509_get_subject_name(cert));
    text->issuer = name_text(X509_get_issuer_name(cert));
    text->serial = serial_text(X509_get0_serialNumber(cert));
    text->key = key_text(cert, der);
    text->pem = ot_pem_encode(der.data, der.len);
    status = ot_name_permits_text(&text->permitted, &text->excluded, cert, err);
    X509_free(cert);
    ERR_clear_error();
    if (text->subject != NULL && text->issuer != NULL && text->serial != NULL &&
        text->key != NULL && text->pem != NULL)
        return status;
    return ot_error_nomem(err);
}

void ot_cert_text_clear(struct ot_cert_text *text)
{
    free(text->subject);
    free(text->issuer);
    free(text->serial);
    free(text->key);
    free(text->pem);
    free(text->permitted);
    free(text->excluded);
    memset(text, 0, sizeof(*text));
}

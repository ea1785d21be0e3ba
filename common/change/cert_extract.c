#include "change/cert_extract_internal.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <string.h>

/* Who is shown the certificates, and how many there were. */
struct extraction {
    ot_pem_seen *seen;
    void *arg;
    size_t count;
};

static enum ot_status show_der(struct extraction *to, const uint8_t *der, size_t len,
                               struct ot_error *err)
{
    to->count++;
    return to->seen(to->arg, der, len, err);
}

static enum ot_status show_x509(struct extraction *to, X509 *cert, struct ot_error *err)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    enum ot_status status;

    if (len <= 0)
        return ot_error_set(err, OT_E_PROTOCOL, "one of its certificates is unreadable");
    status = show_der(to, der, (size_t)len, err);
    OPENSSL_free(der);
    return status;
}

/* NULL: it is of a kind that has none. */
static void find_certs(const PKCS7 *bundle, const STACK_OF(X509) * *certs)
{
    *certs = NULL;
    if (PKCS7_type_is_signed(bundle) && bundle->d.sign != NULL)
        *certs = bundle->d.sign->cert;
    else if (PKCS7_type_is_signedAndEnveloped(bundle) &&
             bundle->d.signed_and_enveloped != NULL)
        *certs = bundle->d.signed_and_enveloped->cert;
}

/* *is_one: whether it is PKCS #7 at all. */
static enum ot_status show_pkcs7(struct extraction *to, const uint8_t *der, size_t len,
                                 bool *is_one, struct ot_error *err)
{
    const unsigned char *at = der;
    PKCS7 *bundle = d2i_PKCS7(NULL, &at, (long)len);
    enum ot_status status = OT_OK;
    const STACK_OF(X509) *certs = NULL;

    *is_one = bundle != NULL && at == der + len;
    if (*is_one)
        find_certs(bundle, &certs);
    for (int i = 0; status == OT_OK && certs != NULL && i < sk_X509_num(certs); i++)
        status = show_x509(to, sk_X509_value(certs, i), err);
    PKCS7_free(bundle);
    return status;
}

static enum ot_status show_trusted(struct extraction *to, const uint8_t *der, size_t len,
                                   struct ot_error *err)
{
    const unsigned char *at = der;
    X509 *cert = d2i_X509_AUX(NULL, &at, (long)len);
    enum ot_status status;

    if (cert == NULL || at != der + len)
        status = ot_error_set(err, OT_E_PROTOCOL,
                              "its certificate with trust settings is unreadable");
    else
        status = show_x509(to, cert, err);
    X509_free(cert);
    return status;
}

static enum ot_status show_block(struct extraction *to, const char *label,
                                 const uint8_t *der, size_t len, struct ot_error *err)
{
    bool is_pkcs7 = strcmp(label, PEM_STRING_PKCS7) == 0 ||
                    strcmp(label, PEM_STRING_PKCS7_SIGNED) == 0 ||
                    strcmp(label, PEM_STRING_CMS) == 0;
    enum ot_status status;

    if (strcmp(label, PEM_STRING_X509) == 0 || strcmp(label, PEM_STRING_X509_OLD) == 0)
        return show_der(to, der, len, err);
    if (strcmp(label, PEM_STRING_X509_TRUSTED) == 0)
        return show_trusted(to, der, len, err);
    if (!is_pkcs7)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "it holds a block that no certificates are kept in");
    status = show_pkcs7(to, der, len, &is_pkcs7, err);
    return status == OT_OK && !is_pkcs7
               ? ot_error_set(err, OT_E_PROTOCOL, "its PKCS #7 bundle is unreadable")
               : status;
}

static enum ot_status show_pem(struct extraction *to, const void *data, size_t len,
                               struct ot_error *err)
{
    BIO *bio = BIO_new_mem_buf(data, (int)len);
    enum ot_status status = bio != NULL ? OT_OK : ot_error_nomem(err);
    char *label, *header;
    unsigned char *der;
    long der_len;

    while (status == OT_OK && PEM_read_bio(bio, &label, &header, &der, &der_len) == 1) {
        status = *header == '\0' ? show_block(to, label, der, (size_t)der_len, err)
                                 : ot_error_set(err, OT_E_PROTOCOL,
                                                "its block has PEM headers, as encrypted "
                                                "keys have");
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    if (status == OT_OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        status = ot_error_set(err, OT_E_PROTOCOL, "one of its PEM blocks is damaged");
    BIO_free(bio);
    return status;
}

/* Each is a SEQUENCE, which says how long it is. */
static enum ot_status show_sequences(struct extraction *to, const uint8_t *data,
                                     size_t len, struct ot_error *err)
{
    const unsigned char *at = data, *end = data + len;
    enum ot_status status = OT_OK;

    while (status == OT_OK && at < end) {
        const unsigned char *from = at;
        X509 *cert = d2i_X509(NULL, &at, end - at);

        if (cert == NULL)
            return ot_error_set(err, OT_E_PROTOCOL,
                                "it is neither PEM nor PKCS #7 nor certificates in DER");
        X509_free(cert);
        status = show_der(to, from, (size_t)(at - from), err);
    }
    return status;
}

enum ot_status ot_cert_extract(const void *data, size_t len, ot_pem_seen *seen, void *arg,
                               struct ot_error *err)
{
    static const char mark[] = "-----BEGIN ";
    struct extraction to = {.seen = seen, .arg = arg};
    bool is_pkcs7 = false;
    enum ot_status status;

    if (len > INT_MAX)
        return ot_error_set(err, OT_E_PROTOCOL, "it is too long");
    if (memmem(data, len, mark, strlen(mark)) != NULL) {
        status = show_pem(&to, data, len, err);
    } else {
        status = show_pkcs7(&to, data, len, &is_pkcs7, err);
        if (status == OT_OK && !is_pkcs7)
            status = show_sequences(&to, data, len, err);
    }
    ERR_clear_error();
    if (status == OT_OK && to.count == 0)
        status = ot_error_set(err, OT_E_PROTOCOL, "it holds no certificate");
    return status;
}

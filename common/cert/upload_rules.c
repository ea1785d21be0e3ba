#include "cert/upload_rules.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <time.h>

#define TEXT_MAX (16u * 1024)
#define DAY_S 86400

/* What the certificate lacks, NULL: nothing. */
static const char *find_lack(X509 *cert)
{
    const uint32_t usage = X509_get_key_usage(cert);

    if ((X509_get_extension_flags(cert) & EXFLAG_CA) == 0)
        return "it is no CA certificate (basic constraints CA:TRUE)";
    /* Without the extension every usage is allowed, and this says so. */
    if (usage == UINT32_MAX || (usage & KU_KEY_CERT_SIGN) == 0)
        return "its key usage does not name keyCertSign";
    if ((usage & KU_CRL_SIGN) == 0)
        return "its key usage does not name cRLSign";
    if (X509_get0_subject_key_id(cert) == NULL)
        return "it has no subject key identifier";
    if (X509_get0_authority_key_id(cert) == NULL)
        return "it has no authority key identifier";
    return NULL;
}

static enum ot_status check_cert(X509 *cert, int64_t now, const char **code,
                                 struct ot_error *err)
{
    const char *lack = find_lack(cert);
    struct tm end;

    *code = OT_CODE_CERTIFICATE_INVALID;
    if (lack != NULL)
        return ot_error_set(err, OT_E_PROTOCOL, "%s", lack);
    *code = OT_CODE_CERTIFICATE_EXPIRED;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &end) != 1 ||
        timegm(&end) <= now + DAY_S)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "it is valid for no more than one more day");
    *code = NULL;
    return OT_OK;
}

enum ot_status ot_upload_rules_check(const uint8_t *der, size_t len, size_t text_len,
                                     int64_t now, const char **code, struct ot_error *err)
{
    const unsigned char *at = der;
    enum ot_status status;
    X509 *cert;

    *code = OT_CODE_CERTIFICATE_INVALID;
    if (text_len >= TEXT_MAX)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "it is %zu bytes long, and less than %u are allowed",
                            text_len, TEXT_MAX);
    cert = d2i_X509(NULL, &at, (long)len);
    if (cert == NULL) {
        ERR_clear_error();
        return ot_error_set(err, OT_E_PROTOCOL, "it cannot be read as a certificate");
    }
    status = check_cert(cert, now, code, err);
    X509_free(cert);
    return status;
}

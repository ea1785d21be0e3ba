/* A trust store for Java: PKCS #12 (RFC 7292) of certificate bags, each with the
 * attribute without which Java sees a certificate that vouches for nobody.
 *
 * Neither encrypted nor authenticated by a password. There is nothing to keep secret in
 * it, a MAC under the well-known `changeit` would prove nothing, and its salt would make
 * every file different. Java reads such a store with any password and with none; its own
 * cacerts has had this form since JDK 18. */
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "export/anchors.h"
#include "export/format.h"

/* Oracle's trustedKeyUsage, and anyExtendedKeyUsage (RFC 5280 §4.2.1.12) as its value. */
#define TRUSTED_KEY_USAGE "2.16.840.1.113894.746875.1.1"

static enum ot_status refuse_pkcs12(struct ot_error *err)
{
    ERR_clear_error();
    return ot_error_set(err, OT_E_INTERNAL,
                        "OpenSSL cannot make a PKCS #12 store of the anchors");
}

/* In UTF-16, as Java takes it: OpenSSL's own way from UTF-8 refuses what is beyond the
 * basic plane. */
static bool add_alias(PKCS12_SAFEBAG *bag, const char *alias)
{
    int len = 0;
    unsigned char *wide = OPENSSL_utf82uni(alias, -1, NULL, &len);
    bool done = wide != NULL && PKCS12_add_friendlyname_uni(bag, wide, len - 2);

    OPENSSL_free(wide);
    return done;
}

static bool add_attributes(PKCS12_SAFEBAG *bag, const char *alias)
{
    const ASN1_OBJECT *any = OBJ_nid2obj(NID_anyExtendedKeyUsage);

    return add_alias(bag, alias) &&
           PKCS12_add1_attr_by_txt(bag, TRUSTED_KEY_USAGE, V_ASN1_OBJECT,
                                   (const unsigned char *)any, -1);
}

static bool add_bag(STACK_OF(PKCS12_SAFEBAG) * bags, const struct ot_anchor *anchor)
{
    const unsigned char *at = anchor->der.data;
    X509 *x509 = d2i_X509(NULL, &at, (long)anchor->der.len);
    PKCS12_SAFEBAG *bag = x509 != NULL ? PKCS12_SAFEBAG_create_cert(x509) : NULL;
    char *alias = ot_java_alias(anchor);
    bool done = bag != NULL && alias != NULL && add_attributes(bag, alias) &&
                sk_PKCS12_SAFEBAG_push(bags, bag) > 0;

    if (!done)
        PKCS12_SAFEBAG_free(bag);
    free(alias);
    X509_free(x509);
    return done;
}

static PKCS12 *wrap_bags(STACK_OF(PKCS12_SAFEBAG) * bags)
{
    STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();
    PKCS7 *safe = safes != NULL ? PKCS12_pack_p7data(bags) : NULL;
    PKCS12 *p12 = NULL;

    if (safe != NULL && sk_PKCS7_push(safes, safe) > 0)
        p12 = PKCS12_add_safes(safes, 0);
    else
        PKCS7_free(safe);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return p12;
}

enum ot_status ot_pkcs12_make(uint8_t **bytes, size_t *len,
                              const struct ot_anchors *anchors, struct ot_error *err)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
    PKCS12 *p12 = NULL;
    bool done = bags != NULL;
    int size = -1;
    uint8_t *at;

    for (size_t i = 0; done && i < anchors->count; i++)
        done = add_bag(bags, &anchors->items[i]);
    if (done)
        p12 = wrap_bags(bags);
    if (p12 != NULL)
        size = i2d_PKCS12(p12, NULL);
    if (size > 0)
        *bytes = at = malloc((size_t)size);
    if (size > 0 && *bytes != NULL)
        size = i2d_PKCS12(p12, &at);
    PKCS12_free(p12);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    if (size <= 0)
        return refuse_pkcs12(err);
    if (*bytes == NULL)
        return ot_error_nomem(err);
    *len = (size_t)size;
    return OT_OK;
}

static bool bag_is_ours(PKCS12_SAFEBAG *bag)
{
    char *alias =
        PKCS12_SAFEBAG_get_nid(bag) == NID_certBag ? PKCS12_get_friendlyname(bag) : NULL;
    bool ours =
        alias != NULL && strncmp(alias, OT_JAVA_ALIAS, strlen(OT_JAVA_ALIAS)) == 0;

    OPENSSL_free(alias);
    return ours;
}

static bool safe_is_ours(PKCS7 *safe)
{
    STACK_OF(PKCS12_SAFEBAG) *bags =
        PKCS7_type_is_data(safe) ? PKCS12_unpack_p7data(safe) : NULL;
    bool ours = bags != NULL;

    for (int i = 0; ours && i < sk_PKCS12_SAFEBAG_num(bags); i++)
        ours = bag_is_ours(sk_PKCS12_SAFEBAG_value(bags, i));
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return ours;
}

bool ot_pkcs12_is_ours(const uint8_t *bytes, size_t len)
{
    const unsigned char *at = bytes;
    PKCS12 *p12 = len <= LONG_MAX ? d2i_PKCS12(NULL, &at, (long)len) : NULL;
    STACK_OF(PKCS7) *safes =
        p12 != NULL && !PKCS12_mac_present(p12) ? PKCS12_unpack_authsafes(p12) : NULL;
    bool ours = safes != NULL;

    for (int i = 0; ours && i < sk_PKCS7_num(safes); i++)
        ours = safe_is_ours(sk_PKCS7_value(safes, i));
    sk_PKCS7_pop_free(safes, PKCS7_free);
    PKCS12_free(p12);
    ERR_clear_error();
    return ours;
}

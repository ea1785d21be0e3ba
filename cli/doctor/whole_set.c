#include "doctor/whole_set_internal.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "export/anchors.h"
#include "files/plain_file.h"
#include "machine/pem_blocks.h"

/* The stores of the machines there are hold 150; an organization's, 50. */
#define CERTIFICATES_MAX 100000
#define SUBJECT_MAX 160

/* Takes a copy of the bytes. */
static enum ot_status add_der_to_set(struct ot_whole_set *set, const uint8_t *der,
                                     size_t len, struct ot_error *err)
{
    struct ot_anchors *certs = &set->certs;
    struct ot_anchor *items =
        reallocarray(certs->items, certs->count + 1, sizeof(certs->items[0]));
    uint8_t **owned, *copy;

    if (items == NULL)
        return ot_error_nomem(err);
    certs->items = items;
    owned = reallocarray(set->owned, certs->count + 1, sizeof(set->owned[0]));
    if (owned == NULL)
        return ot_error_nomem(err);
    set->owned = owned;
    copy = malloc(len + 1);
    if (copy == NULL)
        return ot_error_nomem(err);
    memcpy(copy, der, len);
    owned[certs->count] = copy;
    items[certs->count] = (struct ot_anchor){.der = {copy, len}};
    EVP_Digest(der, len, items[certs->count].id, NULL, EVP_sha256(), NULL);
    certs->count++;
    return OT_OK;
}

/* Whoever owns it. What is no file, such as a pipe that nobody writes to, holds nothing.
 */
static enum ot_status open_set(BIO **out, const char *path, struct ot_error *err)
{
    FILE *file = ot_plain_open(path);

    *out = NULL;
    if (file == NULL && errno != ENXIO)
        return ot_error_errno(err, errno == ENOENT ? OT_E_NOT_FOUND : OT_E_IO, errno,
                              "cannot read %s", path);
    *out = file != NULL ? BIO_new_fp(file, BIO_CLOSE) : BIO_new(BIO_s_mem());
    if (*out == NULL && file != NULL)
        fclose(file);
    return *out != NULL ? OT_OK : ot_error_nomem(err);
}

static enum ot_status add_block_to_set(void *set, const char *name, const uint8_t *der,
                                       size_t len, struct ot_error *err)
{
    const struct ot_whole_set *held = set;

    return strcmp(name, PEM_STRING_X509) == 0 && held->certs.count < CERTIFICATES_MAX
               ? add_der_to_set(set, der, len, err)
               : OT_OK;
}

enum ot_status ot_whole_set_add_pem(struct ot_whole_set *set, const char *path,
                                    struct ot_error *err)
{
    BIO *in;
    enum ot_status status = open_set(&in, path, err);

    if (status == OT_OK)
        status = ot_pem_blocks(in, add_block_to_set, set, err);
    BIO_free(in);
    return status;
}

enum ot_status ot_whole_set_add_dir(struct ot_whole_set *set, const char *path,
                                    struct ot_error *err)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    enum ot_status status = OT_OK;
    char *file;

    if (dir == NULL)
        return ot_error_errno(err, errno == ENOENT ? OT_E_NOT_FOUND : OT_E_IO, errno,
                              "cannot read the directory %s", path);
    while (status == OT_OK && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&file, "%s/%s", path, entry->d_name) < 0) {
            status = ot_error_nomem(err);
            break;
        }
        status = ot_whole_set_add_pem(set, file, err);
        free(file);
    }
    closedir(dir);
    return status;
}

static enum ot_status add_pkcs12_bag(struct ot_whole_set *set, const PKCS12_SAFEBAG *bag,
                                     struct ot_error *err)
{
    X509 *cert =
        PKCS12_SAFEBAG_get_nid(bag) == NID_certBag ? PKCS12_SAFEBAG_get1_cert(bag) : NULL;
    unsigned char *der = NULL;
    int len = cert == NULL ? 0 : i2d_X509(cert, &der);
    enum ot_status status = len > 0 ? add_der_to_set(set, der, (size_t)len, err) : OT_OK;

    OPENSSL_free(der);
    X509_free(cert);
    return status;
}

static enum ot_status add_safe(struct ot_whole_set *set, PKCS7 *safe,
                               struct ot_error *err)
{
    STACK_OF(PKCS12_SAFEBAG) *bags =
        PKCS7_type_is_data(safe) ? PKCS12_unpack_p7data(safe) : NULL;
    enum ot_status status = OT_OK;

    for (int i = 0; status == OT_OK && i < sk_PKCS12_SAFEBAG_num(bags); i++)
        status = add_pkcs12_bag(set, sk_PKCS12_SAFEBAG_value(bags, i), err);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return status;
}

enum ot_status ot_whole_set_add_p12(struct ot_whole_set *set, const char *path,
                                    struct ot_error *err)
{
    STACK_OF(PKCS7) *safes = NULL;
    PKCS12 *store = NULL;
    BIO *in;
    enum ot_status status = open_set(&in, path, err);

    if (status == OT_OK)
        store = d2i_PKCS12_bio(in, NULL);
    BIO_free(in);
    if (store != NULL)
        safes = PKCS12_unpack_authsafes(store);
    for (int i = 0; status == OT_OK && i < sk_PKCS7_num(safes); i++)
        status = add_safe(set, sk_PKCS7_value(safes, i), err);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    PKCS12_free(store);
    ERR_clear_error();
    return status;
}

static bool is_in_whole_set(const struct ot_whole_set *set,
                            const uint8_t id[OT_ANCHOR_ID_LEN])
{
    for (size_t i = 0; i < set->certs.count; i++)
        if (memcmp(set->certs.items[i].id, id, OT_ANCHOR_ID_LEN) == 0)
            return true;
    return false;
}

size_t ot_whole_set_missing(const struct ot_whole_set *set,
                            const struct ot_anchors *anchors)
{
    size_t missing = 0;

    for (size_t i = 0; i < anchors->count; i++)
        missing += !is_in_whole_set(set, anchors->items[i].id);
    return missing;
}

void ot_whole_set_clear(struct ot_whole_set *set)
{
    for (size_t i = 0; i < set->certs.count; i++)
        free(set->owned[i]);
    free(set->owned);
    ot_anchors_clear(&set->certs);
    *set = (struct ot_whole_set){.owned = NULL};
}

void ot_whole_set_describe(char *buf, size_t size, const struct ot_anchor *cert)
{
    const unsigned char *at = cert->der.data;
    X509 *x509 = d2i_X509(NULL, &at, (long)cert->der.len);
    BIO *out = BIO_new(BIO_s_mem());
    char subject[SUBJECT_MAX] = "", name[OT_ANCHOR_NAME_LEN + 1];
    char *text = NULL;
    long len = 0;

    if (x509 != NULL && out != NULL)
        X509_NAME_print_ex(out, X509_get_subject_name(x509), 0,
                           XN_FLAG_ONELINE & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    if (out != NULL)
        len = BIO_get_mem_data(out, &text);
    if (len > 0)
        ot_text_escape(subject, sizeof(subject), text, (size_t)len);
    BIO_free(out);
    X509_free(x509);
    ERR_clear_error();
    ot_anchor_name(name, cert);
    snprintf(buf, size, "%s%sSHA-256 %s...", subject, subject[0] != '\0' ? ", " : "",
             name);
}

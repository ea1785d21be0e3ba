#include "machine/machine_trust.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "machine/pem_blocks.h"
#include "machine/system_store.h"
#include "machine/system_theirs.h"

/* Where Debian, Red Hat and the BSDs keep the bundle. */
static const char *const bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
};

const char *ot_machine_bundle(void)
{
    for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++)
        if (access(bundles[i], R_OK) == 0)
            return bundles[i];
    return NULL;
}

/* What the bundle is gone through with. */
struct sieve {
    struct ot_machine_trust *trust;
    const struct ot_ca_marks *ours;
    struct ot_ca_marks theirs; /* once it is needed */
    bool has_theirs;
    BIO *kept;
};

static enum ot_status check_only_ours(bool *only, struct sieve *sieve,
                                      const struct ot_ca_mark *mark, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    *only = ot_ca_marks_find(sieve->ours, mark->der, OT_SHA256_LEN) != NULL ||
            ot_ca_marks_has_key(sieve->ours, mark->key);
    if (!*only)
        return OT_OK;
    if (!sieve->has_theirs)
        status = ot_system_theirs(&sieve->theirs, err);
    sieve->has_theirs = true;
    *only = ot_ca_marks_find(&sieve->theirs, mark->der, OT_SHA256_LEN) == NULL;
    return status;
}

static enum ot_status leave_out(struct ot_machine_trust *trust, const uint8_t *der,
                                long len, struct ot_error *err)
{
    X509 *cert = d2i_X509(NULL, &der, len);
    bool good;

    if (trust->ours == NULL)
        trust->ours = X509_STORE_new();
    good = cert != NULL && trust->ours != NULL &&
           X509_STORE_add_cert(trust->ours, cert) == 1;
    X509_free(cert);
    return good ? OT_OK : ot_error_nomem(err);
}

static enum ot_status sift_block(void *arg, const char *name, const uint8_t *der,
                                 size_t len, struct ot_error *err)
{
    struct sieve *sieve = arg;
    struct ot_ca_mark mark;
    enum ot_status status;
    bool only;

    /* What is no certificate vouches for nobody. */
    if (strcmp(name, PEM_STRING_X509) != 0 ||
        ot_ca_mark_make(&mark, der, len, NULL) != OT_OK)
        return OT_OK;
    status = check_only_ours(&only, sieve, &mark, err);
    if (status != OT_OK || only)
        return status == OT_OK ? leave_out(sieve->trust, der, (long)len, err) : status;
    sieve->trust->count++;
    return PEM_write_bio(sieve->kept, PEM_STRING_X509, "", der, (long)len) > 0
               ? OT_OK
               : ot_error_nomem(err);
}

static enum ot_status sift_bundle(struct sieve *sieve, const char *bundle,
                                  struct ot_error *err)
{
    struct ot_machine_trust *trust = sieve->trust;
    enum ot_status status;
    char *text;
    long len;
    BIO *bio = BIO_new_file(bundle, "re");

    if (bio == NULL)
        return ot_error_errno(err, OT_E_CONFIG, errno, "cannot read %s", bundle);
    status = ot_pem_blocks(bio, sift_block, sieve, err);
    BIO_free(bio);
    if (status != OT_OK || trust->ours == NULL)
        return status; /* nothing of ours is in it: it is good as it is */
    len = BIO_get_mem_data(sieve->kept, &text);
    trust->len = (size_t)len;
    trust->pem = malloc(trust->len + 1);
    if (trust->pem == NULL)
        return ot_error_nomem(err);
    if (len > 0)
        memcpy(trust->pem, text, trust->len);
    trust->pem[trust->len] = '\0';
    return OT_OK;
}

enum ot_status ot_machine_trust_load(struct ot_machine_trust *trust, const char *bundle,
                                     struct ot_error *err)
{
    struct ot_ca_marks ours = {0};
    struct sieve sieve = {.trust = trust, .ours = &ours};
    enum ot_status status = ot_system_ours(&ours, err);

    *trust = (struct ot_machine_trust){0};
    if (status == OT_OK && ours.count > 0) {
        sieve.kept = BIO_new(BIO_s_mem());
        status =
            sieve.kept != NULL ? sift_bundle(&sieve, bundle, err) : ot_error_nomem(err);
    }
    BIO_free(sieve.kept);
    ot_ca_marks_clear(&sieve.theirs);
    ot_ca_marks_clear(&ours);
    if (status != OT_OK)
        ot_machine_trust_clear(trust);
    return status;
}

void ot_machine_trust_clear(struct ot_machine_trust *trust)
{
    free(trust->pem);
    X509_STORE_free(trust->ours);
    *trust = (struct ot_machine_trust){0};
}

static bool is_vouched_for_by_ours(X509_STORE_CTX *ctx, X509_STORE *ours)
{
    X509_STORE_CTX *again = X509_STORE_CTX_new();
    bool good =
        again != NULL && X509_STORE_CTX_init(again, ours, X509_STORE_CTX_get0_cert(ctx),
                                             X509_STORE_CTX_get0_untrusted(ctx)) == 1;

    if (good) {
        X509_STORE_CTX_set_flags(again, X509_V_FLAG_PARTIAL_CHAIN);
        good = X509_verify_cert(again) == 1;
    }
    X509_STORE_CTX_free(again);
    return good;
}

int ot_machine_trust_verify(X509_STORE_CTX *ctx, void *arg)
{
    struct ot_machine_trust *trust = arg;
    int result = X509_verify_cert(ctx);

    if (result <= 0 && trust->ours != NULL && is_vouched_for_by_ours(ctx, trust->ours))
        trust->is_ours = true;
    return result;
}

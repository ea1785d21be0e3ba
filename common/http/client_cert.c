#include "http/client_cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "config/source.h"
#include "files/path.h"

#define URI_SCHEME "pkcs11:"

static bool is_token_uri(const char *text)
{
    return strncmp(text, URI_SCHEME, strlen(URI_SCHEME)) == 0;
}

/* A key with a passphrase is refused: who syncs has nobody to ask. */
static int have_no_passphrase(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

/* What is_secret may be read by its owner alone. */
static enum ot_status open_client_pem(BIO **out, const char *path, bool is_secret,
                                      struct ot_error *err)
{
    enum ot_status status;
    struct stat st;
    int fd = -1;

    *out = NULL;
    status = ot_path_open_named(&fd, path, OT_CONFIG_BYTES_MAX, err);
    if (status == OT_E_NOT_FOUND && err != NULL)
        err->status = status = OT_E_CONFIG;
    if (status != OT_OK)
        return status;
    if (is_secret && (fstat(fd, &st) != 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)) {
        close(fd);
        return ot_error_set(err, OT_E_UNSAFE,
                            "others can get at the key in %s; run: chmod 600 '%s'", path,
                            path);
    }
    *out = BIO_new_fd(fd, BIO_CLOSE);
    if (*out != NULL)
        return OT_OK;
    close(fd);
    return ot_error_nomem(err);
}

static enum ot_status read_client_certs(struct ot_client_cert *own, const char *path,
                                        struct ot_error *err)
{
    BIO *bio = NULL;
    X509 *more = NULL;
    enum ot_status status = open_client_pem(&bio, path, false, err);

    if (status != OT_OK)
        return status;
    own->cert = PEM_read_bio_X509(bio, NULL, have_no_passphrase, NULL);
    own->chain = sk_X509_new_null();
    while (own->cert != NULL && own->chain != NULL &&
           (more = PEM_read_bio_X509(bio, NULL, have_no_passphrase, NULL)) != NULL)
        if (sk_X509_push(own->chain, more) == 0) {
            X509_free(more);
            status = ot_error_nomem(err);
        }
    if (status == OT_OK && own->cert == NULL)
        status = ot_error_set(err, OT_E_CONFIG, "%s holds no certificate in PEM", path);
    BIO_free(bio);
    ERR_clear_error(); /* the end of a file is an error of OpenSSL's */
    return status;
}

static enum ot_status read_client_key(struct ot_client_cert *own, const char *path,
                                      struct ot_error *err)
{
    BIO *bio = NULL;
    enum ot_status status = open_client_pem(&bio, path, true, err);

    if (status != OT_OK)
        return status;
    own->key = PEM_read_bio_PrivateKey(bio, NULL, have_no_passphrase, NULL);
    if (own->key == NULL)
        status =
            ot_error_set(err, OT_E_CONFIG,
                         "%s holds no private key in PEM without a passphrase", path);
    BIO_free(bio);
    ERR_clear_error();
    return status;
}

static pthread_once_t provider_once = PTHREAD_ONCE_INIT;
static bool has_provider;

/* This process reads no openssl.cnf, so what that would activate is loaded by name; and
 * then OpenSSL's own is no longer there by itself. */
static void load_provider(void)
{
    /* In this order: where the first is not there, nothing has been changed, and OpenSSL
     * 3.0 leaks what it made for it once another provider is loaded. */
    has_provider = OSSL_PROVIDER_load(NULL, "pkcs11") != NULL &&
                   OSSL_PROVIDER_load(NULL, "default") != NULL;
}

static void take_object(struct ot_client_cert *own, OSSL_STORE_INFO *info, bool is_key)
{
    if (is_key && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
        own->key = OSSL_STORE_INFO_get1_PKEY(info);
    if (!is_key && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_CERT)
        own->cert = OSSL_STORE_INFO_get1_CERT(info);
}

static enum ot_status read_token(struct ot_client_cert *own, const char *uri, bool is_key,
                                 struct ot_error *err)
{
    OSSL_STORE_CTX *store;

    pthread_once(&provider_once, load_provider);
    if (!has_provider)
        return ot_error_set(err, OT_E_CONFIG,
                            "OpenSSL has no provider for PKCS #11 here (the module "
                            "pkcs11.so): install one, or name a PEM file");
    store = OSSL_STORE_open(uri, NULL, NULL, NULL, NULL);
    if (store != NULL)
        OSSL_STORE_expect(store, is_key ? OSSL_STORE_INFO_PKEY : OSSL_STORE_INFO_CERT);
    while (store != NULL && !OSSL_STORE_eof(store) &&
           (is_key ? own->key == NULL : own->cert == NULL)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);

        if (info == NULL)
            break;
        take_object(own, info, is_key);
        OSSL_STORE_INFO_free(info);
    }
    OSSL_STORE_close(store);
    ERR_clear_error();
    if (is_key ? own->key != NULL : own->cert != NULL)
        return OT_OK;
    return ot_error_set(err, OT_E_CONFIG, "the token has no %s under this URI%s",
                        is_key ? "private key" : "certificate",
                        is_key ? ", or wants a PIN (pin-source=file:…)" : "");
}

enum ot_status ot_client_cert_load(struct ot_client_cert *out,
                                   const struct ot_source *source, struct ot_error *err)
{
    const char *cert = source->client_cert;
    const char *key = source->client_key != NULL ? source->client_key : cert;
    const char *what = "client_cert";
    enum ot_status status;

    if (cert == NULL && key == NULL)
        return OT_OK;
    if (cert == NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "client_key of the source %s needs a client_cert beside it",
                            source->name);
    status = is_token_uri(cert) ? read_token(out, cert, false, err)
                                : read_client_certs(out, cert, err);
    if (status == OT_OK) {
        what = source->client_key != NULL ? "client_key" : "client_cert";
        status = is_token_uri(key) ? read_token(out, key, true, err)
                                   : read_client_key(out, key, err);
    }
    if (status == OT_OK && X509_check_private_key(out->cert, out->key) != 1) {
        ERR_clear_error();
        status = ot_error_set(err, OT_E_CONFIG, "it is not the key of client_cert");
    }
    if (status != OT_OK)
        ot_error_prefix(err, "%s of the source %s", what, source->name);
    return status;
}

void ot_client_cert_clear(struct ot_client_cert *own)
{
    X509_free(own->cert);
    sk_X509_pop_free(own->chain, X509_free);
    EVP_PKEY_free(own->key);
    *own = (struct ot_client_cert){0};
}

bool ot_client_cert_use(const struct ot_client_cert *own, SSL_CTX *context)
{
    return own->cert == NULL ||
           SSL_CTX_use_cert_and_key(context, own->cert, own->key, own->chain, 1) == 1;
}

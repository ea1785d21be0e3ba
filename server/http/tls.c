#include "http/tls.h"

#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "files/plain_file.h"
#include "shared/private_file.h"

/* A long chain, or a key with remarks around it. */
#define FILE_MAX (256u * 1024)

/* Up to FILE_MAX bytes and a terminator into text. */
static enum ot_status read_stream(char *text, FILE *file, const char *path,
                                  const char *what, struct ot_error *err)
{
    size_t len = fread(text, 1, FILE_MAX + 1, file);

    if (ferror(file))
        return ot_error_errno(err, OT_E_CONFIG, errno, "cannot read the TLS %s %s", what,
                              path);
    if (len > FILE_MAX)
        return ot_error_set(err, OT_E_CONFIG, "the TLS %s %s is larger than %u bytes",
                            what, path, FILE_MAX);
    text[len] = '\0';
    return OT_OK;
}

/* The caller wipes and frees *out, and has file closed here. */
static enum ot_status read_whole(char **out, FILE *file, const char *path,
                                 const char *what, struct ot_error *err)
{
    enum ot_status status;

    if (file == NULL)
        return ot_error_errno(err, OT_E_CONFIG, errno, "cannot read the TLS %s %s", what,
                              path);
    *out = calloc(1, FILE_MAX + 1);
    status =
        *out != NULL ? read_stream(*out, file, path, what, err) : ot_error_nomem(err);
    fclose(file);
    return status;
}

/* A pipe that nobody writes to must not hold up the server, which reads it again. */
static enum ot_status read_cert(char **out, const char *path, struct ot_error *err)
{
    FILE *file = ot_plain_open(path);

    if (file == NULL && errno == ENXIO)
        return ot_error_set(err, OT_E_CONFIG,
                            "the TLS certificate %s is not a regular file: name another",
                            path);
    return read_whole(out, file, path, "certificate", err);
}

static enum ot_status read_key(char **out, const char *path, struct ot_error *err)
{
    int fd;
    enum ot_status status = ot_private_key(&fd, path, err);

    return status == OT_OK ? read_whole(out, fdopen(fd, "r"), path, "key", err) : status;
}

/* Nobody can type one in here. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static enum ot_status read_end(struct ot_tls *tls, const X509 *cert, const char *path,
                               struct ot_error *err)
{
    struct tm utc;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &utc) != 1)
        return ot_error_set(err, OT_E_CONFIG,
                            "the TLS certificate %s has no readable end of validity",
                            path);
    tls->ends_at = timegm(&utc);
    return OT_OK;
}

static enum ot_status check_pair(struct ot_tls *tls, const char *cert_path,
                                 const char *key_path, struct ot_error *err)
{
    BIO *cert_bio = BIO_new_mem_buf(tls->cert, -1);
    BIO *key_bio = BIO_new_mem_buf(tls->key, -1);
    X509 *cert = cert_bio ? PEM_read_bio_X509(cert_bio, NULL, NULL, NULL) : NULL;
    EVP_PKEY *key =
        key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, no_passphrase, NULL) : NULL;
    enum ot_status status = OT_OK;

    if (cert == NULL)
        status =
            ot_error_set(err, OT_E_CONFIG,
                         "the TLS certificate %s holds no certificate in PEM", cert_path);
    else if (key == NULL)
        status = ot_error_set(err, OT_E_CONFIG,
                              "the TLS key %s holds no private key in PEM without a "
                              "passphrase",
                              key_path);
    else if (X509_check_private_key(cert, key) != 1)
        status =
            ot_error_set(err, OT_E_CONFIG,
                         "the TLS key %s is not the key of the certificate %s, which "
                         "must come first in its file",
                         key_path, cert_path);
    else
        status = read_end(tls, cert, cert_path, err);
    ERR_clear_error();
    EVP_PKEY_free(key);
    X509_free(cert);
    BIO_free(key_bio);
    BIO_free(cert_bio);
    return status;
}

enum ot_status ot_tls_load(struct ot_tls *tls, const char *cert_path,
                           const char *key_path, struct ot_error *err)
{
    enum ot_status status = read_cert(&tls->cert, cert_path, err);

    if (status == OT_OK)
        status = read_key(&tls->key, key_path, err);
    if (status == OT_OK)
        status = check_pair(tls, cert_path, key_path, err);
    if (status != OT_OK)
        ot_tls_clear(tls);
    return status;
}

void ot_tls_clear(struct ot_tls *tls)
{
    if (tls->key != NULL)
        OPENSSL_cleanse(tls->key, strlen(tls->key));
    free(tls->key);
    free(tls->cert);
    *tls = (struct ot_tls){.cert = NULL};
}

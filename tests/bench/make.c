/* Makes a machine with so many anchors, in every form that a peer reads.
 *
 *   bench_make COUNT DIRECTORY KIND     with ORGTRUST_CONF for the snapshot of `default`
 *
 * DIRECTORY (which is there) gets bundle.pem, hashed/ (as `openssl rehash` names files),
 * leaf.pem and leaf.key (a server), anchor.pem (the one in the middle, which vouches for
 * it), and the cache of the configuration gets the snapshot. All anchors share one key,
 * KIND ec (P-256) or rsa (2048 bits): making them is cheap, and to a reader they cost
 * what others do. The key of rsa is the same each time, and so are these anchors and
 * their snapshot, but for its time, to the byte: an RSA signature has nothing random. */
#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/span.h"
#include "bench.h"
#include "cert/cert.h"
#include "certs.h"
#include "config/config.h"
#include "config/source_path.h"
#include "files/path.h"
#include "snapshot/record.h"
#include "sync/snapshot_write.h"

#define NAME_LEN 32
#define NAME_FORMAT "Anchor %06u" /* the subject's, and the one in the organization */

/* The files are made once; wires.py tells the server the same. */
#define VALID_FROM "20240101000000Z"
#define VALID_TO "20440101000000Z"

struct anchors {
    const char *directory;
    unsigned count;
    struct ot_record *records;
    struct ot_cert **certs;
    char (*ids)[NAME_LEN], (*names)[NAME_LEN];
    FILE *bundle;
};

static EVP_PKEY *anchor_key;

static void write_pem(X509 *x509, const char *path)
{
    FILE *file = fopen(path, "w");

    bench_must(file != NULL && PEM_write_X509(file, x509) == 1 && fclose(file) == 0,
               "cannot write", path);
}

/* HASH.N with the first N that is free. */
static void add_to_hashed(struct anchors *anchors, X509 *x509)
{
    unsigned long hash = X509_NAME_hash_ex(X509_get_subject_name(x509), NULL, NULL, NULL);
    struct stat st;
    char *path;
    unsigned n;

    for (n = 0;; n++) {
        bench_must(asprintf(&path, "%s/hashed/%08lx.%u", anchors->directory, hash, n) > 0,
                   "no memory", "hashed");
        if (stat(path, &st) != 0 && errno == ENOENT)
            break;
        free(path);
    }
    write_pem(x509, path);
    free(path);
}

static void add_record(struct anchors *anchors, unsigned i, X509 *x509)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_record *record = &anchors->records[i];
    unsigned char *der = NULL;
    int len = i2d_X509(x509, &der);

    bench_must(len > 0 &&
                   ot_cert_parse(&anchors->certs[i], der, (size_t)len, &err) == OT_OK,
               "cannot parse", err.message);
    ot_cert_fill(anchors->certs[i], record);
    record->flags |= OT_RECORD_ACTIVE;
    record->created_at = i;
    snprintf(anchors->ids[i], NAME_LEN, "cert_%024x", i);
    record->field[OT_FIELD_ID] = ot_span_str(anchors->ids[i]);
    snprintf(anchors->names[i], NAME_LEN, NAME_FORMAT, i);
    record->field[OT_FIELD_NAME] = ot_span_str(anchors->names[i]);
    OPENSSL_free(der);
}

static EVP_PKEY *read_key(const char *path)
{
    FILE *file = fopen(path, "r");
    EVP_PKEY *key;

    bench_must(file != NULL, "cannot read", path);
    key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    return key;
}

static X509 *new_anchor(unsigned i)
{
    char cn[NAME_LEN];
    X509 *x509;

    snprintf(cn, sizeof(cn), NAME_FORMAT, i);
    x509 = certs_new(cn, 0x1000 + (long)i);
    bench_must(X509_set_pubkey(x509, anchor_key) == 1, "cannot make", cn);
    /* That of the key which certs_new put in. */
    X509_EXTENSION_free(
        X509_delete_ext(x509, X509_get_ext_by_NID(x509, NID_subject_key_identifier, -1)));
    certs_add_ext(x509, NID_subject_key_identifier, "hash");
    certs_add_ext(x509, NID_key_usage, "critical,keyCertSign,cRLSign");
    certs_set_validity(x509, VALID_FROM, VALID_TO);
    bench_must(X509_sign(x509, anchor_key, EVP_sha256()) > 0, "cannot make", cn);
    return x509;
}

static void make_leaf(struct anchors *anchors)
{
    X509 *leaf = certs_new("localhost", 1), *issuer = new_anchor(anchors->count / 2);
    char *path = bench_path(anchors->directory, "leaf.pem");
    char *anchor = bench_path(anchors->directory, "anchor.pem");
    char *key = bench_path(anchors->directory, "leaf.key");
    FILE *file = fopen(key, "w");

    bench_must(X509_set_issuer_name(leaf, X509_get_subject_name(issuer)) == 1, "issuer",
               path);
    X509_delete_ext(leaf, X509_get_ext_by_NID(leaf, NID_basic_constraints, -1));
    X509_delete_ext(leaf, X509_get_ext_by_NID(leaf, NID_subject_key_identifier, -1));
    certs_add_ext(leaf, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    certs_add_ext(leaf, NID_ext_key_usage, "serverAuth");
    certs_add_ext(leaf, NID_key_usage, "critical,digitalSignature");
    certs_set_validity(leaf, VALID_FROM, VALID_TO);
    bench_must(X509_sign(leaf, anchor_key, EVP_sha256()) > 0, "cannot sign", path);
    write_pem(leaf, path);
    write_pem(issuer, anchor);
    bench_must(file != NULL &&
                   PEM_write_PrivateKey(file, certs_key(), NULL, NULL, 0, NULL, NULL) ==
                       1 &&
                   fclose(file) == 0,
               "cannot write", key);
    X509_free(issuer);
    X509_free(leaf);
    free(path);
    free(anchor);
    free(key);
}

static void make_anchors(struct anchors *anchors)
{
    unsigned i;

    for (i = 0; i < anchors->count; i++) {
        X509 *x509 = new_anchor(i);

        bench_must(PEM_write_X509(anchors->bundle, x509) == 1, "cannot write",
                   anchors->directory);
        add_to_hashed(anchors, x509);
        add_record(anchors, i, x509);
        X509_free(x509);
    }
}

static void write_snapshot(const struct anchors *anchors)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config = NULL;
    const struct ot_source *source;
    char path[PATH_MAX];
    char *scope;

    bench_must(ot_config_load(&config, &err) == OT_OK &&
                   ot_config_find(config, NULL, &source, &err) == OT_OK &&
                   ot_source_path(path, source, OT_SOURCE_SNAPSHOT, &err) == OT_OK,
               "no snapshot", err.message);
    scope = ot_source_scope(source);
    bench_must(scope != NULL &&
                   ot_snapshot_write(path, scope, 0, anchors->records, anchors->count,
                                     (int64_t)time(NULL), &err) == OT_OK,
               "no snapshot", err.message);
    free(scope);
    ot_config_free(config);
}

int main(int argc, char **argv)
{
    struct anchors anchors = {0};
    char *bundle, *hashed;
    unsigned i;

    bench_must(argc == 4, "usage", "bench_make COUNT DIRECTORY KIND");
    anchors.count = bench_number(argv[1]);
    anchor_key =
        strcmp(argv[3], "rsa") == 0 ? read_key(BENCH_RSA_KEY) : EVP_EC_gen("P-256");
    bench_must(anchor_key != NULL, "no key", argv[3]);
    anchors.directory = argv[2];
    anchors.records = calloc(anchors.count, sizeof(*anchors.records));
    anchors.certs = calloc(anchors.count, sizeof(struct ot_cert *));
    anchors.ids = calloc(anchors.count, sizeof(*anchors.ids));
    anchors.names = calloc(anchors.count, sizeof(*anchors.names));
    bench_must(anchors.records != NULL && anchors.certs != NULL && anchors.ids != NULL &&
                   anchors.names != NULL,
               "no memory", argv[1]);
    bundle = bench_path(argv[2], "bundle.pem");
    hashed = bench_path(argv[2], "hashed");
    anchors.bundle = fopen(bundle, "w");
    bench_must(anchors.bundle != NULL && mkdir(hashed, 0755) == 0, "cannot make", hashed);
    make_anchors(&anchors);
    bench_must(fclose(anchors.bundle) == 0, "cannot write", bundle);
    make_leaf(&anchors);
    write_snapshot(&anchors);
    for (i = 0; i < anchors.count; i++)
        ot_cert_free(anchors.certs[i]);
    free(anchors.records);
    free(anchors.certs);
    free(anchors.ids);
    free(anchors.names);
    free(bundle);
    free(hashed);
    EVP_PKEY_free(anchor_key);
    return 0;
}

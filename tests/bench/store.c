/* The provider under X509_STORE, beside what a program would otherwise have there.
 *
 *   bench_store WORK ROUNDS SIDE DIRECTORY
 *
 * WORK  absent   look-ups of subjects that are not there: the provider, a hashed
 * directory present  first look-ups of subjects that are there: the same two first    a
 * store made, and a chain verified with it: the same two, a PEM bundle fresh    the same
 * in a library context of its own, into which the provider is loaded: the provider, a PEM
 * bundle SIDE  orgtrust, hashed, bundle, or all. DIRECTORY is bench_make's; OPENSSL_CONF
 * loads the provider. */
#include <openssl/store.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define URI "orgtrust:///"
#define BATCH 100u

struct way {
    const char *hashed, *bundle, *uri; /* one of them */
    const char *subject_of;            /* what the names are taken from: a bundle */
    X509 *leaf;
    OSSL_LIB_CTX *library;
    X509_NAME *names[BATCH];
    unsigned names_count, repeat;
    X509_STORE *store;
};

static void open_store(void *arg)
{
    struct way *way = arg;
    int ok;

    way->store = X509_STORE_new();
    bench_must(way->store != NULL, "no memory", "X509_STORE");
    if (way->hashed != NULL)
        ok = X509_STORE_load_path(way->store, way->hashed);
    else if (way->bundle != NULL)
        ok = X509_STORE_load_file_ex(way->store, way->bundle, way->library, NULL);
    else
        ok = X509_STORE_load_store_ex(way->store, way->uri, way->library, NULL);
    bench_must(ok == 1, "cannot load", way->uri != NULL ? way->uri : "the files");
}

static void close_store(void *arg)
{
    struct way *way = arg;

    X509_STORE_free(way->store);
    way->store = NULL;
}

static unsigned look_up_each(struct way *way)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    unsigned i, found = 0;

    bench_must(ctx != NULL && X509_STORE_CTX_init(ctx, way->store, NULL, NULL) == 1,
               "no memory", "X509_STORE_CTX");
    for (i = 0; i < way->names_count; i++) {
        X509_OBJECT *object =
            X509_STORE_CTX_get_obj_by_subject(ctx, X509_LU_X509, way->names[i]);

        found += object != NULL;
        X509_OBJECT_free(object);
    }
    X509_STORE_CTX_free(ctx);
    return found;
}

static void look_up_absent(void *arg)
{
    struct way *way = arg;
    unsigned i;

    for (i = 0; i < way->repeat; i++)
        bench_must(look_up_each(way) == 0, "found what is absent", URI);
}

static void look_up_present(void *arg)
{
    struct way *way = arg;

    bench_must(look_up_each(way) == way->names_count, "not found", "an anchor");
}

static void verify_leaf(struct way *way)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(way->library, NULL);

    bench_must(ctx != NULL && X509_STORE_CTX_init(ctx, way->store, way->leaf, NULL) == 1,
               "no memory", "X509_STORE_CTX");
    bench_must(X509_verify_cert(ctx) == 1, "not believed",
               X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    X509_STORE_CTX_free(ctx);
}

static void verify_first(void *arg)
{
    struct way *way = arg;
    unsigned i;

    for (i = 0; i < way->repeat; i++) {
        open_store(way);
        verify_leaf(way);
        close_store(way);
    }
}

static void verify_fresh(void *arg)
{
    struct way *way = arg;

    way->library = OSSL_LIB_CTX_new();
    bench_must(way->library != NULL, "no library context", "");
    if (way->uri != NULL)
        bench_must(OSSL_LIB_CTX_load_config(way->library, getenv("OPENSSL_CONF")) == 1,
                   "no provider", "OPENSSL_CONF");
    open_store(way);
    verify_leaf(way);
    close_store(way);
    OSSL_LIB_CTX_free(way->library);
    way->library = NULL;
}

static void take_names(struct way *way, int absent)
{
    X509 *certs[BATCH];
    unsigned i;

    way->names_count = bench_read_certs(way->subject_of, certs, BATCH);
    for (i = 0; i < way->names_count; i++) {
        way->names[i] = X509_NAME_dup(X509_get_subject_name(certs[i]));
        if (absent)
            bench_must(X509_NAME_add_entry_by_txt(way->names[i], "O", MBSTRING_ASC,
                                                  (const unsigned char *)"Absent", -1, -1,
                                                  0),
                       "no memory", "a name");
        X509_free(certs[i]);
    }
}

static void free_names(struct way *way)
{
    unsigned i;

    for (i = 0; i < way->names_count; i++)
        X509_NAME_free(way->names[i]);
    way->names_count = 0;
}

static void run_lookups(struct way ways[3], int absent, unsigned rounds, const char *only)
{
    void (*work)(void *) = absent ? look_up_absent : look_up_present;
    struct bench_side sides[] = {
        {.name = "orgtrust", open_store, work, close_store, &ways[0]},
        {.name = "hashed", open_store, work, close_store, &ways[1]},
    };
    unsigned i;

    for (i = 0; i < 2; i++) {
        take_names(&ways[i], absent);
        ways[i].repeat = absent ? 10 : 1;
        sides[i].operations = ways[i].names_count * ways[i].repeat;
    }
    bench_run(sides, 2, rounds, only);
    for (i = 0; i < 2; i++)
        free_names(&ways[i]);
}

static void run_first(struct way ways[3], unsigned rounds, const char *only)
{
    const char *const names[] = {"orgtrust", "hashed", "bundle"};
    struct bench_side sides[3] = {0};
    unsigned i;

    for (i = 0; i < 3; i++) {
        /* A bundle takes long enough alone. */
        ways[i].repeat = ways[i].bundle != NULL ? 1 : 50;
        sides[i] = (struct bench_side){.name = names[i],
                                       .work = verify_first,
                                       .arg = &ways[i],
                                       .operations = ways[i].repeat};
    }
    bench_run(sides, 3, rounds, only);
}

static void run_fresh(struct way ways[3], unsigned rounds, const char *only)
{
    const struct bench_side sides[] = {
        {.name = "orgtrust", .work = verify_fresh, .arg = &ways[0], .operations = 1},
        {.name = "bundle", .work = verify_fresh, .arg = &ways[2], .operations = 1},
    };

    bench_run(sides, 2, rounds, only);
}

int main(int argc, char **argv)
{
    struct way ways[3] = {0};
    char *hashed, *bundle, *leaf;
    unsigned rounds, i;

    bench_must(argc == 5, "usage", "bench_store WORK ROUNDS SIDE DIRECTORY");
    rounds = bench_number(argv[2]);
    hashed = bench_path(argv[4], "hashed");
    bundle = bench_path(argv[4], "bundle.pem");
    leaf = bench_path(argv[4], "leaf.pem");
    ways[0].uri = URI;
    ways[1].hashed = hashed;
    ways[2].bundle = bundle;
    for (i = 0; i < 3; i++) {
        ways[i].subject_of = bundle;
        ways[i].leaf = bench_read_cert(leaf);
    }
    if (strcmp(argv[1], "absent") == 0 || strcmp(argv[1], "present") == 0)
        run_lookups(ways, argv[1][0] == 'a', rounds, argv[3]);
    else if (strcmp(argv[1], "first") == 0)
        run_first(ways, rounds, argv[3]);
    else if (strcmp(argv[1], "fresh") == 0)
        run_fresh(ways, rounds, argv[3]);
    else
        bench_must(0, "no such work", argv[1]);
    for (i = 0; i < 3; i++)
        X509_free(ways[i].leaf);
    free(hashed);
    free(bundle);
    free(leaf);
    return 0;
}

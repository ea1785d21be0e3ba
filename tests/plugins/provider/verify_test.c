/* Verifying with nothing but the organization's anchors: X509_STORE and real TLS. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

#include "certs.h"
#include "unit.h"
#include "world.h"

#define URI "orgtrust:///"
#define ISSUER_UNKNOWN X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY

static OSSL_LIB_CTX *fresh(const char *config)
{
    world_configure(config);
    return world_context();
}

static X509 *leaf_of(const char *issuer)
{
    return world_sign(world_leaf(issuer, "leaf.example"));
}

static void write_one(const char *cn, bool active)
{
    struct world_cert one = {"cert_1", NULL, world_ca(cn), active};

    world_write("default", &one, 1, AGE_FRESH);
}

static void only_the_organizations_anchors_count(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    X509 *known = leaf_of("CN=Anchor"), *other = leaf_of("CN=Stranger");

    write_one("Anchor", true);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, known, 0), X509_V_OK);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, known, X509_PURPOSE_SSL_SERVER), X509_V_OK);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, other, 0), ISSUER_UNKNOWN);
    CU_ASSERT_EQUAL(world_verify(libctx, URI "cert_1", known, 0), X509_V_OK);
    CU_ASSERT_EQUAL(world_verify(libctx, URI "cert_2", known, 0), ISSUER_UNKNOWN);
    CU_ASSERT_EQUAL(ERR_peek_error(), 0);
    X509_free(known);
    X509_free(other);
    world_context_free(libctx);
}

static void names_of_other_string_types_chain(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    X509 *leaf = world_leaf("CN=Anchor", "leaf");
    X509_NAME *name = world_name("CN= ANCHOR", V_ASN1_PRINTABLESTRING);

    X509_set_issuer_name(leaf, name);
    X509_NAME_free(name);
    write_one("Anchor", true);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, world_sign(leaf), 0), X509_V_OK);
    X509_free(leaf);
    world_context_free(libctx);
}

static void purposes_limit_an_anchor(void)
{
    OSSL_LIB_CTX *libctx = fresh("purposes = client\n");
    X509 *leaf = leaf_of("CN=Anchor");

    write_one("Anchor", true);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, leaf, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, leaf, X509_PURPOSE_SSL_SERVER),
                    X509_V_ERR_CERT_REJECTED);
    world_context_free(libctx);
    libctx = fresh("purposes = server, email\n");
    CU_ASSERT_EQUAL(world_verify(libctx, URI, leaf, X509_PURPOSE_SSL_SERVER), X509_V_OK);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, leaf, X509_PURPOSE_SSL_CLIENT),
                    X509_V_ERR_CERT_REJECTED);
    X509_free(leaf);
    world_context_free(libctx);
}

static void an_inactive_certificate_is_never_an_anchor(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    X509 *leaf = leaf_of("CN=Anchor");

    write_one("Anchor", false);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, leaf, 0), ISSUER_UNKNOWN);
    CU_ASSERT_EQUAL(world_walk(libctx, URI "?state=all", 0, NULL)->count, 1);
    CU_ASSERT_EQUAL(world_verify(libctx, URI "?state=all", leaf, 0),
                    X509_V_ERR_CERT_REJECTED);
    CU_ASSERT_EQUAL(world_verify(libctx, URI "?state=all", leaf, X509_PURPOSE_SSL_SERVER),
                    X509_V_ERR_CERT_REJECTED);
    CU_ASSERT_EQUAL(
        world_verify(libctx, URI "?state=inactive", leaf, X509_PURPOSE_SSL_CLIENT),
        X509_V_ERR_CERT_REJECTED);
    X509_free(leaf);
    world_context_free(libctx);
}

static void fault_20_expired_and_not_ca(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    struct world_cert certs[] = {
        {"cert_1", NULL, world_ca("Expired"), true},
        {"cert_2", NULL, world_ca("Early"), true},
        {"cert_3", NULL, world_leaf("CN=Not A CA", "Not A CA"), true},
    };
    X509 *expired = leaf_of("CN=Expired"), *early = leaf_of("CN=Early");
    X509 *delegated = leaf_of("CN=Not A CA");

    certs_set_validity(certs[0].x509, "20100101000000Z", "20110101000000Z");
    certs_set_validity(certs[1].x509, "20500101000000Z", "20600101000000Z");
    world_write("default", certs, 3, AGE_FRESH);
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 5, NULL)->count, 3);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, expired, 0), X509_V_ERR_CERT_HAS_EXPIRED);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, early, 0), X509_V_ERR_CERT_NOT_YET_VALID);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, delegated, 0), X509_V_ERR_INVALID_CA);
    X509_free(expired);
    X509_free(early);
    X509_free(delegated);
    world_context_free(libctx);
}

static void the_valid_one_of_a_subject_is_used(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    struct world_cert certs[] = {
        {"cert_1", NULL, world_ca("Renewed"), true},
        {"cert_2", NULL, world_ca("Renewed"), true},
        {"cert_3", NULL, world_ca("Renewed"), true},
    };
    X509 *leaf = leaf_of("CN=Renewed");

    certs_set_validity(certs[0].x509, "20100101000000Z", "20110101000000Z");
    certs_set_validity(certs[2].x509, "20500101000000Z", "20600101000000Z");
    world_write("default", certs, 3, AGE_FRESH);
    CU_ASSERT_EQUAL(world_verify(libctx, URI, leaf, X509_PURPOSE_SSL_SERVER), X509_V_OK);
    X509_free(leaf);
    world_context_free(libctx);
}

static void nothing_usable_is_silent(void)
{
    static const char *const broken[] = {"no such key = 1\n", "purposes = everything\n"};
    OSSL_LIB_CTX *libctx = fresh("");
    X509 *leaf = leaf_of("CN=Anchor");
    size_t i;

    unlink(world_path("default", "snapshot"));
    CU_ASSERT_EQUAL(world_verify(libctx, URI, leaf, 0), ISSUER_UNKNOWN);
    CU_ASSERT_EQUAL(ERR_peek_error(), 0);
    world_context_free(libctx);
    for (i = 0; i < 2; i++) {
        libctx = fresh(broken[i]);
        CU_ASSERT_EQUAL(world_verify(libctx, URI, leaf, 0), ISSUER_UNKNOWN);
        CU_ASSERT_EQUAL(ERR_peek_error(), 0);
        world_context_free(libctx);
    }
    X509_free(leaf);
}

/* One TLS handshake in memory. Returns the client's verify result; -1: the handshake
 * failed for another reason. */
static long handshake(SSL_CTX *client_ctx, X509 *leaf)
{
    SSL_CTX *server_ctx = SSL_CTX_new(TLS_server_method());
    SSL *client = SSL_new(client_ctx), *server;
    BIO *a, *b;
    long result;
    int i, done = 0;

    SSL_CTX_use_certificate(server_ctx, leaf);
    SSL_CTX_use_PrivateKey(server_ctx, certs_key());
    server = SSL_new(server_ctx);
    BIO_new_bio_pair(&a, 0, &b, 0);
    SSL_set_bio(client, a, a);
    SSL_set_bio(server, b, b);
    ERR_clear_error();
    for (i = 0; i < 20 && !done; i++) {
        int c = SSL_connect(client);

        if (c != 1 && SSL_get_error(client, c) != SSL_ERROR_WANT_READ)
            break;
        done = SSL_accept(server) == 1 && c == 1;
    }
    result = SSL_get_verify_result(client);
    if (!done && result == X509_V_OK)
        result = -1;
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(server_ctx);
    return result;
}

static SSL_CTX *client_of(OSSL_LIB_CTX *libctx, const char *uri)
{
    SSL_CTX *ctx = SSL_CTX_new_ex(libctx, NULL, TLS_client_method());

    CU_ASSERT_PTR_NOT_NULL_FATAL(ctx);
    CU_ASSERT_EQUAL(SSL_CTX_load_verify_store(ctx, uri), 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return ctx;
}

static void tls_with_an_anchor_leaves_no_error(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    X509 *known = leaf_of("CN=Anchor"), *other = leaf_of("CN=Stranger");
    SSL_CTX *ctx;

    write_one("Anchor", true);
    ctx = client_of(libctx, URI);
    CU_ASSERT_EQUAL(handshake(ctx, known), X509_V_OK);
    CU_ASSERT_EQUAL(ERR_peek_error(), 0);
    CU_ASSERT_EQUAL(handshake(ctx, other), ISSUER_UNKNOWN);
    CU_ASSERT_EQUAL(handshake(ctx, known), X509_V_OK);
    CU_ASSERT_EQUAL(ERR_peek_error(), 0);
    SSL_CTX_free(ctx);
    X509_free(known);
    X509_free(other);
    world_context_free(libctx);
}

/* Additions reach a running program, removals its next
 * SSL_CTX. */
static void changes_reach_a_running_program(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    X509 *first = leaf_of("CN=First"), *second = leaf_of("CN=Second");
    SSL_CTX *ctx, *next;

    unlink(world_path("default", "snapshot"));
    ctx = client_of(libctx, URI); /* succeeds on an empty cache */
    CU_ASSERT_EQUAL(handshake(ctx, first), ISSUER_UNKNOWN);
    write_one("First", true);
    CU_ASSERT_EQUAL(handshake(ctx, first), X509_V_OK);
    CU_ASSERT_EQUAL(handshake(ctx, second), ISSUER_UNKNOWN);
    write_one("Second", true);
    CU_ASSERT_EQUAL(handshake(ctx, second), X509_V_OK);
    CU_ASSERT_EQUAL(handshake(ctx, first), X509_V_OK); /* kept by its X509_STORE */
    next = client_of(libctx, URI);
    CU_ASSERT_EQUAL(handshake(next, first), ISSUER_UNKNOWN);
    CU_ASSERT_EQUAL(handshake(next, second), X509_V_OK);
    SSL_CTX_free(next);
    SSL_CTX_free(ctx);
    X509_free(first);
    X509_free(second);
    world_context_free(libctx);
}

/* What a server names as acceptable issuers of client certificates. */
static void client_ca_names_come_from_the_store(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();

    world_write_roots("default", "Root", 3);
    /* Takes the default library context's providers: none of ours there. */
    CU_ASSERT_EQUAL(SSL_add_store_cert_subjects_to_stack(names, URI), 0);
    ERR_clear_error();
    OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(libctx);
    CU_ASSERT_EQUAL(SSL_add_store_cert_subjects_to_stack(names, URI), 1);
    OSSL_LIB_CTX_set0_default(before);
    CU_ASSERT_EQUAL(sk_X509_NAME_num(names), 3);
    CU_ASSERT_EQUAL(ERR_peek_error(), 0);
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    world_context_free(libctx);
}

static const struct unit_case cases[] = {
    {"only the organization's anchors count", only_the_organizations_anchors_count},
    {"names of other string types chain", names_of_other_string_types_chain},
    {"purposes limit an anchor", purposes_limit_an_anchor},
    {"an inactive certificate is never an anchor",
     an_inactive_certificate_is_never_an_anchor},
    {"fault_20_expired, early and not a CA", fault_20_expired_and_not_ca},
    {"the valid one of a subject is used", the_valid_one_of_a_subject_is_used},
    {"nothing usable is silent", nothing_usable_is_silent},
    {"TLS with an anchor leaves no error", tls_with_an_anchor_leaves_no_error},
    {"changes reach a running program", changes_reach_a_running_program},
    {"client CA names come from the store", client_ca_names_come_from_the_store},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("provider verification", cases, argc, argv);
}

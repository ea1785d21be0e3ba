/* What vouches for one chain, and for how long. */
#include "impact/trust_internal.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "machine/machine_trust.h"
#include "machine/pem_blocks.h"
#include "snapshot/record.h"

/* Names whose certificates are looked for, on the way from a server's chain up. */
#define NAMES_MAX 64

struct machine_certs {
    STACK_OF(X509) * certs;
    OSSL_LIB_CTX *library;
};

static enum ot_status add_machine_cert(void *arg, const char *name, const uint8_t *der,
                                       size_t len, struct ot_error *err)
{
    const struct machine_certs *machine = arg;
    X509 *cert = X509_new_ex(machine->library, NULL);

    if (cert == NULL)
        return ot_error_nomem(err);
    if (strcmp(name, PEM_STRING_X509) == 0 && d2i_X509(&cert, &der, (long)len) != NULL)
        return sk_X509_push(machine->certs, cert) > 0 ? OT_OK : ot_error_nomem(err);
    X509_free(cert); /* what is no certificate vouches for nobody */
    return OT_OK;
}

void ot_trust_machine_clear(struct ot_trust_machine *machine)
{
    sk_X509_free(machine->later);
    sk_X509_pop_free(machine->now, X509_free);
    *machine = (struct ot_trust_machine){NULL, NULL};
}

enum ot_status ot_trust_machine_load(struct ot_trust_machine *out, OSSL_LIB_CTX *library,
                                     struct ot_error *err)
{
    const char *bundle = ot_machine_bundle();
    struct ot_machine_trust trust = {.pem = NULL};
    struct machine_certs machine = {.library = library};
    enum ot_status status = OT_OK;
    BIO *bio = NULL;

    out->now = sk_X509_new_null();
    if (out->now == NULL)
        return ot_error_nomem(err);
    if (bundle == NULL)
        return OT_OK;
    status = ot_machine_trust_load(&trust, bundle, err);
    if (status == OT_OK) {
        bio = trust.pem != NULL ? BIO_new_mem_buf(trust.pem, (int)trust.len)
                                : BIO_new_file(bundle, "re");
        machine.certs = out->now;
        status = bio != NULL ? ot_pem_blocks(bio, add_machine_cert, &machine, err)
                             : ot_error_set(err, OT_E_IO, "cannot read %s", bundle);
    }
    BIO_free(bio);
    ot_machine_trust_clear(&trust);
    ERR_clear_error();
    return status;
}

/* Names that were looked for, and those that are still to be. They lie in certificates.
 */
struct names {
    const X509_NAME *items[NAMES_MAX];
    size_t count;
};

static void add_name(struct names *names, const X509_NAME *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (X509_NAME_cmp(names->items[i], name) == 0)
            return;
    if (names->count < NAMES_MAX)
        names->items[names->count++] = name;
}

static enum ot_status find_named(struct ot_trust_sources *sources, const X509_NAME *name,
                                 struct ot_trust_anchors *anchors, struct ot_error *err)
{
    const unsigned char *der;
    size_t len;

    if (X509_NAME_get0_der(name, &der, &len) != 1)
        return OT_OK;
    return ot_trust_sources_find(sources, ot_span_of(der, len), anchors, err);
}

/* All that could stand above the chain: who has issued what is in it, and who has issued
 * those. */
static enum ot_status gather_above(struct ot_trust_sources *sources,
                                   const STACK_OF(X509) * chain,
                                   struct ot_trust_anchors *anchors, struct ot_error *err)
{
    struct names names = {.count = 0};
    enum ot_status status = OT_OK;

    for (int i = 0; i < sk_X509_num(chain); i++)
        add_name(&names, X509_get_issuer_name(sk_X509_value(chain, i)));
    for (size_t i = 0; status == OT_OK && i < names.count; i++) {
        size_t before = anchors->count;

        status = find_named(sources, names.items[i], anchors, err);
        for (size_t k = before; status == OT_OK && k < anchors->count; k++)
            add_name(&names, X509_get_issuer_name(anchors->items[k].cert));
    }
    return status;
}

/* Which of two sets of anchors counts. */
enum moment { BEFORE, AFTER };

/* Adds those of a place, which stay the anchors'. */
static bool add_trusted(STACK_OF(X509) * trusted, const struct ot_trust_anchors *anchors,
                        uint32_t place, enum moment moment)
{
    for (size_t i = 0; i < anchors->count; i++) {
        const struct ot_trust_anchor *anchor = &anchors->items[i];
        uint32_t where = moment == BEFORE ? anchor->before : anchor->after;

        if ((where & place) != 0 && sk_X509_push(trusted, anchor->cert) <= 0)
            return false;
    }
    return true;
}

/* X509_V_OK, or what is wrong; below zero: it could not be tried. */
static int verify_chain(STACK_OF(X509) * chain, STACK_OF(X509) * trusted,
                        unsigned long flags, OSSL_LIB_CTX *library)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new_ex(library, NULL);
    X509_STORE *none = X509_STORE_new();
    int result = -1;

    if (context != NULL && none != NULL &&
        X509_STORE_CTX_init(context, none, sk_X509_value(chain, 0), chain) == 1 &&
        X509_STORE_CTX_set_default(context, "ssl_server") == 1) {
        X509_STORE_CTX_set0_trusted_stack(context, trusted);
        X509_STORE_CTX_set_flags(context, flags);
        result = X509_verify_cert(context) == 1 ? X509_V_OK
                                                : X509_STORE_CTX_get_error(context);
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(none);
    ERR_clear_error();
    return result;
}

/* What is checked, place by place. */
struct trust_question {
    const struct ot_trust_machine *machine;
    STACK_OF(X509) * chain;
    const struct ot_trust_anchors *anchors;
    OSSL_LIB_CTX *library;
};

static enum ot_status verify_at(const struct trust_question *question, uint32_t place,
                                unsigned long flags, enum moment moment, int *result,
                                struct ot_error *err)
{
    const struct ot_trust_machine *machine = question->machine;
    bool is_later = moment == AFTER && machine->later != NULL;
    STACK_OF(X509) *trusted = sk_X509_dup(is_later ? machine->later : machine->now);

    *result = trusted != NULL && add_trusted(trusted, question->anchors, place, moment)
                  ? verify_chain(question->chain, trusted, flags, question->library)
                  : -1;
    sk_X509_free(trusted);
    return *result >= 0 ? OT_OK : ot_error_nomem(err);
}

static enum ot_status check_place(const struct trust_question *question, uint32_t place,
                                  unsigned long flags, enum ot_trust_verdict *verdict,
                                  int *first_error, struct ot_error *err)
{
    int before, after = X509_V_OK;
    enum ot_status status = verify_at(question, place, flags, BEFORE, &before, err);

    if (status == OT_OK && before == X509_V_OK)
        status = verify_at(question, place, flags, AFTER, &after, err);
    if (status != OT_OK)
        return status;
    if (before != X509_V_OK)
        *first_error = *first_error != X509_V_OK ? *first_error : before;
    else if (after != X509_V_OK)
        *verdict = OT_TRUST_ENDS;
    else if (*verdict == OT_TRUST_NONE)
        *verdict = OT_TRUST_STAYS;
    return OT_OK;
}

enum ot_status ot_trust_check(struct ot_trust_sources *sources,
                              const struct ot_trust_machine *machine,
                              STACK_OF(X509) * chain, OSSL_LIB_CTX *library,
                              enum ot_trust_verdict *verdict, char why[OT_TRUST_WHY_MAX],
                              struct ot_error *err)
{
    static const uint32_t places[] = {OT_RECORD_WITHHELD_FILES, OT_RECORD_WITHHELD_TOKEN,
                                      OT_RECORD_WITHHELD_OPENSSL,
                                      OT_RECORD_WITHHELD_JAVA};
    static const unsigned long modes[] = {X509_V_FLAG_PARTIAL_CHAIN, 0};
    struct ot_trust_anchors anchors = {.items = NULL};
    const struct trust_question question = {machine, chain, &anchors, library};
    enum ot_status status = gather_above(sources, chain, &anchors, err);
    int first_error = X509_V_OK;

    *verdict = OT_TRUST_NONE;
    for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++)
        for (size_t i = 0; status == OT_OK && i < sizeof(places) / sizeof(places[0]) &&
                           *verdict != OT_TRUST_ENDS;
             i++)
            status =
                check_place(&question, places[i], modes[m], verdict, &first_error, err);
    if (anchors.is_cut && *verdict == OT_TRUST_NONE)
        snprintf(why, OT_TRUST_WHY_MAX, "more than %d certificates could stand above it",
                 OT_IMPACT_ANCHORS_MAX);
    else
        snprintf(why, OT_TRUST_WHY_MAX, "%s",
                 *verdict == OT_TRUST_NONE ? X509_verify_cert_error_string(first_error)
                                           : "");
    ot_trust_anchors_clear(&anchors);
    return status;
}

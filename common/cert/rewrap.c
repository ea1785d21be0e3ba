#include "cert/rewrap.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "cert/digest_method_internal.h"
#include "cert/keyless_internal.h"
#include "cert/name_subtree_internal.h"
#include "config/source.h"

/* RFC 5280 §4.1.2.2: at most so many octets, and positive. */
#define SERIAL_LEN 20

/* Nobody has a mailbox there (RFC 2606 §2). To OpenSSL an empty name of a host, or a
 * dot, is no mailbox, where it is every one to others: so all are excluded by permitting
 * and excluding a single host. */
#define NO_HOST "invalid"

/* What is permitted, at most: as many as fit into a certificate where each is as short as
 * may be. Each of its own can meet each limit, and both are many. */
#define SUBTREES_MAX 8192

/* Of what ot_cert_parse has taken, nothing fails but for want of memory. */
static enum ot_status out_of_memory(struct ot_error *err)
{
    ERR_clear_error();
    return ot_error_nomem(err);
}

enum ot_status ot_limits_init(struct ot_limits *limits, const struct ot_source *source,
                              struct ot_error *err)
{
    *limits = (struct ot_limits){.not_after = source->not_after_s};
    return source->names != NULL
               ? ot_name_limits_parse(&limits->names, source->names, err)
               : OT_OK;
}

void ot_limits_clear(struct ot_limits *limits)
{
    ot_name_limits_clear(&limits->names);
}

static int general_type(enum ot_name_kind kind)
{
    if (kind == OT_NAME_ADDRESS)
        return GEN_IPADD;
    return kind == OT_NAME_MAIL ? GEN_EMAIL : GEN_DNS;
}

/* The kind that a subtree is of; OT_NAME_KINDS: none that is limited. */
static enum ot_name_kind kind_of(const GENERAL_SUBTREE *subtree)
{
    enum ot_name_kind kind = OT_NAME_DNS;

    while (kind < OT_NAME_KINDS && general_type(kind) != subtree->base->type)
        kind++;
    return kind;
}

static struct ot_span base_of(const GENERAL_SUBTREE *subtree)
{
    const ASN1_STRING *text = subtree->base->d.ia5;

    return ot_span_of(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
}

static bool push_subtree(STACK_OF(GENERAL_SUBTREE) * *list, enum ot_name_kind kind,
                         struct ot_span base)
{
    GENERAL_SUBTREE *subtree = GENERAL_SUBTREE_new();
    ASN1_STRING *text =
        kind == OT_NAME_ADDRESS ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

    if (*list == NULL)
        *list = sk_GENERAL_SUBTREE_new_null();
    if (subtree == NULL || text == NULL || *list == NULL ||
        ASN1_STRING_set(text, base.data, (int)base.len) != 1 ||
        sk_GENERAL_SUBTREE_push(*list, subtree) == 0) {
        ASN1_STRING_free(text);
        GENERAL_SUBTREE_free(subtree);
        return false;
    }
    GENERAL_NAME_set0_value(subtree->base, general_type(kind), text);
    return true;
}

/* Whether they can be kept, or met with ours. */
static enum ot_status check_subtrees(const STACK_OF(GENERAL_SUBTREE) * list,
                                     struct ot_error *err)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(list); i++) {
        const GENERAL_SUBTREE *subtree = sk_GENERAL_SUBTREE_value(list, i);
        enum ot_name_kind kind = kind_of(subtree);

        if ((subtree->minimum != NULL && ASN1_INTEGER_get(subtree->minimum) != 0) ||
            subtree->maximum != NULL)
            return ot_error_set(
                err, OT_E_PROTOCOL,
                "a name constraint of its own has a minimum or a maximum");
        if (kind != OT_NAME_KINDS && !ot_subtree_is_good(kind, base_of(subtree)))
            return ot_error_set(err, OT_E_PROTOCOL,
                                "a name constraint of its own does not mean the same to "
                                "all programs");
    }
    return OT_OK;
}

static bool are_too_many(const STACK_OF(GENERAL_SUBTREE) * list)
{
    return sk_GENERAL_SUBTREE_num(list) > SUBTREES_MAX;
}

/* What the certificate's own and one limit both permit, as far as that is not too much.
 * *is_own is set where it has some of that kind: else the limit alone counts. */
static bool meet_limit(STACK_OF(GENERAL_SUBTREE) * *into,
                       const STACK_OF(GENERAL_SUBTREE) * own,
                       const struct ot_name_limit *limit, bool *is_own)
{
    struct ot_span base = ot_span_of(limit->base, limit->len);
    struct ot_subtree both = {.base = OT_SPAN_ABSENT};

    for (int i = 0; i < sk_GENERAL_SUBTREE_num(own) && !are_too_many(*into); i++) {
        const GENERAL_SUBTREE *subtree = sk_GENERAL_SUBTREE_value(own, i);

        if (kind_of(subtree) != limit->kind)
            continue;
        *is_own = true;
        if (ot_subtree_meet(&both, limit->kind, base_of(subtree), base) &&
            !push_subtree(into, limit->kind, both.base))
            return false;
    }
    return *is_own || push_subtree(into, limit->kind, base);
}

static bool has_block_of(const STACK_OF(GENERAL_SUBTREE) * list, size_t len)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(list); i++) {
        const GENERAL_SUBTREE *subtree = sk_GENERAL_SUBTREE_value(list, i);

        if (kind_of(subtree) == OT_NAME_ADDRESS && base_of(subtree).len == len)
            return true;
    }
    return false;
}

static bool has_kind(const STACK_OF(GENERAL_SUBTREE) * list, enum ot_name_kind kind)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(list); i++)
        if (kind_of(sk_GENERAL_SUBTREE_value(list, i)) == kind)
            return true;
    return false;
}

/* A kind of which nothing is permitted is excluded as a whole. Addresses are two: GnuTLS
 * takes what is permitted of one family to say nothing of the other. */
static bool exclude_others(NAME_CONSTRAINTS *made)
{
    static const uint8_t every_address[32] = {0};
    const struct ot_span nobody = ot_span_str(NO_HOST);
    STACK_OF(GENERAL_SUBTREE) **permitted = &made->permittedSubtrees;
    STACK_OF(GENERAL_SUBTREE) **excluded = &made->excludedSubtrees;

    if (!has_kind(*permitted, OT_NAME_DNS) &&
        !push_subtree(excluded, OT_NAME_DNS, ot_span_of("", 0)))
        return false;
    for (size_t len = 8; len <= 32; len += 24)
        if (!has_block_of(*permitted, len) &&
            !push_subtree(excluded, OT_NAME_ADDRESS, ot_span_of(every_address, len)))
            return false;
    return has_kind(*permitted, OT_NAME_MAIL) ||
           (push_subtree(permitted, OT_NAME_MAIL, nobody) &&
            push_subtree(excluded, OT_NAME_MAIL, nobody));
}

/* What is permitted, or excluded, of other kinds goes over as it is. */
static bool move_subtrees(STACK_OF(GENERAL_SUBTREE) * *into,
                          STACK_OF(GENERAL_SUBTREE) * from, bool every_kind)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(from);) {
        GENERAL_SUBTREE *subtree = sk_GENERAL_SUBTREE_value(from, i);

        if (!every_kind && kind_of(subtree) != OT_NAME_KINDS) {
            i++;
            continue;
        }
        if (*into == NULL)
            *into = sk_GENERAL_SUBTREE_new_null();
        if (*into == NULL || sk_GENERAL_SUBTREE_push(*into, subtree) == 0)
            return false;
        (void)sk_GENERAL_SUBTREE_delete(from, i);
    }
    return true;
}

/* own (NULL: none) is used up. */
static bool fill_constraints(NAME_CONSTRAINTS *made, NAME_CONSTRAINTS *own,
                             const struct ot_name_limits *limits)
{
    STACK_OF(GENERAL_SUBTREE) *permitted = own != NULL ? own->permittedSubtrees : NULL;
    STACK_OF(GENERAL_SUBTREE) *excluded = own != NULL ? own->excludedSubtrees : NULL;
    bool is_own[OT_NAME_KINDS] = {false};

    for (size_t i = 0; i < limits->count; i++)
        if (!meet_limit(&made->permittedSubtrees, permitted, &limits->items[i],
                        &is_own[limits->items[i].kind]))
            return false;
    return move_subtrees(&made->permittedSubtrees, permitted, false) &&
           move_subtrees(&made->excludedSubtrees, excluded, true) && exclude_others(made);
}

/* The constraints that it has itself; *own is NULL where it has none. */
static enum ot_status read_own(NAME_CONSTRAINTS **own, const X509 *x509,
                               struct ot_error *err)
{
    int critical;
    enum ot_status status = OT_OK;

    *own = X509_get_ext_d2i(x509, NID_name_constraints, &critical, NULL);
    if (*own == NULL && critical != -1)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "its own name constraints cannot be made out");
    if (*own == NULL)
        return OT_OK;
    status = check_subtrees((*own)->permittedSubtrees, err);
    return status == OT_OK ? check_subtrees((*own)->excludedSubtrees, err) : status;
}

static enum ot_status put_constraints(X509 *x509, NAME_CONSTRAINTS *made,
                                      struct ot_error *err)
{
    if (are_too_many(made->permittedSubtrees))
        return ot_error_set(err, OT_E_PROTOCOL,
                            "it would permit more than %d subtrees of names",
                            SUBTREES_MAX);
    if (X509_add1_ext_i2d(x509, NID_name_constraints, made, 1, X509V3_ADD_REPLACE) != 1)
        return out_of_memory(err);
    return OT_OK;
}

static enum ot_status constrain_names(X509 *x509, const struct ot_name_limits *limits,
                                      struct ot_error *err)
{
    NAME_CONSTRAINTS *own = NULL, *made = NULL;
    enum ot_status status = OT_OK;

    if (limits->count == 0)
        return OT_OK;
    status = read_own(&own, x509, err);
    if (status == OT_OK) {
        made = NAME_CONSTRAINTS_new();
        if (made == NULL || !fill_constraints(made, own, limits))
            status = out_of_memory(err);
    }
    if (status == OT_OK)
        status = put_constraints(x509, made, err);
    NAME_CONSTRAINTS_free(made);
    NAME_CONSTRAINTS_free(own);
    return status;
}

static enum ot_status shorten_life(X509 *x509, int64_t not_after, struct ot_error *err)
{
    time_t end = (time_t)not_after;
    ASN1_TIME *time;
    int order;

    if (not_after == 0)
        return OT_OK;
    order = ASN1_TIME_cmp_time_t(X509_get0_notAfter(x509), end);
    if (order == -2) /* of a time that is none, ot_cert_parse has told */
        return ot_error_set(err, OT_E_PROTOCOL, "its notAfter is not a time");
    if (order <= 0)
        return OT_OK;
    time = ASN1_TIME_set(NULL, end);
    if (time == NULL || X509_set1_notAfter(x509, time) != 1) {
        ASN1_TIME_free(time);
        return out_of_memory(err);
    }
    ASN1_TIME_free(time);
    return OT_OK;
}

/* Constraints need version 3, in which a CA has to say that it is one. */
static enum ot_status raise_version(X509 *x509, struct ot_error *err)
{
    BASIC_CONSTRAINTS *made;
    bool done;

    if (X509_get_version(x509) == X509_VERSION_3)
        return OT_OK;
    made = BASIC_CONSTRAINTS_new();
    if (made != NULL)
        made->ca = 1;
    done = made != NULL && X509_set_version(x509, X509_VERSION_3) == 1 &&
           X509_add1_ext_i2d(x509, NID_basic_constraints, made, 1,
                             X509V3_ADD_KEEP_EXISTING) >= 0;
    BASIC_CONSTRAINTS_free(made);
    return done ? OT_OK : out_of_memory(err);
}

static bool names_itself_by_serial(const X509 *x509)
{
    AUTHORITY_KEYID *authority =
        X509_get_ext_d2i(x509, NID_authority_key_identifier, NULL, NULL);
    bool same = authority != NULL && authority->serial != NULL &&
                ASN1_INTEGER_cmp(authority->serial, X509_get0_serialNumber(x509)) == 0;

    AUTHORITY_KEYID_free(authority);
    return same;
}

/* SHA-256 over what makes the certificate that is handed out, cut to 159 bits of which
 * the highest is set: positive, as long as may be, and the same on every machine. */
static bool derive_serial(uint8_t serial[SERIAL_LEN], struct ot_span der,
                          const struct ot_limits *limits)
{
    static const char word[] = "orgtrust limits";
    char *names = ot_name_limits_text(&limits->names);
    uint8_t sum[EVP_MAX_MD_SIZE], not_after[8];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *method = ot_digest_method(OT_DIGEST_SHA2_256);
    bool done;

    ot_put_u64(not_after, (uint64_t)limits->not_after);
    done = names != NULL && ctx != NULL && method != NULL &&
           EVP_DigestInit_ex(ctx, method, NULL) == 1 &&
           EVP_DigestUpdate(ctx, word, sizeof(word)) == 1 &&
           EVP_DigestUpdate(ctx, der.data, der.len) == 1 &&
           EVP_DigestUpdate(ctx, not_after, sizeof(not_after)) == 1 &&
           EVP_DigestUpdate(ctx, names, strlen(names)) == 1 &&
           EVP_DigestFinal_ex(ctx, sum, NULL) == 1;

    EVP_MD_CTX_free(ctx);
    free(names);
    if (!done)
        return false;
    memcpy(serial, sum, SERIAL_LEN);
    serial[0] = (serial[0] & 0x7f) | 0x40;
    return true;
}

static enum ot_status change_serial(X509 *x509, struct ot_span der,
                                    const struct ot_limits *limits, struct ot_error *err)
{
    uint8_t serial[SERIAL_LEN];
    ASN1_INTEGER *number;
    bool done;

    if (names_itself_by_serial(x509))
        return OT_OK;
    number = ASN1_INTEGER_new();
    done = number != NULL && derive_serial(serial, der, limits) &&
           ASN1_STRING_set(number, serial, SERIAL_LEN) == 1 &&
           X509_set_serialNumber(x509, number) == 1;
    ASN1_INTEGER_free(number);
    return done ? OT_OK : out_of_memory(err);
}

/* i2d_re_X509_tbs forgets the bytes that were read. */
static enum ot_status encode_made(uint8_t **out, size_t *len, X509 *x509,
                                  struct ot_error *err)
{
    uint8_t *bytes = NULL, *copy;
    int n = i2d_re_X509_tbs(x509, NULL) > 0 ? i2d_X509(x509, &bytes) : -1;

    if (n <= 0)
        return out_of_memory(err);
    if ((unsigned)n > OT_CERT_DER_MAX) {
        OPENSSL_free(bytes);
        return ot_error_set(err, OT_E_PROTOCOL,
                            "it would have %d bytes, more than the %u that a certificate "
                            "may have",
                            n, OT_CERT_DER_MAX);
    }
    copy = malloc((size_t)n);
    if (copy != NULL)
        memcpy(copy, bytes, (size_t)n);
    OPENSSL_free(bytes);
    *out = copy;
    *len = (size_t)n;
    return copy != NULL ? OT_OK : ot_error_nomem(err);
}

enum ot_status ot_rewrap(uint8_t **out, size_t *len, struct ot_span der,
                         const struct ot_limits *limits, struct ot_error *err)
{
    size_t used;
    X509 *x509 = ot_keyless_read(der, &used);
    enum ot_status status = x509 == NULL ? out_of_memory(err) : OT_OK;

    *out = NULL;
    if (status == OT_OK)
        status = raise_version(x509, err);
    if (status == OT_OK)
        status = constrain_names(x509, &limits->names, err);
    if (status == OT_OK)
        status = shorten_life(x509, limits->not_after, err);
    if (status == OT_OK)
        status = change_serial(x509, der, limits, err);
    if (status == OT_OK)
        status = encode_made(out, len, x509, err);
    X509_free(x509);
    ERR_clear_error();
    return status;
}

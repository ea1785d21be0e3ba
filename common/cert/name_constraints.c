#include "cert/name_constraints_internal.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cert/name_subtree_internal.h"
#include "config/name_limits.h"

/* What is permitted, at most: as many as fit into a certificate where each is as short as
 * may be. Each of its own can meet each limit, and both are many. */
#define SUBTREES_MAX 8192

/* Of what ot_cert_parse has taken, nothing fails but for want of memory. */
static enum ot_status out_of_memory(struct ot_error *err)
{
    ERR_clear_error();
    return ot_error_nomem(err);
}

static int general_type(enum ot_name_kind kind)
{
    if (kind == OT_NAME_ADDRESS)
        return GEN_IPADD;
    return kind == OT_NAME_MAIL ? GEN_EMAIL : GEN_DNS;
}

enum ot_name_kind ot_subtree_kind(const GENERAL_SUBTREE *subtree)
{
    enum ot_name_kind kind = OT_NAME_DNS;

    while (kind < OT_NAME_KINDS && general_type(kind) != subtree->base->type)
        kind++;
    return kind;
}

struct ot_span ot_subtree_base(const GENERAL_SUBTREE *subtree)
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

#define SUBTREE_TEXT_MAX 160

/* As OpenSSL's configuration has it: "DNS:.a", "email:b@a", "IP:10.0.0.0/255.0.0.0". */
static void write_subtree(char text[SUBTREE_TEXT_MAX], enum ot_name_kind kind,
                          struct ot_span base)
{
    static const char *const words[] = {
        [OT_NAME_DNS] = "DNS", [OT_NAME_ADDRESS] = "IP", [OT_NAME_MAIL] = "email"};
    const int family = base.len == 8 ? AF_INET : AF_INET6;
    char address[INET6_ADDRSTRLEN], mask[INET6_ADDRSTRLEN];
    size_t at = (size_t)snprintf(text, SUBTREE_TEXT_MAX, "%s:", words[kind]);

    if (kind != OT_NAME_ADDRESS)
        ot_text_escape(text + at, SUBTREE_TEXT_MAX - at, (const char *)base.data,
                       base.len);
    else if (base.len != 8 && base.len != 32)
        snprintf(text + at, SUBTREE_TEXT_MAX - at, "%zu bytes", base.len);
    else
        snprintf(text + at, SUBTREE_TEXT_MAX - at, "%s/%s",
                 inet_ntop(family, base.data, address, sizeof(address)),
                 inet_ntop(family, base.data + base.len / 2, mask, sizeof(mask)));
}

static enum ot_status refuse_subtree(enum ot_name_kind kind, struct ot_span base,
                                     struct ot_error *err)
{
    char text[SUBTREE_TEXT_MAX];

    write_subtree(text, kind, base);
    return ot_error_set(err, OT_E_PROTOCOL,
                        "its own name constraint '%s' does not mean the same to all "
                        "programs",
                        text);
}

/* Whether they can be kept, or met with ours. */
static enum ot_status check_subtrees(const STACK_OF(GENERAL_SUBTREE) * list,
                                     struct ot_error *err)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(list); i++) {
        const GENERAL_SUBTREE *subtree = sk_GENERAL_SUBTREE_value(list, i);
        enum ot_name_kind kind = ot_subtree_kind(subtree);

        if ((subtree->minimum != NULL && ASN1_INTEGER_get(subtree->minimum) != 0) ||
            subtree->maximum != NULL)
            return ot_error_set(
                err, OT_E_PROTOCOL,
                "a name constraint of its own has a minimum or a maximum");
        if (kind != OT_NAME_KINDS && !ot_subtree_is_good(kind, ot_subtree_base(subtree)))
            return refuse_subtree(kind, ot_subtree_base(subtree), err);
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

        if (ot_subtree_kind(subtree) != limit->kind)
            continue;
        *is_own = true;
        if (ot_subtree_meet(&both, limit->kind, ot_subtree_base(subtree), base) &&
            !push_subtree(into, limit->kind, both.base))
            return false;
    }
    return *is_own || push_subtree(into, limit->kind, base);
}

static bool has_block_of(const STACK_OF(GENERAL_SUBTREE) * list, size_t len)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(list); i++) {
        const GENERAL_SUBTREE *subtree = sk_GENERAL_SUBTREE_value(list, i);

        if (ot_subtree_kind(subtree) == OT_NAME_ADDRESS &&
            ot_subtree_base(subtree).len == len)
            return true;
    }
    return false;
}

static bool has_kind(const STACK_OF(GENERAL_SUBTREE) * list, enum ot_name_kind kind)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(list); i++)
        if (ot_subtree_kind(sk_GENERAL_SUBTREE_value(list, i)) == kind)
            return true;
    return false;
}

/* A kind of which nothing is permitted is excluded as a whole. Addresses are two: GnuTLS
 * takes what is permitted of one family to say nothing of the other. */
static bool exclude_others(NAME_CONSTRAINTS *made)
{
    static const uint8_t every_address[32] = {0};
    const struct ot_span nobody = ot_span_str(OT_NO_MAIL_HOST);
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

        if (!every_kind && ot_subtree_kind(subtree) != OT_NAME_KINDS) {
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

/* *own is NULL where it has none. */
static enum ot_status read_own(NAME_CONSTRAINTS **own, struct ot_span value,
                               struct ot_error *err)
{
    const uint8_t *p = value.data;
    enum ot_status status;

    *own = NULL;
    if (value.data == NULL)
        return OT_OK;
    *own = (NAME_CONSTRAINTS *)ASN1_item_d2i(NULL, &p, (long)value.len,
                                             ASN1_ITEM_rptr(NAME_CONSTRAINTS));
    if (*own == NULL || p != value.data + value.len)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "its own name constraints cannot be made out");
    status = check_subtrees((*own)->permittedSubtrees, err);
    return status == OT_OK ? check_subtrees((*own)->excludedSubtrees, err) : status;
}

static enum ot_status encode_constraints(uint8_t **out, size_t *len,
                                         const NAME_CONSTRAINTS *made,
                                         struct ot_error *err)
{
    uint8_t *bytes = NULL;
    int n;

    if (are_too_many(made->permittedSubtrees))
        return ot_error_set(err, OT_E_PROTOCOL,
                            "it would permit more than %d subtrees of names",
                            SUBTREES_MAX);
    n = ASN1_item_i2d((const ASN1_VALUE *)made, &bytes, ASN1_ITEM_rptr(NAME_CONSTRAINTS));
    if (n <= 0)
        return out_of_memory(err);
    *out = bytes;
    *len = (size_t)n;
    return OT_OK;
}

enum ot_status ot_name_constraints_make(uint8_t **out, size_t *len, struct ot_span own,
                                        const struct ot_name_limits *limits,
                                        struct ot_error *err)
{
    NAME_CONSTRAINTS *read = NULL, *made = NULL;
    enum ot_status status = read_own(&read, own, err);

    *out = NULL;
    if (status == OT_OK) {
        made = NAME_CONSTRAINTS_new();
        if (made == NULL || !fill_constraints(made, read, limits))
            status = out_of_memory(err);
    }
    if (status == OT_OK)
        status = encode_constraints(out, len, made, err);
    NAME_CONSTRAINTS_free(made);
    NAME_CONSTRAINTS_free(read);
    ERR_clear_error();
    return status;
}

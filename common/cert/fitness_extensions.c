/* Extensions (RFC 5280 §4.2). The contents of those that the RFC defines are held to its
 * grammar; any other need only be DER by its own outermost tag, or nothing at all. */
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "cert/der_internal.h"
#include "cert/fitness_parts_internal.h"
#include "cert/fitness_verdict_internal.h"
#include "cert/tbs_internal.h"

/* More than anybody has: the time it takes to find two alike stays small. */
#define EXTENSIONS_MAX 1024

/* Java parses what is inside of critical ones alone. */
static enum ot_general_name_use use_of(const struct ot_extension *extension)
{
    return extension->is_critical ? OT_GENERAL_NAME_READ : OT_GENERAL_NAME_PLAIN;
}

static bool is_names(const struct ot_extension *extension)
{
    struct ot_span names;

    return ot_der_only(extension->value, OT_DER_SEQUENCE, &names) &&
           ot_fitness_is_general_names(names, use_of(extension));
}

static bool is_basic_constraints(const struct ot_extension *extension)
{
    struct ot_span content, ca = OT_SPAN_ABSENT, path;

    if (!ot_der_only(extension->value, OT_DER_SEQUENCE, &content))
        return false;
    if (ot_der_is_next(content, OT_DER_BOOLEAN) &&
        !ot_der_take(&content, OT_DER_BOOLEAN, &ca))
        return false;
    if (ca.data != NULL && !ot_der_is_true(ca)) /* FALSE is written by leaving it out */
        return ca.len == 1 && ca.data[0] == 0 && content.len == 0;
    if (content.len == 0)
        return true;
    return ca.data != NULL && ot_der_only(content, OT_DER_INTEGER, &path) &&
           ot_der_is_count(path);
}

static bool is_key_usage(const struct ot_extension *extension)
{
    struct ot_span bits;

    if (!ot_der_only(extension->value, OT_DER_BITS, &bits) || !ot_der_is_bits(bits))
        return false;
    for (size_t i = 1; i < bits.len; i++)
        if (bits.data[i] != 0)
            return true;
    return false; /* at least one has to be set */
}

static bool is_bits(const struct ot_extension *extension)
{
    struct ot_span bits;

    return ot_der_only(extension->value, OT_DER_BITS, &bits) && ot_der_is_bits(bits);
}

static bool is_octets(const struct ot_extension *extension)
{
    struct ot_span octets;

    return ot_der_only(extension->value, OT_DER_OCTETS, &octets);
}

static bool is_oid_list(const struct ot_extension *extension)
{
    struct ot_span list, oid;

    if (!ot_der_only(extension->value, OT_DER_SEQUENCE, &list) || list.len == 0)
        return false;
    while (list.len > 0)
        if (!ot_der_take(&list, OT_DER_OID, &oid) || !ot_der_is_oid(oid))
            return false;
    return true;
}

static bool is_authority_key_id(const struct ot_extension *extension)
{
    struct ot_span content, key, names = OT_SPAN_ABSENT, serial = OT_SPAN_ABSENT;

    if (!ot_der_only(extension->value, OT_DER_SEQUENCE, &content))
        return false;
    if (ot_der_is_next(content, OT_DER_CONTEXT(0u)) &&
        !ot_der_take(&content, OT_DER_CONTEXT(0u), &key))
        return false;
    if (ot_der_is_next(content, OT_DER_CONSTRUCTED(1u)) &&
        (!ot_der_take(&content, OT_DER_CONSTRUCTED(1u), &names) ||
         !ot_fitness_is_general_names(names, use_of(extension))))
        return false;
    if (ot_der_is_next(content, OT_DER_CONTEXT(2u)) &&
        (!ot_der_take(&content, OT_DER_CONTEXT(2u), &serial) ||
         !ot_der_is_integer(serial)))
        return false;
    return content.len == 0 && (names.data == NULL) == (serial.data == NULL);
}

/* GeneralSubtrees: a minimum of 0, which need not be said, and no maximum. */
static bool is_subtrees(struct ot_span list)
{
    if (list.len == 0)
        return false;
    while (list.len > 0) {
        struct ot_span subtree, minimum = OT_SPAN_ABSENT;
        struct ot_der_value base;

        if (!ot_der_take(&list, OT_DER_SEQUENCE, &subtree) ||
            !ot_der_next(&subtree, &base) ||
            !ot_fitness_is_general_name(&base, OT_GENERAL_NAME_SUBTREE))
            return false;
        if (subtree.len == 0)
            continue;
        if (!ot_der_only(subtree, OT_DER_CONTEXT(0u), &minimum) || minimum.len != 1 ||
            minimum.data[0] != 0)
            return false;
    }
    return true;
}

static bool is_name_constraints(const struct ot_extension *extension)
{
    struct ot_span content, list;

    if (!ot_der_only(extension->value, OT_DER_SEQUENCE, &content) || content.len == 0)
        return false;
    for (unsigned i = 0; i < 2; i++)
        if (ot_der_is_next(content, OT_DER_CONSTRUCTED(i)) &&
            (!ot_der_take(&content, OT_DER_CONSTRUCTED(i), &list) || !is_subtrees(list)))
            return false;
    return content.len == 0;
}

static bool is_point_name(struct ot_span content, enum ot_general_name_use use)
{
    struct ot_span inner;

    if (ot_der_only(content, OT_DER_CONSTRUCTED(0u), &inner))
        return ot_fitness_is_general_names(inner, use);
    return ot_der_only(content, OT_DER_CONSTRUCTED(1u), &inner) &&
           ot_fitness_rdn_fault(inner) == NULL;
}

static bool is_point(struct ot_span content, enum ot_general_name_use use)
{
    struct ot_span name = OT_SPAN_ABSENT, reasons, issuer = OT_SPAN_ABSENT;

    if (ot_der_is_next(content, OT_DER_CONSTRUCTED(0u)) &&
        (!ot_der_take(&content, OT_DER_CONSTRUCTED(0u), &name) ||
         !is_point_name(name, use)))
        return false;
    if (ot_der_is_next(content, OT_DER_CONTEXT(1u)) &&
        (!ot_der_take(&content, OT_DER_CONTEXT(1u), &reasons) ||
         !ot_der_is_bits(reasons)))
        return false;
    if (ot_der_is_next(content, OT_DER_CONSTRUCTED(2u)) &&
        (!ot_der_take(&content, OT_DER_CONSTRUCTED(2u), &issuer) ||
         !ot_fitness_is_general_names(issuer, use)))
        return false;
    return content.len == 0 && (name.data != NULL || issuer.data != NULL);
}

static bool is_points(const struct ot_extension *extension)
{
    struct ot_span list, point;

    if (!ot_der_only(extension->value, OT_DER_SEQUENCE, &list) || list.len == 0)
        return false;
    while (list.len > 0)
        if (!ot_der_take(&list, OT_DER_SEQUENCE, &point) ||
            !is_point(point, use_of(extension)))
            return false;
    return true;
}

static bool is_access_list(const struct ot_extension *extension)
{
    struct ot_span list, access, method;
    struct ot_der_value location;

    if (!ot_der_only(extension->value, OT_DER_SEQUENCE, &list) || list.len == 0)
        return false;
    while (list.len > 0)
        if (!ot_der_take(&list, OT_DER_SEQUENCE, &access) ||
            !ot_der_take(&access, OT_DER_OID, &method) || !ot_der_is_oid(method) ||
            !ot_der_next(&access, &location) || access.len != 0 ||
            !ot_fitness_is_general_name(&location, use_of(extension)))
            return false;
    return true;
}

/* PolicyQualifierInfo: an identifier, and a value that belongs to it. */
static bool is_qualifiers(struct ot_span list)
{
    struct ot_span qualifier, id;

    if (list.len == 0)
        return false;
    while (list.len > 0)
        if (!ot_der_take(&list, OT_DER_SEQUENCE, &qualifier) ||
            !ot_der_take(&qualifier, OT_DER_OID, &id) || !ot_der_is_oid(id) ||
            !ot_der_is_whole(qualifier))
            return false;
    return true;
}

static bool is_policies(const struct ot_extension *extension)
{
    struct ot_span list, policy, id, qualifiers;

    if (!ot_der_only(extension->value, OT_DER_SEQUENCE, &list) || list.len == 0)
        return false;
    while (list.len > 0)
        if (!ot_der_take(&list, OT_DER_SEQUENCE, &policy) ||
            !ot_der_take(&policy, OT_DER_OID, &id) || !ot_der_is_oid(id) ||
            (policy.len > 0 && (!ot_der_only(policy, OT_DER_SEQUENCE, &qualifiers) ||
                                !is_qualifiers(qualifiers))))
            return false;
    return true;
}

static bool is_mappings(const struct ot_extension *extension)
{
    struct ot_span list, pair, id;

    if (!ot_der_only(extension->value, OT_DER_SEQUENCE, &list) || list.len == 0)
        return false;
    while (list.len > 0)
        if (!ot_der_take(&list, OT_DER_SEQUENCE, &pair) ||
            !ot_der_take(&pair, OT_DER_OID, &id) || !ot_der_is_oid(id) ||
            !ot_der_only(pair, OT_DER_OID, &id) || !ot_der_is_oid(id))
            return false;
    return true;
}

static bool is_policy_constraints(const struct ot_extension *extension)
{
    struct ot_span content, count;

    if (!ot_der_only(extension->value, OT_DER_SEQUENCE, &content) || content.len == 0)
        return false;
    for (unsigned i = 0; i < 2; i++)
        if (ot_der_is_next(content, OT_DER_CONTEXT(i)) &&
            (!ot_der_take(&content, OT_DER_CONTEXT(i), &count) ||
             !ot_der_is_count(count)))
            return false;
    return content.len == 0;
}

static bool is_skip_count(const struct ot_extension *extension)
{
    struct ot_span count;

    return ot_der_only(extension->value, OT_DER_INTEGER, &count) &&
           ot_der_is_count(count);
}

/* Extensions of revocation lists, and the period of a private key: Java parses them when
 * they are critical, which they never may be in a certificate. */
static bool is_not_critical(const struct ot_extension *extension)
{
    return !extension->is_critical;
}

#define ID_CE(n) "\x55\x1d" n, 3
#define ID_PE(n) "\x2b\x06\x01\x05\x05\x07\x01" n, 8

static const struct grammar {
    const char *type;
    size_t len;
    const char *name;
    bool (*is_good)(const struct ot_extension *extension);
} grammars[] = {
    {ID_CE("\x0e"), "subject key identifier", is_octets},
    {ID_CE("\x0f"), "key usage", is_key_usage},
    {ID_CE("\x10"), "private key usage period", is_not_critical},
    {ID_CE("\x11"), "subject alternative name", is_names},
    {ID_CE("\x12"), "issuer alternative name", is_names},
    {ID_CE("\x13"), "basic constraints", is_basic_constraints},
    {ID_CE("\x14"), "CRL number", is_not_critical},
    {ID_CE("\x15"), "reason code", is_not_critical},
    {ID_CE("\x18"), "invalidity date", is_not_critical},
    {ID_CE("\x1b"), "delta CRL indicator", is_not_critical},
    {ID_CE("\x1c"), "issuing distribution point", is_not_critical},
    {ID_CE("\x1d"), "certificate issuer", is_not_critical},
    {ID_CE("\x1e"), "name constraints", is_name_constraints},
    {ID_CE("\x1f"), "CRL distribution points", is_points},
    {ID_CE("\x20"), "certificate policies", is_policies},
    {ID_CE("\x21"), "policy mappings", is_mappings},
    {ID_CE("\x23"), "authority key identifier", is_authority_key_id},
    {ID_CE("\x24"), "policy constraints", is_policy_constraints},
    {ID_CE("\x25"), "extended key usage", is_oid_list},
    {ID_CE("\x2e"), "freshest CRL", is_points},
    {ID_CE("\x36"), "inhibit anyPolicy", is_skip_count},
    {ID_PE("\x01"), "authority information access", is_access_list},
    {ID_PE("\x0b"), "subject information access", is_access_list},
    {"\x60\x86\x48\x01\x86\xf8\x42\x01\x01", 9, "Netscape certificate type", is_bits},
};

static void check_extension_value(struct ot_fitness *out,
                                  const struct ot_extension *extension)
{
    for (size_t i = 0; i < sizeof(grammars) / sizeof(grammars[0]); i++) {
        const struct grammar *grammar = &grammars[i];

        if (extension->type.len != grammar->len ||
            memcmp(extension->type.data, grammar->type, grammar->len) != 0)
            continue;
        if (!grammar->is_good(extension))
            ot_fitness_withhold(
                out, OT_PLACES_SHARED,
                "its extension %s is malformed: a strict reader, as GnuTLS "
                "and Java can be, throws away every certificate beside it",
                grammar->name);
        return;
    }
}

static int compare_types(const void *a, const void *b)
{
    const struct ot_span *x = a, *y = b;
    int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static bool has_two_alike(struct ot_span *types, size_t count)
{
    qsort(types, count, sizeof(*types), compare_types);
    for (size_t i = 1; i < count; i++)
        if (compare_types(&types[i - 1], &types[i]) == 0)
            return true;
    return false;
}

void ot_fitness_check_extensions(struct ot_fitness *out, struct ot_span content)
{
    struct ot_span types[EXTENSIONS_MAX], list; /* not zeroed: it is large */
    struct ot_extension extension;
    size_t count = 0;

    if (content.data == NULL)
        return;
    if (!ot_der_only(content, OT_DER_SEQUENCE, &list) || list.len == 0) {
        ot_fitness_withhold(out, OT_PLACES_SHARED,
                            "its list of extensions is empty or no list: a strict reader "
                            "refuses it");
        return;
    }
    while (list.len > 0) {
        if (count == EXTENSIONS_MAX || !ot_extension_take(&list, &extension)) {
            ot_fitness_withhold(out, OT_PLACES_SHARED,
                                "it has an extension that is not DER, or more than %d: "
                                "GnuTLS would throw away every certificate beside it",
                                EXTENSIONS_MAX);
            return;
        }
        types[count++] = extension.type;
        check_extension_value(out, &extension);
    }
    if (has_two_alike(types, count))
        ot_fitness_withhold(
            out, OT_PLACES_SHARED,
            "it has one extension twice: GnuTLS and Java would throw away "
            "every certificate beside it");
}

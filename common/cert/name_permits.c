/* What the name constraints of a certificate with limits on it come to, in the words of
 * the configuration. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cert/name_constraints_internal.h"
#include "cert/name_subtree_internal.h"
#include "config/name_limits.h"

static bool is_all_zero(struct ot_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i] != 0)
            return false;
    return true;
}

/* Whether it stands there to exclude a whole kind, as ot_name_constraints_make has it:
 * what is permitted of mail is nobody's, too, then. */
static bool ends_a_kind(enum ot_name_kind kind, struct ot_span base, bool is_excluded)
{
    if (kind == OT_NAME_MAIL)
        return ot_span_equal(base, ot_span_str(OT_NO_MAIL_HOST));
    return is_excluded && (kind == OT_NAME_DNS ? base.len == 0 : is_all_zero(base));
}

static void add_subtree(struct ot_name_limits *limits, const GENERAL_SUBTREE *subtree,
                        bool is_excluded)
{
    const enum ot_name_kind kind = ot_subtree_kind(subtree);
    struct ot_name_limit *item = &limits->items[limits->count];
    struct ot_span base;

    if (kind == OT_NAME_KINDS)
        return;
    base = ot_subtree_base(subtree);
    if (base.len > sizeof(item->base) || !ot_subtree_is_good(kind, base) ||
        ends_a_kind(kind, base, is_excluded))
        return;
    item->kind = kind;
    item->len = base.len;
    memcpy(item->base, base.data, base.len);
    limits->count++;
}

/* NULL: out of memory. */
static char *subtrees_text(const STACK_OF(GENERAL_SUBTREE) * list, bool is_excluded)
{
    const int count = sk_GENERAL_SUBTREE_num(list);
    struct ot_name_limits limits = {0};
    char *text = NULL;

    limits.items = calloc(count > 0 ? (size_t)count : 1, sizeof(*limits.items));
    for (int i = 0; limits.items != NULL && i < count; i++)
        add_subtree(&limits, sk_GENERAL_SUBTREE_value(list, i), is_excluded);
    if (limits.items != NULL)
        text = ot_name_limits_text(&limits);
    ot_name_limits_clear(&limits);
    return text;
}

enum ot_status ot_name_permits_text(char **permitted, char **excluded, const X509 *cert,
                                    struct ot_error *err)
{
    NAME_CONSTRAINTS *own = X509_get_ext_d2i(cert, NID_name_constraints, NULL, NULL);

    *permitted = subtrees_text(own != NULL ? own->permittedSubtrees : NULL, false);
    *excluded = subtrees_text(own != NULL ? own->excludedSubtrees : NULL, true);
    NAME_CONSTRAINTS_free(own);
    ERR_clear_error();
    return *permitted != NULL && *excluded != NULL ? OT_OK : ot_error_nomem(err);
}

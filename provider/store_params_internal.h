/* What a program asks of a store: the parameters of OSSL_STORE_expect and OSSL_STORE_find
 * (provider-storemgmt(7)), kept until the search begins. */
#ifndef OT_PROVIDER_STORE_PARAMS_INTERNAL_H
#define OT_PROVIDER_STORE_PARAMS_INTERNAL_H

#include <openssl/core.h>

#include "snapshot/search.h"

/* Own bytes; data NULL: not asked for. */
struct ot_bytes {
    uint8_t *data;
    size_t len;
};

/* Replaces what bytes held by a copy, which free(bytes->data) ends. */
enum ot_status ot_bytes_set(struct ot_bytes *bytes, const void *data, size_t len,
                            struct ot_error *err);

struct ot_criteria {
    int expect; /* OSSL_STORE_INFO_*; 0: anything */
    struct ot_bytes subject, issuer, serial, fingerprint, alias;
    enum ot_digest digest;
};

/* clang-format 14 and 19 disagree on the macro of an initializer. */
/* clang-format off */
#define OT_CRITERIA_INIT {.digest = OT_DIGEST_COUNT}
/* clang-format on */

/* What ot_criteria_set understands, for OSSL_FUNC_store_settable_ctx_params. */
const OSSL_PARAM *ot_criteria_settable(void);

/* Takes over what params (NULL: nothing) hold; a later value replaces an earlier one, and
 * parameters of other names are passed over. OT_E_USAGE for a wrong type, an absurd size
 * or a digest that no snapshot holds. */
enum ot_status ot_criteria_set(struct ot_criteria *criteria, const OSSL_PARAM params[],
                               struct ot_error *err);

/* Adds the criteria to a query, which then points into them. */
void ot_criteria_apply(const struct ot_criteria *criteria, struct ot_query *query);

/* Whether anything but `expect` was asked for. */
bool ot_criteria_is_search(const struct ot_criteria *criteria);

void ot_criteria_clear(struct ot_criteria *criteria);

#endif

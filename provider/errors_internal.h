/* From ot_status to what a user of OpenSSL sees: the reason in its error queue. */
#ifndef OT_PROVIDER_ERRORS_INTERNAL_H
#define OT_PROVIDER_ERRORS_INTERNAL_H

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <stdbool.h>

#include "base/error.h"

/* The calls of the core that reach the error queue of the calling thread. They belong to
 * one library context; those that the core did not offer are NULL. */
struct ot_core {
    const OSSL_CORE_HANDLE *handle;
    OSSL_FUNC_core_new_error_fn *new_error;
    OSSL_FUNC_core_set_error_debug_fn *set_error_debug;
    OSSL_FUNC_core_vset_error_fn *vset_error;
    OSSL_FUNC_core_set_error_mark_fn *set_error_mark;
    OSSL_FUNC_core_clear_last_error_mark_fn *clear_last_error_mark;
    OSSL_FUNC_core_pop_error_to_mark_fn *pop_error_to_mark;
};

void ot_core_init(struct ot_core *core, const OSSL_CORE_HANDLE *handle,
                  const OSSL_DISPATCH *in);

/* The table for OSSL_FUNC_PROVIDER_GET_REASON_STRINGS. */
const OSSL_ITEM *ot_errors_reasons(void);

/* Queues a failure with its reason and sentence; what is none as OT_E_INTERNAL. */
void ot_errors_queue(const struct ot_core *core, const struct ot_error *err,
                     const char *file, int line, const char *function);
#define OT_ERRORS_QUEUE(core, err)                                                       \
    ot_errors_queue(core, err, __FILE__, __LINE__, __func__)

/* Around a call back into the core: whether what it queued in between is forgotten. */
void ot_errors_mark(const struct ot_core *core);
void ot_errors_unmark(const struct ot_core *core, bool forget);

#endif

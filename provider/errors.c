#include "errors_internal.h"

#include <stdarg.h>
#include <stddef.h>

/* Reasons below 100 belong to OpenSSL itself (ERR_R_*). The numbers are part of the error
 * codes that users search for: they do not change, and none is used twice. */
#define REASONS(X)                                                                       \
    X(OT_E_NOMEM, 101, "out of memory")                                                  \
    X(OT_E_INTERNAL, 102, "internal error")                                              \
    X(OT_E_USAGE, 103, "invalid uri or search")                                          \
    X(OT_E_CONFIG, 104, "configuration error")                                           \
    X(OT_E_NO_SNAPSHOT, 105, "nothing cached yet")                                       \
    X(OT_E_EXPIRED, 106, "cached certificates are too old")                              \
    X(OT_E_CORRUPT, 107, "cached certificates are damaged")                              \
    X(OT_E_UNSAFE, 108, "file is not safe to trust")                                     \
    X(OT_E_IO, 109, "file cannot be read")                                               \
    X(OT_E_NO_SPACE, 110, "no space left")                                               \
    X(OT_E_NETWORK, 111, "network error")                                                \
    X(OT_E_PROTOCOL, 112, "unexpected answer")                                           \
    X(OT_E_AUTH, 113, "not authorized")                                                  \
    X(OT_E_NOT_FOUND, 114, "no such certificate")                                        \
    X(OT_E_REFUSED, 115, "refused by the server")                                        \
    X(OT_E_RATE, 116, "rate limited")                                                    \
    X(OT_E_SERVER, 117, "server error")                                                  \
    X(OT_E_EMPTY, 118, "empty list not confirmed")                                       \
    X(OT_E_BUSY, 119, "busy")                                                            \
    X(OT_E_INTERRUPTED, 120, "interrupted")                                              \
    X(OT_E_FORBIDDEN, 121, "not allowed with this key")                                  \
    X(OT_E_LIMIT, 122, "limit of certificates reached")                                  \
    X(OT_E_BROKEN, 123, "does not do what it should")                                    \
    X(OT_E_SCOPE, 124, "cached certificates are of another scope")                       \
    X(OT_E_NEEDED, 125, "still needed")

#define AS_ITEM(status, reason, text) {(reason), (void *)(text)},
#define AS_CODE(status, reason, text) [status] = (reason),

static const OSSL_ITEM reasons[] = {REASONS(AS_ITEM){0, NULL}};

_Static_assert(sizeof(reasons) / sizeof(reasons[0]) == OT_STATUS_COUNT,
               "every failure has a reason, and one entry ends the table");

void ot_core_init(struct ot_core *core, const OSSL_CORE_HANDLE *handle,
                  const OSSL_DISPATCH *in)
{
    *core = (struct ot_core){.handle = handle};
    for (; in->function_id != 0; in++)
        switch (in->function_id) {
        case OSSL_FUNC_CORE_NEW_ERROR:
            core->new_error = OSSL_FUNC_core_new_error(in);
            break;
        case OSSL_FUNC_CORE_SET_ERROR_DEBUG:
            core->set_error_debug = OSSL_FUNC_core_set_error_debug(in);
            break;
        case OSSL_FUNC_CORE_VSET_ERROR:
            core->vset_error = OSSL_FUNC_core_vset_error(in);
            break;
        case OSSL_FUNC_CORE_SET_ERROR_MARK:
            core->set_error_mark = OSSL_FUNC_core_set_error_mark(in);
            break;
        case OSSL_FUNC_CORE_CLEAR_LAST_ERROR_MARK:
            core->clear_last_error_mark = OSSL_FUNC_core_clear_last_error_mark(in);
            break;
        case OSSL_FUNC_CORE_POP_ERROR_TO_MARK:
            core->pop_error_to_mark = OSSL_FUNC_core_pop_error_to_mark(in);
            break;
        default: /* offered, not needed */
            break;
        }
}

const OSSL_ITEM *ot_errors_reasons(void)
{
    return reasons;
}

/* Of what is no failure, that of OT_E_INTERNAL. */
static unsigned reason_of(enum ot_status status)
{
    static const unsigned codes[OT_STATUS_COUNT] = {REASONS(AS_CODE)};

    if (status <= OT_OK || status >= OT_STATUS_COUNT)
        status = OT_E_INTERNAL;
    return codes[status];
}

static void vset_error(const struct ot_core *core, unsigned reason, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    core->vset_error(core->handle, reason, fmt, args);
    va_end(args);
}

void ot_errors_queue(const struct ot_core *core, const struct ot_error *err,
                     const char *file, int line, const char *function)
{
    if (core->new_error == NULL || core->vset_error == NULL)
        return;
    core->new_error(core->handle);
    if (core->set_error_debug != NULL)
        core->set_error_debug(core->handle, file, line, function);
    vset_error(core, reason_of(err->status), "%s", err->message);
}

void ot_errors_mark(const struct ot_core *core)
{
    if (core->set_error_mark != NULL)
        (void)core->set_error_mark(core->handle);
}

void ot_errors_unmark(const struct ot_core *core, bool forget)
{
    if (forget && core->pop_error_to_mark != NULL)
        (void)core->pop_error_to_mark(core->handle);
    else if (core->clear_last_error_mark != NULL)
        (void)core->clear_last_error_mark(core->handle);
}

/* Included before every file that clang-tidy reads, except error.c: it looks at one file
 * at a time and cannot see that a status which was set is the status that is returned. */
#include "base/error.h"

#define ot_error_set(err, status, ...)                                                   \
    ((void)ot_error_set(err, status, __VA_ARGS__), (status))
#define ot_error_errno(err, status, errnum, ...)                                         \
    ((void)ot_error_errno(err, status, errnum, __VA_ARGS__), (status))
#define ot_error_nomem(err) ((void)ot_error_nomem(err), OT_E_NOMEM)

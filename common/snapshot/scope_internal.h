/* The scope that a snapshot is of, as it says itself: base URL, blank, then
 * "organization", "project P" or "project P alone". */
#ifndef OT_SNAPSHOT_SCOPE_INTERNAL_H
#define OT_SNAPSHOT_SCOPE_INTERNAL_H

#include <stddef.h>

#include "base/error.h"

/* OT_E_SCOPE, with what a snapshot says of itself and what it should say; both are scopes
 * of that form, found has len bytes. */
enum ot_status ot_scope_mismatch(struct ot_error *err, const char *found, size_t len,
                                 const char *wanted);

#endif

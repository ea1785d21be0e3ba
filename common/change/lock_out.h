/* Changes after which the API would refuse the very client that makes them. */
#ifndef OT_CHANGE_LOCK_OUT_H
#define OT_CHANGE_LOCK_OUT_H

#include "base/error.h"

struct ot_changes;
struct ot_source;

/* OT_E_REFUSED where source has a client certificate for which an active certificate of a
 * scope vouches now, or none is active there, and none would vouch for it once the
 * planned activations and deactivations were made. Asks the API for what the snapshot
 * lacks. */
enum ot_status ot_changes_check_lock_out(const struct ot_changes *changes,
                                         const struct ot_source *source,
                                         struct ot_error *err);

#endif

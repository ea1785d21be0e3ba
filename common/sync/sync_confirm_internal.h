/* Before something is believed to be gone, the API is asked once more. */
#ifndef OT_SYNC_SYNC_CONFIRM_INTERNAL_H
#define OT_SYNC_SYNC_CONFIRM_INTERNAL_H

#include "base/error.h"

struct ot_crawler;

/* Of two joined lists: where something that was trusted is active in neither now, the
 * project's must still say what it said. Else OT_E_PROTOCOL, and the pass is to be made
 * again. */
enum ot_status ot_confirm_loss(const struct ot_crawler *crawler, struct ot_error *err);

/* Certificates that are listed and could not be fetched must not be in a second listing;
 * else OT_E_PROTOCOL. */
enum ot_status ot_confirm_missing(const struct ot_crawler *crawler, struct ot_error *err);

#endif

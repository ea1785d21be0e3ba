/* When the key that is sent ends, by the API's list of admin keys. It shows of each key
 * only its first and last letters. */
#ifndef OT_API_OWN_KEY_H
#define OT_API_OWN_KEY_H

#include <stdint.h>

#include "base/error.h"

struct ot_api;
struct ot_key;

/* One request for each hundred keys. *ends_at in Unix seconds; 0: it has no end, or not
 * exactly one key of the list looks like it. */
enum ot_status ot_api_own_key_end(struct ot_api *api, const struct ot_key *key,
                                  int64_t *ends_at, struct ot_error *err);

#endif

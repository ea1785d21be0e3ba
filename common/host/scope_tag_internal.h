/* The tags of the scopes that a source holds, from its newest snapshot. */
#ifndef OT_HOST_SCOPE_TAG_INTERNAL_H
#define OT_HOST_SCOPE_TAG_INTERNAL_H

#include "base/error.h"
#include "cert/list_tag.h"

struct ot_snapshot;
struct ot_source;

/* project NULL: the organization. OT_E_NOT_FOUND (no message): it is not what this
 * source holds. */
enum ot_status ot_scope_tag(char tag[OT_LIST_TAG_MAX], const struct ot_source *source,
                            struct ot_snapshot *snapshot, const char *project,
                            struct ot_error *err);

#endif

/* Contents that are asked for in one request, in the order in which they came: each leads
 * to the next one beside it. */
#ifndef OT_SYNC_SYNC_TOGETHER_INTERNAL_H
#define OT_SYNC_SYNC_TOGETHER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "api/api.h"

struct ot_content;

struct ot_together { /* zeroed: nothing */
    struct ot_content *first, *last;
    size_t count, len;        /* of the ids' text */
    char ids[OT_API_IDS_MAX]; /* what ot_together_ids returned last */
};

bool ot_together_has_room(const struct ot_together *together,
                          const struct ot_content *content);
void ot_together_add(struct ot_together *together, struct ot_content *content);
/* The first of what is together, after which there is nothing; NULL: there was nothing.
 */
struct ot_content *ot_together_end(struct ot_together *together);

/* The ids of what was together, as struct ot_api_wanted has them; until the next call. */
const char *ot_together_ids(struct ot_together *together,
                            const struct ot_content *contents);
/* The one with this id, which is taken out; NULL: there is none. */
struct ot_content *ot_together_take(struct ot_content **contents, const char *id);

#endif

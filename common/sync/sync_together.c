#include "sync/sync_together_internal.h"

#include <string.h>

#include "base/api_extension.h"
#include "sync/sync_content_internal.h"

/* Half of what the server takes: while these are checked, the next are written. */
#define TOGETHER_MAX (OT_CONTENTS_MAX / 2)

bool ot_together_has_room(const struct ot_together *together,
                          const struct ot_content *content)
{
    return together->count < TOGETHER_MAX &&
           together->len + 1 + strlen(content->id) < sizeof(together->ids);
}

void ot_together_add(struct ot_together *together, struct ot_content *content)
{
    if (together->last == NULL)
        together->first = content;
    else
        together->last->beside = content;
    together->last = content;
    together->len += (together->count > 0) + strlen(content->id);
    together->count++;
}

struct ot_content *ot_together_end(struct ot_together *together)
{
    struct ot_content *first = together->first;

    together->first = together->last = NULL;
    together->count = together->len = 0;
    return first;
}

const char *ot_together_ids(struct ot_together *together,
                            const struct ot_content *contents)
{
    char *end = together->ids;

    for (const struct ot_content *at = contents; at != NULL; at = at->beside) {
        if (at != contents)
            *end++ = ',';
        end = stpcpy(end, at->id);
    }
    return together->ids;
}

struct ot_content *ot_together_take(struct ot_content **contents, const char *id)
{
    for (struct ot_content **link = contents; *link != NULL; link = &(*link)->beside) {
        struct ot_content *found = *link;

        if (strcmp(found->id, id) != 0)
            continue;
        *link = found->beside;
        found->beside = NULL;
        return found;
    }
    return NULL;
}

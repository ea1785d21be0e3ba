#include "sync/sync_found_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "cert/cert.h"
#include "snapshot/record.h"
#include "sync/sync_content_internal.h"
#include "sync/sync_partial_internal.h"

enum ot_status ot_crawl_make_room(struct ot_crawl *crawl, struct ot_error *err)
{
    size_t room = crawl->listing.capacity;
    struct ot_content **contents;

    if (room <= crawl->contents_room)
        return OT_OK;
    contents = realloc(crawl->contents, room * sizeof(struct ot_content *));
    if (contents == NULL)
        return ot_error_nomem(err);
    crawl->contents = contents;
    memset(contents + crawl->contents_room, 0,
           (room - crawl->contents_room) * sizeof(struct ot_content *));
    crawl->contents_room = room;
    return OT_OK;
}

void ot_crawl_keep(struct ot_crawl *crawl, struct ot_partial *partial)
{
    for (struct ot_content *content = crawl->checked; content != NULL;
         content = content->next) {
        struct ot_record facts = {.flags = 0};

        if (content->cert == NULL || content->extra != NULL || content->others != NULL ||
            content->is_kept)
            continue;
        ot_cert_fill(content->cert, &facts);
        ot_partial_add(partial, content->id, content->created_at,
                       facts.field[OT_FIELD_DER]);
        content->is_kept = true;
    }
    crawl->checked = NULL;
    ot_partial_write(partial);
}

void ot_crawl_drop_contents(struct ot_crawl *crawl)
{
    for (size_t i = 0; i < crawl->contents_room; i++)
        ot_content_free(crawl->contents[i]);
    for (size_t i = 0; i < crawl->early_count; i++)
        ot_content_free(crawl->early[i]);
    free(crawl->contents);
    crawl->contents = NULL;
    crawl->contents_room = crawl->early_count = 0;
    crawl->checked = NULL;
}

void ot_crawl_clear(struct ot_crawl *crawl)
{
    ot_crawl_drop_contents(crawl);
    ot_earlier_clear(&crawl->now);
    ot_listing_clear(&crawl->listing);
}

#include "sync/sync_guess_internal.h"

#include <stdlib.h>
#include <string.h>

#include "api/api_cert.h"
#include "base/limits.h"
#include "sync/sync_earlier_internal.h"
#include "sync/sync_list.h"

/* So many cursors are looked at: a page makes one known, and those before it may have
 * been deleted. */
#define AHEAD_MAX 64

enum ot_status ot_guesses_init(struct ot_guesses *guesses, const struct ot_earlier *known,
                               struct ot_error *err)
{
    memset(guesses, 0, sizeof(*guesses));
    guesses->awaited = OT_GUESS_NONE;
    if (known == NULL || known->count == 0 || known->count >= OT_PAGES_MAX)
        return OT_OK;
    guesses->guesses = calloc(known->count, sizeof(*guesses->guesses));
    if (guesses->guesses == NULL)
        return ot_error_nomem(err);
    guesses->known = known;
    guesses->count = known->count;
    return OT_OK;
}

void ot_guesses_clear(struct ot_guesses *guesses)
{
    for (size_t i = 0; i < guesses->count; i++)
        ot_api_page_clear(&guesses->guesses[i].page);
    free(guesses->guesses);
    memset(guesses, 0, sizeof(*guesses));
}

void ot_guesses_begin(struct ot_guesses *guesses, bool of_organization, bool has_changed)
{
    size_t scope = 0;

    while (scope < guesses->count && !guesses->known->cursors[scope].of_organization)
        scope++;
    guesses->at = of_organization ? scope : 0;
    guesses->end = of_organization ? guesses->count : scope;
    for (size_t i = guesses->at; i < guesses->end; i++)
        if (has_changed || !guesses->known->cursors[i].is_end)
            guesses->guesses[i].state = OT_GUESS_ASKED;
}

size_t ot_guesses_next(struct ot_guesses *guesses, const struct ot_listing *listing)
{
    size_t last = guesses->at + AHEAD_MAX, found = OT_GUESS_NONE;

    for (size_t i = guesses->at; i < guesses->end && i < last; i++) {
        const struct ot_earlier_cursor *cursor = &guesses->known->cursors[i];
        const unsigned list =
            cursor->of_organization ? OT_LIST_OF_ORGANIZATION : OT_LIST_OF_SCOPE;
        const struct ot_api_cert *item = ot_listing_find(listing, cursor->id);

        if (item != NULL && (item->listed_in & list) != 0)
            found = i;
    }
    if (found != OT_GUESS_NONE)
        guesses->at = found + 1;
    return found;
}

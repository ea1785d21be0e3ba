/* Pages that are asked for at once, by the cursors of the last listing, in place of one
 * after the other by that of the page before. A page is only taken if the item that it
 * begins behind has been listed in this very pass: then nothing is left out between what
 * is known and the page, whatever was made or deleted since. What both have is listed
 * twice, and must be the same. Other guesses are dropped. */
#ifndef OT_SYNC_SYNC_GUESS_INTERNAL_H
#define OT_SYNC_SYNC_GUESS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "api/api_cert.h"
#include "base/error.h"

struct ot_earlier;
struct ot_listing;

enum ot_guess_state { OT_GUESS_UNASKED, OT_GUESS_ASKED, OT_GUESS_HERE, OT_GUESS_LOST };

struct ot_guess {
    enum ot_guess_state state;
    struct ot_api_page page; /* when it is here */
    size_t bytes;
};

#define OT_GUESS_NONE ((size_t)-1)

struct ot_guesses {
    const struct ot_earlier *known;
    struct ot_guess *guesses; /* one for each cursor */
    size_t count;
    size_t at, end; /* of the list that is being read: those that may be of use yet */
    size_t awaited; /* the one that comes next, when it is here; or OT_GUESS_NONE */
};

/* known NULL: there are none. */
enum ot_status ot_guesses_init(struct ot_guesses *guesses, const struct ot_earlier *known,
                               struct ot_error *err);
void ot_guesses_clear(struct ot_guesses *guesses);

/* A list begins: its guesses are those from at to end. They are to be asked for; the one
 * behind the end of before only if the list is known to have changed, since else nothing
 * is there. */
void ot_guesses_begin(struct ot_guesses *guesses, bool of_organization, bool has_changed);

/* The one that goes on from what is listed, and farthest; it and those before it are of
 * no use any more then. OT_GUESS_NONE: there is none. */
size_t ot_guesses_next(struct ot_guesses *guesses, const struct ot_listing *listing);

#endif

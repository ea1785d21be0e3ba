/* The steps of the walk that files/place.h describes. Only that goes it. */
#ifndef OT_FILES_WALK_INTERNAL_H
#define OT_FILES_WALK_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

enum ot_last_link { OT_LINK_REFUSED, OT_LINK_FOLLOWED };

struct ot_walk {
    const char *path;        /* what was asked for */
    char at[PATH_MAX];       /* where dir is, without a link; "" for / */
    char rest[PATH_MAX];     /* what is still to be walked */
    char name[NAME_MAX + 1]; /* the component that is next */
    int dir;
    int links;
    uid_t top; /* the owner of / */
    bool makes;
    mode_t mode; /* only the last is made, with it; 0: all, as ours to keep */
    enum ot_last_link last_link;
    bool ends_in_link; /* the path's own last component is one */
};

/* At /; ot_walk_end after success and failure. What is set above stays. */
enum ot_status ot_walk_begin(struct ot_walk *walk, const char *path,
                             struct ot_error *err);
void ot_walk_end(struct ot_walk *walk);

/* The next component into name; *found false: there is none. */
enum ot_status ot_walk_next(struct ot_walk *walk, bool *found, struct ot_error *err);
/* Whether that was the last. */
bool ot_walk_is_last(const struct ot_walk *walk);

/* One component further, to what must be a directory or a link to one; and to "..". */
enum ot_status ot_walk_step(struct ot_walk *walk, struct ot_error *err);
enum ot_status ot_walk_up(struct ot_walk *walk, struct ot_error *err);
/* To the last, whatever it is; *again: it was a link, which is in its place now. */
enum ot_status ot_walk_last(struct ot_walk *walk, bool *again, struct ot_error *err);

/* The directory at the end, where something is about to be written: that it is sticky is
 * not enough. */
enum ot_status ot_walk_check_end(const struct ot_walk *walk, struct ot_error *err);

enum ot_status ot_walk_too_long(const struct ot_walk *walk, struct ot_error *err);

#endif

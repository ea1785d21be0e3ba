/* Reaching a place to write to so that nobody can put another there meanwhile.
 *
 * A path is walked from / by descriptors, one component at a time. Every directory on the
 * way belongs to root, to the user who runs or to whoever owns / (in a user namespace
 * nobody is root), and nobody else may write to it. One that is sticky, such as /tmp, may
 * be on the way: others cannot rename what is ours in it, and the next component has to
 * be ours; so may the top of a mounted volume, as containers share one. A link is
 * resolved by hand where it belongs to the same and stands in such a directory; so an
 * administrator's /var/run or a cache on another disk works. What is then done by the
 * descriptor is done in the very directory that was looked at. */
#ifndef OT_FILES_PLACE_H
#define OT_FILES_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* The directory at path, of use for the *at() calls only (O_PATH); its last component is
 * no link and not sticky for others. Absent: OT_E_NOT_FOUND; else OT_E_UNSAFE or OT_E_IO,
 * each with what is wrong and the way out. *fd is the caller's to close, -1 on failure.
 */
enum ot_status ot_dir_open(int *fd, const char *path, struct ot_error *err);

/* The same; what is not there is made, whatever the umask. mode 0: with its parents, as
 * ours to keep, 0755 for root and else 0700; else the directory alone, with that mode. */
enum ot_status ot_dir_make(int *fd, mode_t mode, const char *path, struct ot_error *err);

/* Again, to read its entries or to fsync it, from such a descriptor. -1 and errno. */
int ot_dir_reopen(int fd);

/* A name in a directory that was reached so. */
struct ot_place {
    int dir;
    const char *path; /* all of it, for messages; in what the caller gave */
    const char *name; /* the last component, in path */
};

/* The directory of path, which may itself be absent or anything. is_named: a person named
 * the file just now, so that a sticky directory such as /tmp will do. */
enum ot_status ot_place_open(struct ot_place *place, const char *path, bool is_named,
                             struct ot_error *err);
void ot_place_close(struct ot_place *place); /* dir -1: does nothing */

/* Makes that directory, with its parents, as ot_dir_make does. */
enum ot_status ot_place_make_around(const char *path, struct ot_error *err);

/* Whether the directory at path, or what of it is there, is one that nobody else can put
 * something else in place of; it may be sticky. OT_E_UNSAFE says why not. */
enum ot_status ot_place_check(const char *path, struct ot_error *err);

/* Where a write to path ends up: its links, also the last one, resolved by the rules
 * above. What is not there yet is kept as it is written; a link that points nowhere is
 * OT_E_UNSAFE. The caller frees *resolved. */
enum ot_status ot_place_resolve(char **resolved, const char *path, struct ot_error *err);

#endif

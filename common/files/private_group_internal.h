/* Whether a group is its owner's alone, as Debian gives one to each user: with a umask of
 * 002, its default since release 13, all that he makes can be written by that group. */
#ifndef OT_FILES_PRIVATE_GROUP_INTERNAL_H
#define OT_FILES_PRIVATE_GROUP_INTERNAL_H

#include <stdbool.h>
#include <sys/stat.h>

/* Of what fd is (O_PATH will do) and st describes: the group has the owner's name or
 * number, is his first, and by /etc/passwd and /etc/group nobody else's. Those two are
 * read as they are: this also runs in other people's programs, where a name service would
 * load modules and ask the network. Never for what root owns, never where an access
 * control list lets in whom the mode does not show, and not where it cannot be told. */
bool ot_group_is_private(int fd, const struct stat *st);

#endif

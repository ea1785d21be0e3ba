/* Directories of ours that come and go: each is reached as files/place.h says. */
#ifndef OT_FILES_TREE_H
#define OT_FILES_TREE_H

#include "base/error.h"

/* Removes the directory at path if it is empty. */
void ot_dir_remove(const char *path);

/* Removes the directory at path with all that is in it, up to a depth that nothing of
 * ours has; links are removed, not followed. The directory around it may be /tmp. */
void ot_dir_remove_tree(const char *path);

#endif

/* Files of ours, orgtrust-NAME.crt or .pem, in a directory that is the system's, where
 * others lie that stay as they are. */
#ifndef OT_EXPORT_SYSTEM_FILES_INTERNAL_H
#define OT_EXPORT_SYSTEM_FILES_INTERNAL_H

#include <stdbool.h>

#include "base/error.h"

struct ot_anchors;

struct ot_system_files {
    const char *path, *suffix;
    const struct ot_anchors *wanted;
    int dir; /* of the path; -1: it is not there, and nothing in it */
};

/* Writes what differs, or only says that something does. */
enum ot_status ot_system_files_put(const struct ot_system_files *files, bool *differs,
                                   bool only_look, struct ot_error *err);
/* Removes those of ours that are not wanted, and what a writer that died has left. */
enum ot_status ot_system_files_reap(const struct ot_system_files *files, bool *differs,
                                    bool only_look, struct ot_error *err);

#endif

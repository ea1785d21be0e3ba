/* One sync of a source at a time, over all processes: flock, gone with its holder. */
#ifndef OT_FILES_FILE_LOCK_H
#define OT_FILES_FILE_LOCK_H

#include <stdbool.h>

#include "base/error.h"

/* Takes the lock, waiting up to wait_ms by the monotonic clock (0: one try). *waited says
 * whether somebody else held it first. OT_E_BUSY: still held. *fd is released by
 * ot_file_lock_release. The lock file stays. */
enum ot_status ot_file_lock_take(int *fd, const char *path, int wait_ms, bool *waited,
                                 struct ot_error *err);
void ot_file_lock_release(int fd); /* -1 is fine */

#endif

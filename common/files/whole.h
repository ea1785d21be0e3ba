/* read(2) and write(2) until all is there. */
#ifndef OT_FILES_WHOLE_H
#define OT_FILES_WHOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Up to size bytes, fewer only at the end of what is read: how many. -1: errno says why.
 */
ssize_t ot_read_all(int fd, void *data, size_t size);

/* False: errno says why; part of it may be written. */
bool ot_write_all(int fd, const void *data, size_t len);

#endif

/* read(2) until all is there. Apart from write_all.h: plugins import no write(2). */
#ifndef OT_FILES_READ_ALL_H
#define OT_FILES_READ_ALL_H

#include <stddef.h>
#include <sys/types.h>

/* Up to size bytes, fewer only at the end of what is read: how many. -1: errno says why.
 */
ssize_t ot_read_all(int fd, void *data, size_t size);

#endif

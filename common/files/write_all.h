/* write(2) until all is written. */
#ifndef OT_FILES_WRITE_ALL_H
#define OT_FILES_WRITE_ALL_H

#include <stdbool.h>
#include <stddef.h>

/* False: errno says why; part of it may be written. */
bool ot_write_all(int fd, const void *data, size_t len);

#endif

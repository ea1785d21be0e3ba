/* Opening what may be anybody's, such as what the system's own tools read. (path.h has
 * the rules for what is to be trusted.) */
#ifndef OT_FILES_PLAIN_FILE_H
#define OT_FILES_PLAIN_FILE_H

#include <stdio.h>

/* For reading; a pipe is not waited for. NULL: errno says why, ENXIO that it is no
 * regular file. */
FILE *ot_plain_open(const char *path);

#endif

/* A file that a person named on the command line, written whole or not at all. */
#ifndef OT_CLI_VIEW_NAMED_FILE_H
#define OT_CLI_VIEW_NAMED_FILE_H

#include <stddef.h>

#include "base/error.h"

/* Mode 0644, in place of what is there. A link stays, and the file that it leads to is
 * replaced; what is no file (a pipe, /dev/stdout, /dev/null) is written to. Errors as
 * ot_file_begin_named. */
enum ot_status ot_named_file_write(const char *path, const void *bytes, size_t len,
                                   struct ot_error *err);

#endif

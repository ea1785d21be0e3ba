/* INI text by inih, with what that lacks: line numbers, empty sections, and a refusal of
 * everything that it would silently cut, join or pass over. */
#ifndef OT_CACHE_INI_FILE_H
#define OT_CACHE_INI_FILE_H

#include <stddef.h>

#include "cache/error.h"

struct ot_ini {
    /* Called for each `[NAME]` (may be NULL: there must be none) and each `KEY = VALUE`,
     * in the order of the file. What is not OT_OK ends the parse; its sentence gets
     * "path:line: " before it. */
    enum ot_status (*section)(void *arg, const char *name, unsigned line,
                              struct ot_error *err);
    enum ot_status (*pair)(void *arg, const char *key, const char *value, unsigned line,
                           struct ot_error *err);
    void *arg;
    enum ot_status malformed; /* what text that is not INI is reported as */
};

/* The longest line, without its end: inih's own bound, less CR, LF and NUL. */
#define OT_INI_LINE_MAX 197

/* UTF-8 (a byte order mark is passed over), no control characters but tab, each line in
 * the first column, none continued. path serves the messages. Values lose blanks at both
 * ends, and a comment after blank and semicolon. */
enum ot_status ot_ini_parse(const struct ot_ini *ini, const char *path, const char *text,
                            size_t len, struct ot_error *err);

/* The same from an open file of at most max_bytes; fd stays the caller's. */
enum ot_status ot_ini_read(const struct ot_ini *ini, const char *path, int fd,
                           size_t max_bytes, struct ot_error *err);

#endif

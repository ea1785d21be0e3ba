/* INI text, read strictly: nothing is cut, joined or passed over, and every refusal has
 * the line's number. A library did not do: of inih as Debian builds it nobody gets a line
 * of more than 197 bytes, and what does not fit is silently another line. */
#ifndef OT_CONFIG_INI_FILE_H
#define OT_CONFIG_INI_FILE_H

#include <stddef.h>

#include "base/error.h"

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

/* Reads an open file of at most max_bytes; fd stays the caller's, path serves the
 * messages. UTF-8 (a byte order mark is passed over), no control characters but tab, each
 * line in the first column, none continued. Values lose blanks at both ends, and a
 * comment after blank and semicolon. */
enum ot_status ot_ini_read(const struct ot_ini *ini, const char *path, int fd,
                           size_t max_bytes, struct ot_error *err);

/* The same of text[0..len), which is written to, as is text[len]. */
enum ot_status ot_ini_parse(const struct ot_ini *ini, const char *path, char *text,
                            size_t len, struct ot_error *err);

#endif

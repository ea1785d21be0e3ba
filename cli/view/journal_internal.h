/* The journal of systemd, by its own protocol: a line with fields of its own, so that who
 * looks for it parses no text.
 * https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ */
#ifndef OT_CLI_VIEW_JOURNAL_INTERNAL_H
#define OT_CLI_VIEW_JOURNAL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct ot_journal_field {
    const char *name;     /* capital letters, digits and '_' */
    struct ot_span value; /* any bytes; absent: the field is left out */
};

/* Whether what is written to a descriptor goes to the journal (JOURNAL_STREAM says so of
 * this very file). */
bool ot_journal_is_behind(int fd);

/* One entry. False: it is not in the journal, and has to be written as other lines are.
 */
bool ot_journal_send(const struct ot_journal_field *fields, size_t count);

#endif

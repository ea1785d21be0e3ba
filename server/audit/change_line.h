/* The line that each change has in the server's log, beside its row of the audit log: for
 * who looks there first, and for what does not stay in the database, such as a change
 * that was refused. */
#ifndef OT_SERVER_AUDIT_CHANGE_LINE_H
#define OT_SERVER_AUDIT_CHANGE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ot_actor;

struct ot_change_line {
    const char *event; /* as the audit log calls it: "certificates.activated" */
    const char *const *ids;
    size_t count;
    bool are_known; /* ids of ours; else what looks like a key in them is hidden */
    const struct ot_actor *actor;
    const char *outcome; /* done, unchanged, refused, failed or unknown */
    const char *row;     /* its id in the audit log; "": none */
};

/* One line, which other threads' do not get into. */
void ot_change_line_print(FILE *out, const struct ot_change_line *line);

#endif

/* A change: all of an operation's work on the database, in one transaction. */
#ifndef OT_SERVER_HANDLE_CHANGE_INTERNAL_H
#define OT_SERVER_HANDLE_CHANGE_INTERNAL_H

#include <stddef.h>

#include "base/error.h"

struct ot_context;

/* What is changed, for the log. ids are read when it is over: what is made gets its id
 * meanwhile, and is "" before. */
struct ot_change_of {
    const char *event; /* as the audit log calls it */
    const char *const *ids;
    size_t count;
};

/* Carries the work out, writes a line into the log about that, whatever has come of it,
 * and returns it. of NULL: without a line, what no person changes. The work is done again
 * where the database gave the transaction back (db.h): what it has composed until then is
 * dropped, so that it begins with an empty reply. */
typedef enum ot_status ot_change(struct ot_context *context, void *arg,
                                 struct ot_error *err);
enum ot_status ot_change_run(struct ot_context *context, const struct ot_change_of *of,
                             ot_change *work, void *arg, struct ot_error *err);

#endif

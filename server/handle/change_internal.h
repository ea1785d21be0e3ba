/* A change: all of an operation's work on the database, in one transaction. */
#ifndef OT_SERVER_HANDLE_CHANGE_INTERNAL_H
#define OT_SERVER_HANDLE_CHANGE_INTERNAL_H

#include "base/error.h"

struct ot_context;

/* Carries the work out, and again where the database gave the transaction back (db.h):
 * what it has composed until then is dropped, so that it begins with an empty reply. */
typedef enum ot_status ot_change(struct ot_context *context, void *arg,
                                 struct ot_error *err);
enum ot_status ot_change_run(struct ot_context *context, ot_change *work, void *arg,
                             struct ot_error *err);

#endif

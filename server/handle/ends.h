/* Activations that were to end at a time: the end, once it has come. */
#ifndef OT_SERVER_HANDLE_ENDS_H
#define OT_SERVER_HANDLE_ENDS_H

#include "base/error.h"
#include "store/db.h"

/* Deactivates what has come to its end, all in one transaction, which writes the audit
 * log, too. To be called outside a transaction, before anything is answered from the
 * database: nobody is shown as active what is no longer to be. Only a look where nothing
 * has. kind: OT_WRITING, or OT_WRITING_NOW. */
enum ot_status ot_ends_carry_out(struct ot_db *db, enum ot_transaction kind,
                                 struct ot_error *err);

#endif

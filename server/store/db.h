/* One connection to the database and its transactions. One thread at a time. What the
 * functions of the other headers of this folder do is done inside the caller's
 * transaction. None of them says what database it is: that is known in sqlite/ alone. */
#ifndef OT_SERVER_STORE_DB_H
#define OT_SERVER_STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ot_db;

enum ot_transaction {
    OT_READING,
    OT_WRITING,
    OT_WRITING_NOW /* OT_E_BUSY (no message) rather than wait for another writer */
};
enum ot_status ot_db_begin(struct ot_db *db, enum ot_transaction kind,
                           struct ot_error *err);
enum ot_status ot_db_commit(struct ot_db *db, struct ot_error *err);
/* Does nothing outside a transaction: every way out may call it. */
void ot_db_rollback(struct ot_db *db);

#define OT_REVISION_LEN 16
/* A value that every change to certificates and activations replaces by a fresh random
 * one, so that it never comes back, not even after the file was restored from a copy. */
enum ot_status ot_db_revision(struct ot_db *db, unsigned char out[OT_REVISION_LEN],
                              struct ot_error *err);
enum ot_status ot_db_revision_next(struct ot_db *db, struct ot_error *err);

#endif

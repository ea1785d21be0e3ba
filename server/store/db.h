/* One connection to the database and its transactions. One thread at a time. What the
 * functions of the other headers of this folder do is done inside the caller's
 * transaction. None of them says what database it is: that is known in sqlite/ and
 * postgresql/ alone. */
#ifndef OT_SERVER_STORE_DB_H
#define OT_SERVER_STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/transaction.h"

struct ot_db;

enum ot_status ot_db_begin(struct ot_db *db, enum ot_transaction kind,
                           struct ot_error *err);
enum ot_status ot_db_commit(struct ot_db *db, struct ot_error *err);
/* Does nothing outside a transaction: every way out may call it. */
void ot_db_rollback(struct ot_db *db);

/* Begins a transaction, does the work, and commits where that is OT_OK; else nothing has
 * happened. A database may give a transaction back; the work is then done again, from the
 * beginning: what it has composed before is to be dropped. OT_E_BUSY: another writer took
 * too long; OT_E_NETWORK: the database is away, and nothing has happened; OT_E_SERVER: it
 * went away while it confirmed, and did not come back to say whether it has happened. */
typedef enum ot_status ot_db_work(struct ot_db *db, void *arg, struct ot_error *err);
enum ot_status ot_db_write(struct ot_db *db, enum ot_transaction kind, ot_db_work *work,
                           void *arg, struct ot_error *err);

/* The id of the last event that the last transaction wrote into the audit log; "" where
 * it wrote none. */
const char *ot_db_event(const struct ot_db *db);

#define OT_REVISION_LEN 16
/* A value that every change to certificates and activations replaces by a fresh random
 * one, so that it never comes back, not even after the database was restored from a copy.
 */
enum ot_status ot_db_revision_next(struct ot_db *db, struct ot_error *err);

#endif

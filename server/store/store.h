/* The database and the connections to it, one lent to each request in progress. What is
 * confirmed is on the disk: it survives the end of this process and the loss of power. */
#ifndef OT_SERVER_STORE_STORE_H
#define OT_SERVER_STORE_STORE_H

#include <stdbool.h>

#include "base/error.h"

struct ot_db;

struct ot_store;

/* Opens the file, creating it (mode 0600) where it does not exist, and brings its tables
 * up to date. OT_E_IO, OT_E_NO_SPACE: cannot be read or written; OT_E_UNSAFE: not this
 * user's alone (private_file.h); OT_E_CONFIG: made by a newer version; OT_E_CORRUPT: no
 * database, damaged, or of another program; OT_E_BUSY. */
enum ot_status ot_store_open(struct ot_store **out, const char *where,
                             unsigned connections, struct ot_error *err);
/* All connections are back. */
void ot_store_close(struct ot_store *store);

/* A connection for the calling thread alone, until it is returned. Waits for one when all
 * are lent. */
struct ot_db *ot_store_lend(struct ot_store *store);
void ot_store_return(struct ot_store *store, struct ot_db *db);

#endif

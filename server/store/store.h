/* The database and the connections to it, one lent to each request in progress. What is
 * confirmed is on the disk: it survives the end of this process and the loss of power. */
#ifndef OT_SERVER_STORE_STORE_H
#define OT_SERVER_STORE_STORE_H

#include <stdbool.h>

#include "base/error.h"

struct ot_db;
struct ot_hearing;

struct ot_store;

/* Whether the value of --db is the URL of a PostgreSQL database; else it is a file. */
bool ot_store_is_url(const char *where);
/* OT_E_USAGE: it was meant as the place of a database server, and is no such URL. */
enum ot_status ot_store_check_place(const char *where, struct ot_error *err);

/* Opens the database, and brings its tables up to date. A file that does not exist is
 * made (mode 0600). OT_E_IO, OT_E_NO_SPACE: cannot be read or written; OT_E_UNSAFE: not
 * this user's alone (private_file.h); OT_E_CONFIG: made by a newer version, or a server
 * that is too old; OT_E_CORRUPT: no database, damaged, or of another program; OT_E_BUSY;
 * of a URL also OT_E_USAGE, where it is none or has a password in it, and OT_E_NETWORK:
 * the database server cannot be reached, or does not let us in. */
enum ot_status ot_store_open(struct ot_store **out, const char *where,
                             unsigned connections, struct ot_error *err);
/* All connections are back. */
void ot_store_close(struct ot_store *store);

/* A connection for the calling thread alone, until it is returned. Waits for one when all
 * are lent. */
struct ot_db *ot_store_lend(struct ot_store *store);
void ot_store_return(struct ot_store *store, struct ot_db *db);

/* Whether the database tells of changes; else one has to look. */
bool ot_store_tells(const struct ot_store *store);
/* Where it does: sleeps until a change was committed by whichever server, or one may have
 * been without being heard of. false: stop, a descriptor, can be read. *hearing begins as
 * NULL, and is the calling thread's until it is ended. */
bool ot_store_hear(struct ot_store *store, struct ot_hearing **hearing, int stop);
void ot_store_hear_end(struct ot_store *store, struct ot_hearing *hearing);

#endif

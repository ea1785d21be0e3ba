/* What the files of this folder share. */
#ifndef OT_SERVER_STORE_POSTGRESQL_POSTGRESQL_INTERNAL_H
#define OT_SERVER_STORE_POSTGRESQL_POSTGRESQL_INTERNAL_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/error.h"
#include "store/sql.h"

/* The statements of a connection: those of the store, and then ours. */
enum ot_pg_sql {
    OT_PG_BEGIN = OT_SQL_COUNT,
    OT_PG_QUEUE_UP,
    OT_PG_QUEUE_UP_NOW,
    OT_PG_COMMIT,
    OT_PG_ROLLBACK,
    OT_PG_COUNT
};
/* What PostgreSQL says in its own way; NULL: as sql.h has it. */
extern const char *const ot_pg_sql[OT_PG_COUNT];

/* What went wrong with a statement, by its SQLSTATE; with NULL the connection. what:
 * "list certificates". OT_E_BUSY, OT_E_NETWORK, OT_E_REFUSED (no message), OT_E_NO_SPACE,
 * OT_E_CORRUPT, OT_E_CONFIG or OT_E_INTERNAL. */
enum ot_status ot_pg_fail(const char *sqlstate, const char *text, const char *what,
                          struct ot_error *err);
/* Whether the transaction would succeed if it were done again. */
bool ot_pg_is_given_back(const char *sqlstate);
/* Whether the connection is of no more use, though it may still be there. */
bool ot_pg_is_lost(const char *sqlstate);

/* Outside of pipeline mode: the statements, of which only the last may give a row.
 * *result is the caller's to clear, also after a failure; NULL: not wanted. */
enum ot_status ot_pg_execute(PGconn *connection, const char *sql, const char *what,
                             PGresult **result, struct ot_error *err);

/* Connects to the place that --db names; NULL, or one that is not there: it failed. */
PGconn *ot_pg_open(const char *url);
/* Connects to the place that --db names, prepares the session and its statements.
 * OT_E_NETWORK: cannot be reached, or does not let us in; OT_E_CONFIG: too old, or of
 * another encoding. is_first: the tables are brought up to date. */
enum ot_status ot_pg_connect(PGconn **out, const char *url, bool is_first,
                             struct ot_error *err);
/* OT_E_USAGE: no URL that libpq understands, or a password in it. */
enum ot_status ot_pg_check_url(const char *url, struct ot_error *err);

/* Where each commit that changes the revision is told, by whichever server. */
#define OT_PG_CHANNEL "orgtrust"

/* As the driver's hear and hear_end. */
bool ot_pg_hear(struct ot_hearing **hearing, const char *url, int stop);
void ot_pg_hear_end(struct ot_hearing *hearing);

/* Brings the tables of schema orgtrust up to date, in one transaction. OT_E_CONFIG: made
 * by a newer version; OT_E_CORRUPT: another program's. */
enum ot_status ot_pg_migrate(PGconn *connection, struct ot_error *err);

#endif

#include "store/postgresql/postgresql_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "shared/limits.h"

#define VERSION_LEAST 150000

#define TEXT_OF(number) TEXT_OF_TOKEN(number)
#define TEXT_OF_TOKEN(token) #token

#define LOCK_MS TEXT_OF(OT_DB_BUSY_MS)
#define STATEMENT_MS TEXT_OF(OT_DB_STATEMENT_MS)

/* plan_cache_mode and enable_seqscan: each statement has its index, and is planned once
 * for all values; a plan that was made while the tables were empty stays right. A server
 * whose default gives up durability is not taken at its word (synchronous_commit). A
 * transaction whose owner is gone must not hold up the other servers' writers. */
static const char session[] =
    "SET search_path = orgtrust, pg_temp;"
    "SET client_min_messages = error;"
    "SET plan_cache_mode = force_generic_plan;"
    "SET enable_seqscan = off;"
    "SET jit = off;"
    "SET lock_timeout = " LOCK_MS ";"
    "SET statement_timeout = " STATEMENT_MS ";"
    "SET idle_in_transaction_session_timeout = " STATEMENT_MS ";"
    "SELECT CASE current_setting('synchronous_commit') WHEN 'off'"
    " THEN set_config('synchronous_commit', 'on', false) END";

enum ot_status ot_pg_check_url(const char *url, struct ot_error *err)
{
    char *reason = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &reason);
    enum ot_status status = OT_OK;

    /* libpq's reason quotes the URL, in which a password may be. */
    if (options == NULL)
        status = ot_error_set(err, OT_E_USAGE,
                              "the URL of --db is none that PostgreSQL's library "
                              "understands: postgresql://USER@HOST/DATABASE");
    for (const PQconninfoOption *at = options;
         status == OT_OK && at != NULL && at->keyword != NULL; at++)
        if (at->val != NULL && *at->val != '\0' &&
            (strcmp(at->keyword, "password") == 0 ||
             strcmp(at->keyword, "sslpassword") == 0))
            status = ot_error_set(
                err, OT_E_USAGE,
                "the URL of --db has a password in it, which everybody on this machine "
                "sees in the list of processes: keep it in the file that PGPASSFILE "
                "names (~/.pgpass), or name a service of PGSERVICEFILE "
                "(postgresql://?service=NAME)");
    PQfreemem(reason);
    PQconninfoFree(options);
    return status;
}

static void ignore_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* Before the URL stands what it may say otherwise, behind it what it may not. */
PGconn *ot_pg_open(const char *url)
{
    static const char *const keywords[] = {"fallback_application_name", "connect_timeout",
                                           "tcp_user_timeout",          "keepalives_idle",
                                           "target_session_attrs",      "dbname",
                                           "client_encoding",           NULL};
    const char *const values[] = {"orgtrust-server",
                                  TEXT_OF(OT_DB_CONNECT_S),
                                  TEXT_OF(OT_DB_STATEMENT_MS),
                                  "15",
                                  "read-write",
                                  url,
                                  "UTF8",
                                  NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 1);

    if (connection != NULL)
        PQsetNoticeProcessor(connection, ignore_notice, NULL);
    return connection;
}

static enum ot_status check_database_server(PGconn *connection, struct ot_error *err)
{
    const char *encoding = PQparameterStatus(connection, "server_encoding");

    if (PQserverVersion(connection) < VERSION_LEAST)
        return ot_error_set(err, OT_E_CONFIG,
                            "the database server is PostgreSQL %d: 15 or later is needed",
                            PQserverVersion(connection) / 10000);
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return ot_error_set(err, OT_E_CONFIG,
                            "the database %s has the encoding %s: make one with UTF8 "
                            "(createdb --encoding UTF8 --template template0)",
                            PQdb(connection), encoding != NULL ? encoding : "?");
    return OT_OK;
}

static const char what[] = "prepare its statements";

static enum ot_status take_prepared(PGconn *connection, struct ot_error *err)
{
    PGresult *result = PQgetResult(connection);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    enum ot_status status = OT_OK;

    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        status = ot_pg_fail(sqlstate,
                            sqlstate != NULL
                                ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
                                : PQresultErrorMessage(result),
                            what, err);
    PQclear(result);
    PQclear(PQgetResult(connection)); /* none, which ends the answer */
    return status;
}

/* NULL: SQLite's alone. */
static const char *statement_text(int at)
{
    return ot_pg_sql[at] != NULL || at >= OT_SQL_COUNT ? ot_pg_sql[at] : ot_sql_texts[at];
}

/* In one round trip; the connection is in pipeline mode from here on. */
static enum ot_status prepare_all(PGconn *connection, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    bool is_sent = PQenterPipelineMode(connection) == 1;

    for (int i = 0; is_sent && i < OT_PG_COUNT; i++) {
        const char *text = statement_text(i);
        char name[8];

        if (text == NULL)
            continue;
        snprintf(name, sizeof(name), "s%d", i);
        is_sent = PQsendPrepare(connection, name, text, 0, NULL) == 1;
    }
    if (!is_sent || PQpipelineSync(connection) != 1)
        return ot_pg_fail(NULL, PQerrorMessage(connection), what, err);
    for (int i = 0; status == OT_OK && i < OT_PG_COUNT; i++)
        if (statement_text(i) != NULL)
            status = take_prepared(connection, err);
    /* The end of what travelled together. */
    PQclear(PQgetResult(connection));
    return status;
}

static enum ot_status begin_session(PGconn *connection, bool is_first,
                                    struct ot_error *err)
{
    enum ot_status status = check_database_server(connection, err);

    if (status == OT_OK)
        status = ot_pg_execute(connection, session, "open the database", NULL, err);
    if (status == OT_OK && is_first)
        status = ot_pg_migrate(connection, err);
    if (status == OT_OK)
        status = prepare_all(connection, err);
    return status;
}

enum ot_status ot_pg_connect(PGconn **out, const char *url, bool is_first,
                             struct ot_error *err)
{
    PGconn *connection = ot_pg_open(url);
    enum ot_status status;

    *out = NULL;
    if (connection == NULL)
        return ot_error_nomem(err);
    if (PQstatus(connection) != CONNECTION_OK)
        status = ot_pg_fail(NULL, PQerrorMessage(connection), "open the database", err);
    else
        status = begin_session(connection, is_first, err);
    if (status != OT_OK) {
        PQfinish(connection);
        return status;
    }
    *out = connection;
    return OT_OK;
}

#include "store/postgresql/postgresql_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* Classes and codes: PostgreSQL's manual, appendix A. */
struct failure {
    const char *sqlstate; /* or the beginning of it */
    enum ot_status status;
    bool is_given_back, is_lost;
    const char *advice;
};

static const struct failure failures[] = {
    {"40001", OT_E_BUSY, true, false, ""},
    {"40P01", OT_E_BUSY, true, false, ""},
    {"55P03", OT_E_BUSY, false, false, "; another writer holds it up: try again"},
    {"57014", OT_E_BUSY, false, false,
     "; the database is overloaded, or a statement of "
     "another program holds it up: try again"},
    {"23505", OT_E_REFUSED, false, false, ""},
    /* What was the primary is a standby now. */
    {"25006", OT_E_NETWORK, true, true, "; it takes no writes"},
    {"53100", OT_E_NO_SPACE, false, false, "; make room on its disk"},
    {"53", OT_E_NETWORK, false, true, "; the database server has no room for more"},
    {"57P", OT_E_NETWORK, true, true, ""},
    {"25P", OT_E_NETWORK, true, true, ""},
    {"08", OT_E_NETWORK, true, true, ""},
    {"58", OT_E_IO, false, false, "; the database server's log says more"},
    {"XX", OT_E_CORRUPT, false, false, "; the database server's log says more"},
    {"42501", OT_E_CONFIG, false, false,
     "; the schema orgtrust and all in it must belong to this role, or it needs the "
     "right to make it (GRANT CREATE ON DATABASE)"},
    {"42P01", OT_E_CORRUPT, false, false, "; restore the schema orgtrust from a copy"},
    {"42703", OT_E_CORRUPT, false, false, "; restore the schema orgtrust from a copy"},
};
/* Nothing came back. */
static const struct failure no_connection = {"", OT_E_NETWORK, true, true, ""};
static const struct failure unforeseen = {"", OT_E_INTERNAL, false, false, ""};

static const struct failure *find_sqlstate(const char *sqlstate)
{
    if (sqlstate == NULL)
        return &no_connection;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
        if (strncmp(sqlstate, failures[i].sqlstate, strlen(failures[i].sqlstate)) == 0)
            return &failures[i];
    return &unforeseen;
}

bool ot_pg_is_given_back(const char *sqlstate)
{
    return find_sqlstate(sqlstate)->is_given_back;
}

bool ot_pg_is_lost(const char *sqlstate)
{
    return find_sqlstate(sqlstate)->is_lost;
}

/* One line of libpq's, which may be several: what failed at each of several hosts, and
 * what to look at. */
static void flatten_text(char *out, size_t size, const char *text)
{
    size_t len = 0;

    out[0] = '\0';
    while (len + 1 < size) {
        size_t line = strcspn(text += strspn(text, " \t\n"), "\n");

        if (line == 0)
            return;
        len += (size_t)snprintf(out + len, size - len, "%s%.*s", len > 0 ? "; " : "",
                                (int)line, text);
        text += line;
    }
}

enum ot_status ot_pg_fail(const char *sqlstate, const char *text, const char *what,
                          struct ot_error *err)
{
    const struct failure *failure = find_sqlstate(sqlstate);
    char line[OT_ERROR_MAX / 2];

    flatten_text(line, sizeof(line), text != NULL ? text : "");
    return ot_error_set(err, failure->status, "cannot %s: PostgreSQL: %s%s", what, line,
                        failure->advice);
}

enum ot_status ot_pg_execute(PGconn *connection, const char *sql, const char *what,
                             PGresult **result, struct ot_error *err)
{
    PGresult *answer = PQexec(connection, sql);
    ExecStatusType kind = PQresultStatus(answer);
    enum ot_status status = OT_OK;

    if (PQstatus(connection) != CONNECTION_OK)
        status = ot_pg_fail(NULL, PQerrorMessage(connection), what, err);
    else if (kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK)
        status =
            ot_pg_fail(PQresultErrorField(answer, PG_DIAG_SQLSTATE),
                       PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY), what, err);
    if (result != NULL)
        *result = answer;
    else
        PQclear(answer);
    return status;
}

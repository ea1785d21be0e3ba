#include "store/postgresql/postgresql.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "shared/limits.h"
#include "shared/log.h"
#include "store/postgresql/postgresql_internal.h"

/* Statements that travel together at most; more are sent in parts. */
#define TRAVELLING_MAX 40
/* The end of a transaction, the beginning of the next one, a statement, and their ends.
 */
#define TRAVELLING_SPARE 8

struct ot_database {
    char *url;
    pthread_mutex_t lock; /* for all below */
    bool is_up_to_date;
    int64_t away_until_ms; /* no connection is tried before */
    struct ot_error away;  /* why the last one failed */
};

/* What was sent and is not answered yet. */
struct sent {
    const struct ot_query *query; /* of the statement that is waited for, else NULL */
    const char *what;             /* NULL: the end of what travels together */
    bool is_ignored;              /* whatever comes of it */
};

struct pg_db {
    struct ot_db common;
    struct ot_database *database;
    PGconn *connection; /* NULL: to be made at the next statement */
    struct sent sent[TRAVELLING_MAX];
    unsigned sent_count;
    bool in_transaction;
    bool is_begun; /* the transaction's beginning was sent */
    enum ot_transaction kind;
    unsigned statements; /* of the transaction so far */
};

/* An answer being read. */
struct answer {
    struct pg_db *db;
    int64_t rows;
    enum ot_status status;
    bool is_lost;
    struct ot_error *err;
};

static struct pg_db *pg_of(struct ot_db *db)
{
    return (struct pg_db *)db; /* common is its first member */
}

static void drop_connection(struct pg_db *db)
{
    PQfinish(db->connection);
    db->connection = NULL;
    db->sent_count = 0;
}

/* While the database is away, one of all tries to connect at a time, now and then; the
 * others are told at once. */
static bool may_connect(struct ot_database *database, bool *is_first,
                        struct ot_error *err)
{
    bool may;

    pthread_mutex_lock(&database->lock);
    *is_first = !database->is_up_to_date;
    may = ot_clock_ms() >= database->away_until_ms;
    if (may && database->away_until_ms != 0)
        database->away_until_ms = ot_clock_ms() + OT_DB_CONNECT_S * 1000;
    else if (!may)
        *err = database->away;
    pthread_mutex_unlock(&database->lock);
    return may;
}

static void note_connected(struct ot_database *database, enum ot_status status,
                           const struct ot_error *err)
{
    struct ot_error back = OT_ERROR_INIT;

    pthread_mutex_lock(&database->lock);
    if (status == OT_OK) {
        if (database->away_until_ms != 0)
            ot_error_set(&back, OT_E_NETWORK, "PostgreSQL answers again");
        database->is_up_to_date = true;
        database->away_until_ms = 0;
    } else {
        database->away_until_ms = ot_clock_ms() + OT_DB_AWAY_STEP_MS;
        database->away = *err;
    }
    pthread_mutex_unlock(&database->lock);
    if (back.status != OT_OK)
        ot_log_failure(&back);
}

static enum ot_status ensure_connection(struct pg_db *db, struct ot_error *err)
{
    bool is_first;
    enum ot_status status;

    if (db->connection != NULL && PQstatus(db->connection) == CONNECTION_OK)
        return OT_OK;
    drop_connection(db);
    if (!may_connect(db->database, &is_first, err))
        return err->status;
    status = ot_pg_connect(&db->connection, db->database->url, is_first, err);
    note_connected(db->database, status, err);
    return status;
}

/* The connection is of no more use: what goes wrong from now on follows from that. */
static enum ot_status fail_lost(struct answer *answer, const char *what)
{
    if (answer->status == OT_OK)
        answer->status =
            ot_pg_fail(NULL, PQerrorMessage(answer->db->connection), what, answer->err);
    answer->is_lost = true;
    answer->db->common.is_given_back = true;
    return answer->status;
}

static void take_pg_failure(struct answer *answer, const struct sent *sent,
                            const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (sqlstate == NULL || ot_pg_is_lost(sqlstate))
        answer->is_lost = true;
    if (sent->is_ignored || answer->status != OT_OK)
        return;
    answer->status =
        ot_pg_fail(sqlstate,
                   sqlstate != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
                                    : PQerrorMessage(answer->db->connection),
                   sent->what, answer->err);
    answer->db->common.is_given_back = ot_pg_is_given_back(sqlstate);
    /* Who does not wait for the answer expects no refusal. */
    if (answer->status == OT_E_REFUSED && sent->query == NULL)
        answer->status = answer->err->status = OT_E_INTERNAL;
}

static void show_rows(struct answer *answer, const struct ot_query *query,
                      PGresult *result)
{
    struct ot_row row = {.db = &answer->db->common, .result = result};

    if (query->seen == NULL) {
        answer->rows = strtoll(PQcmdTuples(result), NULL, 10);
        return;
    }
    answer->rows = PQntuples(result);
    for (; row.at < PQntuples(result); row.at++)
        query->seen(query->arg, &row);
}

/* A COMMIT that ends a transaction which has failed says ROLLBACK. */
static bool is_other_end(const struct sent *sent, PGresult *result)
{
    return sent->query == NULL && strcmp(sent->what, "commit") == 0 &&
           strcmp(PQcmdStatus(result), "COMMIT") != 0;
}

static void take_result(struct answer *answer, const struct sent *sent, PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        if (answer->status == OT_OK && is_other_end(sent, result))
            answer->status = ot_error_set(answer->err, OT_E_INTERNAL,
                                          "the database did not commit a transaction");
        if (sent->query != NULL && answer->status == OT_OK)
            show_rows(answer, sent->query, result);
        break;
    case PGRES_PIPELINE_ABORTED: /* by the failure before it */
        break;
    default:
        take_pg_failure(answer, sent, result);
    }
}

/* The answer to one; false: nothing more comes. */
static bool read_one(struct answer *answer, const struct sent *sent)
{
    PGconn *connection = answer->db->connection;
    PGresult *result = PQgetResult(connection);

    if (sent->what == NULL) {
        bool is_end = PQresultStatus(result) == PGRES_PIPELINE_SYNC;

        PQclear(result);
        return is_end;
    }
    if (result == NULL)
        return false;
    for (; result != NULL; result = PQgetResult(connection)) {
        take_result(answer, sent, result);
        PQclear(result);
        if (answer->is_lost)
            return false;
    }
    return true;
}

/* Reads whatever has been sent. */
static void read_all(struct answer *answer)
{
    struct pg_db *db = answer->db;

    for (unsigned i = 0; i < db->sent_count; i++) {
        const struct sent *sent = &db->sent[i];

        if (!answer->is_lost && read_one(answer, sent))
            continue;
        answer->is_lost = true;
        /* An end that does not come is no failure: all answers before it have come. */
        if (sent->what != NULL && !sent->is_ignored)
            fail_lost(answer, sent->what);
    }
    db->sent_count = 0;
    if (answer->is_lost)
        drop_connection(db);
}

static bool send_sync(struct pg_db *db)
{
    db->sent[db->sent_count++] = (struct sent){.what = NULL};
    return PQpipelineSync(db->connection) == 1;
}

static bool send_statement(struct pg_db *db, int number, const struct ot_query *query,
                           const struct sent *sent)
{
    const char *texts[OT_VALUES_MAX] = {NULL};
    int lengths[OT_VALUES_MAX] = {0}, formats[OT_VALUES_MAX] = {0};
    char numbers[OT_VALUES_MAX][24], name[8];
    int count = query != NULL ? (int)query->count : 0;

    for (int i = 0; i < count; i++) {
        const struct ot_value *value = &query->values[i];

        texts[i] = value->data;
        if (value->kind == OT_VALUE_BYTES) {
            lengths[i] = (int)value->len;
            formats[i] = 1;
        } else if (value->kind == OT_VALUE_INT) {
            snprintf(numbers[i], sizeof(numbers[i]), "%lld", (long long)value->number);
            texts[i] = numbers[i];
        }
    }
    snprintf(name, sizeof(name), "s%d", number);
    db->sent[db->sent_count++] = *sent;
    return PQsendQueryPrepared(db->connection, name, count, texts, lengths, formats, 1) ==
           1;
}

static bool send_beginning(struct pg_db *db)
{
    const struct sent sent = {.what = "begin a transaction"};

    db->is_begun = true;
    return send_statement(db, OT_PG_BEGIN, NULL, &sent) &&
           send_statement(db,
                          db->kind == OT_WRITING ? OT_PG_QUEUE_UP : OT_PG_QUEUE_UP_NOW,
                          NULL, &sent);
}

/* Sends it, behind the beginning of its transaction where that is due, and reads what has
 * come to be read. */
static void send_and_read(struct answer *answer, const struct ot_query *query,
                          bool is_waited_for)
{
    struct pg_db *db = answer->db;
    const struct sent sent = {.query = is_waited_for ? query : NULL, .what = query->what};
    bool is_sent = true;

    if (db->in_transaction && !db->is_begun)
        is_sent = send_beginning(db);
    is_sent = is_sent && send_statement(db, (int)query->sql, query, &sent);
    is_waited_for |= db->sent_count + TRAVELLING_SPARE > TRAVELLING_MAX;
    if (is_sent && is_waited_for)
        is_sent = send_sync(db);
    if (!is_sent) {
        fail_lost(answer, query->what);
        drop_connection(db);
    } else if (is_waited_for) {
        read_all(answer);
    }
}

/* In the middle of a transaction, which cannot go on over another one. */
static enum ot_status fail_broken(struct pg_db *db, struct ot_error *err)
{
    db->common.is_given_back = true;
    return ot_error_set(err, OT_E_NETWORK, "the connection to the database broke");
}

static enum ot_status pg_run(struct ot_db *common, const struct ot_query *query,
                             int64_t *rows, struct ot_error *err)
{
    struct pg_db *db = pg_of(common);
    const bool is_alone = !db->in_transaction || db->statements == 0;
    struct answer answer = {.db = db, .err = err};

    /* A connection that broke while nobody used it, and nothing else to do again. */
    for (int tries = 0; tries < 2; tries++) {
        answer = (struct answer){.db = db, .err = err};
        common->is_given_back = false;
        if (is_alone)
            answer.status = ensure_connection(db, err);
        else if (db->connection == NULL)
            answer.status = fail_broken(db, err);
        if (answer.status == OT_OK)
            send_and_read(&answer, query, rows != NULL || !db->in_transaction);
        if (!answer.is_lost || answer.status == OT_OK || !is_alone)
            break;
        db->is_begun = false;
    }
    db->statements++;
    if (rows != NULL)
        *rows = answer.rows;
    return answer.status;
}

static enum ot_status pg_begin(struct ot_db *common, enum ot_transaction kind,
                               struct ot_error *err)
{
    struct pg_db *db = pg_of(common);

    (void)err; /* it is sent with the first statement */
    db->in_transaction = kind != OT_READING;
    db->is_begun = false;
    db->kind = kind;
    db->statements = 0;
    return OT_OK;
}

/* Nothing of the transaction is to be had back: its end is sent and not waited for. */
static void pg_rollback(struct ot_db *common)
{
    struct pg_db *db = pg_of(common);
    const struct sent sent = {.what = "roll back", .is_ignored = true};

    if (!db->in_transaction)
        return;
    db->in_transaction = false;
    if (!db->is_begun || db->connection == NULL)
        return;
    for (unsigned i = 0; i < db->sent_count; i++)
        db->sent[i].is_ignored = true;
    /* Behind a failure that nobody has read of, all is passed over up to such an end. */
    if ((db->sent_count > 0 && !send_sync(db)) ||
        !send_statement(db, OT_PG_ROLLBACK, NULL, &sent) || !send_sync(db))
        drop_connection(db);
}

static enum ot_status pg_commit(struct ot_db *common, struct ot_error *err)
{
    struct pg_db *db = pg_of(common);
    const struct sent sent = {.what = "commit"};
    struct answer answer = {.db = db, .err = err};

    if (db->is_begun && db->connection == NULL) {
        answer.status = fail_broken(db, err);
    } else if (db->is_begun) {
        if (send_statement(db, OT_PG_COMMIT, NULL, &sent) && send_sync(db))
            read_all(&answer);
        else
            fail_lost(&answer, sent.what);
        /* A failure that the database gave a reason for came before the commit. */
        common->is_in_doubt = answer.is_lost && answer.status != OT_OK;
        if (answer.is_lost)
            drop_connection(db);
    }
    if (answer.status == OT_OK)
        db->in_transaction = false;
    else
        pg_rollback(common);
    return answer.status;
}

static int64_t pg_row_int(const struct ot_row *row, int column)
{
    const unsigned char *bytes =
        (const unsigned char *)PQgetvalue(row->result, row->at, column);
    int len = PQgetlength(row->result, row->at, column);
    uint64_t number = 0;

    /* As it travels: big-endian, of 1 (boolean), 4 or 8 bytes. */
    for (int i = 0; i < len; i++)
        number = number << 8 | bytes[i];
    return len == 4 ? (int64_t)(int32_t)(uint32_t)number : (int64_t)number;
}

static const char *pg_row_text(const struct ot_row *row, int column)
{
    return PQgetisnull(row->result, row->at, column)
               ? NULL
               : PQgetvalue(row->result, row->at, column);
}

static const unsigned char *pg_row_bytes(const struct ot_row *row, int column, size_t len)
{
    if (PQgetisnull(row->result, row->at, column) ||
        PQgetlength(row->result, row->at, column) != (int)len)
        return NULL;
    return (const unsigned char *)PQgetvalue(row->result, row->at, column);
}

static void pg_disconnect(struct ot_db *common)
{
    if (common == NULL)
        return;
    drop_connection(pg_of(common));
    free(common);
}

static enum ot_status pg_connect(struct ot_db **out, struct ot_database *database,
                                 struct ot_error *err)
{
    struct pg_db *db = calloc(1, sizeof(*db));
    enum ot_status status = OT_OK;

    *out = NULL;
    if (db == NULL)
        return ot_error_nomem(err);
    db->common.driver = &ot_postgresql_driver;
    db->database = database;
    /* The others are made when they are needed. */
    if (!database->is_up_to_date)
        status = ensure_connection(db, err);
    if (status != OT_OK) {
        pg_disconnect(&db->common);
        return status;
    }
    *out = &db->common;
    return OT_OK;
}

static bool pg_hear(struct ot_database *database, struct ot_hearing **hearing, int stop)
{
    return ot_pg_hear(hearing, database->url, stop);
}

static void pg_close(struct ot_database *database)
{
    if (database == NULL)
        return;
    pthread_mutex_destroy(&database->lock);
    free(database->url);
    free(database);
}

static enum ot_status pg_open(struct ot_database **out, const char *where,
                              struct ot_error *err)
{
    struct ot_database *database;
    enum ot_status status = ot_pg_check_url(where, err);

    *out = NULL;
    if (status != OT_OK)
        return status;
    database = calloc(1, sizeof(*database));
    if (database == NULL)
        return ot_error_nomem(err);
    pthread_mutex_init(&database->lock, NULL);
    database->url = strdup(where);
    if (database->url == NULL) {
        pg_close(database);
        return ot_error_nomem(err);
    }
    *out = database;
    return OT_OK;
}

const struct ot_driver ot_postgresql_driver = {
    .open = pg_open,
    .close = pg_close,
    .connect = pg_connect,
    .disconnect = pg_disconnect,
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .run = pg_run,
    .row_int = pg_row_int,
    .row_text = pg_row_text,
    .row_bytes = pg_row_bytes,
    .hear = pg_hear,
    .hear_end = ot_pg_hear_end,
};

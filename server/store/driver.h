/* What the files of this folder ask of a database: statements by their number, values,
 * rows. Each kind of database is a driver, in a folder of its own; sql.h has the texts of
 * the statements that all of them understand. */
#ifndef OT_SERVER_STORE_DRIVER_H
#define OT_SERVER_STORE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/transaction.h"

/* Every statement there is, but for those of transactions and tables. */
enum ot_sql {
    OT_SQL_OPENING,
    OT_SQL_STAMP, /* PostgreSQL's alone */
    OT_SQL_REVISION_NEXT,
    OT_SQL_CERT_COUNT,
    OT_SQL_CERT_INSERT,
    OT_SQL_CONTENT_INSERT,
    OT_SQL_CERT_GET,
    OT_SQL_CERT_CONTENT,
    OT_SQL_CERT_CONTENTS,
    OT_SQL_CERT_IN_SCOPE,
    OT_SQL_CERT_RENAME,
    OT_SQL_CERT_DELETE,
    OT_SQL_CERT_CURSOR,
    OT_SQL_LIST_ASC,
    OT_SQL_LIST_DESC,
    OT_SQL_ACTIVATE,
    OT_SQL_DEACTIVATE,
    OT_SQL_ENDED_ANY,
    OT_SQL_ENDED,
    OT_SQL_SCOPES,
    OT_SQL_SUMMARY,
    OT_SQL_PROJECT_INSERT,
    OT_SQL_PROJECT_GET,
    OT_SQL_PROJECT_LIST,
    OT_SQL_AUDIT_INSERT,
    OT_SQL_AUDIT_RESOURCE,
    OT_SQL_AUDIT_PLACE,
    OT_SQL_AUDIT_LIST,
    OT_SQL_AUDIT_LIST_UP,
    OT_SQL_KEY_INSERT,
    OT_SQL_KEY_GET,
    OT_SQL_KEY_NAMED,
    OT_SQL_KEY_TOUCH,
    OT_SQL_KEY_LIST,
    OT_SQL_KEY_LIST_DESC,
    OT_SQL_KEY_DELETE,
    OT_SQL_LIST_UNTAGGED,
    OT_SQL_LIST_ACTIVE,
    OT_SQL_LIST_TAG,
    OT_SQL_HOSTS_CAUGHT_UP,
    OT_SQL_HOST_SEEN,
    OT_SQL_HOSTS_FORGET,
    OT_SQL_HOSTS_OF_KEY,
    OT_SQL_HOST_INSERT,
    OT_SQL_HOST_SCOPE,
    OT_SQL_HOST_SCOPES_ELSE,
    OT_SQL_HOST_BEHIND,
    OT_SQL_HOST_LIST,
    OT_SQL_HOST_COUNT,
    /* Of a move: SQLite reads, PostgreSQL has the rest, both count. */
    OT_SQL_TALLY,
    OT_SQL_READ_PROJECTS,
    OT_SQL_READ_CERTIFICATES,
    OT_SQL_READ_CONTENTS,
    OT_SQL_READ_ACTIVATIONS,
    OT_SQL_READ_KEYS,
    OT_SQL_READ_AUDIT,
    OT_SQL_READ_RESOURCES,
    OT_SQL_READ_SEQUENCES,
    OT_SQL_READ_LISTS,
    OT_SQL_READ_HOSTS,
    OT_SQL_READ_HOST_SCOPES,
    OT_SQL_MAY_MOVE,
    OT_SQL_EMPTY,
    OT_SQL_STOP_COUNTING,
    OT_SQL_PUT_PROJECT,
    OT_SQL_PUT_CERTIFICATE,
    OT_SQL_PUT_CONTENT,
    OT_SQL_PUT_ACTIVATION,
    OT_SQL_PUT_KEY,
    OT_SQL_PUT_AUDIT,
    OT_SQL_PUT_RESOURCE,
    OT_SQL_PUT_SEQUENCE,
    OT_SQL_PUT_LIST,
    OT_SQL_PUT_HOST,
    OT_SQL_PUT_HOST_SCOPE,
    OT_SQL_GO_ON_COUNTING,
    OT_SQL_PUT_META,
    OT_SQL_FORGET_MOVE,
    OT_SQL_NOTE_MOVE,
    OT_SQL_COUNT
};

/* A value of a statement; what it points to outlives the call. */
enum ot_value_kind { OT_VALUE_NULL, OT_VALUE_INT, OT_VALUE_TEXT, OT_VALUE_BYTES };
struct ot_value {
    enum ot_value_kind kind;
    int64_t number;
    const void *data; /* of a text with its NUL */
    size_t len;       /* of bytes */
};

static inline struct ot_value ot_value_int(int64_t number)
{
    return (struct ot_value){.kind = OT_VALUE_INT, .number = number};
}

/* NULL: the database's NULL. */
static inline struct ot_value ot_value_text(const char *text)
{
    return (struct ot_value){.kind = text != NULL ? OT_VALUE_TEXT : OT_VALUE_NULL,
                             .data = text};
}

static inline struct ot_value ot_value_bytes(const void *data, size_t len)
{
    return (struct ot_value){.kind = OT_VALUE_BYTES, .data = data, .len = len};
}

/* Values of one statement at most: the audit log's filters and bounds. */
#define OT_VALUES_MAX 10

/* A row of an answer; its texts live until the callback returns. */
struct ot_row {
    struct ot_db *db;
    void *result;
    int at;
};
typedef void ot_row_seen(void *arg, const struct ot_row *row);

struct ot_query {
    enum ot_sql sql;
    const char *what; /* is done, for messages: "list certificates" */
    const struct ot_value *values;
    size_t count;
    ot_row_seen *seen; /* NULL: the statement gives no rows */
    void *arg;
};

/* What all connections share. */
struct ot_database;
/* What listens to it. */
struct ot_hearing;

struct ot_driver {
    /* Connects nowhere yet. where: the value of --db. */
    enum ot_status (*open)(struct ot_database **out, const char *where,
                           struct ot_error *err);
    void (*close)(struct ot_database *database);
    /* The first connection also brings the tables up to date. */
    enum ot_status (*connect)(struct ot_db **out, struct ot_database *database,
                              struct ot_error *err);
    void (*disconnect)(struct ot_db *db);

    enum ot_status (*begin)(struct ot_db *db, enum ot_transaction kind,
                            struct ot_error *err);
    enum ot_status (*commit)(struct ot_db *db, struct ot_error *err);
    void (*rollback)(struct ot_db *db);

    /* *rows: how many rows the statement gave, or, where it gives none, changed. NULL:
     * the caller does not need to know, and what goes wrong may be said later, at the
     * commit at the latest. OT_E_REFUSED (no message): what must be unique is there. */
    enum ot_status (*run)(struct ot_db *db, const struct ot_query *query, int64_t *rows,
                          struct ot_error *err);
    int64_t (*row_int)(const struct ot_row *row, int column);               /* NULL: 0 */
    const char *(*row_text)(const struct ot_row *row, int column);          /* or NULL */
    const unsigned char *(*row_bytes)(const struct ot_row *row, int column, /* or NULL */
                                      size_t len); /* which they must have */

    /* NULL: it tells of nothing. Sleeps until a change was committed, by whomever, or one
     * may have been without being heard of; false: stop can be read. *hearing begins as
     * NULL, and is one thread's. */
    bool (*hear)(struct ot_database *database, struct ot_hearing **hearing, int stop);
    void (*hear_end)(struct ot_hearing *hearing);
};

/* "audit_log-" and 32 hexadecimal digits, NUL. */
#define OT_EVIDENCE_MAX 48

/* What every driver's connection begins with. */
struct ot_db {
    const struct ot_driver *driver;
    /* The transaction failed, and would not if it were done again. */
    bool is_given_back;
    /* The connection broke while it confirmed the transaction. */
    bool is_in_doubt;
    /* The row of the audit log by which one sees that it did. */
    char evidence[OT_EVIDENCE_MAX];
};

/* As a driver's run, of what is never refused. */
enum ot_status ot_db_ask(struct ot_db *db, const struct ot_query *query, int64_t *rows,
                         struct ot_error *err);
/* As a driver's run; OT_E_NOT_FOUND (no message): no row was there, or changed. */
enum ot_status ot_db_ask_one(struct ot_db *db, const struct ot_query *query,
                             struct ot_error *err);

int64_t ot_row_int(const struct ot_row *row, int column);
const char *ot_row_text(const struct ot_row *row, int column);
const unsigned char *ot_row_bytes(const struct ot_row *row, int column, size_t len);

#endif

#include "store/cert.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "shared/random_text.h"
#include "store/db.h"
#include "store/driver.h"

/* 128 random bits do not collide; a generator that repeats itself is noticed here. */
#define ID_TRIES 3

/* Whom a row is shown to. */
struct cert_sight {
    ot_cert_seen *seen;
    void *arg;
};

struct ot_cert_row ot_cert_row_of(const struct ot_row *row, int column)
{
    return (struct ot_cert_row){
        .id = ot_row_text(row, column),
        .name = ot_row_text(row, column + 1),
        .created_at = ot_row_int(row, column + 2),
        .valid_at = ot_row_int(row, column + 3),
        .expires_at = ot_row_int(row, column + 4),
        .active = ot_row_int(row, column + 5) != 0,
        .ends_at = ot_row_int(row, column + 6),
    };
}

static void see_cert_row(void *arg, const struct ot_row *row)
{
    const struct cert_sight *sight = arg;
    const struct ot_cert_row cert = ot_cert_row_of(row, 0);

    sight->seen(sight->arg, &cert);
}

static void take_count(void *arg, const struct ot_row *row)
{
    *(int64_t *)arg = ot_row_int(row, 0);
}

enum ot_status ot_db_cert_count(struct ot_db *db, int64_t *out, struct ot_error *err)
{
    const struct ot_query query = {.sql = OT_SQL_CERT_COUNT,
                                   .what = "count certificates",
                                   .seen = take_count,
                                   .arg = out};

    return ot_db_ask_one(db, &query, err);
}

static enum ot_status insert_content(struct ot_db *db, const char *id, const char *pem,
                                     struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(id), ot_value_text(pem)};
    const struct ot_query query = {
        OT_SQL_CONTENT_INSERT, "store a certificate", values, 2, NULL, NULL};

    return ot_db_ask(db, &query, NULL, err);
}

enum ot_status ot_db_cert_insert(struct ot_db *db, const struct ot_cert_row *row,
                                 const char *pem, char id[OT_CERT_ID_MAX],
                                 struct ot_error *err)
{
    for (int tries = 0; tries < ID_TRIES; tries++) {
        enum ot_status status = ot_random_id(id, OT_CERT_ID_MAX, "cert_", 16, err);
        const struct ot_value values[] = {
            ot_value_text(id), ot_value_text(row->name), ot_value_int(row->created_at),
            ot_value_int(row->valid_at), ot_value_int(row->expires_at)};
        const struct ot_query query = {
            OT_SQL_CERT_INSERT, "store a certificate", values, 5, NULL, NULL};

        if (status == OT_OK)
            status = ot_db_ask_one(db, &query, err);
        if (status == OT_OK)
            return insert_content(db, id, pem, err);
        if (status != OT_E_NOT_FOUND)
            return status;
    }
    return ot_error_set(err, OT_E_INTERNAL, "the system's random numbers repeat");
}

enum ot_status ot_db_cert_get(struct ot_db *db, const char *id, ot_cert_seen *seen,
                              void *arg, struct ot_error *err)
{
    struct cert_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_text(id)};
    const struct ot_query query = {
        OT_SQL_CERT_GET, "read a certificate", values, 1, see_cert_row, &sight};

    return ot_db_ask_one(db, &query, err);
}

enum ot_status ot_db_cert_in_scope(struct ot_db *db, const char *scope, const char *id,
                                   ot_cert_seen *seen, void *arg, struct ot_error *err)
{
    struct cert_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_text(scope), ot_value_text(id)};
    const struct ot_query query = {
        OT_SQL_CERT_IN_SCOPE, "read a certificate", values, 2, see_cert_row, &sight};

    return ot_db_ask_one(db, &query, err);
}

static void copy_content(void *arg, const struct ot_row *row)
{
    const char *text = ot_row_text(row, 0);

    *(char **)arg = text != NULL ? strdup(text) : NULL;
}

enum ot_status ot_db_cert_content(struct ot_db *db, const char *id, char **pem,
                                  struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(id)};
    const struct ot_query query = {
        OT_SQL_CERT_CONTENT, "read a certificate", values, 1, copy_content, pem};
    enum ot_status status;

    *pem = NULL;
    status = ot_db_ask_one(db, &query, err);
    return status == OT_OK && *pem == NULL ? ot_error_nomem(err) : status;
}

struct content_sight {
    ot_content_seen *seen;
    void *arg;
};

static void see_content_row(void *arg, const struct ot_row *row)
{
    const struct content_sight *sight = arg;
    const struct ot_cert_row cert = ot_cert_row_of(row, 0);

    sight->seen(sight->arg, &cert, ot_row_text(row, OT_CERT_COLUMNS));
}

enum ot_status ot_db_cert_contents(struct ot_db *db, const char *ids,
                                   ot_content_seen *seen, void *arg, struct ot_error *err)
{
    struct content_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_text(ids)};
    const struct ot_query query = {
        OT_SQL_CERT_CONTENTS, "read certificates", values, 1, see_content_row, &sight};
    int64_t rows;

    return ot_db_ask(db, &query, &rows, err);
}

enum ot_status ot_db_cert_rename(struct ot_db *db, const char *id, const char *name,
                                 struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(id), ot_value_text(name)};
    const struct ot_query query = {
        OT_SQL_CERT_RENAME, "rename a certificate", values, 2, NULL, NULL};

    return ot_db_ask_one(db, &query, err);
}

enum ot_status ot_db_cert_delete(struct ot_db *db, const char *id, struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(id)};
    const struct ot_query query = {
        OT_SQL_CERT_DELETE, "delete a certificate", values, 1, NULL, NULL};

    return ot_db_ask_one(db, &query, err);
}

static void take_cert_cursor(void *arg, const struct ot_row *row)
{
    struct ot_cert_cursor *cursor = arg;

    cursor->created_at = ot_row_int(row, 0);
    cursor->seq = ot_row_int(row, 1);
}

enum ot_status ot_db_cert_cursor(struct ot_db *db, const char *id,
                                 struct ot_cert_cursor *out, struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(id)};
    const struct ot_query query = {
        OT_SQL_CERT_CURSOR, "read a certificate", values, 1, take_cert_cursor, out};

    return ot_db_ask_one(db, &query, err);
}

/* Rows of a list, and of which revision they are. */
struct list_sight {
    struct cert_sight cert;
    unsigned char *revision;
};

static void see_list_row(void *arg, const struct ot_row *row)
{
    struct list_sight *sight = arg;
    /* NULL where the transaction has one moment. */
    const unsigned char *revision = ot_row_bytes(row, OT_CERT_COLUMNS, OT_REVISION_LEN);

    if (revision != NULL)
        memcpy(sight->revision, revision, OT_REVISION_LEN);
    see_cert_row(&sight->cert, row);
}

enum ot_status ot_db_cert_list(struct ot_db *db, const struct ot_cert_range *range,
                               ot_cert_seen *seen, void *arg, unsigned char *revision,
                               struct ot_error *err)
{
    /* Before the first, behind the last: no upload happened at either end of time. */
    const int64_t edge = range->descending ? INT64_MAX : INT64_MIN;
    struct list_sight sight = {.cert = {seen, arg}, .revision = revision};
    const struct ot_value values[] = {
        ot_value_text(range->scope),
        ot_value_int(range->after ? range->after->created_at : edge),
        ot_value_int(range->after ? range->after->seq : edge),
        ot_value_int(range->limit)};
    const struct ot_query query = {range->descending ? OT_SQL_LIST_DESC : OT_SQL_LIST_ASC,
                                   "list certificates",
                                   values,
                                   4,
                                   see_list_row,
                                   &sight};
    int64_t rows;

    return ot_db_ask(db, &query, &rows, err);
}

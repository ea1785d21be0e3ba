#include "store/key.h"

#include "base/error.h"
#include "store/driver.h"

enum ot_status ot_db_key_insert(struct ot_db *db, const struct ot_key_row *row,
                                struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(row->id),
                                      ot_value_bytes(row->hash, OT_KEY_HASH_LEN),
                                      ot_value_text(row->role),
                                      ot_value_text(row->name),
                                      ot_value_int(row->created_at),
                                      row->expires_at != 0 ? ot_value_int(row->expires_at)
                                                           : ot_value_text(NULL)};
    const struct ot_query query = {
        OT_SQL_KEY_INSERT, "store a key", values, 6, NULL, NULL};
    enum ot_status status = ot_db_ask_one(db, &query, err);

    if (status == OT_E_REFUSED)
        return ot_error_set(err, OT_E_REFUSED,
                            "there is a key named '%s' already: revoke it first, or "
                            "choose another name",
                            row->name);
    return status;
}

struct key_sight {
    ot_key_seen *seen;
    void *arg;
};

struct ot_key_row ot_key_row_of(const struct ot_row *row, int column)
{
    return (struct ot_key_row){
        .seq = ot_row_int(row, column),
        .id = ot_row_text(row, column + 1),
        .name = ot_row_text(row, column + 2),
        .role = ot_row_text(row, column + 3),
        .created_at = ot_row_int(row, column + 4),
        .last_used_at = ot_row_int(row, column + 5),
        .expires_at = ot_row_int(row, column + 6),
        .hash = ot_row_bytes(row, column + 7, OT_KEY_HASH_LEN),
    };
}

static void see_key_row(void *arg, const struct ot_row *row)
{
    const struct key_sight *sight = arg;
    const struct ot_key_row key = ot_key_row_of(row, 0);

    sight->seen(sight->arg, &key);
}

static enum ot_status see_one_key(struct ot_db *db, enum ot_sql sql, const char *which,
                                  ot_key_seen *seen, void *arg, struct ot_error *err)
{
    struct key_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_text(which)};
    const struct ot_query query = {sql, "look up a key", values, 1, see_key_row, &sight};

    return ot_db_ask_one(db, &query, err);
}

enum ot_status ot_db_key_get(struct ot_db *db, const char *id, ot_key_seen *seen,
                             void *arg, struct ot_error *err)
{
    return see_one_key(db, OT_SQL_KEY_GET, id, seen, arg, err);
}

enum ot_status ot_db_key_named(struct ot_db *db, const char *id_or_name,
                               ot_key_seen *seen, void *arg, struct ot_error *err)
{
    return see_one_key(db, OT_SQL_KEY_NAMED, id_or_name, seen, arg, err);
}

enum ot_status ot_db_key_list(struct ot_db *db, const struct ot_key_range *range,
                              ot_key_seen *seen, void *arg, struct ot_error *err)
{
    int64_t after = range->descending && range->after == 0 ? INT64_MAX : range->after;
    struct key_sight sight = {seen, arg};
    const struct ot_value values[] = {ot_value_int(after), ot_value_int(range->limit)};
    const struct ot_query query = {range->descending ? OT_SQL_KEY_LIST_DESC
                                                     : OT_SQL_KEY_LIST,
                                   "list keys",
                                   values,
                                   2,
                                   see_key_row,
                                   &sight};
    int64_t rows;

    return ot_db_ask(db, &query, &rows, err);
}

enum ot_status ot_db_key_touch(struct ot_db *db, int64_t seq, int64_t now,
                               struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_int(seq), ot_value_int(now)};
    const struct ot_query query = {
        OT_SQL_KEY_TOUCH, "note that a key was used", values, 2, NULL, NULL};

    return ot_db_ask(db, &query, NULL, err);
}

enum ot_status ot_db_key_delete(struct ot_db *db, const char *id, struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(id)};
    const struct ot_query query = {
        OT_SQL_KEY_DELETE, "revoke a key", values, 1, NULL, NULL};

    return ot_db_ask_one(db, &query, err);
}

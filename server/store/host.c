#include "store/host.h"

#include "base/error.h"
#include "shared/limits.h"
#include "store/driver.h"

static void take_host_number(void *arg, const struct ot_row *row)
{
    *(int64_t *)arg = ot_row_int(row, 0);
}

static enum ot_status forget_unseen(struct ot_db *db, int64_t now, struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_int(now - OT_HOST_UNSEEN_S),
                                      ot_value_int(now - OT_HOST_OF_NO_KEY_S)};
    const struct ot_query query = {
        OT_SQL_HOSTS_FORGET, "forget hosts", values, 2, NULL, NULL};

    return ot_db_ask(db, &query, NULL, err);
}

/* OT_E_REFUSED (no message): no. */
static enum ot_status check_share(struct ot_db *db, int64_t key_seq, struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_int(key_seq),
                                      ot_value_int(OT_HOSTS_OF_KEY_MAX)};
    int64_t count = 0;
    const struct ot_query query = {OT_SQL_HOSTS_OF_KEY, "count hosts", values, 2,
                                   take_host_number,    &count};
    enum ot_status status = ot_db_ask_one(db, &query, err);

    return status == OT_OK && count >= OT_HOSTS_OF_KEY_MAX ? OT_E_REFUSED : status;
}

enum ot_status ot_db_host_put(struct ot_db *db, const struct ot_host_row *row,
                              int64_t key_seq, struct ot_error *err)
{
    const struct ot_value values[] = {
        ot_value_text(row->name), ot_value_int(key_seq), ot_value_text(row->version),
        ot_value_text(row->stacks), ot_value_int(row->seen_at)};
    const struct ot_query seen = {OT_SQL_HOST_SEEN, "note a host", values, 5, NULL, NULL};
    const struct ot_query insert = {
        OT_SQL_HOST_INSERT, "store a host", values, 5, NULL, NULL};
    enum ot_status status = ot_db_ask_one(db, &seen, err);

    if (status != OT_E_NOT_FOUND)
        return status;
    status = forget_unseen(db, row->seen_at, err);
    if (status == OT_OK)
        status = check_share(db, key_seq, err);
    return status == OT_OK ? ot_db_ask(db, &insert, NULL, err) : status;
}

enum ot_status ot_db_host_scope_put(struct ot_db *db, const struct ot_host_scope_put *put,
                                    struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(put->host), ot_value_text(put->scope),
                                      ot_value_text(put->tag), ot_value_text(put->none),
                                      ot_value_int(put->now)};
    const struct ot_query query = {
        OT_SQL_HOST_SCOPE, "note what a host has", values, 5, NULL, NULL};

    return ot_db_ask(db, &query, NULL, err);
}

enum ot_status ot_db_host_scopes_keep(struct ot_db *db, const char *host,
                                      const char *scopes, struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(host), ot_value_text(scopes)};
    const struct ot_query query = {
        OT_SQL_HOST_SCOPES_ELSE, "note what a host has", values, 2, NULL, NULL};

    return ot_db_ask(db, &query, NULL, err);
}

enum ot_status ot_db_host_standing(struct ot_db *db, const char *host, bool *is_behind,
                                   struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_text(host)};
    int64_t number = 0;
    const struct ot_query query = {OT_SQL_HOST_BEHIND, "look at a host", values, 1,
                                   take_host_number,   &number};
    enum ot_status status = ot_db_ask_one(db, &query, err);

    *is_behind = number != 0;
    return status;
}

struct host_sight {
    ot_host_seen *seen;
    void *arg;
};

static void see_host_row(void *arg, const struct ot_row *row)
{
    const struct host_sight *sight = arg;
    const struct ot_host_row host = {
        .name = ot_row_text(row, 0),
        .version = ot_row_text(row, 1),
        .stacks = ot_row_text(row, 2),
        .seen_at = ot_row_int(row, 3),
    };
    const struct ot_host_scope_row scope = {
        .scope = ot_row_text(row, 4),
        .tag = ot_row_text(row, 5),
        .behind_since = ot_row_int(row, 6),
    };

    sight->seen(sight->arg, &host, &scope);
}

enum ot_status ot_db_host_list(struct ot_db *db, const struct ot_host_range *range,
                               ot_host_seen *seen, void *arg, struct ot_error *err)
{
    struct host_sight sight = {seen, arg};
    const struct ot_value values[] = {
        ot_value_text(range->after), ot_value_int(range->now - OT_HOST_UNSEEN_S),
        ot_value_int(range->behind), ot_value_int(range->limit)};
    const struct ot_query query = {OT_SQL_HOST_LIST, "list hosts", values, 4,
                                   see_host_row,     &sight};
    int64_t rows;

    return ot_db_ask(db, &query, &rows, err);
}

static void take_host_count(void *arg, const struct ot_row *row)
{
    *(struct ot_host_count *)arg =
        (struct ot_host_count){.total = ot_row_int(row, 0), .behind = ot_row_int(row, 1)};
}

enum ot_status ot_db_host_count(struct ot_db *db, int64_t now,
                                struct ot_host_count *count, struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_int(now - OT_HOST_UNSEEN_S)};
    const struct ot_query query = {OT_SQL_HOST_COUNT, "count hosts", values, 1,
                                   take_host_count,   count};

    *count = (struct ot_host_count){0};
    return ot_db_ask_one(db, &query, err);
}

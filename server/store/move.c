#include "store/move.h"

#include <string.h>

#include "base/error.h"
#include "store/db.h"
#include "store/driver.h"

/* A table: its rows are read, and each is put. */
struct table {
    const char *what;
    const char *columns; /* of each: i an integer, t a text, h a key's hash */
    enum ot_sql read, put;
};

/* In the order of their references. */
static const struct table tables[] = {
    {"copy projects", "itti", OT_SQL_READ_PROJECTS, OT_SQL_PUT_PROJECT},
    {"copy certificates", "ittiii", OT_SQL_READ_CERTIFICATES, OT_SQL_PUT_CERTIFICATE},
    {"copy contents", "it", OT_SQL_READ_CONTENTS, OT_SQL_PUT_CONTENT},
    {"copy activations", "tiit", OT_SQL_READ_ACTIVATIONS, OT_SQL_PUT_ACTIVATION},
    {"copy keys", "ithttiii", OT_SQL_READ_KEYS, OT_SQL_PUT_KEY},
    {"copy the audit log", "ittitttitt", OT_SQL_READ_AUDIT, OT_SQL_PUT_AUDIT},
    {"copy the audit log", "ti", OT_SQL_READ_RESOURCES, OT_SQL_PUT_RESOURCE},
    {"copy when lists changed", "tti", OT_SQL_READ_LISTS, OT_SQL_PUT_LIST},
    {"copy hosts", "ititti", OT_SQL_READ_HOSTS, OT_SQL_PUT_HOST},
    {"copy hosts", "itti", OT_SQL_READ_HOST_SCOPES, OT_SQL_PUT_HOST_SCOPE},
    {"copy what comes next", "ti", OT_SQL_READ_SEQUENCES, OT_SQL_PUT_SEQUENCE},
};

#define HASH_LEN 32

/* What is compared: numbers of rows, characters of the contents, places. */
#define TALLY_NUMBERS 12
struct tally {
    int64_t numbers[TALLY_NUMBERS];
    unsigned char revision[OT_REVISION_LEN];
    bool is_whole;
};

/* A table that is being copied. */
struct copy {
    const struct table *table;
    struct ot_db *to;
    enum ot_status status;
    struct ot_error *err;
};

static struct ot_value moved_value(const struct ot_row *row, int column, char kind)
{
    if (kind == 'h')
        return ot_value_bytes(ot_row_bytes(row, column, HASH_LEN), HASH_LEN);
    if (kind == 'i' && ot_row_text(row, column) != NULL)
        return ot_value_int(ot_row_int(row, column));
    return ot_value_text(ot_row_text(row, column));
}

static void put_row(void *arg, const struct ot_row *row)
{
    struct copy *copy = arg;
    struct ot_value values[OT_VALUES_MAX];
    const struct ot_query query = {.sql = copy->table->put,
                                   .what = copy->table->what,
                                   .values = values,
                                   .count = strlen(copy->table->columns)};

    for (size_t i = 0; i < query.count; i++)
        values[i] = moved_value(row, (int)i, copy->table->columns[i]);
    if (copy->status == OT_OK)
        copy->status = ot_db_ask(copy->to, &query, NULL, copy->err);
}

static enum ot_status copy_table(struct ot_db *from, struct ot_db *to,
                                 const struct table *table, struct ot_error *err)
{
    struct copy copy = {table, to, OT_OK, err};
    const struct ot_query query = {
        .sql = table->read, .what = table->what, .seen = put_row, .arg = &copy};
    int64_t rows;
    enum ot_status status = ot_db_ask(from, &query, &rows, err);

    return status == OT_OK ? copy.status : status;
}

static void take_tally(void *arg, const struct ot_row *row)
{
    struct tally *tally = arg;
    const unsigned char *revision = ot_row_bytes(row, TALLY_NUMBERS, OT_REVISION_LEN);

    for (int i = 0; i < TALLY_NUMBERS; i++)
        tally->numbers[i] = ot_row_int(row, i);
    tally->is_whole = revision != NULL;
    if (revision != NULL)
        memcpy(tally->revision, revision, OT_REVISION_LEN);
}

static enum ot_status take_stock(struct ot_db *db, struct tally *tally,
                                 struct ot_error *err)
{
    const struct ot_query query = {.sql = OT_SQL_TALLY,
                                   .what = "count all there is",
                                   .seen = take_tally,
                                   .arg = tally};
    enum ot_status status = ot_db_ask_one(db, &query, err);

    if (status == OT_OK && !tally->is_whole)
        return ot_error_set(err, OT_E_CORRUPT,
                            "the database's revision is damaged; restore it from a copy");
    return status;
}

static void take_free(void *arg, const struct ot_row *row)
{
    *(bool *)arg = ot_row_int(row, 0) != 0;
}

/* Nothing that is not `from`'s own may be lost. */
static enum ot_status check_target(struct ot_db *to, struct ot_error *err)
{
    bool is_free = false;
    const struct ot_query query = {.sql = OT_SQL_MAY_MOVE,
                                   .what = "look at what is there",
                                   .seen = take_free,
                                   .arg = &is_free};
    enum ot_status status = ot_db_ask_one(to, &query, err);

    if (status == OT_OK && !is_free)
        return ot_error_set(err, OT_E_REFUSED,
                            "the database of --to has an organization of its own, or one "
                            "that has changed "
                            "since it was moved there: nothing was moved; name an empty "
                            "database, or drop "
                            "its schema orgtrust if nothing in it is of use");
    return status;
}

static enum ot_status run_step(struct ot_db *to, enum ot_sql sql,
                               const struct ot_value *values, size_t count,
                               struct ot_error *err)
{
    const struct ot_query query = {
        sql, "make room for the organization", values, count, NULL, NULL};

    return ot_db_ask(to, &query, NULL, err);
}

static enum ot_status copy_all(struct ot_db *from, struct ot_db *to,
                               const struct tally *source, struct ot_error *err)
{
    const struct ot_value values[] = {ot_value_bytes(source->revision, OT_REVISION_LEN),
                                      ot_value_int(source->numbers[0])};
    enum ot_status status = run_step(to, OT_SQL_EMPTY, NULL, 0, err);

    if (status == OT_OK)
        status = run_step(to, OT_SQL_STOP_COUNTING, NULL, 0, err);
    for (size_t i = 0; status == OT_OK && i < sizeof(tables) / sizeof(tables[0]); i++)
        status = copy_table(from, to, &tables[i], err);
    if (status == OT_OK)
        status = run_step(to, OT_SQL_GO_ON_COUNTING, NULL, 0, err);
    if (status == OT_OK)
        status = run_step(to, OT_SQL_PUT_META, values, 2, err);
    if (status == OT_OK)
        status = run_step(to, OT_SQL_FORGET_MOVE, NULL, 0, err);
    return status == OT_OK ? run_step(to, OT_SQL_NOTE_MOVE, NULL, 0, err) : status;
}

static enum ot_status compare_tallies(const struct tally *source,
                                      const struct tally *target, struct ot_error *err)
{
    for (int i = 0; i < TALLY_NUMBERS; i++)
        if (source->numbers[i] != target->numbers[i])
            return ot_error_set(err, OT_E_BROKEN,
                                "what has arrived is not what was sent (number %d: %lld, "
                                "not %lld): nothing was moved",
                                i + 1, (long long)target->numbers[i],
                                (long long)source->numbers[i]);
    if (memcmp(source->revision, target->revision, OT_REVISION_LEN) != 0)
        return ot_error_set(err, OT_E_BROKEN,
                            "what has arrived has another revision: nothing was moved");
    return OT_OK;
}

/* In a transaction on each. */
static enum ot_status move_between(struct ot_db *from, struct ot_db *to,
                                   const struct tally *source, struct ot_error *err)
{
    struct tally target = {.is_whole = false};
    enum ot_status status = check_target(to, err);

    if (status == OT_OK)
        status = copy_all(from, to, source, err);
    if (status == OT_OK)
        status = take_stock(to, &target, err);
    return status == OT_OK ? compare_tallies(source, &target, err) : status;
}

enum ot_status ot_db_move(struct ot_db *from, struct ot_db *to, struct ot_moved *moved,
                          struct ot_error *err)
{
    struct tally source = {.is_whole = false};
    enum ot_status status = ot_db_begin(from, OT_WRITING, err);

    /* First, for it takes long on a slow disk: a transaction of PostgreSQL that nothing
     * is done in meanwhile would be ended. */
    if (status == OT_OK)
        status = take_stock(from, &source, err);
    if (status == OT_OK)
        status = ot_db_begin(to, OT_WRITING, err);
    if (status == OT_OK)
        status = move_between(from, to, &source, err);
    if (status == OT_OK)
        status = ot_db_commit(to, err);
    ot_db_rollback(to);
    ot_db_rollback(from);
    *moved = (struct ot_moved){
        .certificates = source.numbers[0],
        .activations = source.numbers[1],
        .projects = source.numbers[2],
        .keys = source.numbers[3],
        .events = source.numbers[4],
    };
    return status;
}

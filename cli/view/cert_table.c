#include "view/cert_table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "config/identifier.h"
#include "view/table.h"

/* Of an id, those of its prefix not counted: few enough to be typed, and enough that the
 * next certificate seldom makes it two that begin so. */
#define ID_SHOWN_MIN 6

/* Columns of a terminal below which the name needs the place of BY, and of the word that
 * a day says, too. */
#define ROOM_FOR_ALL 72

#define YEAR_S INT64_C(31556952) /* the mean one of the Gregorian calendar */

#define PART_MAX 11 /* bytes of a day or a duration: "2026-12-11", "12 days" */
_Static_assert(2 * PART_MAX + sizeof(" in ") + sizeof(" ago") <= OT_TIME_MAX,
               "an expiry has room");

enum column { NAME, STATE, BY, EXPIRES, ID, COLUMNS };
static const char *const titles[COLUMNS] = {"NAME", "STATE", "BY", "EXPIRES", "ID"};

struct shape {
    bool has_by, is_narrow;
    size_t id_len; /* 0: whole */
};

enum ot_status ot_cert_table_add(struct ot_cert_table *table,
                                 const struct ot_cert_row *row, struct ot_error *err)
{
    size_t capacity = table->capacity > 0 ? 2 * table->capacity : 64;
    struct ot_cert_row *rows;

    if (table->count == table->capacity) {
        rows = reallocarray(table->rows, capacity, sizeof(*rows));
        if (rows == NULL)
            return ot_error_nomem(err);
        table->rows = rows;
        table->capacity = capacity;
    }
    table->rows[table->count++] = *row;
    return OT_OK;
}

void ot_cert_table_clear(struct ot_cert_table *table)
{
    free(table->rows);
    *table = (struct ot_cert_table){0};
}

static int compare_row_text(struct ot_span a, struct ot_span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.data, b.data, len) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_row_ids(const void *a, const void *b)
{
    return compare_row_text(((const struct ot_cert_row *)a)->id,
                            ((const struct ot_cert_row *)b)->id);
}

/* What has no end that is known comes last. */
static int compare_ends(const void *a, const void *b)
{
    const struct ot_cert_row *x = a, *y = b;

    if ((x->expires_at == 0) != (y->expires_at == 0))
        return x->expires_at == 0 ? 1 : -1;
    if (x->expires_at != y->expires_at)
        return x->expires_at > y->expires_at ? 1 : -1;
    return compare_row_text(x->label, y->label);
}

static size_t common_len(struct ot_span a, struct ot_span b)
{
    size_t len = 0;

    while (len < a.len && len < b.len && a.data[len] == b.data[len])
        len++;
    return len;
}

/* How many characters of each id there must be, so that none begins like another. */
static size_t unique_len(struct ot_cert_table *table)
{
    size_t most = strlen(OT_ID_PREFIX) + ID_SHOWN_MIN - 1;

    qsort(table->rows, table->count, sizeof(*table->rows), compare_row_ids);
    for (size_t i = 1; i < table->count; i++) {
        size_t len = common_len(table->rows[i - 1].id, table->rows[i].id);

        most = len > most ? len : most;
    }
    return most + 1;
}

/* An id without its prefix, where that leaves enough to be taken for it. */
static struct ot_span shown_id(struct ot_span id, size_t len)
{
    const size_t prefix = strlen(OT_ID_PREFIX);

    if (id.len < len || memcmp(id.data, OT_ID_PREFIX, prefix) != 0)
        return id;
    return ot_span_of(id.data + prefix, len - prefix);
}

const char *ot_cert_state(char buf[OT_CERT_STATE_MAX], const char *state, const char *end)
{
    const bool is_plain = strcmp(state, "active") == 0;

    snprintf(buf, OT_CERT_STATE_MAX, "%s%s until %s", state, is_plain ? "" : ", active",
             end);
    return buf;
}

static const char *day_text(char *buf, int64_t at)
{
    time_t seconds = (time_t)at;
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(buf, OT_TIME_MAX, "%Y-%m-%d", &tm) == 0)
        snprintf(buf, OT_TIME_MAX, "@%lld", (long long)at);
    return buf;
}

const char *ot_cert_expiry(char *buf, int64_t expires_at, int64_t now)
{
    const int64_t away = expires_at > now ? expires_at - now : now - expires_at;
    const bool is_over = expires_at <= now;
    char day[OT_TIME_MAX], in[OT_TIME_MAX], *at = buf;

    if (away / 86400 < 2 * 365)
        ot_output_duration(in, away);
    else
        snprintf(in, sizeof(in), "%lld years", (long long)((away + YEAR_S / 2) / YEAR_S));
    day_text(day, expires_at);
    at = mempcpy(at, day, strnlen(day, PART_MAX));
    at = stpcpy(at, is_over ? " " : " in ");
    at = mempcpy(at, in, strnlen(in, PART_MAX));
    strcpy(at, is_over ? " ago" : "");
    return buf;
}

/* Where there is little room, what ends is active without being called so. */
static const char *state_text(char buf[OT_CERT_STATE_MAX], const struct ot_cert_row *row,
                              bool is_narrow)
{
    char day[OT_TIME_MAX];

    if (row->ends_at == 0)
        return row->state;
    ot_cert_state(buf, row->state, day_text(day, row->ends_at));
    return is_narrow && strcmp(row->state, "active") == 0 ? buf + strlen("active ") : buf;
}

static enum ot_status add_cells(struct ot_table *table, const struct ot_cert_row *row,
                                const struct shape *shape, int64_t now,
                                struct ot_error *err)
{
    char ends[OT_TIME_MAX], state[OT_CERT_STATE_MAX];
    struct ot_span cells[COLUMNS];
    size_t n = 0;

    cells[n++] = row->label;
    cells[n++] = ot_span_str(state_text(state, row, shape->is_narrow));
    if (shape->has_by)
        cells[n++] = ot_span_str(row->by);
    cells[n++] = ot_span_str(
        row->expires_at != 0 ? ot_cert_expiry(ends, row->expires_at, now) : "-");
    cells[n++] = shape->id_len > 0 ? shown_id(row->id, shape->id_len) : row->id;
    return ot_table_add(table, cells, err);
}

enum ot_status ot_cert_table_print(struct ot_cert_table *table, struct ot_output *out,
                                   int64_t now, struct ot_error *err)
{
    const bool is_narrow = out->columns > 0 && out->columns < ROOM_FOR_ALL;
    const struct shape shape = {
        .has_by = table->count > 0 && table->rows[0].by != NULL && !is_narrow,
        .is_narrow = is_narrow,
        .id_len = out->columns > 0 ? unique_len(table) : 0,
    };
    const char *shown[COLUMNS];
    size_t columns = 0;
    struct ot_table *cells = NULL;
    enum ot_status status;

    for (size_t i = 0; i < COLUMNS; i++)
        if (i != BY || shape.has_by)
            shown[columns++] = titles[i];
    status = ot_table_new(&cells, shown, columns, NAME, err);
    if (table->count > 0)
        qsort(table->rows, table->count, sizeof(*table->rows), compare_ends);
    for (size_t i = 0; status == OT_OK && i < table->count; i++)
        if (table->rows[i].is_shown)
            status = add_cells(cells, &table->rows[i], &shape, now, err);
    if (status == OT_OK && ot_table_rows(cells) > 0)
        ot_table_print(cells, out);
    ot_table_free(cells);
    return status;
}

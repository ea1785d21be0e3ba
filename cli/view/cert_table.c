#include "view/cert_table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/text.h"
#include "config/identifier.h"
#include "view/cert_order_internal.h"
#include "view/large_memory.h"
#include "view/table.h"

/* Of an id, those of its prefix not counted: few enough to be typed, and enough that the
 * next certificate seldom makes it two that begin so. */
#define ID_SHOWN_MIN 6

/* Columns of a terminal below which the name needs the place of BY, and of the word that
 * a day says, too. */
#define ROOM_FOR_ALL 72

#define YEAR_S INT64_C(31556952) /* the mean one of the Gregorian calendar */

#define YEAR_10000 INT64_C(253402300800)

#define PART_MAX 11 /* bytes of a day or a duration: "2026-12-11", "12 days" */
_Static_assert(2 * PART_MAX + sizeof(" in ") + sizeof(" ago") <= OT_TIME_MAX,
               "an expiry has room");

enum column { NAME, STATE, BY, EXPIRES, ID, COLUMNS };
static const char *const titles[COLUMNS] = {"NAME", "STATE", "BY", "EXPIRES", "ID"};

struct shape {
    bool has_by, is_narrow;
    size_t id_len; /* 0: whole */
};

enum ot_status ot_cert_table_init(struct ot_cert_table *table, size_t most,
                                  struct ot_error *err)
{
    *table = (struct ot_cert_table){
        .rows = ot_large_malloc((most + 1) * sizeof(*table->rows))};
    return table->rows != NULL ? OT_OK : ot_error_nomem(err);
}

enum ot_status ot_cert_table_add(struct ot_cert_table *table,
                                 const struct ot_cert_row *row, struct ot_error *err)
{
    struct ot_cert_row *kept = &table->rows[table->count];
    enum ot_status status;

    *kept = *row;
    status = ot_texts_keep(&table->texts, &kept->label, err);
    if (status == OT_OK)
        status = ot_texts_keep(&table->texts, &kept->id, err);
    table->count += status == OT_OK;
    return status;
}

void ot_cert_table_clear(struct ot_cert_table *table)
{
    ot_texts_clear(&table->texts);
    free(table->rows);
    *table = (struct ot_cert_table){0};
}

static int compare_row_ids(const void *a, const void *b)
{
    return ot_span_compare(((const struct ot_cert_row *)a)->id,
                           ((const struct ot_cert_row *)b)->id);
}

/* How many characters of each id there must be, so that none begins like another. */
static size_t unique_len(struct ot_cert_table *table)
{
    size_t most = strlen(OT_ID_PREFIX) + ID_SHOWN_MIN - 1;

    qsort(table->rows, table->count, sizeof(*table->rows), compare_row_ids);
    for (size_t i = 1; i < table->count; i++) {
        size_t len = ot_span_common_len(table->rows[i - 1].id, table->rows[i].id);

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

/* A day since 1970, of a year that has four digits, by the rules of the calendar (years
 * are counted from March, so that the day of a leap year is their last): gmtime_r and
 * strftime take ten times as long. */
static void put_day(char *buf, uint64_t day)
{
    const uint64_t since_0 = day + 719468, of_400_years = since_0 % 146097;
    const uint64_t year_of_400 = (of_400_years - of_400_years / 1460 +
                                  of_400_years / 36524 - of_400_years / 146096) /
                                 365;
    const uint64_t of_year =
        of_400_years - (365 * year_of_400 + year_of_400 / 4 - year_of_400 / 100);
    const uint64_t from_march = (5 * of_year + 2) / 153;
    const uint64_t month = from_march < 10 ? from_march + 3 : from_march - 9;
    const uint64_t year = 400 * (since_0 / 146097) + year_of_400 + (month <= 2);
    const uint64_t of_month = of_year - (153 * from_march + 2) / 5 + 1;

    ot_text_put_number(buf, year);
    buf[4] = buf[7] = '-';
    buf[5] = (char)('0' + month / 10);
    buf[6] = (char)('0' + month % 10);
    buf[8] = (char)('0' + of_month / 10);
    buf[9] = (char)('0' + of_month % 10);
    buf[10] = '\0';
}

static const char *day_text(char *buf, int64_t at)
{
    time_t seconds = (time_t)at;
    struct tm tm;

    if (at >= 0 && at < YEAR_10000)
        put_day(buf, (uint64_t)at / 86400);
    else if (gmtime_r(&seconds, &tm) == NULL ||
             strftime(buf, OT_TIME_MAX, "%Y-%m-%d", &tm) == 0)
        snprintf(buf, OT_TIME_MAX, "@%lld", (long long)at);
    return buf;
}

/* The text of an end that lies on this day. */
static const char *expiry_text(char *buf, const char *day, int64_t expires_at,
                               int64_t now)
{
    const int64_t away = expires_at > now ? expires_at - now : now - expires_at;
    const bool is_over = expires_at <= now;
    char in[OT_TIME_MAX], *at = buf;

    if (away / 86400 < 2 * 365)
        ot_text_span(in, away);
    else
        strcpy(ot_text_put_number(in, ((uint64_t)away + YEAR_S / 2) / YEAR_S), " years");
    at = mempcpy(at, day, strnlen(day, PART_MAX));
    at = stpcpy(at, is_over ? " " : " in ");
    at = mempcpy(at, in, strnlen(in, PART_MAX));
    strcpy(at, is_over ? " ago" : "");
    return buf;
}

const char *ot_cert_expiry(char *buf, int64_t expires_at, int64_t now)
{
    char day[OT_TIME_MAX];

    return expiry_text(buf, day_text(day, expires_at), expires_at, now);
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

/* What the cells of a row are made of, and in. Ends are mostly that of the row before, or
 * on the same day. */
struct printing {
    struct shape shape;
    int64_t now, expires_at, day;
    struct ot_span expiry; /* the text of expires_at; absent: of none yet */
    char expiry_text[OT_TIME_MAX], day_text[OT_TIME_MAX], state[OT_CERT_STATE_MAX];
};

/* Of what is later than the first day, and so than the day that stands for none yet. */
static const char *kept_day_text(struct printing *printing, int64_t at)
{
    if (at < 86400 || at / 86400 != printing->day) {
        printing->day = at / 86400;
        day_text(printing->day_text, at);
    }
    return printing->day_text;
}

static struct ot_span expiry_cell(struct printing *printing, int64_t expires_at)
{
    if (expires_at == 0)
        return ot_span_str("-");
    if (printing->expiry.data == NULL || printing->expires_at != expires_at) {
        printing->expires_at = expires_at;
        printing->expiry = ot_span_str(expiry_text(printing->expiry_text,
                                                   kept_day_text(printing, expires_at),
                                                   expires_at, printing->now));
    }
    return printing->expiry;
}

static void fill_cells(struct printing *printing, const struct ot_cert_row *row,
                       struct ot_span *cells)
{
    const struct shape *shape = &printing->shape;

    *cells++ = row->label;
    *cells++ = ot_span_str(state_text(printing->state, row, shape->is_narrow));
    if (shape->has_by)
        *cells++ = ot_span_str(row->by);
    *cells++ = expiry_cell(printing, row->expires_at);
    *cells++ = shape->id_len > 0 ? shown_id(row->id, shape->id_len) : row->id;
}

/* Measured as they lie in memory, which is faster than in their order. */
static enum ot_status print_rows(struct printing *printing,
                                 const struct ot_cert_table *certs, const uint32_t *order,
                                 size_t shown, struct ot_table *table,
                                 struct ot_output *out, struct ot_error *err)
{
    struct ot_span cells[COLUMNS];
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < certs->count; i++) {
        if (!certs->rows[i].is_shown)
            continue;
        fill_cells(printing, &certs->rows[i], cells);
        status = ot_table_measure(table, cells, err);
    }
    if (status == OT_OK)
        status = ot_table_begin(table, out, err);
    if (status != OT_OK)
        return status;
    for (size_t i = 0; i < shown; i++) {
        fill_cells(printing, &certs->rows[order[i]], cells);
        ot_table_put(table, cells);
    }
    ot_table_end(table);
    return OT_OK;
}

enum ot_status ot_cert_table_print(struct ot_cert_table *certs, struct ot_output *out,
                                   int64_t now, struct ot_error *err)
{
    const bool is_narrow = out->columns > 0 && out->columns < ROOM_FOR_ALL;
    struct printing printing = {
        .shape = {.has_by = certs->count > 0 && certs->rows[0].by != NULL && !is_narrow,
                  .is_narrow = is_narrow,
                  .id_len = out->columns > 0 ? unique_len(certs) : 0},
        .now = now,
    };
    const char *titles_shown[COLUMNS];
    struct ot_table *table = NULL;
    uint32_t *order = NULL;
    size_t columns = 0, shown = 0;
    enum ot_status status = ot_cert_order(&order, &shown, certs->rows, certs->count, err);

    for (size_t i = 0; i < COLUMNS; i++)
        if (i != BY || printing.shape.has_by)
            titles_shown[columns++] = titles[i];
    if (status == OT_OK)
        status = ot_table_new(&table, titles_shown, columns, NAME, err);
    if (status == OT_OK && shown > 0)
        status = print_rows(&printing, certs, order, shown, table, out, err);
    ot_table_free(table);
    free(order);
    return status;
}

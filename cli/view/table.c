#include "view/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Columns of the terminal between two of the table. */
#define GAP 2

/* What the column that is cut keeps, on however narrow a terminal. */
#define CUT_AT_LEAST 8

/* Bytes of lines that are written at once; more, where one line is longer. */
#define LINES_SIZE ((size_t)64 * 1024)

struct column {
    int width;      /* of its widest cell, in columns of the terminal */
    size_t longest; /* bytes of a cell */
    bool has_other; /* text than what is shown as it is, a column for each byte */
};

struct ot_table {
    const char *const *titles;
    size_t count, cut; /* how many columns, and which is cut */
    struct column columns[OT_TABLE_COLUMNS_MAX];

    /* What is kept: cells one behind the other, each as its length and its text. */
    char *cells;
    size_t cells_len, cells_capacity;

    /* What is being printed. */
    struct ot_output *out;
    char *lines; /* that are not written yet; before there are any, room for a cell */
    size_t size, used, longest;
};

/* Has memory for as many bytes; it grows by doubling. false: there is not so much. */
static bool reserve_bytes(char **memory, size_t *capacity, size_t size)
{
    size_t enough = *capacity > 0 ? *capacity : 4096;
    char *larger;

    while (enough < size)
        enough *= 2;
    if (enough == *capacity)
        return true;
    larger = realloc(*memory, enough);
    if (larger == NULL)
        return false;
    *memory = larger;
    *capacity = enough;
    return true;
}

/* Nearly all text is plain: as many bytes as columns, and none to escape. */
static bool measure_cell(struct ot_table *table, struct column *column,
                         struct ot_span text)
{
    const char *from = (const char *)text.data;
    size_t len = text.len;
    int width = (int)len;

    if (ot_text_plain_len(from, len) != len) {
        if (!reserve_bytes(&table->lines, &table->size,
                           8 * len + 1)) /* as ot_output_text */
            return false;
        len = ot_text_escape(table->lines, table->size, from, len);
        width = ot_output_width(table->lines);
        column->has_other = true;
    }
    if (width > column->width)
        column->width = width;
    if (len > column->longest)
        column->longest = len;
    return true;
}

enum ot_status ot_table_measure(struct ot_table *table, const struct ot_span *cells,
                                struct ot_error *err)
{
    for (size_t i = 0; i < table->count; i++)
        if (!measure_cell(table, &table->columns[i], cells[i]))
            return ot_error_nomem(err);
    return OT_OK;
}

enum ot_status ot_table_new(struct ot_table **out, const char *const *titles,
                            size_t columns, size_t cut, struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    **out = (struct ot_table){.titles = titles, .count = columns, .cut = cut};
    return OT_OK;
}

void ot_table_free(struct ot_table *table)
{
    if (table == NULL)
        return;
    free(table->cells);
    free(table->lines);
    free(table);
}

/* What the column that is cut gets on a terminal of that width. */
static void fit_columns(struct ot_table *table, int limit)
{
    struct column *cut = &table->columns[table->cut];

    limit += cut->width - GAP * (int)(table->count - 1);
    for (size_t i = 0; i < table->count; i++)
        limit -= table->columns[i].width;
    if (limit < CUT_AT_LEAST)
        limit = CUT_AT_LEAST;
    if (cut->width > limit)
        cut->width = limit;
}

/* Bytes of the longest line that there can be. */
static size_t line_max(const struct ot_table *table)
{
    size_t size = sizeof("\n");

    for (size_t i = 0; i < table->count; i++)
        size += table->columns[i].longest + sizeof("…") +
                (size_t)table->columns[i].width + GAP;
    return size;
}

/* Writes a cell to where a line has got to, and returns its end. One that is not the last
 * of its line has blanks behind it, up to the next. */
static char *put_cell(char *at, const struct column *column, struct ot_span text,
                      bool is_last)
{
    size_t len = text.len, blanks;
    int used = (int)len;

    if (column->has_other) {
        len = ot_text_escape(at, column->longest + 1, (const char *)text.data, len);
        used = ot_output_width(at);
    } else if (len > 0) {
        memcpy(at, text.data, len);
    }
    if (used > column->width) {
        at[len] = '\0';
        len = ot_output_fit(at, column->width - 1);
        used += 1 - ot_output_width(at + len);
        len = (size_t)(stpcpy(at + len, "…") - at);
    }
    blanks = is_last ? 0 : (size_t)(column->width - used + GAP);
    memset(at + len, ' ', blanks);
    return at + len + blanks;
}

static void write_lines(struct ot_table *table)
{
    ot_output_bytes(table->out, table->lines, table->used);
    table->used = 0;
}

void ot_table_put(struct ot_table *table, const struct ot_span *cells)
{
    char *at;

    if (table->size - table->used < table->longest)
        write_lines(table);
    at = table->lines + table->used;
    for (size_t i = 0; i < table->count; i++)
        at = put_cell(at, &table->columns[i], cells[i], i + 1 == table->count);
    *at++ = '\n';
    table->used = (size_t)(at - table->lines);
}

enum ot_status ot_table_begin(struct ot_table *table, struct ot_output *out,
                              struct ot_error *err)
{
    struct ot_span titles[OT_TABLE_COLUMNS_MAX] = {0};
    enum ot_status status;

    for (size_t i = 0; i < table->count; i++)
        titles[i] = ot_span_str(table->titles[i]);
    status = ot_table_measure(table, titles, err);
    if (status != OT_OK)
        return status;
    table->out = out;
    table->longest = line_max(table);
    if (!reserve_bytes(&table->lines, &table->size,
                       table->longest > LINES_SIZE ? table->longest : LINES_SIZE))
        return ot_error_nomem(err);
    if (out->columns > 0)
        fit_columns(table, out->columns);
    ot_table_put(table, titles);
    return OT_OK;
}

void ot_table_end(struct ot_table *table)
{
    write_lines(table);
}

enum ot_status ot_table_add(struct ot_table *table, const struct ot_span *cells,
                            struct ot_error *err)
{
    size_t size = 0;
    char *at;

    for (size_t i = 0; i < table->count; i++)
        size += sizeof(size_t) + cells[i].len;
    if (!reserve_bytes(&table->cells, &table->cells_capacity, table->cells_len + size))
        return ot_error_nomem(err);
    at = table->cells + table->cells_len;
    for (size_t i = 0; i < table->count; i++) {
        at = mempcpy(at, &cells[i].len, sizeof(size_t));
        if (cells[i].len > 0)
            at = mempcpy(at, cells[i].data, cells[i].len);
    }
    table->cells_len += size;
    return ot_table_measure(table, cells, err);
}

static const char *read_row(const struct ot_table *table, const char *at,
                            struct ot_span *cells)
{
    size_t len;

    for (size_t i = 0; i < table->count; i++) {
        memcpy(&len, at, sizeof(len));
        cells[i] = ot_span_of(at + sizeof(len), len);
        at += sizeof(len) + len;
    }
    return at;
}

void ot_table_print(struct ot_table *table, struct ot_output *out)
{
    struct ot_span cells[OT_TABLE_COLUMNS_MAX];
    const char *at = table->cells, *end = at + table->cells_len;

    if (ot_table_begin(table, out, NULL) != OT_OK) {
        out->first_errno = out->first_errno ? out->first_errno : ENOMEM;
        return;
    }
    while (at < end) {
        at = read_row(table, at, cells);
        ot_table_put(table, cells);
    }
    ot_table_end(table);
}

#include "view/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Columns of the terminal between two of the table. */
#define GAP 2

/* What the column that is cut keeps, on however narrow a terminal. */
#define CUT_AT_LEAST 8

struct cell {
    uint32_t
        len;   /* its text lies behind that of the cell before it, and ends with a NUL */
    int width; /* columns of the terminal that it takes */
};

/* One piece of memory for all cells and one for their text: there may be a million. */
struct ot_table {
    size_t columns, cut;
    size_t rows, capacity; /* the titles are the first row */
    struct cell *cells;    /* capacity * columns */
    char *text;
    size_t text_len, text_capacity;
    size_t longest; /* bytes of a cell */
    int *widths;    /* of each column: its widest cell's */
};

void ot_table_free(struct ot_table *table)
{
    if (table == NULL)
        return;
    free(table->cells);
    free(table->text);
    free(table->widths);
    free(table);
}

/* The cells of the row behind the last one; NULL: out of memory. */
static struct cell *next_row(struct ot_table *table)
{
    size_t capacity = table->capacity ? table->capacity * 2 : 64;
    struct cell *cells;

    if (table->rows == table->capacity) {
        cells = reallocarray(table->cells, capacity, table->columns * sizeof(*cells));
        if (cells == NULL)
            return NULL;
        table->cells = cells;
        table->capacity = capacity;
    }
    return table->cells + table->rows * table->columns;
}

static enum ot_status reserve_text(struct ot_table *table, size_t size,
                                   struct ot_error *err)
{
    size_t capacity = table->text_capacity ? table->text_capacity : 4096;
    char *text;

    while (capacity - table->text_len < size)
        capacity *= 2;
    if (capacity == table->text_capacity)
        return OT_OK;
    text = realloc(table->text, capacity);
    if (text == NULL)
        return ot_error_nomem(err);
    table->text = text;
    table->text_capacity = capacity;
    return OT_OK;
}

/* Nearly all text is plain: as many bytes as columns, and none to escape. */
static enum ot_status fill_cell(struct ot_table *table, struct cell *cell,
                                struct ot_span text, struct ot_error *err)
{
    const char *from = (const char *)text.data;
    const bool is_plain = ot_text_plain_len(from, text.len) == text.len;
    const size_t size = (is_plain ? 1 : 8) * text.len + 1; /* as ot_output_text */
    enum ot_status status = reserve_text(table, size, err);
    char *copy;

    if (status != OT_OK)
        return status;
    copy = table->text + table->text_len;
    if (is_plain) {
        if (text.len > 0)
            memcpy(copy, from, text.len);
        copy[text.len] = '\0';
        cell->len = (uint32_t)text.len;
        cell->width = (int)text.len;
    } else {
        cell->len = (uint32_t)ot_text_escape(copy, size, from, text.len);
        cell->width = ot_output_width(copy);
    }
    table->text_len += cell->len + (size_t)1;
    if (cell->len > table->longest)
        table->longest = cell->len;
    return OT_OK;
}

enum ot_status ot_table_add(struct ot_table *table, const struct ot_span *cells,
                            struct ot_error *err)
{
    struct cell *row = next_row(table);
    const size_t text_len = table->text_len;
    enum ot_status status = OT_OK;

    if (row == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; status == OT_OK && i < table->columns; i++) {
        status = fill_cell(table, &row[i], cells[i], err);
        if (status == OT_OK && row[i].width > table->widths[i])
            table->widths[i] = row[i].width;
    }
    if (status == OT_OK)
        table->rows++;
    else
        table->text_len = text_len;
    return status;
}

static enum ot_status add_titles(struct ot_table *table, const char *const *titles,
                                 struct ot_error *err)
{
    struct ot_span *cells = calloc(table->columns, sizeof(*cells));
    enum ot_status status;

    if (cells == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; i < table->columns; i++)
        cells[i] = ot_span_str(titles[i]);
    status = ot_table_add(table, cells, err);
    free(cells);
    return status;
}

enum ot_status ot_table_new(struct ot_table **out, const char *const *titles,
                            size_t columns, size_t cut, struct ot_error *err)
{
    struct ot_table *table = calloc(1, sizeof(*table));
    enum ot_status status;

    *out = NULL;
    if (table == NULL)
        return ot_error_nomem(err);
    table->columns = columns;
    table->cut = cut;
    table->widths = calloc(columns, sizeof(*table->widths));
    status = table->widths != NULL ? add_titles(table, titles, err) : ot_error_nomem(err);
    if (status == OT_OK)
        *out = table;
    else
        ot_table_free(table);
    return status;
}

size_t ot_table_rows(const struct ot_table *table)
{
    return table->rows - 1;
}

/* What the column that is cut gets on a terminal of that width. */
static void fit_widths(const struct ot_table *table, int *widths, int limit)
{
    limit -= GAP * (int)(table->columns - 1);
    for (size_t i = 0; i < table->columns; i++)
        if (i != table->cut)
            limit -= widths[i];
    if (limit < CUT_AT_LEAST)
        limit = CUT_AT_LEAST;
    if (widths[table->cut] > limit)
        widths[table->cut] = limit;
}

/* Writes a cell to where a line has got to, and returns its end. One that is not the last
 * of its line has blanks behind it, up to the next. */
static char *put_cell(char *at, const char *text, const struct cell *cell, int width,
                      bool is_last)
{
    int used = cell->width;
    size_t len = cell->len, blanks;

    if (used > width)
        len = ot_output_fit(text, width - 1);
    at = mempcpy(at, text, len);
    if (used > width) {
        used += 1 - ot_output_width(text + len);
        at = stpcpy(at, "…");
    }
    blanks = is_last ? 0 : (size_t)(width - used + GAP);
    memset(at, ' ', blanks);
    return at + blanks;
}

/* Room for the longest line that there can be. */
static char *new_line(const struct ot_table *table, const int *widths)
{
    size_t size = sizeof("\n");

    for (size_t i = 0; i < table->columns; i++)
        size += table->longest + sizeof("…") + (size_t)widths[i] + GAP;
    return malloc(size);
}

static void print_rows(const struct ot_table *table, struct ot_output *out, char *line,
                       const int *widths)
{
    const char *text = table->text;

    for (size_t row = 0; row < table->rows; row++) {
        const struct cell *cells = table->cells + row * table->columns;
        char *at = line;

        for (size_t i = 0; i < table->columns; text += cells[i++].len + (size_t)1)
            at = put_cell(at, text, &cells[i], widths[i], i + 1 == table->columns);
        *at++ = '\n';
        ot_output_bytes(out, line, (size_t)(at - line));
    }
}

void ot_table_print(const struct ot_table *table, struct ot_output *out)
{
    int *widths = calloc(table->columns, sizeof(int));
    char *line = NULL;

    for (size_t i = 0; widths != NULL && i < table->columns; i++)
        widths[i] = table->widths[i];
    if (widths != NULL && out->columns > 0)
        fit_widths(table, widths, out->columns);
    if (widths != NULL)
        line = new_line(table, widths);
    if (line != NULL)
        print_rows(table, out, line, widths);
    else
        out->first_errno = out->first_errno ? out->first_errno : ENOMEM;
    free(line);
    free(widths);
}

#include "view/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Columns of the terminal between two of the table. */
#define GAP 2

/* What the column that is cut keeps, on however narrow a terminal. */
#define CUT_AT_LEAST 8

struct ot_table {
    const char *const *titles;
    size_t columns, cut, rows, capacity;
    char **cells; /* rows * columns */
};

enum ot_status ot_table_new(struct ot_table **out, const char *const *titles,
                            size_t columns, size_t cut, struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    (*out)->titles = titles;
    (*out)->columns = columns;
    (*out)->cut = cut;
    return OT_OK;
}

void ot_table_free(struct ot_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->rows * table->columns; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

static char *escaped_copy(const char *text)
{
    size_t len = strlen(text);
    size_t size = 8 * len + 1; /* as ot_output_text */
    char *copy = malloc(size);

    if (copy == NULL)
        return NULL;
    ot_text_escape(copy, size, text, len);
    return copy;
}

static enum ot_status reserve_cell(struct ot_table *table, struct ot_error *err)
{
    size_t capacity = table->capacity ? table->capacity * 2 : 64;
    char **cells;

    if (table->rows < table->capacity)
        return OT_OK;
    cells = reallocarray(table->cells, capacity, table->columns * sizeof(char *));
    if (cells == NULL)
        return ot_error_nomem(err);
    table->cells = cells;
    table->capacity = capacity;
    return OT_OK;
}

enum ot_status ot_table_add(struct ot_table *table, const char *const *cells,
                            struct ot_error *err)
{
    enum ot_status status = reserve_cell(table, err);
    char **row;

    if (status != OT_OK)
        return status;
    row = table->cells + table->rows * table->columns;
    for (size_t i = 0; i < table->columns; i++) {
        row[i] = escaped_copy(cells[i]);
        if (row[i] == NULL) {
            while (i-- > 0)
                free(row[i]);
            return ot_error_nomem(err);
        }
    }
    table->rows++;
    return OT_OK;
}

size_t ot_table_rows(const struct ot_table *table)
{
    return table->rows;
}

static int column_width(const struct ot_table *table, size_t column)
{
    int widest = ot_output_width(table->titles[column]);

    for (size_t row = 0; row < table->rows; row++) {
        int width = ot_output_width(table->cells[row * table->columns + column]);

        if (width > widest)
            widest = width;
    }
    return widest;
}

/* A cell that is not the last has blanks behind it, up to the next. */
static void print_cell(struct ot_output *out, const char *text, int width, bool is_last)
{
    int used = ot_output_width(text);
    size_t len;

    if (used <= width) {
        ot_output_printf(out, "%s", text);
    } else {
        len = ot_output_fit(text, width - 1);
        ot_output_printf(out, "%.*s…", (int)len, text);
        used = ot_output_width(text) - ot_output_width(text + len) + 1;
    }
    if (!is_last)
        ot_output_printf(out, "%*s", width - used + GAP, "");
}

static void print_table_row(struct ot_output *out, const char *const *cells,
                            const int *widths, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        print_cell(out, cells[i], widths[i], i + 1 == columns);
    ot_output_printf(out, "\n");
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

void ot_table_print(const struct ot_table *table, struct ot_output *out)
{
    int *widths = calloc(table->columns, sizeof(int));

    if (widths == NULL) {
        out->first_errno = out->first_errno ? out->first_errno : ENOMEM;
        return;
    }
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = column_width(table, i);
    if (out->columns > 0)
        fit_widths(table, widths, out->columns);
    print_table_row(out, table->titles, widths, table->columns);
    for (size_t row = 0; row < table->rows; row++)
        print_table_row(out, (const char *const *)table->cells + row * table->columns,
                        widths, table->columns);
    free(widths);
}

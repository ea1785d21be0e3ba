/* Rows of text in columns, each as wide as its widest cell, for a person to read. Control
 * and bidi characters are escaped. On a terminal one column is cut, with an ellipsis, to
 * what fits beside the others, but to no less than eight columns. */
#ifndef OT_CLI_VIEW_TABLE_H
#define OT_CLI_VIEW_TABLE_H

#include "base/span.h"
#include "view/output.h"

#define OT_TABLE_COLUMNS_MAX 8

struct ot_table;

/* titles[0..columns), which outlive it. cut: which column is made to fit the terminal. */
enum ot_status ot_table_new(struct ot_table **out, const char *const *titles,
                            size_t columns, size_t cut, struct ot_error *err);
void ot_table_free(struct ot_table *table); /* NULL is fine */

/* Rows that come one by one, cells[0..columns) of each, are copied, and printed when all
 * are there. */
enum ot_status ot_table_add(struct ot_table *table, const struct ot_span *cells,
                            struct ot_error *err);
void ot_table_print(struct ot_table *table, struct ot_output *out);

/* The same of rows that are at hand: first all of them are measured, in any order. */
enum ot_status ot_table_measure(struct ot_table *table, const struct ot_span *cells,
                                struct ot_error *err);
/* Then they are printed, below the titles, in lines that may stay in the table until its
 * end. */
enum ot_status ot_table_begin(struct ot_table *table, struct ot_output *out,
                              struct ot_error *err);
void ot_table_put(struct ot_table *table, const struct ot_span *cells);
void ot_table_end(struct ot_table *table);

#endif

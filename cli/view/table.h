/* Rows of text in columns, each as wide as its widest cell, for a person to read. */
#ifndef OT_CLI_VIEW_TABLE_H
#define OT_CLI_VIEW_TABLE_H

#include "base/span.h"
#include "view/output.h"

struct ot_table;

/* titles[0..columns), copied. cut: which column is made to fit the terminal. */
enum ot_status ot_table_new(struct ot_table **out, const char *const *titles,
                            size_t columns, size_t cut, struct ot_error *err);
void ot_table_free(struct ot_table *table); /* NULL is fine */

/* cells[0..columns), copied with control and bidi characters escaped. */
enum ot_status ot_table_add(struct ot_table *table, const struct ot_span *cells,
                            struct ot_error *err);
size_t ot_table_rows(const struct ot_table *table);

/* Titles and rows. On a terminal the one column is cut, with an ellipsis, to what fits
 * beside the others, but to no less than eight columns. */
void ot_table_print(const struct ot_table *table, struct ot_output *out);

#endif

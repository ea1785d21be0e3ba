/* Sentences that are longer than a line of the terminal. */
#ifndef OT_CLI_VIEW_WRAP_H
#define OT_CLI_VIEW_WRAP_H

#include "view/output.h"

/* Text, escaped as ot_output_text does, from the column that the line is at; broken
 * between words, the lines after the first with indent blanks before them. A word that is
 * longer than a line stays whole. Where out is no terminal nothing is broken. No line end
 * follows. */
void ot_wrap_text(struct ot_output *out, int at, int indent, const char *text);

#endif

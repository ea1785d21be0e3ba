/* Questions on the terminal. */
#ifndef OT_CLI_VIEW_ASK_H
#define OT_CLI_VIEW_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum ot_ask_echo { OT_ASK_SHOWN, OT_ASK_HIDDEN };

/* Whether standard input and standard error both are a terminal. */
bool ot_ask_is_possible(void);

/* Writes the question, and reads a line into buf, without its end. What is typed is not
 * shown where it is hidden; the terminal is as before also after a signal. OT_E_USAGE:
 * the line is longer. OT_E_INTERRUPTED: a signal, or the end of the input. */
enum ot_status ot_ask_line(char *buf, size_t size, const char *question,
                           enum ot_ask_echo echo, struct ot_error *err);

#endif

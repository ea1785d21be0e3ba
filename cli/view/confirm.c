#include "view/confirm.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "view/signals.h"

enum ot_status ot_confirm(const char *question, struct ot_error *err)
{
    char answer[16];
    ssize_t len = -1;

    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return ot_error_set(
            err, OT_E_USAGE,
            "nothing changed: no terminal to ask on (%s); repeat with --yes", question);
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    /* A line, as the terminal hands it over; not through stdio, which would go on reading
     * when a signal asks for the end. */
    if (ot_signals_wait_for_input(STDIN_FILENO))
        len = read(STDIN_FILENO, answer, sizeof(answer) - 1);
    answer[len > 0 ? len : 0] = '\0';
    answer[strcspn(answer, "\r\n")] = '\0';
    if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
        return OT_OK;
    if (len <= 0)
        fprintf(stderr, "\n");
    return ot_error_set(err, OT_E_INTERRUPTED, "not confirmed; nothing was changed");
}

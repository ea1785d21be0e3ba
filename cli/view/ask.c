#include "view/ask.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "view/signals.h"

bool ot_ask_is_possible(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static bool hide_input(struct termios *before)
{
    struct termios hidden;

    if (tcgetattr(STDIN_FILENO, before) != 0)
        return false;
    hidden = *before;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    hidden.c_lflag |= ECHONL;
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
}

/* A line, as the terminal hands it over; not through stdio, which would go on reading
 * when a signal asks for the end. -1: there is none. */
static ssize_t read_line(char *buf, size_t size)
{
    ssize_t len = -1;

    if (ot_signals_wait_for_input(STDIN_FILENO))
        len = read(STDIN_FILENO, buf, size);
    return len > 0 ? len : -1;
}

enum ot_status ot_ask_line(char *buf, size_t size, const char *question,
                           enum ot_ask_echo echo, struct ot_error *err)
{
    struct termios before;
    bool is_hidden = echo == OT_ASK_HIDDEN;
    ssize_t len;

    buf[0] = '\0';
    /* First: nothing that is typed ahead of the question is shown either. */
    if (is_hidden && !hide_input(&before))
        return ot_error_set(err, OT_E_IO,
                            "this terminal shows what is typed, so that nothing secret "
                            "is asked for: give it by an option");
    fprintf(stderr, "%s", question);
    fflush(stderr);
    len = read_line(buf, size);
    if (is_hidden)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    if (len < 0) {
        fprintf(stderr, "\n");
        return ot_error_set(err, OT_E_INTERRUPTED, "interrupted; nothing was changed");
    }
    if (buf[len - 1] != '\n') {
        OPENSSL_cleanse(buf, size);
        return ot_error_set(err, OT_E_USAGE, "the answer is too long");
    }
    buf[len - 1] = '\0';
    return OT_OK;
}

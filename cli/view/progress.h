/* A progress bar on standard error, where somebody is looking. */
#ifndef OT_CLI_VIEW_PROGRESS_H
#define OT_CLI_VIEW_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ot_progress {
    const char *source; /* whose sync it shows */
    bool enabled;
    bool shown;       /* a bar is on the line now */
    int64_t drawn_ms; /* monotonic; when it was last drawn */
};

/* Enabled on a terminal that can redraw a line (TERM is not `dumb`) and for somebody who
 * did not ask for plain output (NO_COLOR unset or empty). */
void ot_progress_init(struct ot_progress *progress, bool wanted);

/* Draws, at most some times a second; total 0: not known. */
void ot_progress_draw(struct ot_progress *progress, const char *phase, size_t done,
                      size_t total);
/* Takes the bar away; call it before anything else is printed. */
void ot_progress_clear(struct ot_progress *progress);

#endif

#include "view/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "view/output.h"

#define REDRAW_MS 100   /* quicker than this nobody reads */
#define BAR_LONGEST 40  /* columns */
#define BAR_SHORTEST 10 /* narrower says nothing: only the figures */

void ot_progress_init(struct ot_progress *progress, bool wanted)
{
    const char *term = getenv("TERM");
    const char *plain = getenv("NO_COLOR");

    memset(progress, 0, sizeof(*progress));
    progress->source = "";
    progress->enabled = wanted && isatty(STDERR_FILENO) && term != NULL &&
                        strcmp(term, "dumb") != 0 && (plain == NULL || *plain == '\0');
    progress->drawn_ms = -REDRAW_MS;
}

static const char *phase_words(const char *phase)
{
    if (strcmp(phase, "list") == 0)
        return "listing";
    if (strcmp(phase, "get") == 0)
        return "fetching";
    return phase;
}

/* The line for columns of terminal. */
static void format_progress(char *buf, size_t size, int columns, const char *source,
                            const char *phase, size_t done, size_t total)
{
    char left[96], right[64];
    char bar[BAR_LONGEST + 1];
    int room;
    size_t filled;

    snprintf(left, sizeof(left), "%s: %s", source, phase_words(phase));
    if (total == 0) {
        snprintf(buf, size, "%.*s %zu", columns - 21 > 0 ? columns - 21 : 0, left, done);
        return;
    }
    snprintf(right, sizeof(right), "%zu/%zu", done, total);
    /* "left [bar] right", and the last column stays free: some terminals wrap there */
    room = columns - 1 - (int)strlen(left) - (int)strlen(right) - 4;
    if (room < BAR_SHORTEST) {
        snprintf(buf, size, "%.*s", columns > 1 ? columns - 1 : 0, right);
        return;
    }
    if (room > BAR_LONGEST)
        room = BAR_LONGEST;
    filled = done >= total ? (size_t)room : (size_t)room * done / total;
    memset(bar, '.', (size_t)room);
    memset(bar, '#', filled);
    bar[room] = '\0';
    snprintf(buf, size, "%s [%s] %s", left, bar, right);
}

void ot_progress_draw(struct ot_progress *progress, const char *phase, size_t done,
                      size_t total)
{
    int64_t now = ot_clock_ms();
    char line[256];

    if (!progress->enabled || now - progress->drawn_ms < REDRAW_MS)
        return;
    format_progress(line, sizeof(line), ot_output_columns(STDERR_FILENO),
                    progress->source, phase, done, total);
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
    progress->drawn_ms = now;
    progress->shown = true;
}

void ot_progress_clear(struct ot_progress *progress)
{
    if (progress->shown)
        fprintf(stderr, "\r\033[K");
    fflush(stderr);
    progress->shown = false;
}

/* The end of a stream of open_memstream, in one place for all that write text so. Inline,
 * for the plugins have no use for it. */
#ifndef OT_BASE_MEMORY_STREAM_H
#define OT_BASE_MEMORY_STREAM_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Closes out, which writes to *text. Returns *text, the caller's to free; or NULL, and
 * *text is NULL and freed: memory ran out before all was written. */
static inline char *ot_memory_stream_end(FILE *out, char **text)
{
    const bool is_whole = ferror(out) == 0;

    if (fclose(out) == 0 && is_whole)
        return *text;
    free(*text);
    *text = NULL;
    return NULL;
}

#endif

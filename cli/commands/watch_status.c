#include "commands/watch_status_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory_stream.h"
#include "base/service_manager.h"
#include "commands/watched_internal.h"
#include "config/source.h"
#include "view/output.h"

static void put_source(FILE *to, const struct ot_watched *watched)
{
    char time[OT_TIME_MAX];

    if (watched->seen_at == 0)
        fprintf(to, "%s was never seen", watched->source->name);
    else
        fprintf(to, "%s was seen at %s", watched->source->name,
                ot_output_time(time, watched->seen_at));
    if (watched->trouble != NULL)
        fprintf(to, ", %u failure%s since: %s", watched->failures,
                watched->failures == 1 ? "" : "s", watched->trouble);
}

void ot_watch_tell_status(const struct ot_watch *watch, const char *refused)
{
    char *line = NULL;
    size_t len;
    FILE *to = open_memstream(&line, &len);

    if (to == NULL)
        return;
    fputs("STATUS=", to);
    if (refused != NULL)
        fprintf(to, "the configuration cannot be used, so that nothing is synced: %s; ",
                refused);
    for (size_t i = 0; i < watch->count; i++) {
        fputs(i > 0 ? "; " : "", to);
        put_source(to, &watch->watched[i]);
    }
    if (ot_memory_stream_end(to, &line) != NULL)
        ot_notify(line);
    free(line);
}

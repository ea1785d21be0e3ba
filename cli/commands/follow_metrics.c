#include "commands/follow_metrics_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "config/source.h"
#include "files/file.h"
#include "view/machine_metrics.h"
#include "view/machine_report.h"

/* The sources from the first on that name this file, into sources; how many. */
static size_t find_sharing_sources(const struct ot_source **sources,
                                   const struct ot_config *config, size_t first,
                                   const char *path)
{
    size_t count = 0;

    for (size_t i = first; i < ot_config_count(config); i++) {
        const struct ot_source *source = ot_config_at(config, i);

        if (source->metrics_file != NULL && strcmp(source->metrics_file, path) == 0)
            sources[count++] = source;
    }
    return count;
}

static bool is_written_already(const struct ot_config *config, size_t i)
{
    const char *path = ot_config_at(config, i)->metrics_file;

    while (i-- > 0) {
        const char *before = ot_config_at(config, i)->metrics_file;

        if (before != NULL && strcmp(before, path) == 0)
            return true;
    }
    return false;
}

static enum ot_status write_metrics_file(const struct ot_config *config, size_t first,
                                         struct ot_error *err)
{
    const char *path = ot_config_at(config, first)->metrics_file;
    const struct ot_source *sources[OT_SOURCES_MAX];
    size_t len = 0, count = find_sharing_sources(sources, config, first, path);
    struct ot_machine_report report;
    char *text = NULL;
    enum ot_status status =
        ot_machine_report_make(&report, config, sources, count, OT_EXPIRES_SOON_S, err);

    if (status == OT_OK)
        status = ot_machine_metrics_make(&text, &len, &report, false, err);
    if (status == OT_OK)
        status = ot_file_replace(path, text, len, 0644, err);
    free(text);
    ot_machine_report_clear(&report);
    return status;
}

enum ot_status ot_follow_metrics(const struct ot_config *config, struct ot_report *report)
{
    enum ot_status first = OT_OK;

    for (size_t i = 0; i < ot_config_count(config); i++) {
        struct ot_error err = OT_ERROR_INIT;

        if (ot_config_at(config, i)->metrics_file == NULL ||
            is_written_already(config, i) || write_metrics_file(config, i, &err) == OT_OK)
            continue;
        ot_report_say(report, "metrics_file: %s", err.message);
        first = first == OT_OK ? err.status : first;
    }
    return first;
}

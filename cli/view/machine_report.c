#include "view/machine_report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cache/distrust.h"

enum ot_status ot_machine_report_make(struct ot_machine_report *report,
                                      const struct ot_config *config,
                                      const struct ot_source *const *sources,
                                      size_t count, int64_t soon_s, struct ot_error *err)
{
    enum ot_status status;

    memset(report, 0, sizeof(*report));
    report->now = (int64_t)time(NULL);
    status = ot_distrust_new(&report->distrust, config, err);
    if (status != OT_OK)
        return status;
    ot_distrust_look(report->distrust, 0);
    /* What is wrong with the exports does not keep the rest from being told. */
    ot_exports_new(&report->exports, config, &report->exports_problem);
    report->sources = calloc(count, sizeof(*report->sources));
    if (report->sources == NULL)
        return ot_error_nomem(err);
    while (status == OT_OK && report->count < count) {
        status =
            ot_source_report_make(&report->sources[report->count], sources[report->count],
                                  report->distrust, report->now, soon_s, err);
        report->count++;
    }
    return status;
}

void ot_machine_report_clear(struct ot_machine_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        ot_source_report_clear(&report->sources[i]);
    free(report->sources);
    free(report->exports);
    ot_distrust_free(report->distrust);
    memset(report, 0, sizeof(*report));
}

bool ot_machine_report_is_usable(const struct ot_machine_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->sources[i].problem.status != OT_OK)
            return false;
    return true;
}

#include "view/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files/write_all.h"
#include "view/output.h"

enum ot_status ot_report_open(struct ot_report *report, int fd, struct ot_error *err)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0)
        return ot_error_set(err, OT_E_USAGE,
                            "--report-fd %d: that descriptor is not open for writing",
                            fd);
    if (fd > STDERR_FILENO)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    report->fd = fd;
    return OT_OK;
}

void ot_report_changes(struct ot_report *report, const struct ot_changes *changes)
{
    report->done = true;
    for (size_t i = 0; i < changes->count; i++) {
        const struct ot_change *change = &changes->items[i];
        const bool has_failed = ot_change_has_failed(change);

        if (change->outcome == OT_CHANGE_PLANNED || has_failed)
            report->done = false;
        if (has_failed && change->why != NULL && report->sentence[0] == '\0')
            snprintf(report->sentence, sizeof(report->sentence), "%s", change->why);
        if (i == 0)
            snprintf(report->id, sizeof(report->id), "%s", change->id);
        else if (strcmp(report->id, change->id) != 0)
            report->id[0] = '\0';
    }
}

void ot_report_say(struct ot_report *report, const char *fmt, ...)
{
    char text[OT_ERROR_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    ot_output_fail("%s", text);
    if (report->sentence[0] == '\0')
        snprintf(report->sentence, sizeof(report->sentence), "%s", text);
}

enum ot_status ot_report_write(const struct ot_report *report, enum ot_status status,
                               const char *sentence, struct ot_error *err)
{
    struct ot_error line = OT_ERROR_INIT; /* bounds and escapes: one line */
    char text[OT_ERROR_MAX + OT_ID_MAX + 128];
    int len;

    if (report->fd < 0)
        return OT_OK;
    if (report->sentence[0] != '\0')
        sentence = report->sentence;
    ot_error_set(&line, status, "%s", sentence);
    len = snprintf(text, sizeof(text), "status %s\n%s%s%s%s", ot_status_word(status),
                   report->done ? "done\n" : "", report->id[0] != '\0' ? "id " : "",
                   report->id, report->id[0] != '\0' ? "\n" : "");
    if (status != OT_OK && sentence[0] != '\0')
        len +=
            snprintf(text + len, sizeof(text) - (size_t)len, "error %s\n", line.message);
    if (ot_write_all(report->fd, text, (size_t)len))
        return OT_OK;
    return ot_error_errno(err, OT_E_IO, errno, "cannot write the report to descriptor %d",
                          report->fd);
}

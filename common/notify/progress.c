#include "notify/progress_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "config/ini_file.h"
#include "config/source_path.h"
#include "files/file.h"
#include "files/path.h"

#define PROGRESS_BYTES_MAX 1024u

static bool set_notify_id(char id[OT_NOTIFY_ID_MAX], const char *value)
{
    for (const char *at = value; *at != '\0'; at++)
        if (!ot_text_is_alnum(*at) && *at != '_')
            return false;
    return snprintf(id, OT_NOTIFY_ID_MAX, "%s", value) < OT_NOTIFY_ID_MAX;
}

static enum ot_status take_progress_line(void *arg, const char *key, const char *value,
                                         unsigned line, struct ot_error *err)
{
    struct ot_notify_progress *progress = arg;
    bool good = false;

    (void)line;
    if (strcmp(key, "from") == 0)
        good = progress->is_there = ot_mark_parse(&progress->from, value);
    else if (strcmp(key, "to") == 0)
        good = ot_mark_parse(&progress->to, value);
    else if (strcmp(key, "id") == 0)
        good = set_notify_id(progress->id, value);
    else if (strcmp(key, "began_at") == 0)
        good = ot_text_number(&progress->began_at, value, INT64_MAX);
    return good ? OT_OK : ot_error_set(err, OT_E_CORRUPT, "there is no such %.20s", key);
}

enum ot_status ot_notify_progress_read(struct ot_notify_progress *progress,
                                       const struct ot_source *source,
                                       struct ot_error *err)
{
    const struct ot_ini ini = {NULL, take_progress_line, progress, OT_E_CORRUPT};
    char path[PATH_MAX];
    enum ot_status status = ot_source_path(path, source, OT_SOURCE_NOTIFY, err);
    int fd = -1;

    *progress = (struct ot_notify_progress){.is_there = false};
    if (status == OT_OK)
        status = ot_path_open(&fd, path, PROGRESS_BYTES_MAX, err);
    if (status == OT_OK) {
        status = ot_ini_read(&ini, path, fd, PROGRESS_BYTES_MAX, err);
        close(fd);
    }
    if (status != OT_E_NOT_FOUND && status != OT_E_CORRUPT)
        return status;
    *progress = (struct ot_notify_progress){.is_there = false};
    ot_error_clear(err);
    return OT_OK;
}

enum ot_status ot_notify_progress_write(const struct ot_notify_progress *progress,
                                        const struct ot_source *source,
                                        struct ot_error *err)
{
    char path[PATH_MAX], text[PROGRESS_BYTES_MAX], mark[OT_MARK_TEXT_MAX];
    enum ot_status status = ot_source_path(path, source, OT_SOURCE_NOTIFY, err);
    size_t len;

    if (status != OT_OK)
        return status;
    ot_mark_format(mark, &progress->from);
    len = (size_t)snprintf(text, sizeof(text),
                           "# How far notify_url is told; orgtrust notify writes this.\n"
                           "from = %s\n",
                           mark);
    if (progress->id[0] != '\0') {
        ot_mark_format(mark, &progress->to);
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "id = %s\nto = %s\nbegan_at = %" PRId64 "\n",
                                progress->id, mark, progress->began_at);
    }
    ot_file_reap(path);
    return ot_file_replace(path, text, len, 0644, err);
}

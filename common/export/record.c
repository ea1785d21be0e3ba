#include "export/record_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/span.h"
#include "cache/state.h"
#include "export/export.h"
#include "files/file.h"
#include "files/path.h"

enum ot_status ot_export_record_path(char *buf, const struct ot_exports *exports,
                                     const struct ot_export *item, const char *suffix,
                                     struct ot_error *err)
{
    const char *word = ot_export_word(item->kind);
    int n;

    if (item->target == NULL)
        n = snprintf(buf, PATH_MAX, "%s/%s.%s", exports->dir, word, suffix);
    else
        n = snprintf(buf, PATH_MAX, "%s/%s-%016" PRIx64 ".%s", exports->dir, word,
                     ot_span_hash(ot_span_str(item->target)), suffix);
    if (n >= PATH_MAX)
        return ot_error_set(err, OT_E_CONFIG, "cache_dir is too long");
    return OT_OK;
}

void ot_export_done_read(char done[OT_EXPORT_DONE_MAX], const struct ot_exports *exports,
                         const struct ot_export *item)
{
    char path[PATH_MAX];
    ssize_t n = 0;
    int fd;

    if (ot_export_record_path(path, exports, item, "done", NULL) == OT_OK &&
        ot_path_open(&fd, path, OT_EXPORT_DONE_MAX - 1, NULL) == OT_OK) {
        n = read(fd, done, OT_EXPORT_DONE_MAX - 1);
        close(fd);
    }
    done[n > 0 ? n : 0] = '\0';
    done[strcspn(done, "\n")] = '\0';
}

enum ot_status ot_export_done_write(const char *done, const struct ot_exports *exports,
                                    const struct ot_export *item, struct ot_error *err)
{
    char path[PATH_MAX], line[OT_EXPORT_DONE_MAX + 1];
    enum ot_status status = ot_export_record_path(path, exports, item, "done", err);
    int n = snprintf(line, sizeof(line), "%s\n", done);

    if (status != OT_OK)
        return status;
    ot_file_reap(path);
    return ot_file_replace(path, line, (size_t)n, 0644, err);
}

void ot_export_record_outcome(const struct ot_exports *exports,
                              const struct ot_export *item)
{
    struct ot_state state;
    char path[PATH_MAX];

    if (ot_export_record_path(path, exports, item, "state", NULL) != OT_OK)
        return;
    if (item->why.status == OT_OK) {
        ot_file_remove(path, NULL);
        return;
    }
    ot_state_read(&state, path, NULL);
    state.attempt_at = time(NULL);
    state.retry_at = 0;
    state.last = item->why;
    if (state.failures < INT32_MAX)
        state.failures++;
    ot_state_write(path, &state, NULL);
}

enum ot_status ot_exports_state(const struct ot_exports *exports,
                                const struct ot_export *item, struct ot_state *state,
                                struct ot_error *err)
{
    char path[PATH_MAX];
    enum ot_status status = ot_export_record_path(path, exports, item, "state", err);

    *state = (struct ot_state){0};
    if (status != OT_OK)
        return status;
    status = ot_state_read(state, path, err);
    return status;
}

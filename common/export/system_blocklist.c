#include "export/system_blocklist_internal.h"

#include <stdlib.h>
#include <unistd.h>

#include "cache/distrust.h"
#include "export/anchors.h"
#include "export/system_files_internal.h"
#include "export/system_internal.h"
#include "export/system_mark_internal.h"
#include "files/file.h"
#include "files/place.h"
#include "machine/system_store.h"

#define UNFINISHED "unfinished\n"

/* This system's, where it is there. */
static const struct ot_system_store *find_blocklist(void)
{
    const struct ot_system_store *store = ot_system_store_find(NULL);

    return store != NULL && store->blocklist != NULL &&
                   access(store->blocklist, F_OK) == 0
               ? store
               : NULL;
}

/* What is not all known takes nothing back. */
static enum ot_status look_at_blocklist(const struct ot_system_files *files,
                                        bool is_known, bool *differs, bool only_look,
                                        struct ot_error *err)
{
    enum ot_status status = ot_system_files_put(files, differs, only_look, err);

    return status == OT_OK && is_known
               ? ot_system_files_reap(files, differs, only_look, err)
               : status;
}

static enum ot_status change_blocklist(const struct ot_system_files *files,
                                       const char *dir, bool is_known,
                                       struct ot_error *err)
{
    bool differs = false;
    enum ot_status status =
        ot_system_mark_write(OT_SYSTEM_MARK_BLOCKLIST, dir, UNFINISHED, err);

    if (status == OT_OK)
        status = look_at_blocklist(files, is_known, &differs, false, err);
    return status == OT_OK ? ot_dir_sync(files->dir, files->path, err) : status;
}

enum ot_status ot_system_blocklist_put(const char *dir, struct ot_distrust *distrust,
                                       bool *changed, struct ot_error *err)
{
    const struct ot_system_store *store = find_blocklist();
    bool is_known = ot_distrust_is_known(distrust);
    struct ot_anchors wanted = {0};
    struct ot_system_files files = {.wanted = &wanted, .dir = -1};
    char *mark = NULL;
    enum ot_status status = OT_OK;

    *changed = false;
    if (store == NULL)
        return OT_OK;
    files.path = store->blocklist;
    files.suffix = store->suffix;
    status = ot_anchors_add_distrusted(&wanted, distrust, err);
    ot_anchors_sort(&wanted);
    if (status == OT_OK)
        status = ot_dir_open(&files.dir, files.path, err);
    if (status == OT_OK)
        status = ot_system_mark_read(&mark, OT_SYSTEM_MARK_BLOCKLIST, err);
    if (status == OT_OK)
        status = look_at_blocklist(&files, is_known, changed, true, err);
    if (status == OT_OK && (*changed || mark[0] != '\0')) {
        *changed = true;
        status = change_blocklist(&files, dir, is_known, err);
    }
    if (files.dir >= 0)
        close(files.dir);
    free(mark);
    ot_anchors_clear(&wanted);
    return status;
}

enum ot_status ot_system_blocklist_done(const char *dir, struct ot_error *err)
{
    const struct ot_system_store *store = find_blocklist();
    const struct ot_anchors none = {0};
    struct ot_system_files files = {.wanted = &none, .dir = -1};
    bool has_ours = false;
    enum ot_status status;

    if (store == NULL)
        return OT_OK;
    files.path = store->blocklist;
    files.suffix = store->suffix;
    status = ot_dir_open(&files.dir, files.path, err);
    if (status == OT_OK)
        status = ot_system_files_reap(&files, &has_ours, true, err);
    if (status == OT_OK)
        status = has_ours ? ot_system_mark_write(OT_SYSTEM_MARK_BLOCKLIST, dir, "", err)
                          : ot_system_mark_remove(OT_SYSTEM_MARK_BLOCKLIST, err);
    if (files.dir >= 0)
        close(files.dir);
    return status;
}

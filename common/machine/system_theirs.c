#include "machine/system_theirs.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A file that is not there, or cannot be read, vouches for nothing. */
static enum ot_status add_theirs(struct ot_ca_marks *theirs, const char *path,
                                 struct ot_error *err)
{
    enum ot_status status = ot_ca_marks_add_file(theirs, path, err);

    if (status == OT_OK || status == OT_E_NOMEM)
        return status;
    ot_error_clear(err);
    return OT_OK;
}

/* Debian's own, as far as the administrator wants them: a line that begins with '!' is a
 * certificate that is not wanted, and then only ours can be why it is in the bundle. */
static enum ot_status add_listed(struct ot_ca_marks *theirs,
                                 const struct ot_system_store *store,
                                 struct ot_error *err)
{
    enum ot_status status = OT_OK;
    char line[PATH_MAX], path[2 * PATH_MAX];
    FILE *list = fopen(store->list, "re");

    while (list != NULL && status == OT_OK && fgets(line, sizeof(line), list) != NULL) {
        struct ot_span name = ot_system_list_name(line, strcspn(line, "\r\n"));

        if (name.len == 0 || line[0] == '#' || line[0] == '!')
            continue;
        snprintf(path, sizeof(path), "%s/%.*s", store->theirs[0], (int)name.len,
                 (const char *)name.data);
        status = add_theirs(theirs, path, err);
    }
    if (list != NULL)
        fclose(list);
    return status;
}

/* All files below a directory but ours. */
static enum ot_status add_tree(struct ot_ca_marks *theirs, const char *top,
                               const struct ot_system_store *store, struct ot_error *err)
{
    char *const tops[] = {(char *)top, NULL};
    enum ot_status status = OT_OK;
    FTS *tree = fts_open(tops, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    FTSENT *entry;

    if (tree == NULL)
        return errno == ENOMEM ? ot_error_nomem(err) : OT_OK;
    while (status == OT_OK && (entry = fts_read(tree)) != NULL)
        if (entry->fts_info == FTS_F &&
            !ot_system_is_ours(entry->fts_name, store->suffix))
            status = add_theirs(theirs, entry->fts_path, err);
    fts_close(tree);
    return status;
}

enum ot_status ot_system_theirs(struct ot_ca_marks *theirs, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < OT_SYSTEM_STORES; i++) {
        const struct ot_system_store *store = &ot_system_stores[i];

        status = store->list != NULL ? add_listed(theirs, store, err)
                                     : add_tree(theirs, store->theirs[0], store, err);
        if (status == OT_OK)
            status = add_tree(theirs, store->theirs[1], store, err);
    }
    ot_ca_marks_sort(theirs);
    return status;
}

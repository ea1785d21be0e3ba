#include "export/system_files_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cert/pem.h"
#include "export/anchors.h"
#include "export/files.h"
#include "export/system_links.h"
#include "files/file.h"
#include "files/place.h"
#include "machine/system_store.h"

/* OT_SYSTEM_PREFIX, the anchor's name, a suffix. */
#define FILE_NAME_MAX 64

enum ot_status ot_system_files_put(const struct ot_system_files *files, bool *differs,
                                   bool only_look, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < files->wanted->count; i++) {
        const struct ot_anchor *anchor = &files->wanted->items[i];
        char *pem = ot_pem_encode(anchor->der.data, anchor->der.len);
        char id[OT_ANCHOR_NAME_LEN + 1], name[FILE_NAME_MAX];
        bool same = false;

        if (pem == NULL)
            return ot_error_nomem(err);
        ot_anchor_name(id, anchor);
        snprintf(name, sizeof(name), OT_SYSTEM_PREFIX "%s%s", id, files->suffix);
        if (files->dir >= 0)
            status = ot_export_compare_at(&same, files->dir, name, name, pem, strlen(pem),
                                          OT_FORMAT_COUNT, err);
        *differs = *differs || !same;
        if (status == OT_OK && !same && !only_look)
            status = ot_file_put_at(files->dir, files->path, name, pem, strlen(pem), 0644,
                                    err);
        free(pem);
    }
    return status;
}

/* A writer of ours that died. */
static bool is_temporary_of_system(const char *entry)
{
    return ot_file_temporary_of(entry) > strlen(OT_SYSTEM_PREFIX) &&
           strncmp(entry + 1, OT_SYSTEM_PREFIX, strlen(OT_SYSTEM_PREFIX)) == 0;
}

enum ot_status ot_system_files_reap(const struct ot_system_files *files, bool *differs,
                                    bool only_look, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    const struct dirent *entry;
    int fd = files->dir < 0 ? -1 : ot_dir_reopen(files->dir);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (files->dir < 0)
        return OT_OK;
    if (dir == NULL) {
        status = ot_error_errno(err, OT_E_IO, errno, "cannot read the directory %s",
                                files->path);
        if (fd >= 0)
            close(fd);
        return status;
    }
    while (status == OT_OK && (entry = readdir(dir)) != NULL) {
        if (!is_temporary_of_system(entry->d_name) &&
            (!ot_system_is_ours(entry->d_name, files->suffix) ||
             ot_system_is_wanted(entry->d_name, files->wanted)))
            continue;
        *differs = true;
        if (!only_look)
            status = ot_file_remove_at(files->dir, files->path, entry->d_name, err);
    }
    closedir(dir);
    return status;
}

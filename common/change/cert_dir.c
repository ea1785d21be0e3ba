#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "change/cert_input.h"

static int filter_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* By bytes: the same order for every user. */
static int compare_file_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum ot_status add_entry(struct ot_cert_inputs *inputs, const char *dir,
                                const char *name, struct ot_error *err)
{
    enum ot_status status;
    struct stat st;
    char *path;

    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return ot_error_nomem(err);
    if (stat(path, &st) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", path);
    else if (!S_ISREG(st.st_mode))
        status = ot_error_set(err, OT_E_USAGE,
                              "%s is not a file; the directory may hold files of "
                              "certificates only (names that begin with '.' are left "
                              "alone)",
                              path);
    else
        status = ot_cert_inputs_add_file(inputs, path, err);
    free(path);
    return status;
}

enum ot_status ot_cert_inputs_add_dir(struct ot_cert_inputs *inputs, const char *path,
                                      struct ot_error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, filter_shown, compare_file_names);
    enum ot_status status = OT_OK;

    if (count < 0)
        return ot_error_errno(err, errno == ENOENT ? OT_E_NOT_FOUND : OT_E_IO, errno,
                              "cannot read the directory %s", path);
    for (int i = 0; i < count; i++) {
        if (status == OT_OK)
            status = add_entry(inputs, path, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    return status;
}

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "change/cert_input.h"

/* Files that are no certificates: all are told at once, the first with the reason. */
struct refusals {
    struct ot_error first;
    char others[OT_ERROR_MAX / 2]; /* their names, as many as fit */
    size_t count;
};

static void note_refusal(struct refusals *refusals, const char *name,
                         const struct ot_error *why)
{
    size_t len = strlen(refusals->others);

    if (refusals->count++ == 0)
        refusals->first = *why;
    else if (len + strlen(name) + 3 < sizeof(refusals->others))
        snprintf(refusals->others + len, sizeof(refusals->others) - len, "%s%s",
                 len > 0 ? ", " : "", name);
}

static enum ot_status tell_refusals(const struct refusals *refusals, struct ot_error *err)
{
    if (refusals->count == 1) {
        if (err != NULL)
            *err = refusals->first;
        return refusals->first.status;
    }
    return ot_error_set(err, refusals->first.status, "%s. %zu more cannot be taken: %s",
                        refusals->first.message, refusals->count - 1, refusals->others);
}

/* Else there is no point in looking at the others. */
static bool is_of_file(enum ot_status status)
{
    return status == OT_E_USAGE || status == OT_E_IO || status == OT_E_NOT_FOUND;
}

static int filter_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* By bytes: the same order for every user. */
static int compare_file_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Before anything is sent: the API's layer would refuse it in the middle. */
static enum ot_status check_file_name(const char *path, const char *name,
                                      struct ot_error *err)
{
    if (ot_text_is_utf8(name, strlen(name)))
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE,
                        "%s: a certificate is named after its file, and that name is not "
                        "UTF-8; rename the file",
                        path);
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
    else if ((status = check_file_name(path, name, err)) == OT_OK)
        status = ot_cert_inputs_add_file(inputs, path, err);
    free(path);
    return status;
}

enum ot_status ot_cert_inputs_add_dir(struct ot_cert_inputs *inputs, const char *path,
                                      struct ot_error *err)
{
    struct refusals refusals = {.count = 0};
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, filter_shown, compare_file_names);
    enum ot_status status = OT_OK;

    if (count < 0)
        return ot_error_errno(err, errno == ENOENT ? OT_E_NOT_FOUND : OT_E_IO, errno,
                              "cannot read the directory %s", path);
    for (int i = 0; i < count; i++) {
        struct ot_error why = OT_ERROR_INIT;

        if (status == OT_OK || is_of_file(status))
            status = add_entry(inputs, path, entries[i]->d_name, &why);
        if (why.status != OT_OK)
            note_refusal(&refusals, entries[i]->d_name, &why);
        free(entries[i]);
    }
    free(entries);
    return refusals.count > 0 ? tell_refusals(&refusals, err) : OT_OK;
}

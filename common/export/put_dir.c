#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/span.h"
#include "cert/pem.h"
#include "export/anchors.h"
#include "export/files.h"
#include "files/file.h"
#include "files/place.h"

/* The file that makes a directory ours. */
#define MARK ".orgtrust"
static const char mark[] = "orgtrust writes this directory: what is changed here is lost "
                           "with the next sync.\n";

#define HASH_LEN 8
#define NAME_LEN (HASH_LEN + 2) /* "0123abcd.0" */

struct entry {
    char name[NAME_LEN + 1];
    const struct ot_anchor *anchor;
};

/* Where the work of one directory stands. */
struct work {
    const char *path;
    int dir;
    struct entry *entries; /* by name; of one name in the anchors' order */
    size_t count;
    bool only_looks;
    bool written; /* where it only looks: would be */
};

static enum ot_status set_name(struct entry *entry, struct ot_error *err)
{
    const unsigned char *at = entry->anchor->subject.data;
    X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)entry->anchor->subject.len);
    int ok = 0;
    unsigned long hash = 0;

    if (name != NULL)
        hash = X509_NAME_hash_ex(name, NULL, NULL, &ok);
    X509_NAME_free(name);
    ERR_clear_error();
    if (!ok)
        return ot_error_set(err, OT_E_INTERNAL, "OpenSSL cannot hash a subject's name");
    snprintf(entry->name, sizeof(entry->name), "%08lx.0", hash & 0xffffffffUL);
    return OT_OK;
}

/* The anchors stand in one array, so that their addresses are their order. */
static int compare_dir_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order != 0 ? order : (x->anchor > y->anchor) - (x->anchor < y->anchor);
}

static enum ot_status fill_entries(struct work *work, const struct ot_anchors *anchors,
                                   struct ot_error *err)
{
    enum ot_status status = OT_OK;

    work->entries = calloc(anchors->count + 1, sizeof(*work->entries));
    if (work->entries == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; status == OT_OK && i < anchors->count; i++) {
        work->entries[i].anchor = &anchors->items[i];
        status = set_name(&work->entries[i], err);
    }
    work->count = anchors->count;
    qsort(work->entries, work->count, sizeof(*work->entries), compare_dir_entries);
    return status;
}

/* A name of OpenSSL's hashed directories. */
static bool is_hashed(const char *name, size_t len)
{
    size_t i = HASH_LEN + 1;

    if (len <= i || strspn(name, "0123456789abcdef") != HASH_LEN || name[HASH_LEN] != '.')
        return false;
    while (i < len && name[i] >= '0' && name[i] <= '9')
        i++;
    return i == len;
}

/* A writer of ours that died. */
static bool is_temporary_of_dir(const char *entry)
{
    const size_t len = ot_file_temporary_of(entry);

    return len > 0 && (is_hashed(entry + 1, len) ||
                       (len == strlen(MARK) && memcmp(entry + 1, MARK, len) == 0));
}

static DIR *open_to_list(const struct work *work, struct ot_error *err)
{
    int fd = ot_dir_reopen(work->dir);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (dir == NULL) {
        ot_error_errno(err, OT_E_IO, errno, "cannot read the directory %s", work->path);
        if (fd >= 0)
            close(fd);
    }
    return dir;
}

/* An empty directory becomes ours, one with our mark is; no other. */
static enum ot_status check_ours(const struct work *work, bool *marked,
                                 struct ot_error *err)
{
    const struct dirent *entry;
    bool foreign = false;
    DIR *dir = open_to_list(work, err);

    if (dir == NULL)
        return OT_E_IO;
    *marked = false;
    while ((entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;

        if (strcmp(name, MARK) == 0)
            *marked = true;
        else if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
                 !is_temporary_of_dir(name))
            foreign = true;
    }
    closedir(dir);
    if (*marked || !foreign)
        return OT_OK;
    return ot_error_set(err, OT_E_UNSAFE,
                        "the directory %s holds files that orgtrust did not write; name "
                        "one that is empty or not there yet",
                        work->path);
}

/* The directory and its mark, before anything else is in it. Others' programs read it,
 * whatever the umask of whoever syncs. */
static enum ot_status prepare_hashed_dir(struct work *work, struct ot_error *err)
{
    bool marked = false;
    enum ot_status status = ot_dir_make(&work->dir, 0755, work->path, err);

    if (status == OT_OK)
        status = check_ours(work, &marked, err);
    if (status != OT_OK || marked)
        return status;
    work->written = true;
    status =
        ot_file_put_at(work->dir, work->path, MARK, mark, sizeof(mark) - 1, 0644, err);
    return status == OT_OK ? ot_dir_sync(work->dir, work->path, err) : status;
}

/* The content of the file that entries[first..end) share. */
static enum ot_status make_content(char **bytes, size_t *len, const struct work *work,
                                   size_t first, size_t end, struct ot_error *err)
{
    FILE *file = open_memstream(bytes, len);
    bool done = file != NULL;

    if (file == NULL)
        return ot_error_nomem(err);
    for (size_t i = first; done && i < end; i++) {
        const struct ot_span *der = &work->entries[i].anchor->der;
        char *pem = ot_pem_encode(der->data, der->len);

        done = pem != NULL && fputs(pem, file) >= 0;
        free(pem);
    }
    if (fclose(file) == 0 && done)
        return OT_OK;
    free(*bytes);
    *bytes = NULL;
    return ot_error_nomem(err);
}

static enum ot_status put_one(struct work *work, size_t first, size_t end,
                              struct ot_error *err)
{
    const char *name = work->entries[first].name;
    char *bytes = NULL;
    size_t len;
    bool same = false;
    enum ot_status status = make_content(&bytes, &len, work, first, end, err);

    if (status == OT_OK)
        status = ot_export_compare_at(&same, work->dir, name, work->path, bytes, len,
                                      OT_FORMAT_COUNT, err);
    if (status == OT_OK && !same) {
        work->written = true;
        if (!work->only_looks)
            status = ot_file_put_at(work->dir, work->path, name, bytes, len, 0644, err);
    }
    free(bytes);
    return status;
}

static enum ot_status put_entries(struct work *work, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    size_t end;

    for (size_t i = 0; status == OT_OK && i < work->count; i = end) {
        for (end = i + 1; end < work->count; end++)
            if (strcmp(work->entries[end].name, work->entries[i].name) != 0)
                break;
        status = put_one(work, i, end, err);
    }
    return status;
}

static int compare_name(const void *key, const void *entry)
{
    return strcmp(key, ((const struct entry *)entry)->name);
}

/* Whether it is a hashed name that is no anchor's. */
static bool is_rest(const struct work *work, const char *name)
{
    return is_hashed(name, strlen(name)) &&
           bsearch(name, work->entries, work->count, sizeof(*work->entries),
                   compare_name) == NULL;
}

/* That, and what a writer that died left. */
static enum ot_status remove_rest(struct work *work, bool temporaries_only,
                                  struct ot_error *err)
{
    enum ot_status status = OT_OK;
    const struct dirent *entry;
    DIR *dir = open_to_list(work, err);

    if (dir == NULL)
        return OT_E_IO;
    while (status == OT_OK && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;

        if (!is_temporary_of_dir(name) && (temporaries_only || !is_rest(work, name)))
            continue;
        work->written = true;
        status = ot_file_remove_at(work->dir, work->path, name, err);
    }
    closedir(dir);
    return status;
}

/* What is wanted, then what is not; on a full disk once more in the other order: what is
 * not wanted may be what fills it. */
static enum ot_status change_dir(struct work *work, struct ot_error *err)
{
    enum ot_status status = put_entries(work, err);

    if (status == OT_E_NO_SPACE && remove_rest(work, false, NULL) == OT_OK) {
        ot_error_clear(err);
        status = put_entries(work, err);
    }
    return status == OT_OK ? remove_rest(work, false, err) : status;
}

enum ot_status ot_export_put_dir(const char *path, const struct ot_anchors *anchors,
                                 bool *written, struct ot_error *err)
{
    struct work work = {.path = path, .dir = -1};
    enum ot_status status = fill_entries(&work, anchors, err);

    if (status == OT_OK)
        status = prepare_hashed_dir(&work, err);
    if (status == OT_OK)
        status = remove_rest(&work, true, err);
    if (status == OT_OK)
        status = change_dir(&work, err);
    if (status == OT_OK && work.written)
        status = ot_dir_sync(work.dir, path, err);
    *written = work.written;
    if (work.dir >= 0)
        close(work.dir);
    free(work.entries);
    return status;
}

static enum ot_status look_for_rest(struct work *work, struct ot_error *err)
{
    const struct dirent *entry;
    DIR *dir = open_to_list(work, err);

    if (dir == NULL)
        return OT_E_IO;
    while ((entry = readdir(dir)) != NULL)
        work->written = work->written || is_rest(work, entry->d_name);
    closedir(dir);
    return OT_OK;
}

enum ot_status ot_export_compare_dir(bool *same, const char *path,
                                     const struct ot_anchors *anchors,
                                     struct ot_error *err)
{
    struct work work = {.path = path, .dir = -1, .only_looks = true};
    bool marked = false;
    enum ot_status status = ot_dir_open(&work.dir, path, err);

    if (status == OT_OK)
        status = fill_entries(&work, anchors, err);
    if (status == OT_OK)
        status = check_ours(&work, &marked, err);
    if (status == OT_OK)
        status = put_entries(&work, err);
    if (status == OT_OK)
        status = look_for_rest(&work, err);
    *same = status == OT_OK && !work.written;
    if (work.dir >= 0)
        close(work.dir);
    free(work.entries);
    return status;
}

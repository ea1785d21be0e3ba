#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "export/files.h"
#include "export/format.h"
#include "files/file.h"
#include "files/path.h"
#include "files/place.h"

static enum ot_status not_ours(const char *path, struct ot_error *err)
{
    return ot_error_set(err, OT_E_UNSAFE,
                        "%s holds something that orgtrust did not write; remove it if it "
                        "is not needed, or name another file",
                        path);
}

/* Mapped: an admin's file of any size costs no memory. */
static enum ot_status compare_content(bool *same, int fd, const char *path,
                                      const void *bytes, size_t len,
                                      enum ot_export_format kept, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    void *there = NULL;
    struct stat st;
    size_t size;

    if (fstat(fd, &st) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", path);
    size = (size_t)st.st_size;
    if (size > 0)
        there = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (there == MAP_FAILED)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read %s", path);
    *same = size == len && (size == 0 || memcmp(there, bytes, len) == 0);
    if (!*same && kept != OT_FORMAT_COUNT &&
        !ot_format_is_ours(kept, size > 0 ? there : (const void *)"", size))
        status = not_ours(path, err);
    if (size > 0)
        munmap(there, size);
    return status;
}

enum ot_status ot_export_compare_at(bool *same, int dir, const char *name,
                                    const char *path, const void *bytes, size_t len,
                                    enum ot_export_format kept, struct ot_error *err)
{
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status status;
    int fd;

    *same = false;
    status = ot_path_open_at(&fd, dir, name, path, OT_EXPORT_BYTES_MAX, &why);
    if (status == OT_E_NOT_FOUND)
        return OT_OK;
    if (status != OT_OK) {
        if (err != NULL)
            *err = why;
        return status;
    }
    status = compare_content(same, fd, path, bytes, len, kept, err);
    close(fd);
    return status;
}

enum ot_status ot_export_compare_file(bool *same, const char *path, const void *bytes,
                                      size_t len, enum ot_export_format kept,
                                      struct ot_error *err)
{
    struct ot_place place;
    enum ot_status status = ot_place_open(&place, path, false, err);

    *same = false;
    if (status == OT_E_NOT_FOUND) { /* writing will say so */
        ot_error_clear(err);
        return OT_OK;
    }
    if (status == OT_OK)
        status = ot_export_compare_at(same, place.dir, place.name, path, bytes, len, kept,
                                      err);
    ot_place_close(&place);
    return status;
}

enum ot_status ot_export_put_file(const char *path, enum ot_export_format format,
                                  const struct ot_anchors *anchors, bool *written,
                                  struct ot_error *err)
{
    uint8_t *bytes = NULL;
    size_t len;
    bool same = false;
    enum ot_status status = ot_format_make(format, &bytes, &len, anchors, err);

    *written = false;
    if (status == OT_OK)
        status = ot_export_compare_file(&same, path, bytes, len, format, err);
    if (status == OT_OK && !same) {
        ot_file_reap(path);
        status = ot_file_replace(path, bytes, len, 0644, err);
        *written = status == OT_OK;
    }
    free(bytes);
    return status;
}

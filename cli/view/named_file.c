#include "view/named_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/file.h"
#include "files/place.h"
#include "files/write_all.h"

static enum ot_status write_to_other(int fd, const char *path, const void *bytes,
                                     size_t len, struct ot_error *err)
{
    bool done = ot_write_all(fd, bytes, len);
    int errnum = errno;

    if (close(fd) != 0 && done) {
        done = false;
        errnum = errno;
    }
    return done ? OT_OK : ot_error_errno(err, OT_E_IO, errnum, "cannot write %s", path);
}

/* Opened without changing it: the file of this name may be another by now. */
static int open_other(const char *path)
{
    int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static enum ot_status replace_regular_file(const char *path, const void *bytes,
                                           size_t len, struct ot_error *err)
{
    struct ot_file file;
    enum ot_status status = ot_file_begin_named(&file, path, 0644, err);

    if (status != OT_OK)
        return status;
    status = ot_file_write(&file, bytes, len, err);
    if (status == OT_OK)
        return ot_file_commit(&file, err);
    ot_file_abort(&file);
    return status;
}

enum ot_status ot_named_file_write(const char *path, const void *bytes, size_t len,
                                   struct ot_error *err)
{
    enum ot_status status;
    struct stat st;
    char *file = NULL;
    int other = -1;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        other = open_other(path);
    if (other >= 0)
        return write_to_other(other, path, bytes, len, err);
    status = ot_place_resolve(&file, path, err);
    if (status == OT_OK)
        status = replace_regular_file(file, bytes, len, err);
    free(file);
    return status;
}

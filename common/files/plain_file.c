#include "files/plain_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

FILE *ot_plain_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), errnum;
    FILE *file = NULL;
    struct stat st;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0) {
        errno = ENXIO;
        file = S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
    }
    if (file == NULL) {
        errnum = errno;
        close(fd);
        errno = errnum;
    }
    return file;
}

/* Files for a test. */
#ifndef OT_TESTS_FILES_H
#define OT_TESTS_FILES_H

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes or rewrites a file, with a mode that no umask changes; aborts when it cannot. */
static inline void file_put(const char *path, const void *data, size_t len, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, data, len) != (ssize_t)len || fchmod(fd, mode) != 0 ||
        close(fd) != 0) {
        perror(path);
        abort();
    }
}

static inline void file_put_text(const char *path, const char *text)
{
    file_put(path, text, strlen(text), 0600);
}

#endif

/* Any bytes as a state file: refused, or a state that is written and read again
 * unchanged. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cache/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void put(const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) != 0)
        abort();
}

static void remove_files(void)
{
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[OT_STATE_BYTES_MAX];
    struct ot_state first, second;
    size_t len;

    if (path[0] == '\0') {
        strcpy(path, "/tmp/orgtrust-fuzz-XXXXXX");
        if (mkdtemp(path) == NULL)
            abort();
        strcat(path, "/state");
        atexit(remove_files);
    }
    put(data, size);
    if (ot_state_read(&first, path, NULL) != OT_OK)
        return 0;
    len = ot_state_format(&first, text, sizeof(text));
    put(text, len);
    if (len == 0 || ot_state_read(&second, path, NULL) != OT_OK ||
        first.attempt_at != second.attempt_at || first.retry_at != second.retry_at ||
        first.failures != second.failures || first.last.status != second.last.status ||
        strcmp(first.last.message, second.last.message) != 0)
        abort();
    return 0;
}

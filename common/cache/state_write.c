#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "cache/state.h"
#include "files/file.h"
#include "files/write_all.h"

/* On what the file that is there takes up; empty where that is not enough. */
static void write_over(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0)
        return;
    if (fchmod(fd, 0644) != 0 || !ot_write_all(fd, text, len))
        (void)!ftruncate(fd, 0);
    close(fd);
}

enum ot_status ot_state_write(const char *path, const struct ot_state *state,
                              struct ot_error *err)
{
    char text[OT_STATE_BYTES_MAX];
    size_t len = ot_state_format(state, text, sizeof(text));
    enum ot_status status;

    ot_file_reap(path);
    status = ot_file_replace(path, text, len, 0644, err);
    if (status == OT_E_NO_SPACE)
        write_over(path, text, len);
    return status;
}

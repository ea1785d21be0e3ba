#include "files/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "files/place.h"

/* flock has no time limit, and a library may not use signals to make one: asked again and
 * again, less often the longer it takes. */
#define POLL_FIRST_MS 2
#define POLL_LONGEST_MS 100

static void sleep_ms(int64_t ms)
{
    struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&span, NULL); /* cut short by a signal: asked a little earlier */
}

/* Mode 0600: whoever can open the file can hold the lock and stop every sync. */
static enum ot_status open_lock_file(int *fd, const struct ot_place *place,
                                     struct ot_error *err)
{
    const char *path = place->path;
    struct stat st;

    *fd = openat(place->dir, place->name,
                 O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (*fd < 0 && errno == ELOOP)
        return ot_error_set(err, OT_E_UNSAFE,
                            "the lock file '%s' is a symbolic link; remove it", path);
    if (*fd < 0)
        return ot_error_errno(err, OT_E_IO, errno,
                              "cannot open the lock file '%s'; syncing needs a cache "
                              "directory that this user may write",
                              path);
    if (fstat(*fd, &st) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot examine the lock file '%s'",
                              path);
    if (!S_ISREG(st.st_mode))
        return ot_error_set(err, OT_E_UNSAFE,
                            "the lock file '%s' is not a regular file; remove it", path);
    return OT_OK;
}

/* A lock on a file that was removed or replaced meanwhile excludes nobody. */
static bool is_in_place(int fd, const struct ot_place *place)
{
    struct stat ours, there;

    return fstat(fd, &ours) == 0 &&
           fstatat(place->dir, place->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static enum ot_status take_file_lock(int *fd, const struct ot_place *place, int wait_ms,
                                     bool *waited, struct ot_error *err)
{
    int64_t end = ot_clock_ms() + wait_ms, pause = POLL_FIRST_MS, left;
    enum ot_status status = OT_OK;
    int file = -1;

    for (;;) {
        if (file < 0)
            status = open_lock_file(&file, place, err);
        if (status != OT_OK)
            break;
        if (flock(file, LOCK_EX | LOCK_NB) == 0) {
            if (is_in_place(file, place)) {
                *fd = file;
                return OT_OK;
            }
            close(file);
            file = -1;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK) {
            status = ot_error_errno(err, OT_E_IO, errno, "cannot lock '%s'", place->path);
            break;
        }
        *waited = true;
        left = end - ot_clock_ms();
        if (left <= 0) {
            status = ot_error_set(err, OT_E_BUSY,
                                  "another sync holds the lock '%s'; wait for it to end",
                                  place->path);
            break;
        }
        sleep_ms(left < pause ? left : pause);
        pause = pause * 2 < POLL_LONGEST_MS ? pause * 2 : POLL_LONGEST_MS;
    }
    if (file >= 0)
        close(file);
    return status;
}

enum ot_status ot_file_lock_take(int *fd, const char *path, int wait_ms, bool *waited,
                                 struct ot_error *err)
{
    struct ot_place place;
    enum ot_status status = ot_place_open(&place, path, false, err);

    *fd = -1;
    *waited = false;
    if (status == OT_E_NOT_FOUND)
        return ot_error_errno(err, OT_E_IO, ENOENT,
                              "cannot open the lock file '%s'; syncing needs a cache "
                              "directory that this user may write",
                              path);
    if (status == OT_OK)
        status = take_file_lock(fd, &place, wait_ms, waited, err);
    ot_place_close(&place);
    return status;
}

void ot_file_lock_release(int fd)
{
    if (fd >= 0)
        close(fd);
}

#include "files/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "files/place.h"

/* flock has no time limit, and a library may not use signals to make one: asked again and
 * again, less often the longer it takes. */
#define POLL_FIRST_MS 2
#define POLL_LONGEST_MS 100

/* How often a long wait looks whether it was stopped. */
#define SLICE_MS 500

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

/* "1: FLOCK  ADVISORY  WRITE 1234 08:01:131074 0 EOF": the process, where that is of this
 * file. Takes the line apart. */
static bool is_lock_on(char *line, const struct stat *st, int64_t *pid)
{
    char file[64], *words[6], *rest = NULL;
    size_t count = 0;

    snprintf(file, sizeof(file), "%02x:%02x:%lu", major(st->st_dev), minor(st->st_dev),
             (unsigned long)st->st_ino);
    for (char *word = strtok_r(line, " \n", &rest); word != NULL && count < 6;
         word = strtok_r(NULL, " \n", &rest))
        words[count++] = word;
    return count == 6 && strcmp(words[1], "FLOCK") == 0 &&
           strcmp(words[3], "WRITE") == 0 && strcmp(words[5], file) == 0 &&
           ot_text_number(pid, words[4], INT32_MAX) && *pid > 0;
}

/* /proc/locks has the process and the inode of each lock (proc_locks(5)); those of other
 * PID namespaces are left out of it. */
static bool find_locker(int64_t *pid, const char *path)
{
    char line[256];
    bool found = false;
    struct stat st;
    FILE *locks;

    if (lstat(path, &st) != 0)
        return false;
    locks = fopen("/proc/locks", "re");
    while (locks != NULL && !found && fgets(line, sizeof(line), locks) != NULL)
        found = is_lock_on(line, &st, pid);
    if (locks != NULL)
        fclose(locks);
    return found;
}

/* Of the lock file at path. Whoever has let go of it meanwhile is "another process". */
static void name_holder(char holder[OT_LOCK_HOLDER_MAX], const char *path)
{
    char name[32] = "", of[64];
    int64_t pid;
    FILE *comm;

    snprintf(holder, OT_LOCK_HOLDER_MAX, "another process");
    if (!find_locker(&pid, path))
        return;
    snprintf(of, sizeof(of), "/proc/%lld/comm", (long long)pid);
    comm = fopen(of, "re");
    if (comm != NULL && fgets(name, sizeof(name), comm) != NULL)
        name[strcspn(name, "\n")] = '\0';
    if (comm != NULL)
        fclose(comm);
    /* Without a name it is gone, and another has inherited the lock from it. */
    if (name[0] != '\0')
        snprintf(holder, OT_LOCK_HOLDER_MAX, "%s (process %lld)", name, (long long)pid);
}

static enum ot_status refuse_held(const char *path, struct ot_error *err)
{
    char holder[OT_LOCK_HOLDER_MAX];

    name_holder(holder, path);
    return ot_error_set(err, OT_E_BUSY, "%s holds the lock '%s'; wait for it to end",
                        holder, path);
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
            status = refuse_held(place->path, err);
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

static void announce_holder(const struct ot_lock_wait *how, const char *path)
{
    char holder[OT_LOCK_HOLDER_MAX];

    if (how->waits == NULL)
        return;
    name_holder(holder, path);
    how->waits(how->arg, holder);
}

enum ot_status ot_file_lock_wait(int *fd, const char *path,
                                 const struct ot_lock_wait *how, struct ot_error *err)
{
    int64_t end = ot_clock_ms() + how->limit_ms, left = 0;
    enum ot_status status;
    bool waited;

    *fd = -1;
    for (bool is_announced = false;; is_announced = true) {
        if (how->stop != NULL && *how->stop != 0)
            return OT_E_INTERRUPTED;
        ot_error_clear(err);
        status = ot_file_lock_take(fd, path, (int)(left < SLICE_MS ? left : SLICE_MS),
                                   &waited, err);
        left = end - ot_clock_ms();
        if (status != OT_E_BUSY || left <= 0)
            return status;
        if (!is_announced)
            announce_holder(how, path);
    }
}

void ot_file_lock_release(int fd)
{
    if (fd >= 0)
        close(fd);
}

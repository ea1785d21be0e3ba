/* Preloaded: keeps in the directory of SYNCED_ONLY what a disk would have after a loss of
 * power: of each file the bytes that it had when it was synced last (NAME.data), and of
 * the one directory that they are in the names that it had when it was (NAME.entry).
 * While there is a file `broken`, nothing can be synced. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

static int create_kept(const char *name, const char *kind)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s.%s", getenv("SYNCED_ONLY"), name, kind);
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void keep_file(int fd, const char *path)
{
    const char *slash = strrchr(path, '/');
    char data[65536];
    off_t at = 0;
    ssize_t got;
    int to = create_kept(slash != NULL ? slash + 1 : path, "data");

    while ((got = pread(fd, data, sizeof(data), at)) > 0) {
        if (write(to, data, (size_t)got) != got)
            abort();
        at += got;
    }
    close(to);
}

static void forget_names(void)
{
    DIR *dir = opendir(getenv("SYNCED_ONLY"));
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (strstr(entry->d_name, ".entry") != NULL)
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        closedir(dir);
}

static void keep_names(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    forget_names(); /* what was removed since is gone for good */
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_type == DT_REG)
            close(create_kept(entry->d_name, "entry"));
    if (dir != NULL)
        closedir(dir);
}

static bool is_broken(void)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/broken", getenv("SYNCED_ONLY"));
    return access(path, F_OK) == 0;
}

static int sync_and_keep(const char *name, int fd)
{
    int (*next)(int);
    void *found = dlsym(RTLD_NEXT, name);
    char link[64], path[PATH_MAX];
    struct stat st;
    ssize_t len;
    int result;

    if (is_broken()) {
        errno = EIO;
        return -1;
    }
    memcpy(&next, &found, sizeof(next));
    result = next(fd);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path) - 1);
    if (result != 0 || len <= 0 || getenv("SYNCED_ONLY") == NULL || fstat(fd, &st) != 0)
        return result;
    path[len] = '\0';
    if (S_ISDIR(st.st_mode))
        keep_names(path);
    else
        keep_file(fd, path);
    return result;
}

SHOWN int fsync(int fd)
{
    return sync_and_keep("fsync", fd);
}

SHOWN int fdatasync(int fd)
{
    return sync_and_keep("fdatasync", fd);
}

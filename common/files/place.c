#include "files/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/walk_internal.h"

/* To the end of the path, every component a directory. */
static enum ot_status go_to_end(struct ot_walk *walk, struct ot_error *err)
{
    bool found = true;
    enum ot_status status = OT_OK;

    while (status == OT_OK && found) {
        status = ot_walk_next(walk, &found, err);
        if (status == OT_OK && found)
            status = strcmp(walk->name, "..") == 0 ? ot_walk_up(walk, err)
                                                   : ot_walk_step(walk, err);
    }
    return status;
}

static enum ot_status open_by(struct ot_walk *walk, int *fd, const char *path,
                              bool is_named, struct ot_error *err)
{
    enum ot_status status = ot_walk_begin(walk, path, err);

    *fd = -1;
    if (status == OT_OK)
        status = go_to_end(walk, err);
    if (status == OT_OK && !is_named)
        status = ot_walk_check_end(walk, err);
    if (status == OT_OK) {
        *fd = walk->dir;
        walk->dir = -1;
    }
    ot_walk_end(walk);
    return status;
}

enum ot_status ot_dir_open(int *fd, const char *path, struct ot_error *err)
{
    struct ot_walk walk = {.last_link = OT_LINK_REFUSED};

    return open_by(&walk, fd, path, false, err);
}

enum ot_status ot_dir_make(int *fd, mode_t mode, const char *path, struct ot_error *err)
{
    struct ot_walk walk = {.makes = true, .mode = mode, .last_link = OT_LINK_REFUSED};

    return open_by(&walk, fd, path, false, err);
}

int ot_dir_reopen(int fd)
{
    return openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What is around path, into parent. */
static enum ot_status find_parent(char parent[PATH_MAX], const char *path,
                                  struct ot_error *err)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);

    if (len >= PATH_MAX)
        return ot_error_errno(err, OT_E_IO, ENAMETOOLONG, "cannot reach %s", path);
    memcpy(parent, path, len);
    parent[len] = '\0';
    if (len == 0)
        memcpy(parent, slash == NULL ? "." : "/", 2);
    return OT_OK;
}

enum ot_status ot_place_open(struct ot_place *place, const char *path, bool is_named,
                             struct ot_error *err)
{
    struct ot_walk walk = {.last_link = OT_LINK_FOLLOWED};
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX];
    enum ot_status status = find_parent(parent, path, err);

    *place = (struct ot_place){-1, path, slash == NULL ? path : slash + 1};
    return status == OT_OK ? open_by(&walk, &place->dir, parent, is_named, err) : status;
}

enum ot_status ot_place_make_around(const char *path, struct ot_error *err)
{
    struct ot_walk walk = {.makes = true, .last_link = OT_LINK_FOLLOWED};
    char parent[PATH_MAX];
    int fd = -1;
    enum ot_status status = find_parent(parent, path, err);

    if (status == OT_OK)
        status = open_by(&walk, &fd, parent, false, err);
    if (fd >= 0)
        close(fd);
    return status;
}

enum ot_status ot_place_check(const char *path, struct ot_error *err)
{
    struct ot_walk walk = {.last_link = OT_LINK_FOLLOWED};
    struct ot_error why = OT_ERROR_INIT;
    int fd;
    enum ot_status status = open_by(&walk, &fd, path, true, &why);

    if (fd >= 0)
        close(fd);
    if (status != OT_E_UNSAFE)
        return OT_OK;
    return ot_error_set(err, status, "%s", why.message);
}

void ot_place_close(struct ot_place *place)
{
    if (place->dir >= 0)
        close(place->dir);
    place->dir = -1;
}

/* Component after component, as far as there is something. */
static enum ot_status resolve_links(struct ot_walk *walk, struct ot_error *err)
{
    bool found = true;
    enum ot_status status = ot_walk_next(walk, &found, err);

    while (status == OT_OK && found) {
        if (strcmp(walk->name, "..") == 0)
            status = ot_walk_up(walk, err);
        else if (!ot_walk_is_last(walk))
            status = ot_walk_step(walk, err);
        else
            status = ot_walk_last(walk, &found, err);
        if (status == OT_OK && found)
            status = ot_walk_next(walk, &found, err);
    }
    return status;
}

/* What is not there is kept as it is written. */
static enum ot_status keep_rest(struct ot_walk *walk, struct ot_error *err)
{
    size_t len = strlen(walk->at), more = strlen(walk->rest);

    if (walk->ends_in_link)
        return ot_error_set(
            err, OT_E_UNSAFE,
            "%s is a symbolic link that points nowhere; mend or remove it", walk->path);
    ot_error_clear(err);
    if (len + more >= sizeof(walk->at))
        return ot_walk_too_long(walk, err);
    memcpy(walk->at + len, walk->rest, more + 1);
    return OT_OK;
}

enum ot_status ot_place_resolve(char **resolved, const char *path, struct ot_error *err)
{
    struct ot_walk walk = {.last_link = OT_LINK_FOLLOWED};
    enum ot_status status = ot_walk_begin(&walk, path, err);

    *resolved = NULL;
    if (status == OT_OK)
        status = resolve_links(&walk, err);
    if (status == OT_E_NOT_FOUND)
        status = keep_rest(&walk, err);
    ot_walk_end(&walk);
    if (status != OT_OK)
        return status;
    *resolved = strdup(walk.at[0] != '\0' ? walk.at : "/");
    return *resolved != NULL ? OT_OK : ot_error_nomem(err);
}

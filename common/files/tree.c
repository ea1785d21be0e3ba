#include "files/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/file.h"
#include "files/place.h"

#define DEPTH_MAX 16

struct level {
    DIR *dir;
    char name[NAME_MAX + 1]; /* in the level above */
};

void ot_dir_remove(const char *path)
{
    struct ot_place place;

    if (ot_place_open(&place, path, false, NULL) == OT_OK)
        unlinkat(place.dir, place.name, AT_REMOVEDIR);
    ot_place_close(&place);
}

/* The directory called name in dir becomes level; false: it is none, or cannot be read.
 */
static bool open_level(struct level *level, int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    strncpy(level->name, name, NAME_MAX);
    level->name[NAME_MAX] = '\0';
    level->dir = fd < 0 ? NULL : fdopendir(fd);
    if (level->dir == NULL && fd >= 0)
        close(fd);
    return level->dir != NULL;
}

static bool is_own_or_parent(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* What is in the first level; that stays, and is closed. */
static void empty_levels(struct level levels[DEPTH_MAX])
{
    int depth = 0;

    while (depth >= 0) {
        int dir = dirfd(levels[depth].dir);
        const struct dirent *entry = readdir(levels[depth].dir);

        if (entry == NULL) {
            closedir(levels[depth].dir);
            if (depth > 0)
                unlinkat(dirfd(levels[depth - 1].dir), levels[depth].name, AT_REMOVEDIR);
            depth--;
        } else if (!is_own_or_parent(entry->d_name) &&
                   unlinkat(dir, entry->d_name, 0) != 0 && depth + 1 < DEPTH_MAX &&
                   open_level(&levels[depth + 1], dir, entry->d_name)) {
            depth++;
        }
    }
}

void ot_dir_remove_tree(const char *path)
{
    struct level levels[DEPTH_MAX];
    struct ot_place place;

    if (ot_place_open(&place, path, true, NULL) == OT_OK) {
        if (open_level(&levels[0], place.dir, place.name))
            empty_levels(levels);
        unlinkat(place.dir, place.name, AT_REMOVEDIR);
    }
    ot_place_close(&place);
}

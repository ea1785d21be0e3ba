#include "files/private_group_internal.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

/* A longer line cannot be read, and then nothing is private. */
#define LINE_MAX_READ 4096
#define OWNER_NAME_SIZE 256

/* The group's bits of the mode are then the mask of the list. */
static bool has_access_list(int fd)
{
    static const char *const lists[] = {"system.posix_acl_access", "system.nfs4_acl"};
    char path[sizeof("/proc/self/fd/") + 12];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (getxattr(path, lists[i], NULL, 0) >= 0 ||
            (errno != ENODATA && errno != ENOTSUP))
            return true;
    return false;
}

/* The owner's name, where the group is his first and no other user's. */
static bool find_owner(char name[OWNER_NAME_SIZE], const struct stat *st)
{
    FILE *users = fopen("/etc/passwd", "re");
    struct passwd entry, *found = NULL;
    char line[LINE_MAX_READ];
    bool is_good = users != NULL;
    int error = 0;

    name[0] = '\0';
    while (is_good &&
           (error = fgetpwent_r(users, &entry, line, sizeof(line), &found)) == 0) {
        if (entry.pw_gid == st->st_gid)
            is_good = entry.pw_uid == st->st_uid;
        if (entry.pw_gid == st->st_gid && name[0] == '\0')
            snprintf(name, OWNER_NAME_SIZE, "%s", entry.pw_name);
    }
    if (users != NULL)
        fclose(users);
    return is_good && error == ENOENT && name[0] != '\0';
}

/* Members that are somebody else. */
static bool has_others(const struct group *group, const char *owner)
{
    for (char *const *member = group->gr_mem; *member != NULL; member++)
        if (strcmp(*member, owner) != 0)
            return true;
    return false;
}

static bool is_group_of(const char *owner, const struct stat *st)
{
    FILE *groups = fopen("/etc/group", "re");
    struct group entry, *found = NULL;
    char line[LINE_MAX_READ];
    bool is_good = groups != NULL, is_there = false;
    int error = 0;

    while (is_good &&
           (error = fgetgrent_r(groups, &entry, line, sizeof(line), &found)) == 0) {
        if (entry.gr_gid != st->st_gid)
            continue;
        is_there = true;
        is_good = !has_others(&entry, owner) &&
                  (strcmp(entry.gr_name, owner) == 0 || st->st_gid == st->st_uid);
    }
    if (groups != NULL)
        fclose(groups);
    return is_good && is_there && error == ENOENT;
}

bool ot_group_is_private(int fd, const struct stat *st)
{
    char owner[OWNER_NAME_SIZE];

    return st->st_uid != 0 && st->st_gid != 0 && find_owner(owner, st) &&
           is_group_of(owner, st) && !has_access_list(fd);
}

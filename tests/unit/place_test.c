/* Where root, or whoever runs, may be led to write. */
#include "files/place.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "export/anchors.h"
#include "export/files.h"
#include "files.h"
#include "files/file.h"
#include "files/file_lock.h"
#include "files/tree.h"
#include "unit.h"

#define ADA 65534 /* a user without rights */

static bool can_give_away(void)
{
    if (geteuid() == 0)
        return true;
    unit_skip("files of another user (needs root)");
    return false;
}

static void make_dir_of(const char *path, mode_t mode, uid_t owner)
{
    CU_ASSERT_EQUAL_FATAL(mkdir(path, mode), 0);
    CU_ASSERT_EQUAL_FATAL(chmod(path, mode), 0);
    CU_ASSERT_EQUAL_FATAL(chown(path, owner, owner), 0);
}

static void make_dir(const char *path, mode_t mode)
{
    make_dir_of(path, mode, geteuid());
}

/* Every way in which a file is written refuses this path, whose parent is there. */
static void file_refused(const char *path, const char *named)
{
    const struct ot_anchors none = {.items = NULL};
    struct ot_error err = OT_ERROR_INIT;
    struct ot_place place;
    bool written, waited;
    int fd;

    CU_ASSERT_EQUAL(ot_place_open(&place, path, false, &err), OT_E_UNSAFE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, named));
    CU_ASSERT_EQUAL(place.dir, -1);
    CU_ASSERT_EQUAL(ot_file_replace(path, "x", 1, 0644, &err), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(ot_file_remove(path, &err), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(ot_file_lock_take(&fd, path, 0, &waited, &err), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(ot_export_put_file(path, OT_FORMAT_PEM, &none, &written, &err),
                    OT_E_UNSAFE);
}

/* And a directory. */
static void refused_everywhere(const char *path, const char *named)
{
    const struct ot_anchors none = {.items = NULL};
    bool written;
    int fd;

    file_refused(path, named);
    CU_ASSERT_EQUAL(ot_dir_make(&fd, 0, path, NULL), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(ot_export_put_dir(path, &none, &written, NULL), OT_E_UNSAFE);
}

static unsigned entries_of(const char *path)
{
    DIR *dir = opendir(path);
    unsigned count = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 2;
}

static void fault_70_a_directory_above_that_another_user_owns_is_refused(void)
{
    if (!can_give_away())
        return;
    make_dir_of(unit_path("ada"), 0755, ADA);
    make_dir(unit_path("ada/ours"), 0755);
    refused_everywhere(unit_path("ada/ours/x"), "belongs to user 65534");
    CU_ASSERT_EQUAL(entries_of(unit_path("ada/ours")), 0);
}

static void fault_70_a_directory_above_that_others_may_write_is_refused(void)
{
    if (unit_group_has_others()) {
        make_dir(unit_path("group"), 0775);
        make_dir(unit_path("group/ours"), 0755);
        refused_everywhere(unit_path("group/ours/x"), "chmod go-w");
    }
    make_dir(unit_path("all"), 0757);
    make_dir(unit_path("all/ours"), 0755);
    refused_everywhere(unit_path("all/ours/x"), "all, which leads to");
}

static void a_sticky_directory_may_be_on_the_way_but_not_at_the_end(void)
{
    struct ot_place place;

    make_dir(unit_path("sticky"), 01777);
    make_dir(unit_path("sticky/ours"), 0755);
    CU_ASSERT_EQUAL(ot_file_replace(unit_path("sticky/ours/x"), "", 0, 0600, NULL),
                    OT_OK);
    file_refused(unit_path("sticky/x"), "sticky can be written by others");
    CU_ASSERT_EQUAL(ot_place_open(&place, unit_path("sticky/x"), true, NULL), OT_OK);
    ot_place_close(&place);
    if (!can_give_away())
        return;
    make_dir_of(unit_path("sticky/ada"), 0755, ADA);
    refused_everywhere(unit_path("sticky/ada/x"), "65534");
}

static void fault_70_links_are_followed_where_nobody_else_could_have_made_them(void)
{
    struct ot_error err = OT_ERROR_INIT;
    char *resolved = NULL;
    int fd;

    make_dir(unit_path("disk"), 0755);
    make_dir(unit_path("disk/cache"), 0755);
    make_dir(unit_path("links"), 0755);
    CU_ASSERT_EQUAL(symlink("../disk", unit_path("links/relative")), 0);
    CU_ASSERT_EQUAL(symlink(unit_path("disk/cache"), unit_path("links/absolute")), 0);
    CU_ASSERT_EQUAL(symlink("loop", unit_path("links/loop")), 0);
    CU_ASSERT_EQUAL(
        ot_file_replace(unit_path("links/relative/cache/a"), "", 0, 0600, &err), OT_OK);
    CU_ASSERT_EQUAL(ot_file_replace(unit_path("links/absolute/b"), "", 0, 0600, &err),
                    OT_OK);
    CU_ASSERT_EQUAL(entries_of(unit_path("disk/cache")), 2);
    CU_ASSERT_EQUAL(
        ot_place_resolve(&resolved, unit_path("links/relative/cache/none/y"), &err),
        OT_OK);
    CU_ASSERT_STRING_EQUAL(resolved, unit_path("disk/cache/none/y"));
    free(resolved);
    /* The last component is what a person named. */
    CU_ASSERT_EQUAL(ot_dir_open(&fd, unit_path("links/absolute"), &err), OT_E_UNSAFE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "symbolic link"));
    CU_ASSERT_EQUAL(ot_file_replace(unit_path("links/loop/x"), "", 0, 0600, &err),
                    OT_E_IO);
    if (!can_give_away())
        return;
    CU_ASSERT_EQUAL(lchown(unit_path("links/relative"), ADA, ADA), 0);
    refused_everywhere(unit_path("links/relative/x"), "symbolic link of user 65534");
}

static void directories_are_made_for_us_alone_to_write(void)
{
    const mode_t masks[] = {0, 022, 077};

    for (size_t i = 0; i < 3; i++) {
        char name[32];
        struct stat st;
        int fd;
        mode_t old = umask(masks[i]);

        snprintf(name, sizeof(name), "made%zu/below", i);
        CU_ASSERT_EQUAL(ot_dir_make(&fd, 0, unit_path(name), NULL), OT_OK);
        umask(old);
        CU_ASSERT_EQUAL(fstat(fd, &st), 0);
        CU_ASSERT_EQUAL(st.st_mode & 07777, geteuid() == 0 ? 0755u : 0700u);
        close(fd);
    }
    CU_ASSERT_EQUAL(ot_dir_make(&(int){-1}, 0755, unit_path("no/parent"), NULL),
                    OT_E_NOT_FOUND);
}

static void a_tree_goes_without_what_its_links_lead_to(void)
{
    make_dir(unit_path("kept"), 0755);
    file_put(unit_path("kept/file"), "x", 1, 0600);
    make_dir(unit_path("tree"), 0755);
    make_dir(unit_path("tree/a"), 0755);
    make_dir(unit_path("tree/a/b"), 0700);
    file_put(unit_path("tree/a/b/file"), "x", 1, 0600);
    CU_ASSERT_EQUAL(symlink("../../kept", unit_path("tree/a/link")), 0);
    ot_dir_remove_tree(unit_path("tree"));
    CU_ASSERT_NOT_EQUAL(access(unit_path("tree"), F_OK), 0);
    CU_ASSERT_EQUAL(entries_of(unit_path("kept")), 1);
}

static void what_is_no_regular_file_is_never_removed(void)
{
    struct ot_error err = OT_ERROR_INIT;

    make_dir(unit_path("odd"), 0755);
    CU_ASSERT_EQUAL(symlink("elsewhere", unit_path("odd/x.state")), 0);
    CU_ASSERT_EQUAL(symlink("elsewhere", unit_path("odd/.x.state.aaaaaa.tmp")), 0);
    CU_ASSERT_EQUAL(ot_file_remove(unit_path("odd/x.state"), &err), OT_E_UNSAFE);
    ot_file_reap(unit_path("odd/x.state"));
    CU_ASSERT_EQUAL(entries_of(unit_path("odd")), 2);
    CU_ASSERT_EQUAL(ot_file_remove(unit_path("odd/none"), NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_file_remove(unit_path("none/none"), NULL), OT_OK);
}

/* In her directory: a directory and a link to root's change places as fast as they can.
 */
static pid_t swap_for_ever(const char *home)
{
    pid_t pid = fork();

    CU_ASSERT_FATAL(pid >= 0);
    if (pid != 0)
        return pid;
    if (chdir(home) != 0 || setgid(ADA) != 0 || setuid(ADA) != 0)
        child_leave(false);
    for (;;)
        if (syscall(SYS_renameat2, AT_FDCWD, "there", AT_FDCWD, "swapped",
                    RENAME_EXCHANGE) != 0)
            child_leave(false);
}

static void fault_70_a_directory_that_is_swapped_for_a_link_leads_nowhere_else(void)
{
    static const char *const hashed[] = {"0123abcd.0", "89abcdef.0", "00000000.1"};
    const struct ot_anchors none = {.items = NULL};
    char victim[512], target[512], file[600];
    struct stat before, after;
    pid_t pid;

    if (!can_give_away())
        return;
    snprintf(victim, sizeof(victim), "%s", unit_path("victim/ca.d"));
    make_dir(unit_path("victim"), 0755);
    make_dir(victim, 0700);
    for (size_t i = 0; i < 3; i++) {
        snprintf(file, sizeof(file), "%s/%s", victim, hashed[i]);
        file_put(file, "x", 1, 0600);
    }
    CU_ASSERT_EQUAL(stat(victim, &before), 0);
    make_dir_of(unit_path("home"), 0755, ADA);
    make_dir_of(unit_path("home/there"), 0755, ADA);
    make_dir(unit_path("home/there/ca.d"), 0755);
    CU_ASSERT_EQUAL(symlink(unit_path("victim"), unit_path("home/swapped")), 0);
    snprintf(target, sizeof(target), "%s", unit_path("home/there/ca.d"));
    pid = swap_for_ever(unit_path("home"));
    while (lstat(unit_path("home/there"), &after) == 0 && !S_ISLNK(after.st_mode))
        usleep(100);
    for (int i = 0; i < 3000; i++) {
        bool written;

        CU_ASSERT_EQUAL(ot_export_put_dir(target, &none, &written, NULL), OT_E_UNSAFE);
    }
    CU_ASSERT_EQUAL(waitpid(pid, NULL, WNOHANG), 0); /* it swapped until now */
    kill(pid, SIGKILL);
    CU_ASSERT_EQUAL(child_status(pid), 256 + SIGKILL);
    CU_ASSERT_EQUAL(stat(victim, &after), 0);
    CU_ASSERT_EQUAL(after.st_mode, before.st_mode);
    CU_ASSERT_EQUAL(entries_of(victim), 3);
}

static const struct unit_case cases[] = {
    {"fault_70_a_directory_above_that_another_user_owns_is_refused",
     fault_70_a_directory_above_that_another_user_owns_is_refused},
    {"fault_70_a_directory_above_that_others_may_write_is_refused",
     fault_70_a_directory_above_that_others_may_write_is_refused},
    {"a_sticky_directory_may_be_on_the_way_but_not_at_the_end",
     a_sticky_directory_may_be_on_the_way_but_not_at_the_end},
    {"fault_70_links_are_followed_where_nobody_else_could_have_made_them",
     fault_70_links_are_followed_where_nobody_else_could_have_made_them},
    {"directories_are_made_for_us_alone_to_write",
     directories_are_made_for_us_alone_to_write},
    {"a_tree_goes_without_what_its_links_lead_to",
     a_tree_goes_without_what_its_links_lead_to},
    {"what_is_no_regular_file_is_never_removed",
     what_is_no_regular_file_is_never_removed},
    {"fault_70_a_directory_that_is_swapped_for_a_link_leads_nowhere_else",
     fault_70_a_directory_that_is_swapped_for_a_link_leads_nowhere_else},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    umask(022);
    return unit_main("place", cases, argc, argv);
}

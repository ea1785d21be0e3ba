#include "files/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/environment.h"
#include "config/source.h"
#include "config/source_path.h"
#include "files.h"
#include "snapshot/scope_internal.h"
#include "unit.h"

static void expect_open(const char *path, enum ot_status expected, const char *words)
{
    struct ot_error err = OT_ERROR_INIT;
    int fd = 77;

    CU_ASSERT_EQUAL(ot_path_open(&fd, path, 100, &err), expected);
    if (expected == OT_OK) {
        CU_ASSERT(fd >= 0);
        CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
        return;
    }
    CU_ASSERT_EQUAL(fd, -1);
    CU_ASSERT_EQUAL(err.status, expected);
    if (strstr(err.message, words) == NULL)
        fprintf(stderr, "\n  not '%s' in: %s\n", words, err.message);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, words));
}

static void names_are_built(void)
{
    struct ot_source source = {.name = "corp", .cache_dir = "/var/cache/orgtrust"};
    char buf[PATH_MAX], longer[PATH_MAX];
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_EQUAL(ot_source_path(buf, &source, OT_SOURCE_SNAPSHOT, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(buf, "/var/cache/orgtrust/corp.snapshot");
    memset(longer, 'x', sizeof(longer) - 1);
    longer[0] = '/';
    longer[sizeof(longer) - 1] = '\0';
    source.cache_dir = longer;
    CU_ASSERT_EQUAL(ot_source_path(buf, &source, OT_SOURCE_LOCK, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "'corp'"));
}

static void scope_tells_organizations_and_projects_apart(void)
{
    struct ot_source source = {.base_url = "https://a/v1"};
    char *scope = ot_source_scope(&source);

    CU_ASSERT_STRING_EQUAL(scope, "https://a/v1 organization");
    free(scope);
    source.project = "proj_1";
    source.inherit = true;
    scope = ot_source_scope(&source);
    CU_ASSERT_STRING_EQUAL(scope, "https://a/v1 project proj_1");
    free(scope);
    source.inherit = false;
    scope = ot_source_scope(&source);
    CU_ASSERT_STRING_EQUAL(scope, "https://a/v1 project proj_1 alone");
    free(scope);
}

static const char *differs(const char *found, const char *wanted)
{
    static struct ot_error err;

    CU_ASSERT_EQUAL(ot_scope_mismatch(&err, found, strlen(found), wanted), OT_E_SCOPE);
    return err.message;
}

/* The API is named only where it is what differs. */
static void another_scope_is_told_apart(void)
{
    CU_ASSERT_STRING_EQUAL(
        differs("https://a/v1 project proj_1", "https://a/v1 project proj_2"),
        "the snapshot is of project proj_1, the configuration says project proj_2");
    CU_ASSERT_STRING_EQUAL(
        differs("https://a/v1 organization", "https://a/v1 project proj_2"),
        "the snapshot is of the organization, the configuration says project proj_2");
    CU_ASSERT_STRING_EQUAL(
        differs("https://a/v1 organization", "https://b/v1 organization"),
        "the snapshot is of the organization of https://a/v1, the configuration says the "
        "organization of https://b/v1");
    CU_ASSERT_STRING_EQUAL(
        differs("", "https://b/v1 organization"),
        "the snapshot is of , the configuration says the organization of https://b/v1");
}

static void a_good_file_opens(void)
{
    file_put_text(unit_path("good"), "x");
    expect_open(unit_path("good"), OT_OK, "");
    CU_ASSERT_EQUAL(chmod(unit_path("good"), 0644), 0);
    expect_open(unit_path("good"), OT_OK, "");
    expect_open(unit_path("absent"), OT_E_NOT_FOUND, "does not exist");
    expect_open(unit_path("absent/file"), OT_E_NOT_FOUND, "directory");
    expect_open(unit_path("good/file"), OT_E_UNSAFE, "not a directory");
}

static void fault_39_an_unreadable_file_says_why(void)
{
    struct ot_error err = OT_ERROR_INIT;
    int fd, status;
    pid_t pid;

    CU_ASSERT_EQUAL(mkdir(unit_path("closed"), 0700), 0);
    file_put_text(unit_path("closed/file"), "x");
    pid = fork();
    if (pid == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(9);
        chmod(unit_path("closed"), 0);
        _exit(ot_path_open(&fd, unit_path("closed/file"), 100, &err) == OT_E_IO &&
                      strstr(err.message, "Permission denied") != NULL
                  ? 0
                  : 1);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    chmod(unit_path("closed"), 0700);
}

static void fault_40_links_fifos_devices_are_refused(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    file_put_text(unit_path("target"), "x");
    CU_ASSERT_EQUAL(symlink(unit_path("target"), unit_path("link")), 0);
    expect_open(unit_path("link"), OT_E_UNSAFE, "symbolic link");
    CU_ASSERT_EQUAL(symlink("nowhere", unit_path("dangling")), 0);
    expect_open(unit_path("dangling"), OT_E_UNSAFE, "symbolic link");
    CU_ASSERT_EQUAL(mkfifo(unit_path("fifo"), 0600), 0);
    expect_open(unit_path("fifo"), OT_E_UNSAFE, "not a regular file");
    expect_open("/dev/null", OT_E_UNSAFE, "not a regular file");
    CU_ASSERT_EQUAL(mkdir(unit_path("dir"), 0700), 0);
    expect_open(unit_path("dir"), OT_E_UNSAFE, "not a regular file");
    strncpy(address.sun_path, unit_path("socket"), sizeof(address.sun_path) - 1);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    expect_open(unit_path("socket"), OT_E_UNSAFE, "not a regular file");
    close(fd);
}

static void fault_40_a_linked_directory_is_refused(void)
{
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_EQUAL(mkdir(unit_path("real"), 0700), 0);
    file_put_text(unit_path("real/file"), "x");
    CU_ASSERT_EQUAL(symlink("real", unit_path("alias")), 0);
    expect_open(unit_path("real/file"), OT_OK, "");
    expect_open(unit_path("alias/file"), OT_E_UNSAFE, "symbolic link");
    expect_open(unit_path("alias//file"), OT_E_UNSAFE, "symbolic link");
    CU_ASSERT_EQUAL(ot_path_check_dir(unit_path("alias"), &err), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(ot_path_check_dir(unit_path("real"), &err), OT_OK);
    CU_ASSERT_EQUAL(ot_path_check_dir(unit_path("none"), &err), OT_E_NOT_FOUND);
    CU_ASSERT_EQUAL(ot_path_check_dir(unit_path("real/file"), &err), OT_E_UNSAFE);
}

static void fault_41_files_that_others_write_are_refused(void)
{
    const mode_t bad[] = {0602, 0666, 0777, 0620};
    size_t i, count = sizeof(bad) / sizeof(bad[0]) - (unit_group_has_others() ? 0 : 1);

    for (i = 0; i < count; i++) {
        file_put(unit_path("shared"), "x", 1, bad[i]);
        expect_open(unit_path("shared"), OT_E_UNSAFE, "chmod go-w");
    }
}

static void fault_41_directories_that_others_write_are_refused(void)
{
    CU_ASSERT_EQUAL(mkdir(unit_path("open"), 0700), 0);
    file_put_text(unit_path("open/file"), "x");
    CU_ASSERT_EQUAL(chmod(unit_path("open"), unit_group_has_others() ? 0770 : 0707), 0);
    expect_open(unit_path("open/file"), OT_E_UNSAFE, "chmod go-w");
    CU_ASSERT_EQUAL(chmod(unit_path("open"), 01777), 0); /* sticky does not help */
    expect_open(unit_path("open/file"), OT_E_UNSAFE, "chmod go-w");
    CU_ASSERT_EQUAL(chmod(unit_path("open"), 0755), 0);
    expect_open(unit_path("open/file"), OT_OK, "");
}

static void fault_41_foreign_owners_are_refused(void)
{
    if (geteuid() != 0) {
        fprintf(stderr, "\n  NOT TESTED: foreign owners (needs root)\n");
        return;
    }
    CU_ASSERT_EQUAL(mkdir(unit_path("owned"), 0755), 0);
    file_put(unit_path("owned/file"), "x", 1, 0644);
    CU_ASSERT_EQUAL(chown(unit_path("owned/file"), 65534, 0), 0);
    expect_open(unit_path("owned/file"), OT_E_UNSAFE, "belongs to user 65534");
    CU_ASSERT_EQUAL(chown(unit_path("owned/file"), 0, 0), 0);
    CU_ASSERT_EQUAL(chown(unit_path("owned"), 65534, 0), 0);
    expect_open(unit_path("owned/file"), OT_E_UNSAFE, "belongs to user 65534");
    /* root's and one's own files are equally good for an ordinary user */
    CU_ASSERT_EQUAL(chown(unit_path("owned/file"), 65534, 0), 0);
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0711), 0);
    CU_ASSERT_EQUAL(seteuid(65534), 0);
    expect_open(unit_path("owned/file"), OT_OK, "");
    CU_ASSERT_EQUAL(seteuid(0), 0);
    CU_ASSERT_EQUAL(chown(unit_path("owned/file"), 0, 0), 0);
    CU_ASSERT_EQUAL(seteuid(65534), 0);
    expect_open(unit_path("owned/file"), OT_OK, "");
    CU_ASSERT_EQUAL(seteuid(0), 0);
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0700), 0);
}

static void the_size_is_bounded(void)
{
    char text[101];

    memset(text, 'x', sizeof(text));
    file_put(unit_path("sized"), text, 100, 0600);
    expect_open(unit_path("sized"), OT_OK, "");
    file_put(unit_path("sized"), text, 101, 0600);
    expect_open(unit_path("sized"), OT_E_UNSAFE, "101 bytes");
}

static void relative_and_root_paths_have_a_directory(void)
{
    char long_path[2 * PATH_MAX];

    CU_ASSERT_EQUAL(chdir(unit_dir()), 0);
    file_put_text("here", "x");
    expect_open("here", OT_OK, "");
    expect_open("/", OT_E_NOT_FOUND, "does not exist");
    expect_open("", OT_E_NOT_FOUND, "does not exist");
    memset(long_path, 'x', sizeof(long_path) - 1);
    long_path[0] = long_path[sizeof(long_path) - 3] = '/';
    long_path[sizeof(long_path) - 1] = '\0';
    expect_open(long_path, OT_E_IO, "cannot open /xxx");
    CU_ASSERT_EQUAL(chdir("/"), 0);
}

static void a_named_file_may_be_linked_but_not_shared(void)
{
    struct ot_error err = OT_ERROR_INIT;
    int fd;

    CU_ASSERT_EQUAL(mkdir(unit_path("tmp"), 0700), 0);
    CU_ASSERT_EQUAL(chmod(unit_path("tmp"), 01777), 0);
    file_put(unit_path("tmp/conf"), "x", 1, 0644);
    CU_ASSERT_EQUAL(symlink("conf", unit_path("tmp/link")), 0);
    CU_ASSERT_EQUAL(ot_path_open_named(&fd, unit_path("tmp/conf"), 10, &err), OT_OK);
    close(fd);
    CU_ASSERT_EQUAL(ot_path_open_named(&fd, unit_path("tmp/link"), 10, &err), OT_OK);
    close(fd);
    CU_ASSERT_EQUAL(chmod(unit_path("tmp/conf"), 0666), 0);
    CU_ASSERT_EQUAL(ot_path_open_named(&fd, unit_path("tmp/link"), 10, &err),
                    OT_E_UNSAFE);
    CU_ASSERT_EQUAL(ot_path_open_named(&fd, "/dev/zero", 10, &err), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(ot_path_open_named(&fd, unit_path("none"), 10, &err), OT_E_NOT_FOUND);
    CU_ASSERT_EQUAL(fd, -1);
}

static void fault_51_no_descriptors_is_an_error_that_says_so(void)
{
    struct rlimit before, few;
    int held[64], n = 0;

    file_put_text(unit_path("file"), "x");
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){64, before.rlim_max};
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &few), 0);
    while ((held[n] = dup(0)) >= 0)
        n++;
    expect_open(unit_path("file"), OT_E_IO, "Too many open files");
    close(held[--n]); /* one is enough for the directory, not for the file */
    expect_open(unit_path("file"), OT_E_IO, "Too many open files");
    while (n > 0)
        close(held[--n]);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
    expect_open(unit_path("file"), OT_OK, "");
}

static void environment_counts_unless_empty(void)
{
    setenv("OT_TEST", "x", 1);
    CU_ASSERT_STRING_EQUAL(ot_env_get("OT_TEST"), "x");
    setenv("OT_TEST", "", 1);
    CU_ASSERT_PTR_NULL(ot_env_get("OT_TEST"));
    unsetenv("OT_TEST");
    CU_ASSERT_PTR_NULL(ot_env_get("OT_TEST"));
    CU_ASSERT_FALSE(ot_env_is_secure_mode());
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"names_are_built", names_are_built},
        {"scope_tells_organizations_and_projects_apart",
         scope_tells_organizations_and_projects_apart},
        {"another_scope_is_told_apart", another_scope_is_told_apart},
        {"a_good_file_opens", a_good_file_opens},
        {"fault_39_an_unreadable_file_says_why", fault_39_an_unreadable_file_says_why},
        {"fault_40_links_fifos_devices_are_refused",
         fault_40_links_fifos_devices_are_refused},
        {"fault_40_a_linked_directory_is_refused",
         fault_40_a_linked_directory_is_refused},
        {"fault_41_files_that_others_write_are_refused",
         fault_41_files_that_others_write_are_refused},
        {"fault_41_directories_that_others_write_are_refused",
         fault_41_directories_that_others_write_are_refused},
        {"fault_41_foreign_owners_are_refused", fault_41_foreign_owners_are_refused},
        {"the_size_is_bounded", the_size_is_bounded},
        {"relative_and_root_paths_have_a_directory",
         relative_and_root_paths_have_a_directory},
        {"a_named_file_may_be_linked_but_not_shared",
         a_named_file_may_be_linked_but_not_shared},
        {"fault_51_no_descriptors_is_an_error_that_says_so",
         fault_51_no_descriptors_is_an_error_that_says_so},
        {"environment_counts_unless_empty", environment_counts_unless_empty},
        {NULL, NULL}};

    return unit_main("path", cases, argc, argv);
}

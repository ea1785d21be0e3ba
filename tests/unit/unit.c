#include "unit.h"

#include <CUnit/Basic.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static char scratch[PATH_MAX];

const char *unit_dir(void)
{
    return scratch;
}

const char *unit_path(const char *name)
{
    static char paths[8][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 8];

    if (snprintf(path, PATH_MAX, "%s/%s", scratch, name) >= PATH_MAX)
        abort();
    return path;
}

void unit_skip(const char *why)
{
    printf("\n  NOT TESTED here: %s\n", why);
}

/* As common/files/private_group.c has it. */
static bool is_private(gid_t group)
{
    const struct passwd *me = getpwuid(geteuid()), *user;
    const struct group *entry = getgrgid(group);
    bool is_good = geteuid() != 0 && me != NULL && me->pw_gid == group && entry != NULL;
    char name[LOGIN_NAME_MAX];

    if (!is_good)
        return false;
    snprintf(name, sizeof(name), "%s", me->pw_name);
    is_good = strcmp(entry->gr_name, name) == 0 || group == geteuid();
    for (char *const *member = entry->gr_mem; *member != NULL; member++)
        is_good = is_good && strcmp(*member, name) == 0;
    setpwent();
    while ((user = getpwent()) != NULL)
        is_good = is_good && (user->pw_gid != group || user->pw_uid == geteuid());
    endpwent();
    return is_good;
}

bool unit_group_has_others(void)
{
    bool has = !is_private(getegid());

    if (!has)
        unit_skip("what a group may write (nobody else is in this user's)");
    return has;
}

static int remove_entry(const char *path, const struct stat *st, int kind,
                        struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

/* In memory, where nobody waits for a disk, unless what tests do is not allowed there:
 * they run programs, also setuid ones. */
static const char *scratch_base(void)
{
    static const char memory[] = "/dev/shm";
    const char *told = getenv("TMPDIR");
    struct statvfs fs;

    if (told != NULL)
        return told;
    if (statvfs(memory, &fs) == 0 && access(memory, W_OK) == 0 &&
        (fs.f_flag & (ST_NOSUID | ST_NOEXEC | ST_RDONLY)) == 0)
        return memory;
    return "/tmp";
}

int unit_main(const char *suite, const struct unit_case *cases, int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    CU_pSuite cu;
    unsigned failed, run;

    if (snprintf(scratch, sizeof(scratch), "%s/orgtrust-unit-XXXXXX", scratch_base()) >=
            (int)sizeof(scratch) ||
        mkdtemp(scratch) == NULL) {
        perror("unit: scratch directory");
        return 2;
    }
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    cu = CU_add_suite(suite, NULL, NULL);
    if (cu == NULL)
        return 2;
    for (; cases->name != NULL; cases++)
        if (only == NULL || strstr(cases->name, only) != NULL)
            CU_add_test(cu, cases->name, cases->run);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    run = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (run == 0)
        fprintf(stderr, "unit: no test of %s matches '%s'\n", suite, only ? only : "");
    return failed != 0 || run == 0;
}

/* Exports on a full disk, killed, out of memory: at every call. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_fixture.h"
#include "strike.h"
#include "unit.h"

WRAP(ssize_t, write, (int fd, const void *data, size_t len), (fd, data, len), -1)
WRAP(int, renameat, (int from, const char *old, int to, const char *name),
     (from, old, to, name), -1)
WRAP(int, mkdirat, (int dir, const char *name, mode_t mode), (dir, name, mode), -1)
WRAP(ssize_t, getrandom, (void *to, size_t len, unsigned flags), (to, len, flags), -1)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
WRAP(int, unlinkat, (int dir, const char *name, int flags), (dir, name, flags), -1)

WRAP(void *, malloc, (size_t size), (size), NULL)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), NULL)
WRAP(void *, reallocarray, (void *old, size_t count, size_t size), (old, count, size),
     NULL)
WRAP(char *, strdup, (const char *text), (text), NULL)

WRAP_FSYNC

/* Serials before and after: 2, of one subject with 1, stays. */
#define OLD "124"
#define NEW "23"

static void go_back(struct export_fixture *f)
{
    export_fixture_activate(f, OLD);
    export_fixture_must_run(f);
    CU_ASSERT_STRING_EQUAL(export_fixture_in_dir(f), OLD);
    export_fixture_activate(f, NEW);
}

static bool is_one_of(const char *is, const char *a, const char *b, const char *c)
{
    return strcmp(is, a) == 0 || strcmp(is, b) == 0 || strcmp(is, c) == 0;
}

/* Each file is old or new; the directory goes by subjects, and what stays is there. */
static void check_whole(const struct export_fixture *f)
{
    const char *in_dir = export_fixture_in_dir(f);

    CU_ASSERT(is_one_of(export_fixture_in_bundle(f), OLD, NEW, NEW));
    CU_ASSERT(is_one_of(export_fixture_in_store(f), OLD, NEW, NEW));
    CU_ASSERT_PTR_NOT_NULL(strchr(in_dir, '2'));
    CU_ASSERT(is_one_of(in_dir, OLD, NEW, "1234") ||
              is_one_of(in_dir, "234", "24", "124"));
}

static void check_new(struct export_fixture *f)
{
    export_fixture_must_run(f);
    CU_ASSERT_STRING_EQUAL(export_fixture_in_bundle(f), NEW);
    CU_ASSERT_STRING_EQUAL(export_fixture_in_dir(f), NEW);
    CU_ASSERT_STRING_EQUAL(export_fixture_in_store(f), NEW);
    CU_ASSERT_EQUAL(export_fixture_temporaries(f), 0);
}

/* Runs them in a child that is killed at the given call; true if it lived to the end. */
static bool survives(struct export_fixture *f, size_t at)
{
    pid_t pid = fork();

    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        strike_arm(STRIKE_FILES, at, 0, true);
        _exit(export_fixture_run(f) != OT_OK);
    }
    return strike_survives(pid);
}

static void fault_45_killed_at_any_step_each_is_old_or_new(void)
{
    struct export_fixture f;
    size_t at;

    export_fixture_init(&f, "");
    go_back(&f);
    for (at = 0; !survives(&f, at); at++) {
        check_whole(&f);
        check_new(&f);
        go_back(&f);
    }
    check_new(&f);
    CU_ASSERT(at >= 35);
    export_fixture_clear(&f);
}

static void fault_45_killed_when_nothing_is_there_yet(void)
{
    struct export_fixture f;
    size_t at = 0;
    bool lived;

    do {
        export_fixture_init(&f, "");
        export_fixture_activate(&f, NEW);
        lived = survives(&f, at++);
        CU_ASSERT(is_one_of(export_fixture_in_bundle(&f), "-", NEW, NEW));
        CU_ASSERT(is_one_of(export_fixture_in_store(&f), "-", NEW, NEW));
        check_new(&f); /* also in a directory that has no mark yet */
        export_fixture_clear(&f);
    } while (!lived);
    CU_ASSERT(at >= 35);
}

static void fault_38_a_full_disk_keeps_them(void)
{
    static const int errors[] = {ENOSPC, EDQUOT};

    for (size_t i = 0; i < 2; i++) {
        struct export_fixture f;

        export_fixture_init(&f, "");
        go_back(&f);
        strike_arm(STRIKE_FILES, 0, errors[i], false);
        CU_ASSERT_EQUAL(export_fixture_run(&f), OT_E_NO_SPACE);
        CU_ASSERT(strike_disarm() > 0);
        CU_ASSERT_STRING_EQUAL(export_fixture_in_bundle(&f), OLD);
        CU_ASSERT_STRING_EQUAL(export_fixture_in_dir(&f), OLD);
        CU_ASSERT_STRING_EQUAL(export_fixture_in_store(&f), OLD);
        CU_ASSERT_EQUAL(export_fixture_temporaries(&f), 0);
        check_new(&f);
        export_fixture_clear(&f);
    }
}

/* Every single call (or allocation) fails once, which is told as status or does not
 * matter; who comes next finishes. How many of them mattered. */
static size_t fail_at_each(const char *only, int errnum, enum ot_status told)
{
    struct export_fixture f;
    bool was_struck = true;
    size_t failed = 0;

    export_fixture_init(&f, "");
    for (size_t at = 0; was_struck; at++) {
        enum ot_status status;

        go_back(&f);
        strike_arm(only, at, errnum, true);
        status = export_fixture_run(&f);
        was_struck = strike_disarm() > at;
        check_whole(&f);
        CU_ASSERT_EQUAL(export_fixture_temporaries(&f), 0);
        CU_ASSERT(status == OT_OK || status == told);
        failed += status != OT_OK;
        check_new(&f);
    }
    export_fixture_clear(&f);
    return failed;
}

static void fault_38_an_error_at_any_call_is_told(void)
{
    CU_ASSERT(fail_at_each(STRIKE_FILES, EIO, OT_E_IO) >= 30);
}

static void fault_51_any_allocation_may_fail(void)
{
    CU_ASSERT(fail_at_each(STRIKE_MEMORY, ENOMEM, OT_E_NOMEM) > 15);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"fault_45_killed_at_any_step_each_is_old_or_new",
         fault_45_killed_at_any_step_each_is_old_or_new},
        {"fault_45_killed_when_nothing_is_there_yet",
         fault_45_killed_when_nothing_is_there_yet},
        {"fault_38_a_full_disk_keeps_them", fault_38_a_full_disk_keeps_them},
        {"fault_38_an_error_at_any_call_is_told", fault_38_an_error_at_any_call_is_told},
        {"fault_51_any_allocation_may_fail", fault_51_any_allocation_may_fail},
        {NULL, NULL},
    };

    return unit_main("export_crash", cases, argc, argv);
}

#include "unit.h"

#include <CUnit/Basic.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static int remove_entry(const char *path, const struct stat *st, int kind,
                        struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

int unit_main(const char *suite, const struct unit_case *cases, int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : NULL;
    const char *base = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    CU_pSuite cu;
    unsigned failed, run;

    if (snprintf(scratch, sizeof(scratch), "%s/orgtrust-unit-XXXXXX", base) >=
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

#include "files/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static void check_content(const char *path, const char *expected)
{
    char text[64] = "";
    FILE *in = fopen(path, "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    CU_ASSERT_EQUAL(fread(text, 1, sizeof(text) - 1, in), strlen(expected));
    CU_ASSERT_STRING_EQUAL(text, expected);
    fclose(in);
}

static unsigned entries(const char *dir)
{
    DIR *stream = opendir(dir);
    unsigned n = 0;

    while (readdir(stream) != NULL)
        n++;
    closedir(stream);
    return n - 2;
}

static void a_file_is_replaced_whole_with_the_mode_asked_for(void)
{
    const char *path = unit_path("whole");
    struct stat st;
    mode_t old = umask(077);

    CU_ASSERT_EQUAL(ot_file_replace(path, "one", 3, 0644, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_file_replace(path, "second", 6, 0644, NULL), OT_OK);
    check_content(path, "second");
    CU_ASSERT_EQUAL(ot_file_replace_soon(path, "3rd", 3, 0644, NULL), OT_OK);
    umask(old);
    check_content(path, "3rd");
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0644);
}

static void fault_72_nobody_else_opens_a_file_before_it_is_whole(void)
{
    const char *path = unit_path("whole");
    struct ot_file file;
    struct stat st;
    mode_t old = umask(0);

    CU_ASSERT_EQUAL_FATAL(ot_file_begin(&file, path, 0644, NULL), OT_OK);
    CU_ASSERT_EQUAL(fstat(file.fd, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(ot_file_write(&file, "new", 3, NULL), OT_OK);
    CU_ASSERT_EQUAL(fstat(file.fd, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(ot_file_commit(&file, NULL), OT_OK);
    umask(old);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0644);
}

static void an_aborted_file_leaves_the_old_one_and_nothing_else(void)
{
    const char *dir = unit_path("aborted"), *path = unit_path("aborted/file");
    struct ot_file file;

    CU_ASSERT_EQUAL(ot_file_make_dir(dir, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_file_replace(path, "old", 3, 0600, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_file_begin(&file, path, 0600, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_file_write(&file, "new", 3, NULL), OT_OK);
    CU_ASSERT_EQUAL(entries(dir), 2);
    ot_file_abort(&file);
    ot_file_abort(&file);
    check_content(path, "old");
    CU_ASSERT_EQUAL(entries(dir), 1);
    CU_ASSERT_EQUAL(ot_file_replace_soon(path, "new", 3, 0600, NULL), OT_OK);
    CU_ASSERT_EQUAL(entries(dir), 1);
}

static void fault_38_a_full_disk_is_named_and_changes_nothing(void)
{
    const char *path = unit_path("full");
    struct ot_error err;
    struct ot_file file;
    int kept;

    CU_ASSERT_EQUAL(ot_file_replace(path, "old", 3, 0600, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_file_begin(&file, path, 0600, NULL), OT_OK);
    kept = file.fd;
    file.fd = open("/dev/full", O_RDWR); /* every write of it fails with ENOSPC */
    CU_ASSERT_TRUE_FATAL(file.fd >= 0);
    CU_ASSERT_EQUAL(ot_file_write(&file, "new", 3, &err), OT_E_NO_SPACE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, path));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "free some space"));
    ot_file_abort(&file);
    close(kept);
    check_content(path, "old");
}

static void fault_39_a_directory_that_is_not_there_is_named(void)
{
    struct ot_error err;
    struct ot_file file;

    CU_ASSERT_EQUAL(ot_file_begin(&file, unit_path("no/such/file"), 0600, &err), OT_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "no/such"));
    CU_ASSERT_PTR_NULL(file.temporary);
}

static void fault_45_temporary_files_of_the_dead_are_reaped(void)
{
    const char *dir = unit_path("reaped"), *path = unit_path("reaped/a.snapshot");
    static const char *const gone[] = {"reaped/.a.snapshot.Ab12Cd.tmp",
                                       "reaped/.a.snapshot.zzzzzz.tmp"};
    static const char *const kept[] = {
        "reaped/.b.snapshot.Ab12Cd.tmp", "reaped/.a.snapshot.toolong.tmp",
        "reaped/a.snapshot", "reaped/.a.snapshot.Ab12Cd.txt"};
    size_t i;

    CU_ASSERT_EQUAL(ot_file_make_dir(dir, NULL), OT_OK);
    for (i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(ot_file_replace(unit_path(gone[i]), "", 0, 0600, NULL), OT_OK);
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(ot_file_replace(unit_path(kept[i]), "", 0, 0600, NULL), OT_OK);
    ot_file_reap(path);
    for (i = 0; i < 2; i++)
        CU_ASSERT_NOT_EQUAL(access(unit_path(gone[i]), F_OK), 0);
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(access(unit_path(kept[i]), F_OK), 0);
}

static void the_names_of_temporary_files_are_known(void)
{
    CU_ASSERT_EQUAL(ot_file_temporary_of(".a.snapshot.Ab12Cd.tmp"), strlen("a.snapshot"));
    CU_ASSERT_EQUAL(ot_file_temporary_of(".a.Ab12Cd.tmp"), 1);
    CU_ASSERT_EQUAL(ot_file_temporary_of("..Ab12Cd.tmp"), 0);
    CU_ASSERT_EQUAL(ot_file_temporary_of(".tmp"), 0);
    CU_ASSERT_EQUAL(ot_file_temporary_of(""), 0);
    CU_ASSERT_EQUAL(ot_file_temporary_of("a.snapshot.Ab12Cd.tmp"), 0);
    CU_ASSERT_EQUAL(ot_file_temporary_of(".a.snapshot.Ab12Cd.txt"), 0);
    CU_ASSERT_EQUAL(ot_file_temporary_of(".orgtrust-a.crt.tmp"), 0);
}

static void directories_are_made_with_their_parents(void)
{
    struct ot_error err;
    struct stat st;

    CU_ASSERT_EQUAL(ot_file_make_dir(unit_path("p/q/r"), NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_file_make_dir(unit_path("p/q/r"), NULL), OT_OK);
    CU_ASSERT_EQUAL(stat(unit_path("p/q"), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, geteuid() == 0 ? 0755u : 0700u);
    CU_ASSERT_EQUAL(ot_file_replace(unit_path("p/file"), "", 0, 0600, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_file_make_dir(unit_path("p/file/x"), &err), OT_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "p/file"));
}

static const struct unit_case cases[] = {
    {"a_file_is_replaced_whole_with_the_mode_asked_for",
     a_file_is_replaced_whole_with_the_mode_asked_for},
    {"fault_72_nobody_else_opens_a_file_before_it_is_whole",
     fault_72_nobody_else_opens_a_file_before_it_is_whole},
    {"an_aborted_file_leaves_the_old_one_and_nothing_else",
     an_aborted_file_leaves_the_old_one_and_nothing_else},
    {"fault_38_a_full_disk_is_named_and_changes_nothing",
     fault_38_a_full_disk_is_named_and_changes_nothing},
    {"fault_39_a_directory_that_is_not_there_is_named",
     fault_39_a_directory_that_is_not_there_is_named},
    {"fault_45_temporary_files_of_the_dead_are_reaped",
     fault_45_temporary_files_of_the_dead_are_reaped},
    {"the_names_of_temporary_files_are_known", the_names_of_temporary_files_are_known},
    {"directories_are_made_with_their_parents", directories_are_made_with_their_parents},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("file", cases, argc, argv);
}

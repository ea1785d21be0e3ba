/* A cache that is not what it should be: refused, or made anew, and the reason. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "snapshot/record.h"
#include "sync_fixture.h"
#include "unit.h"

static void fault_39_a_missing_directory_is_made(void)
{
    struct fixture f;
    struct stat st;

    fixture_init(&f);
    snprintf(f.snapshot, sizeof(f.snapshot), "%s/deep/er/default.snapshot", f.dir);
    strcat(f.dir, "/deep/er");
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(stat(f.dir, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0022, 0);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "");
    fixture_clear(&f);
}

static void fault_39_a_directory_that_cannot_be_made_is_named(void)
{
    struct fixture f;
    FILE *file;

    fixture_init(&f);
    file = fopen(f.dir, "w"); /* a file in its place */
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fclose(file);
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_UNSAFE);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.err.message, f.dir));
    strcat(f.dir, "/below");
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.err.message, f.dir));
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 0);
    fixture_clear(&f);
}

static void fault_40_links_and_pipes_are_refused(void)
{
    struct fixture f;
    char link_dir[300], away[600];
    struct stat st;

    fixture_init_synced(&f);
    snprintf(away, sizeof(away), "%s/away", unit_dir());
    CU_ASSERT_EQUAL(rename(f.snapshot, away), 0);
    CU_ASSERT_EQUAL(symlink(away, f.snapshot), 0);
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(lstat(f.snapshot, &st), 0);
    CU_ASSERT_TRUE(S_ISLNK(st.st_mode));
    CU_ASSERT_EQUAL(unlink(f.snapshot), 0);
    CU_ASSERT_EQUAL(mkfifo(f.snapshot, 0600), 0);
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(fixture_state(&f).last.status, OT_E_UNSAFE);
    CU_ASSERT_EQUAL(unlink(f.snapshot), 0);
    fixture_must_sync(&f);

    snprintf(link_dir, sizeof(link_dir), "%s-link", f.dir);
    CU_ASSERT_EQUAL(symlink(f.dir, link_dir), 0);
    f.source.cache_dir = link_dir;
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_UNSAFE);
    fixture_clear(&f);
}

static void fault_41_what_others_may_write_is_refused(void)
{
    struct fixture f;
    struct stat before;

    fixture_init_synced(&f);
    before = fixture_stat(&f);
    CU_ASSERT_EQUAL(chmod(f.snapshot, 0666), 0);
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_UNSAFE);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.err.message, "chmod"));
    CU_ASSERT_EQUAL(chmod(f.snapshot, 0644), 0);
    CU_ASSERT_EQUAL(fixture_stat(&f).st_ino, before.st_ino);
    CU_ASSERT_EQUAL(chmod(f.dir, 01777), 0);
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_UNSAFE);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.err.message, f.dir));
    CU_ASSERT_EQUAL(chmod(f.dir, 0755), 0);
    fixture_must_sync(&f);
    fixture_clear(&f);
}

static void fault_42_damage_is_healed(void)
{
    struct fixture f;
    off_t size;

    fixture_init_synced(&f);
    size = fixture_stat(&f).st_size;
    for (off_t at = 0; at < size; at += size / 23) {
        int fd = open(f.snapshot, O_RDWR);
        uint8_t byte;

        CU_ASSERT_EQUAL(pread(fd, &byte, 1, at), 1);
        byte ^= 0x10;
        CU_ASSERT_EQUAL(pwrite(fd, &byte, 1, at), 1);
        close(fd);
        fake_api_on(f.api, NULL, NULL);
        f.options.if_stale = true; /* a damaged one is never fresh */
        fixture_must_sync(&f);
        CU_ASSERT_TRUE(f.result.changed);
        CU_ASSERT_EQUAL(fake_api_gets(f.api), 2);
        CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a* cert_b");
    }
    f.options.if_stale = false;
    CU_ASSERT_EQUAL(truncate(f.snapshot, size / 2), 0);
    fixture_must_sync(&f);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a* cert_b");
    CU_ASSERT_EQUAL(truncate(f.snapshot, 0), 0);
    fixture_must_sync(&f);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a* cert_b");
    fixture_clear(&f);
}

/* The snapshot of another organization lends nothing, not even what it knows to be there.
 */
static void fault_42_another_scope_begins_from_nothing(void)
{
    struct fixture f;
    struct fake_api *other = fake_api_start(), *first;

    fixture_init_synced(&f);
    first = f.api;
    f.api = other;
    f.source.base_url = (char *)(uintptr_t)fake_api_url(other);
    fixture_add(&f, "cert_a", true); /* the same id, another certificate */
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_gets(other), 1);
    CU_ASSERT_EQUAL(f.result.added, 1);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a*");
    fake_api_stop(first);
    fixture_clear(&f);
}

static void fault_43_a_reader_keeps_what_it_has(void)
{
    struct fixture f;
    struct ot_snapshot *old;
    struct ot_record record;
    struct stat st;

    fixture_init_synced(&f);
    old = fixture_open(&f);
    fake_api_remove(f.api, "cert_a");
    fixture_add(&f, "cert_c", true);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(ot_snapshot_verify(old, NULL), OT_OK);
    CU_ASSERT_TRUE(fixture_find(old, "cert_a", &record));
    CU_ASSERT_FALSE(fixture_find(old, "cert_c", &record));
    st = fixture_stat(&f);
    CU_ASSERT_FALSE(ot_snapshot_is_file(old, &st));
    ot_snapshot_unref(old);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_b cert_c*");
    fixture_clear(&f);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"fault_39_a_missing_directory_is_made", fault_39_a_missing_directory_is_made},
        {"fault_39_a_directory_that_cannot_be_made_is_named",
         fault_39_a_directory_that_cannot_be_made_is_named},
        {"fault_40_links_and_pipes_are_refused", fault_40_links_and_pipes_are_refused},
        {"fault_41_what_others_may_write_is_refused",
         fault_41_what_others_may_write_is_refused},
        {"fault_42_damage_is_healed", fault_42_damage_is_healed},
        {"fault_42_another_scope_begins_from_nothing",
         fault_42_another_scope_begins_from_nothing},
        {"fault_43_a_reader_keeps_what_it_has", fault_43_a_reader_keeps_what_it_has},
        {NULL, NULL},
    };

    return unit_main("sync_place", cases, argc, argv);
}

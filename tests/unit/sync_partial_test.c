/* The file of what a sync has fetched that did not end well. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "files.h"
#include "sync/sync_partial_internal.h"
#include "unit.h"

#define SCOPE "https://api.example/v1 organization"

static struct ot_partial *open_partial(const char *path, const char *scope)
{
    struct ot_partial *partial;

    CU_ASSERT_EQUAL_FATAL(ot_partial_new(&partial, path, scope, NULL), OT_OK);
    ot_partial_load(partial);
    return partial;
}

/* What stands for the DER of certificate number i. */
static struct ot_span der_of(int i, uint8_t room[1000])
{
    memset(room, i, 1000);
    return ot_span_of(room, (size_t)(20 + i));
}

static void add(struct ot_partial *partial, int i)
{
    uint8_t room[1000];
    char id[32];

    snprintf(id, sizeof(id), "cert_%d", i);
    ot_partial_add(partial, id, 1000 + i, der_of(i, room));
}

/* Whether it is there; what is found must be right. */
static bool has(const struct ot_partial *partial, int i)
{
    uint8_t room[1000];
    struct ot_span der;
    char id[32];

    snprintf(id, sizeof(id), "cert_%d", i);
    if (!ot_partial_find(partial, id, 1000 + i, &der))
        return false;
    CU_ASSERT_TRUE(ot_span_equal(der, der_of(i, room)));
    return true;
}

static int count_of(const struct ot_partial *partial)
{
    int count = 0;

    for (int i = 0; i < 20; i++)
        count += has(partial, i);
    return count;
}

/* A file with certificates first to last. */
static void put(const char *path, int first, int last)
{
    struct ot_partial *partial = open_partial(path, SCOPE);

    for (int i = first; i <= last; i++)
        add(partial, i);
    ot_partial_write(partial);
    ot_partial_free(partial);
}

/* How many the file holds for this scope. */
static int kept(const char *path, const char *scope)
{
    struct ot_partial *partial = open_partial(path, scope);
    int count = count_of(partial);

    ot_partial_free(partial);
    return count;
}

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static void what_is_kept_is_found_by_the_next(void)
{
    const char *path = unit_path("found.partial");
    struct ot_partial *partial;
    struct ot_span der;
    struct stat st;

    CU_ASSERT_EQUAL(kept(path, SCOPE), 0);
    CU_ASSERT_FALSE(is_there(path)); /* nothing to keep, no file */
    put(path, 3, 5);
    put(path, 6, 12); /* another attempt */
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    partial = open_partial(path, SCOPE);
    CU_ASSERT_EQUAL(count_of(partial), 10);
    CU_ASSERT_FALSE(ot_partial_find(partial, "cert_3", 1004, &der)); /* another one's */
    CU_ASSERT_FALSE(ot_partial_find(partial, "cert_", 1003, &der));
    CU_ASSERT_FALSE(ot_partial_find(partial, "cert_33", 1003, &der));
    CU_ASSERT_TRUE(ot_partial_remove(partial));
    CU_ASSERT_FALSE(is_there(path));
    CU_ASSERT_FALSE(ot_partial_remove(partial));
    CU_ASSERT_EQUAL(count_of(partial), 0);
    ot_partial_free(partial);
}

static void many_are_kept(void)
{
    const char *path = unit_path("many.partial");
    struct ot_partial *partial = open_partial(path, SCOPE);
    static uint8_t large[OT_CERT_DER_MAX];
    struct ot_span der;
    char id[OT_ID_MAX + 1];

    for (int i = 0; i < 50; i++) {
        memset(id, 'a' + i % 26, OT_ID_MAX);
        id[OT_ID_MAX] = '\0';
        memset(large, i, sizeof(large));
        ot_partial_add(partial, id, i, ot_span_of(large, sizeof(large)));
    }
    ot_partial_write(partial);
    ot_partial_load(partial);
    for (int i = 0; i < 50; i++) {
        memset(id, 'a' + i % 26, OT_ID_MAX);
        memset(large, i, sizeof(large));
        CU_ASSERT_TRUE_FATAL(ot_partial_find(partial, id, i, &der));
        CU_ASSERT_TRUE(ot_span_equal(der, ot_span_of(large, sizeof(large))));
    }
    ot_partial_free(partial);
}

static uint8_t *read_all(const char *path, size_t *len)
{
    uint8_t *data = malloc(1 << 16);
    FILE *file = fopen(path, "rb");

    if (data == NULL || file == NULL)
        abort();
    *len = fread(data, 1, 1 << 16, file);
    fclose(file);
    return data;
}

static void fault_45_a_torn_end_costs_the_end_alone(void)
{
    const char *path = unit_path("torn.partial");
    int most = 0;
    uint8_t *whole;
    size_t len;

    put(path, 1, 6);
    whole = read_all(path, &len);
    for (size_t cut = 0; cut <= len; cut++) {
        int count;

        file_put(path, whole, cut, 0600);
        count = kept(path, SCOPE);
        CU_ASSERT(count >= most);
        most = count;
        put(path, 7, 9); /* goes on behind what is whole, or begins anew */
        CU_ASSERT_EQUAL(kept(path, SCOPE), count + 3);
    }
    CU_ASSERT_EQUAL(most, 6);
    free(whole);
}

static void fault_42_a_wrong_byte_is_never_a_certificate(void)
{
    const char *path = unit_path("wrong.partial");
    uint8_t *whole;
    size_t len;

    put(path, 1, 6);
    whole = read_all(path, &len);
    for (size_t at = 0; at < len; at++) {
        whole[at] ^= 0x10;
        file_put(path, whole, len, 0600);
        CU_ASSERT(kept(path, SCOPE) < 6); /* has() looks at what is found */
        whole[at] ^= 0x10;
    }
    file_put(path, whole, len, 0600);
    CU_ASSERT_EQUAL(kept(path, SCOPE), 6);
    free(whole);
}

static void fault_42_another_scopes_is_removed(void)
{
    const char *path = unit_path("scope.partial");

    put(path, 1, 6);
    CU_ASSERT_EQUAL(kept(path, "https://api.example/v1 project proj_a"), 0);
    CU_ASSERT_FALSE(is_there(path));
}

static void refused(const char *path)
{
    CU_ASSERT_EQUAL(kept(path, SCOPE), 0);
    CU_ASSERT_FALSE(is_there(path));
    put(path, 1, 6);
    CU_ASSERT_EQUAL(kept(path, SCOPE), 6);
}

static void fault_41_what_is_no_file_of_ours_is_removed(void)
{
    const char *path = unit_path("foreign.partial"), *other = unit_path("other");

    file_put(path, "", 0, 0600);
    refused(path);
    CU_ASSERT_EQUAL(truncate(path, (off_t)OT_CONTENTS_BYTES_MAX + 1), 0);
    refused(path);
    CU_ASSERT_EQUAL(chmod(path, unit_group_has_others() ? 0620 : 0602), 0);
    refused(path);
    if (geteuid() == 0) {
        CU_ASSERT_EQUAL(chown(path, 65534, 65534), 0);
        refused(path);
    } else {
        unit_skip("a file of another user (not root)");
    }
    CU_ASSERT_EQUAL(rename(path, other), 0);
    CU_ASSERT_EQUAL(symlink(other, path), 0);
    CU_ASSERT_EQUAL(kept(path, SCOPE), 0);
    put(path, 7, 9);
    CU_ASSERT_EQUAL(unlink(path), 0); /* the link is somebody's, and stays */
    CU_ASSERT_EQUAL(kept(other, SCOPE), 6);
}

static void limit_files(rlim_t bytes)
{
    const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};

    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void fault_38_without_room_what_is_whole_stays(void)
{
    const char *path = unit_path("full.partial");
    struct ot_partial *partial;
    struct stat before, after;

    signal(SIGXFSZ, SIG_IGN);
    put(path, 1, 6);
    CU_ASSERT_EQUAL(stat(path, &before), 0);
    limit_files((rlim_t)before.st_size + 50);
    put(path, 7, 9);
    CU_ASSERT_EQUAL(stat(path, &after), 0);
    CU_ASSERT_EQUAL(before.st_size, after.st_size);
    CU_ASSERT_EQUAL(unlink(path), 0);
    limit_files(50);
    partial = open_partial(path, SCOPE);
    add(partial, 1);
    ot_partial_write(partial);
    CU_ASSERT_FALSE(is_there(path));
    limit_files(RLIM_INFINITY);
    add(partial, 2); /* once is enough */
    ot_partial_write(partial);
    CU_ASSERT_FALSE(is_there(path));
    ot_partial_free(partial);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"what_is_kept_is_found_by_the_next", what_is_kept_is_found_by_the_next},
        {"many_are_kept", many_are_kept},
        {"fault_45_a_torn_end_costs_the_end_alone",
         fault_45_a_torn_end_costs_the_end_alone},
        {"fault_42_a_wrong_byte_is_never_a_certificate",
         fault_42_a_wrong_byte_is_never_a_certificate},
        {"fault_42_another_scopes_is_removed", fault_42_another_scopes_is_removed},
        {"fault_41_what_is_no_file_of_ours_is_removed",
         fault_41_what_is_no_file_of_ours_is_removed},
        {"fault_38_without_room_what_is_whole_stays",
         fault_38_without_room_what_is_whole_stays},
        {NULL, NULL},
    };

    return unit_main("sync_partial", cases, argc, argv);
}

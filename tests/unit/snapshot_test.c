#include "snapshot/snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "certs.h"
#include "snapshot/name.h"
#include "snapshot/record.h"
#include "snapshot/snapshot_format.h"
#include "snapshots.h"
#include "sync/snapshot_write.h"
#include "unit.h"

static const struct ot_span none = {NULL, 0};

/* Five certificates, one of them inactive, and a quarantined entry. */
static const char *sample(const char *name, int64_t seen_at)
{
    struct snapshot_builder builder = {NULL, NULL, NULL, 0};
    const char *path = unit_path(name);

    snapshot_builder_add_ca(&builder, "Root A", 1, OT_RECORD_ACTIVE);
    snapshot_builder_add_ca(&builder, "Root B", 2, OT_RECORD_ACTIVE);
    snapshot_builder_add_ca(&builder, "Root C", 300, 0);
    snapshot_builder_add_ca(&builder, "Root D", 4, OT_RECORD_ACTIVE);
    snapshot_builder_add_quarantined(&builder, "a private key");
    snapshot_builder_write(&builder, path, seen_at);
    snapshot_builder_clear(&builder);
    return path;
}

static void what_is_written_is_read(void)
{
    const char *path = sample("read", 1700000000);
    struct ot_snapshot *snapshot;
    struct ot_positions all;
    struct ot_record record = {0}, again = {0};
    struct stat st;
    uint32_t i;

    CU_ASSERT_EQUAL_FATAL(ot_snapshot_open(&snapshot, path, "test", NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_snapshot_info(snapshot)->total, 5);
    CU_ASSERT_EQUAL(ot_snapshot_info(snapshot)->active, 3);
    CU_ASSERT_EQUAL(ot_snapshot_info(snapshot)->quarantined, 1);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mtime, 1700000000);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0644);
    CU_ASSERT_TRUE(ot_snapshot_is_file(snapshot, &st));
    CU_ASSERT_EQUAL(ot_snapshot_verify(snapshot, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_snapshot_all(snapshot, &all, NULL), OT_OK);
    CU_ASSERT_EQUAL(all.count, 5);
    for (i = 0; i < all.count; i++) {
        CU_ASSERT_EQUAL(ot_snapshot_record(snapshot, &all, i, &record, NULL), OT_OK);
        CU_ASSERT_EQUAL(ot_snapshot_record_verified(snapshot, &all, i, &again, NULL),
                        OT_OK);
        CU_ASSERT_EQUAL(memcmp(&again, &record, sizeof(record)), 0);
    }
    ot_snapshot_unref(snapshot);
}

/* Each index leads from a record's own field to that record and to no other. */
static void every_index_finds_every_record(void)
{
    static const struct {
        enum ot_index index;
        enum ot_field field;
    } plain[] = {{OT_INDEX_ID, OT_FIELD_ID},
                 {OT_INDEX_NAME, OT_FIELD_NAME},
                 {OT_INDEX_LABEL, OT_FIELD_LABEL},
                 {OT_INDEX_SUBJECT, OT_FIELD_SUBJECT},
                 {OT_INDEX_DER, OT_FIELD_DER}};
    struct ot_snapshot *snapshot;
    struct ot_positions all, found;
    struct ot_record record;
    uint8_t *canon;
    size_t k, len;
    uint32_t i;

    CU_ASSERT_EQUAL_FATAL(ot_snapshot_open(&snapshot, sample("index", 1), NULL, NULL),
                          OT_OK);
    ot_snapshot_all(snapshot, &all, NULL);
    for (i = 0; i < all.count; i++) {
        ot_snapshot_record(snapshot, &all, i, &record, NULL);
        if (record.flags & OT_RECORD_QUARANTINED)
            continue;
        for (k = 0; k < sizeof(plain) / sizeof(plain[0]); k++) {
            ot_snapshot_find(snapshot, plain[k].index, record.field[plain[k].field], none,
                             &found, NULL);
            CU_ASSERT_EQUAL_FATAL(found.count, 1);
            CU_ASSERT_EQUAL(ot_positions_at(&found, 0), ot_positions_at(&all, i));
        }
        ot_snapshot_find(snapshot, OT_INDEX_SHA1,
                         ot_record_digest(&record, OT_DIGEST_SHA1), none, &found, NULL);
        CU_ASSERT_EQUAL(found.count, 1);
        ot_snapshot_find(snapshot, OT_INDEX_SHA2_256,
                         ot_record_digest(&record, OT_DIGEST_SHA2_256), none, &found,
                         NULL);
        CU_ASSERT_EQUAL(found.count, 1);
        ot_snapshot_find(snapshot, OT_INDEX_SERIAL, record.field[OT_FIELD_ISSUER],
                         record.field[OT_FIELD_SERIAL], &found, NULL);
        CU_ASSERT_EQUAL(found.count, 1);
        ot_snapshot_find(snapshot, OT_INDEX_SPKI, record.field[OT_FIELD_SPKI], none,
                         &found, NULL);
        CU_ASSERT_EQUAL(found.count, 4); /* all but the one without: they share a key */
        ot_snapshot_find_number(snapshot, ot_record_number(&record), &found, NULL);
        CU_ASSERT_EQUAL(found.count, 1);
        ot_snapshot_find_number(snapshot, (uint32_t)ot_record_number(&record), &found,
                                NULL); /* all that a 32-bit handle keeps of it */
        CU_ASSERT_EQUAL(found.count, 1);
        CU_ASSERT_EQUAL(ot_record_number(&record) & 7, 0);
        canon = ot_name_canon(record.field[OT_FIELD_SUBJECT].data,
                              record.field[OT_FIELD_SUBJECT].len, &len);
        ot_snapshot_find(snapshot, OT_INDEX_SUBJECT_CANON, ot_span_of(canon, len), none,
                         &found, NULL);
        CU_ASSERT_EQUAL(found.count, 1);
        free(canon);
    }
    CU_ASSERT_EQUAL(ot_snapshot_find(snapshot, OT_INDEX_ID, ot_span_str("nobody"), none,
                                     &found, NULL),
                    OT_OK);
    CU_ASSERT_EQUAL(found.count, 0);
    ot_snapshot_unref(snapshot);
}

static void each_record_leads_to_the_next(void)
{
    const char *path = sample("follow", 0);
    struct ot_record record, next, walked;
    struct ot_snapshot *snapshot;
    struct ot_positions all;

    CU_ASSERT_EQUAL_FATAL(ot_snapshot_open(&snapshot, path, NULL, NULL), OT_OK);
    ot_snapshot_all(snapshot, &all, NULL);
    ot_snapshot_record(snapshot, &all, 0, &walked, NULL);
    for (uint32_t i = 0; i + 1 < all.count; i++) {
        ot_snapshot_record(snapshot, &all, i, &record, NULL);
        ot_snapshot_record(snapshot, &all, i + 1, &next, NULL);
        CU_ASSERT_FALSE(ot_snapshot_follow(snapshot, &record, ot_record_number(&record),
                                           &(struct ot_record){0}));
        CU_ASSERT_TRUE(
            ot_snapshot_follow(snapshot, &walked, ot_record_number(&next), &walked));
        CU_ASSERT_PTR_EQUAL(walked.field[OT_FIELD_ID].data, next.field[OT_FIELD_ID].data);
    }
    CU_ASSERT_FALSE(
        ot_snapshot_follow(snapshot, &next, ot_record_number(&record), &walked));
    CU_ASSERT_FALSE(ot_snapshot_follow(snapshot, &next, 0, &walked)); /* nothing there */
    ot_snapshot_unref(snapshot);
}

static void an_empty_snapshot_is_one(void)
{
    struct snapshot_builder builder = {NULL, NULL, NULL, 0};
    const char *path = unit_path("empty");
    struct ot_snapshot *snapshot;
    struct ot_positions all;

    snapshot_builder_write(&builder, path, 1);
    CU_ASSERT_EQUAL_FATAL(ot_snapshot_open(&snapshot, path, "test", NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_snapshot_all(snapshot, &all, NULL), OT_OK);
    CU_ASSERT_EQUAL(all.count, 0);
    CU_ASSERT_EQUAL(ot_snapshot_verify(snapshot, NULL), OT_OK);
    ot_snapshot_unref(snapshot);
    snapshot_builder_clear(&builder);
}

static void a_snapshot_of_another_scope_is_not_ours(void)
{
    struct ot_snapshot *snapshot;
    struct ot_error err;

    CU_ASSERT_EQUAL(ot_snapshot_open(&snapshot, sample("scope", 1), "elsewhere", &err),
                    OT_E_SCOPE);
    CU_ASSERT_PTR_NULL(snapshot);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(err.message, "the snapshot is of test, the configuration says elsewhere"));
    CU_ASSERT_EQUAL(ot_snapshot_open(&snapshot, unit_path("absent"), NULL, &err),
                    OT_E_NO_SNAPSHOT);
}

struct image {
    uint8_t *bytes;
    size_t len;
};

static struct image load(const char *path)
{
    struct image image = {NULL, 0};
    struct stat st;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &st) != 0)
        abort();
    image.len = (size_t)st.st_size;
    image.bytes = malloc(image.len);
    if (image.bytes == NULL || read(fd, image.bytes, image.len) != st.st_size)
        abort();
    close(fd);
    return image;
}

static void store(const char *path, const struct image *image, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    if (fd < 0 || write(fd, image->bytes, len) != (ssize_t)len)
        abort();
    close(fd);
}

/* Everything a reader can ask of the sample; each answer is right or an error. Returns
 * how many errors there were and counts wrong answers. */
static unsigned ask_everything(const char *path, const struct ot_record *expected,
                               unsigned count, unsigned *wrong)
{
    struct ot_snapshot *snapshot;
    struct ot_positions found;
    struct ot_record record;
    unsigned errors = 0, i;

    if (ot_snapshot_open(&snapshot, path, "test", NULL) != OT_OK)
        return 1;
    for (i = 0; i < count; i++) {
        if (ot_snapshot_find(snapshot, OT_INDEX_ID, expected[i].field[OT_FIELD_ID], none,
                             &found, NULL) != OT_OK) {
            errors++;
        } else if (found.count != 1) {
            (*wrong)++;
        } else if (ot_snapshot_record(snapshot, &found, 0, &record, NULL) != OT_OK) {
            errors++;
        } else if (record.flags != expected[i].flags ||
                   !ot_span_equal(record.field[OT_FIELD_DER],
                                  expected[i].field[OT_FIELD_DER])) {
            (*wrong)++;
        }
    }
    if (ot_snapshot_all(snapshot, &found, NULL) != OT_OK)
        errors++;
    else
        *wrong += found.count != count;
    ot_snapshot_unref(snapshot);
    return errors;
}

static void fault_42_a_flipped_bit_is_an_error_and_never_a_wrong_answer(void)
{
    const char *path = sample("good", 1), *bad = unit_path("flipped");
    struct image image = load(path);
    struct ot_snapshot *snapshot;
    struct ot_record expected[5];
    struct ot_positions all;
    unsigned wrong = 0, unverified = 0, unsummed = 0, i;
    size_t at, bit;

    CU_ASSERT_EQUAL_FATAL(ot_snapshot_open(&snapshot, path, NULL, NULL), OT_OK);
    ot_snapshot_all(snapshot, &all, NULL);
    for (i = 0; i < 5; i++)
        ot_snapshot_record(snapshot, &all, i, &expected[i], NULL);
    for (at = 0; at < image.len; at++) {
        struct ot_snapshot *flipped;

        bit = at % 8;
        image.bytes[at] ^= (uint8_t)(1u << bit);
        store(bad, &image, image.len);
        ask_everything(bad, expected, 5, &wrong);
        if (ot_snapshot_open(&flipped, bad, "test", NULL) == OT_OK) {
            unverified += ot_snapshot_verify(flipped, NULL) != OT_E_CORRUPT;
            unsummed += ot_snapshot_check_sum(flipped, NULL) != OT_E_CORRUPT;
            ot_snapshot_unref(flipped);
        }
        image.bytes[at] ^= (uint8_t)(1u << bit);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(unverified, 0);
    CU_ASSERT_EQUAL(unsummed, 0); /* which ot_snapshot_record_verified relies on */
    store(bad, &image, image.len);
    CU_ASSERT_EQUAL(ask_everything(bad, expected, 5, &wrong), 0);
    CU_ASSERT_EQUAL(wrong, 0);
    ot_snapshot_unref(snapshot);
    free(image.bytes);
}

static void fault_42_a_truncated_file_or_another_version_is_refused(void)
{
    struct image image = load(sample("whole", 1));
    const char *bad = unit_path("short");
    struct ot_snapshot *snapshot;
    struct ot_error err;
    char version[32];
    size_t len;

    for (len = 0; len < image.len; len += 97) {
        store(bad, &image, len);
        CU_ASSERT_EQUAL(ot_snapshot_open(&snapshot, bad, NULL, &err), OT_E_CORRUPT);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, bad));
    }
    image.bytes[OT_FORMAT_HEAD_AT + OT_FORMAT_H_VERSION]++;
    store(bad, &image, image.len);
    CU_ASSERT_EQUAL(ot_snapshot_open(&snapshot, bad, NULL, &err), OT_E_CORRUPT);
    snprintf(version, sizeof(version), "version %u", OT_FORMAT_VERSION + 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, version));
    free(image.bytes);
}

static void fault_43_a_mapped_snapshot_survives_its_replacement(void)
{
    const char *path = sample("replaced", 1);
    struct ot_snapshot *old, *fresh;
    struct stat st;

    CU_ASSERT_EQUAL_FATAL(ot_snapshot_open(&old, path, NULL, NULL), OT_OK);
    sample("replaced", 2);
    CU_ASSERT_EQUAL_FATAL(ot_snapshot_open(&fresh, path, NULL, NULL), OT_OK);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_FALSE(ot_snapshot_is_file(old, &st));
    CU_ASSERT_TRUE(ot_snapshot_is_file(fresh, &st));
    CU_ASSERT_EQUAL(ot_snapshot_verify(old, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_snapshot_verify(fresh, NULL), OT_OK);
    ot_snapshot_unref(old);
    ot_snapshot_unref(fresh);
}

static void fault_40_41_links_and_strangers_files_are_refused(void)
{
    const char *path = sample("owned", 1), *link = unit_path("link");
    struct ot_snapshot *snapshot;
    struct ot_error err;

    CU_ASSERT_EQUAL(symlink(path, link), 0);
    CU_ASSERT_EQUAL(ot_snapshot_open(&snapshot, link, NULL, &err), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(mkfifo(unit_path("fifo"), 0600), 0);
    CU_ASSERT_EQUAL(ot_snapshot_open(&snapshot, unit_path("fifo"), NULL, &err),
                    OT_E_UNSAFE);
    CU_ASSERT_EQUAL(chmod(path, unit_group_has_others() ? 0664 : 0646), 0);
    CU_ASSERT_EQUAL(ot_snapshot_open(&snapshot, path, NULL, &err), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
    CU_ASSERT_EQUAL(ot_snapshot_open(&snapshot, path, NULL, &err), OT_OK);
    ot_snapshot_unref(snapshot);
    if (geteuid() != 0) {
        unit_skip("a stranger's file, which needs root to make one");
        return;
    }
    CU_ASSERT_EQUAL(chown(path, 65534, 65534), 0);
    CU_ASSERT_EQUAL(ot_snapshot_open(&snapshot, path, NULL, &err), OT_E_UNSAFE);
}

/* The order that GnuTLS and OpenSSL rely on starts here: newest valid_at first. */
static void the_list_of_all_is_newest_first(void)
{
    static const char *const from[] = {"20200101000000Z", "20240101000000Z",
                                       "19990101000000Z", "20220101000000Z"};
    struct snapshot_builder builder = {NULL, NULL, NULL, 0};
    const char *path = unit_path("order");
    struct ot_snapshot *snapshot;
    struct ot_positions all;
    struct ot_record record;
    int64_t before = INT64_MAX;
    uint32_t i;

    for (i = 0; i < 4; i++) {
        X509 *x509 = certs_new("Same", 1 + (long)i);
        uint8_t *der;
        size_t len;

        certs_set_validity(x509, from[i], "20491231235959Z");
        der = certs_finish(x509, &len);
        snapshot_builder_add(&builder, der, len, NULL, OT_RECORD_ACTIVE);
        free(der);
    }
    snapshot_builder_write(&builder, path, 1);
    CU_ASSERT_EQUAL_FATAL(ot_snapshot_open(&snapshot, path, NULL, NULL), OT_OK);
    ot_snapshot_all(snapshot, &all, NULL);
    for (i = 0; i < all.count; i++) {
        ot_snapshot_record(snapshot, &all, i, &record, NULL);
        CU_ASSERT_TRUE(record.valid_at < before);
        before = record.valid_at;
    }
    ot_snapshot_unref(snapshot);
    snapshot_builder_clear(&builder);
}

static void fault_39_a_snapshot_that_cannot_be_written_says_so(void)
{
    struct ot_error err;

    CU_ASSERT_EQUAL(ot_snapshot_write(unit_path("no/dir"), "test", 0, NULL, 0, 1, &err),
                    OT_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "cannot create"));
}

static const struct unit_case cases[] = {
    {"what_is_written_is_read", what_is_written_is_read},
    {"every_index_finds_every_record", every_index_finds_every_record},
    {"each_record_leads_to_the_next", each_record_leads_to_the_next},
    {"an_empty_snapshot_is_one", an_empty_snapshot_is_one},
    {"a_snapshot_of_another_scope_is_not_ours", a_snapshot_of_another_scope_is_not_ours},
    {"fault_42_a_flipped_bit_is_an_error_and_never_a_wrong_answer",
     fault_42_a_flipped_bit_is_an_error_and_never_a_wrong_answer},
    {"fault_42_a_truncated_file_or_another_version_is_refused",
     fault_42_a_truncated_file_or_another_version_is_refused},
    {"fault_43_a_mapped_snapshot_survives_its_replacement",
     fault_43_a_mapped_snapshot_survives_its_replacement},
    {"fault_40_41_links_and_strangers_files_are_refused",
     fault_40_41_links_and_strangers_files_are_refused},
    {"the_list_of_all_is_newest_first", the_list_of_all_is_newest_first},
    {"fault_39_a_snapshot_that_cannot_be_written_says_so",
     fault_39_a_snapshot_that_cannot_be_written_says_so},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("snapshot", cases, argc, argv);
}

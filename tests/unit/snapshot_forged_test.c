/* Snapshots that somebody forged, with checksums that are right: what is read of them
 * ends soon, whatever they say. */
#include <cdb.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "snapshot/search.h"
#include "snapshot/snapshot_format.h"
#include "sync/snapshot_write.h"
#include "unit.h"

/* What a search may take that would take hours, sanitized and on a busy machine. */
#define SOON_S 20.0

/* A database in the making; the directory lies at its beginning. */
struct forgery {
    uint8_t *bytes;
    size_t len, room, data_end;
};

static void *append(struct forgery *f, size_t len)
{
    if (f->len + len > f->room) {
        f->room = 2 * (f->len + len);
        f->bytes = realloc(f->bytes, f->room);
        if (f->bytes == NULL)
            abort();
    }
    memset(f->bytes + f->len, 0, len);
    f->len += len;
    return f->bytes + f->len - len;
}

/* An entry; returns where its value is. */
static size_t add_entry(struct forgery *f, const void *key, size_t key_len,
                        const void *value, size_t len)
{
    uint8_t *entry = append(f, OT_FORMAT_ENTRY_LEN + key_len + len);

    ot_put_u32(entry, (uint32_t)key_len);
    ot_put_u32(entry + 4, (uint32_t)len);
    memcpy(entry + OT_FORMAT_ENTRY_LEN, key, key_len);
    memcpy(entry + OT_FORMAT_ENTRY_LEN + key_len, value, len);
    return f->len - len;
}

static void begin(struct forgery *f, uint32_t total)
{
    uint8_t head[OT_FORMAT_H_SCOPE + 4] = {0};

    *f = (struct forgery){NULL, 0, 0, 0};
    append(f, OT_FORMAT_DIRECTORY_LEN);
    ot_put_u32(head + OT_FORMAT_H_MAGIC, OT_FORMAT_MAGIC);
    ot_put_u32(head + OT_FORMAT_H_VERSION, OT_FORMAT_VERSION);
    ot_put_u32(head + OT_FORMAT_H_COUNTS, total);
    memcpy(head + OT_FORMAT_H_SCOPE, "test", 4);
    add_entry(f, "H", 1, head, sizeof(head));
}

/* A list with its checksum; returns the position of the entry. */
static size_t add_list(struct forgery *f, const void *key, size_t key_len,
                       const uint32_t *positions, size_t count)
{
    uint8_t *value = calloc(1, OT_FORMAT_SUM_LEN + 4 * count);
    size_t at = f->len, i;

    for (i = 0; i < count; i++)
        ot_put_u32(value + OT_FORMAT_SUM_LEN + 4 * i, positions[i]);
    ot_put_u64(value, XXH3_64bits(value + OT_FORMAT_SUM_LEN, 4 * count));
    add_entry(f, key, key_len, value, OT_FORMAT_SUM_LEN + 4 * count);
    free(value);
    return at;
}

static uint32_t add_record(struct forgery *f, const char *id, const char *name,
                           size_t der_len)
{
    uint8_t *der = calloc(1, der_len), digests[OT_DIGESTS_LEN] = {1}, *bytes;
    struct ot_record record = {.flags = OT_RECORD_ACTIVE | OT_RECORD_CA,
                               .expires_at = INT64_MAX};
    size_t len, at, i;

    for (i = 0; i < OT_FIELD_COUNT; i++)
        record.field[i] = ot_span_str("0");
    record.field[OT_FIELD_ID] = ot_span_str(id);
    record.field[OT_FIELD_NAME] = ot_span_str(name);
    record.field[OT_FIELD_DER] = ot_span_of(der, der_len);
    record.field[OT_FIELD_DIGESTS] = ot_span_of(digests, sizeof(digests));
    record.field[OT_FIELD_ORIGINAL_DIGESTS] = ot_span_of(digests, sizeof(digests));
    len = ot_record_encoded_len(&record);
    bytes = malloc(len);
    ot_record_encode(&record, bytes);
    at = add_entry(f, "R0000", 5, bytes, len);
    free(bytes);
    free(der);
    return (uint32_t)at;
}

static void end_entries(struct forgery *f)
{
    f->data_end = f->len;
    for (size_t table = 0; table < OT_FORMAT_TABLES; table++)
        ot_put_u32(f->bytes + 8 * table, (uint32_t)f->data_end);
}

/* The hash table that a key belongs to: slots that all lead to one entry. */
static void add_table(struct forgery *f, const void *key, size_t key_len, size_t entry,
                      size_t slots)
{
    uint32_t hash = cdb_hash(key, (unsigned)key_len);
    size_t at = f->len, i;
    uint8_t *table = append(f, slots * OT_FORMAT_SLOT_LEN);

    for (i = 0; i < slots; i++) {
        ot_put_u32(table + OT_FORMAT_SLOT_LEN * i, hash);
        ot_put_u32(table + OT_FORMAT_SLOT_LEN * i + 4, (uint32_t)entry);
    }
    ot_put_u32(f->bytes + 8 * (hash % OT_FORMAT_TABLES), (uint32_t)at);
    ot_put_u32(f->bytes + 8 * (hash % OT_FORMAT_TABLES) + 4, (uint32_t)slots);
}

static struct ot_snapshot *seal(struct forgery *f)
{
    size_t blocks = ot_format_blocks(f->len - f->data_end);
    uint8_t *sums = calloc(blocks + 1, OT_FORMAT_BLOCK_SUM_LEN);
    const char *path = unit_path("forged");
    struct ot_error err = OT_ERROR_INIT;
    struct ot_snapshot *snapshot = NULL;
    FILE *file = fopen(path, "wb");

    ot_snapshot_seal(f->bytes, f->len, sums);
    if (file == NULL || fwrite(f->bytes, 1, f->len, file) != f->len ||
        fwrite(sums, OT_FORMAT_BLOCK_SUM_LEN, blocks, file) != blocks ||
        fclose(file) != 0)
        abort();
    free(sums);
    free(f->bytes);
    CU_ASSERT_EQUAL(ot_snapshot_open(&snapshot, path, "test", &err), OT_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(snapshot);
    return snapshot;
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)(now.tv_sec - start->tv_sec) +
           (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* A state of the hash, and the two last bytes that lead from it to the one that is
 * wanted. */
struct way {
    uint32_t state;
    uint16_t bytes;
};

static int compare_ways(const void *a, const void *b)
{
    const struct way *x = a, *y = b;

    return (x->state > y->state) - (x->state < y->state);
}

/* Makes the last eight bytes of a long key such that it has this hash: from the front and
 * from the back until they meet. */
static void end_with_hash(uint8_t *key, size_t len, uint32_t wanted)
{
    static struct way ways[65536], *way;
    const uint32_t inverse = 0x3e0f83e1; /* of 33, by which each step multiplies */
    uint32_t prefix = cdb_hash(key, (unsigned)(len - 8)), i;
    struct way meet = {0, 0};
    uint64_t tried;

    CU_ASSERT_EQUAL_FATAL(inverse * 33, 1);
    for (i = 0; i < 65536; i++)
        ways[i] = (struct way){(((wanted ^ (i >> 8)) * inverse) ^ (i & 0xff)) * inverse,
                               (uint16_t)i};
    qsort(ways, 65536, sizeof(ways[0]), compare_ways);
    for (tried = 0, way = NULL; way == NULL; tried++) {
        for (meet.state = prefix, i = 0; i < 6; i++)
            meet.state = (meet.state * 33) ^ (tried * 0x9e3779b97f4a7c15 >> 8 * i & 0xff);
        way = bsearch(&meet, ways, 65536, sizeof(ways[0]), compare_ways);
    }
    for (i = 0; i < 6; i++)
        key[len - 8 + i] = (uint8_t)((tried - 1) * 0x9e3779b97f4a7c15 >> 8 * i);
    key[len - 2] = (uint8_t)(way->bytes & 0xff);
    key[len - 1] = (uint8_t)(way->bytes >> 8);
    CU_ASSERT_EQUAL_FATAL(cdb_hash(key, (unsigned)len), wanted);
}

/* A million slots of one hash, which lead to a key of 4 MB with that hash. */
static void fault_74_a_long_key_under_many_slots(void)
{
    enum { KEY_LEN = 4 << 20, SLOTS = 1000000 };
    uint8_t wanted[OT_FORMAT_KEY_LEN], *key = calloc(1, KEY_LEN);
    struct ot_positions found;
    struct ot_snapshot *snapshot;
    struct timespec start;
    struct forgery f;
    size_t at;

    ot_format_key(wanted, (char)OT_INDEX_ID, ot_span_str("cert_a"), ot_span_str(NULL));
    end_with_hash(key, KEY_LEN, cdb_hash(wanted, sizeof(wanted)));
    begin(&f, 0);
    at = f.len;
    add_entry(&f, key, KEY_LEN, "", 0);
    end_entries(&f);
    add_table(&f, wanted, sizeof(wanted), at, SLOTS);
    snapshot = seal(&f);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    CU_ASSERT_EQUAL(ot_snapshot_find(snapshot, OT_INDEX_ID, ot_span_str("cert_a"),
                                     ot_span_str(NULL), &found, NULL),
                    OT_E_CORRUPT);
    CU_ASSERT(seconds_since(&start) < SOON_S);
    ot_snapshot_unref(snapshot);
    free(key);
}

/* The same with a short key of another hash's slots between: no table is searched to its
 * end. */
static void fault_74_a_full_table_is_not_searched_to_its_end(void)
{
    enum { SLOTS = 3000000, SEARCHES = 2000 };
    uint8_t wanted[OT_FORMAT_KEY_LEN], other[OT_FORMAT_KEY_LEN] = {'i'};
    struct ot_positions found;
    struct ot_snapshot *snapshot;
    struct timespec start;
    struct forgery f;
    size_t at, i;

    ot_format_key(wanted, (char)OT_INDEX_ID, ot_span_str("cert_a"), ot_span_str(NULL));
    do /* another hash of the same table */
        ot_put_u32(other + 1, ot_get_u32(other + 1) + 1);
    while (cdb_hash(other, sizeof(other)) % OT_FORMAT_TABLES !=
           cdb_hash(wanted, sizeof(wanted)) % OT_FORMAT_TABLES);
    begin(&f, 0);
    at = add_list(&f, other, sizeof(other), NULL, 0);
    end_entries(&f);
    add_table(&f, other, sizeof(other), at, SLOTS);
    snapshot = seal(&f);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    for (i = 0; i < SEARCHES; i++)
        CU_ASSERT_EQUAL(ot_snapshot_find(snapshot, OT_INDEX_ID, ot_span_str("cert_a"),
                                         ot_span_str(NULL), &found, NULL),
                        OT_E_CORRUPT);
    CU_ASSERT(seconds_since(&start) < SOON_S);
    ot_snapshot_unref(snapshot);
}

/* What comes of all records under a list of these positions: hits, or -1 when the list is
 * refused. */
static int search_listed(struct forgery *f, const uint32_t *positions, uint32_t count)
{
    struct ot_query all = {.state = OT_STATE_ALL, .digest = OT_DIGEST_COUNT};
    size_t at = add_list(f, "L", 1, positions, count);
    struct ot_snapshot *snapshot;
    struct ot_search search;
    struct ot_record record;
    enum ot_status status;
    int hits = -1;

    end_entries(f);
    add_table(f, "L", 1, at, 4);
    snapshot = seal(f);
    if (ot_search_init(&search, snapshot, &all, 1, NULL) == OT_OK) {
        hits = 0;
        while ((status = ot_search_next(&search, &record, NULL, NULL)) != OT_E_NOT_FOUND)
            hits += status == OT_OK;
        ot_search_clear(&search);
    }
    ot_snapshot_unref(snapshot);
    return hits;
}

/* A record a hundred thousand times, and two in turns: nobody reads a byte of the file
 * for each time that a list leads there. */
static void fault_74_a_list_that_repeats_itself(void)
{
    enum { COUNT = 100000 };
    uint32_t *positions = calloc(COUNT, sizeof(*positions)), a, b;
    struct timespec start;
    struct forgery f;
    unsigned turns, i;

    for (turns = 1; turns <= 2; turns++) {
        begin(&f, COUNT);
        a = add_record(&f, "cert_a", "A", 60000);
        b = add_record(&f, "cert_b", "B", 60000);
        for (i = 0; i < COUNT; i++)
            positions[i] = i % turns == 0 ? a : b;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
        CU_ASSERT_EQUAL(search_listed(&f, positions, COUNT), -1);
        CU_ASSERT(seconds_since(&start) < SOON_S / 4);
    }
    begin(&f, 2);
    positions[0] = add_record(&f, "cert_a", "A", 60000);
    positions[1] = add_record(&f, "cert_b", "B", 60000);
    CU_ASSERT_EQUAL(search_listed(&f, positions, 2), 2); /* else nothing is shown */
    free(positions);
}

/* A list of a million positions, which is looked up once for each record: it is not read
 * as often. */
static void fault_74_a_long_list_is_not_read_for_each_record(void)
{
    enum { COUNT = 1000000, LOOKS = 50000 };
    uint8_t key[OT_FORMAT_KEY_LEN], number[4] = {1};
    uint32_t *positions = calloc(COUNT, sizeof(*positions)), i;
    struct ot_positions found;
    struct ot_snapshot *snapshot;
    struct timespec start;
    struct forgery f;
    size_t at;

    for (i = 0; i < COUNT; i++)
        positions[i] = i;
    begin(&f, 0);
    ot_format_key(key, (char)OT_INDEX_NUMBER, ot_span_of(number, 4), ot_span_str(NULL));
    at = add_list(&f, key, sizeof(key), positions, COUNT);
    end_entries(&f);
    add_table(&f, key, sizeof(key), at, 2);
    snapshot = seal(&f);
    CU_ASSERT_EQUAL(ot_snapshot_find_few(snapshot, OT_INDEX_NUMBER, ot_span_of(number, 4),
                                         &found, NULL),
                    OT_OK);
    CU_ASSERT_EQUAL(found.count, COUNT);
    CU_ASSERT_PTR_NULL(found.data);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    for (i = 0; i < LOOKS; i++)
        CU_ASSERT_EQUAL(ot_snapshot_find_number(snapshot, 1, &found, NULL), OT_E_CORRUPT);
    CU_ASSERT(seconds_since(&start) < SOON_S);
    ot_snapshot_unref(snapshot);
    free(positions);
}

/* A record that lies inside another one is there once: that one is cut short. */
static void fault_74_records_that_overlap(void)
{
    uint32_t positions[2];
    struct forgery f;

    begin(&f, 2);
    positions[0] = add_record(&f, "cert_a", "A", 2000);
    positions[1] = positions[0] + 1000;
    CU_ASSERT_EQUAL(search_listed(&f, positions, 2), 0);
}

static const struct unit_case cases[] = {
    {"fault_74_a_long_key_under_many_slots", fault_74_a_long_key_under_many_slots},
    {"fault_74_a_full_table_is_not_searched_to_its_end",
     fault_74_a_full_table_is_not_searched_to_its_end},
    {"fault_74_a_list_that_repeats_itself", fault_74_a_list_that_repeats_itself},
    {"fault_74_a_long_list_is_not_read_for_each_record",
     fault_74_a_long_list_is_not_read_for_each_record},
    {"fault_74_records_that_overlap", fault_74_records_that_overlap},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("snapshot forged", cases, argc, argv);
}

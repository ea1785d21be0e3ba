/* A constant database of any bytes with a head and checksums that fit it, so that the
 * reader's other checks are reached: no crash, no read outside the file. The mutator
 * also makes the checksums of records and lists fit, which are part of the bytes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "snapshot/search.h"
#include "snapshot/snapshot_format.h"
#include "sync/snapshot_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed);

#define NOW 1750000000
#define LEAST_LEN (OT_FORMAT_HEAD_AT + OT_FORMAT_H_SCOPE)

static char path[64];

static void make_path(void)
{
    if (path[0] != '\0')
        return;
    strcpy(path, "/tmp/orgtrust-fuzz-XXXXXX");
    if (mkdtemp(path) == NULL)
        abort();
    strcat(path, "/snapshot");
}

/* Makes the first entry a head, of the length that the bytes say where that can be. */
static void make_head(uint8_t *bytes, size_t size)
{
    uint8_t *entry = bytes + OT_FORMAT_DIRECTORY_LEN;
    size_t len = ot_get_u32(entry + 4), most = size - OT_FORMAT_HEAD_AT;

    if (len < OT_FORMAT_H_SCOPE || len > most)
        len = OT_FORMAT_H_SCOPE;
    ot_put_u32(entry, 1);
    ot_put_u32(entry + 4, (uint32_t)len);
    entry[OT_FORMAT_ENTRY_LEN] = 'H';
    ot_put_u32(bytes + OT_FORMAT_HEAD_AT + OT_FORMAT_H_MAGIC, OT_FORMAT_MAGIC);
    ot_put_u32(bytes + OT_FORMAT_HEAD_AT + OT_FORMAT_H_VERSION, OT_FORMAT_VERSION);
    if (ot_get_u32(bytes) > size) /* there the tables begin */
        ot_put_u32(bytes, (uint32_t)size);
}

struct entry {
    char kind; /* the first letter of its key */
    uint8_t *value;
    size_t len;
};

/* The entry at *at, which moves behind it; false: there is none. */
static bool next_entry(uint8_t *bytes, size_t end, size_t *at, struct entry *entry)
{
    size_t left = end - *at, key_len, len;

    if (left < OT_FORMAT_ENTRY_LEN)
        return false;
    left -= OT_FORMAT_ENTRY_LEN;
    key_len = ot_get_u32(bytes + *at);
    len = ot_get_u32(bytes + *at + 4);
    if (key_len == 0 || key_len > left || len > left - key_len)
        return false;
    *entry = (struct entry){(char)bytes[*at + OT_FORMAT_ENTRY_LEN],
                            bytes + *at + OT_FORMAT_ENTRY_LEN + key_len, len};
    *at += OT_FORMAT_ENTRY_LEN + key_len + len;
    return true;
}

static void make_sum(const struct entry *entry)
{
    static const struct ot_record empty;

    if (entry->kind == 'R' && entry->len >= ot_record_encoded_len(&empty))
        ot_record_seal(entry->value, entry->len);
    else if (entry->kind != 'R' && entry->len >= OT_FORMAT_SUM_LEN)
        ot_put_u64(entry->value, ot_format_value_sum(entry->value, entry->len));
}

/* One value is changed and stays where it is, as whatever leads to it does. */
static void mutate_entry(uint8_t *bytes, size_t end, size_t number)
{
    size_t at = OT_FORMAT_DIRECTORY_LEN, count = 0;
    struct entry entry;

    while (next_entry(bytes, end, &at, &entry))
        count++;
    if (count == 0)
        return;
    at = OT_FORMAT_DIRECTORY_LEN;
    for (size_t i = 0; i <= number % count; i++)
        next_entry(bytes, end, &at, &entry);
    if (entry.len > 0)
        LLVMFuzzerMutate(entry.value, entry.len, entry.len);
}

static void fill(struct ot_record *record, const char *id, const char *name)
{
    static const uint8_t digests[OT_DIGESTS_LEN] = {1};

    for (size_t i = 0; i < OT_FIELD_COUNT; i++)
        record->field[i] = ot_span_str("0");
    record->field[OT_FIELD_ID] = ot_span_str(id);
    record->field[OT_FIELD_NAME] = ot_span_str(name);
    record->field[OT_FIELD_SUBJECT] =
        ot_span_of("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"
                   "A",
                   14);
    record->field[OT_FIELD_ISSUER] = record->field[OT_FIELD_SUBJECT];
    record->field[OT_FIELD_SERIAL] = ot_span_of("\x02\x02\xff\x05", 4);
    record->field[OT_FIELD_DIGESTS] = ot_span_of(digests, sizeof(digests));
}

/* A whole snapshot of the present format, as the product writes it, without the checksums
 * at its end; or as much of it as fits. */
static size_t begin_anew(uint8_t *data, size_t max_size)
{
    static uint8_t whole[8192];
    static size_t len;
    struct ot_record records[2] = {{.flags = OT_RECORD_ACTIVE, .valid_at = 1},
                                   {.flags = OT_RECORD_CA, .expires_at = INT64_MAX}};
    FILE *file;

    if (len == 0) {
        make_path();
        fill(&records[0], "cert_0", "A");
        fill(&records[1], "cert_1", "A");
        if (ot_snapshot_write(path, "fuzz", 0, records, 2, NOW, NULL) != OT_OK ||
            (file = fopen(path, "rb")) == NULL)
            abort();
        if (fread(whole, 1, sizeof(whole), file) < LEAST_LEN)
            abort();
        fclose(file);
        len = ot_get_u64(whole + OT_FORMAT_HEAD_AT + OT_FORMAT_H_DATABASE);
        if (len > sizeof(whole))
            abort();
    }
    if (len < max_size)
        max_size = len;
    memcpy(data, whole, max_size);
    return max_size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    size_t at = OT_FORMAT_DIRECTORY_LEN, end;
    struct entry entry;

    if (seed % 256 == 1)
        size = begin_anew(data, max_size);
    if (size < LEAST_LEN || seed % 4 == 0)
        size = LLVMFuzzerMutate(data, size, max_size);
    if (size < LEAST_LEN)
        return size;
    make_head(data, size);
    end = ot_get_u32(data) < OT_FORMAT_DIRECTORY_LEN ? size : ot_get_u32(data);
    if (seed % 4 != 0)
        mutate_entry(data, end, seed / 4);
    while (next_entry(data, end, &at, &entry))
        make_sum(&entry);
    return size;
}

static void write_file(const uint8_t *data, size_t size)
{
    size_t sums_len = (size / OT_FORMAT_BLOCK_LEN + 1) * OT_FORMAT_BLOCK_SUM_LEN;
    uint8_t *bytes = malloc(size), *sums = malloc(sums_len);
    int fd;

    if (bytes == NULL || sums == NULL)
        abort();
    make_path();
    memcpy(bytes, data, size);
    make_head(bytes, size);
    ot_snapshot_seal(bytes, size, sums);
    sums_len = ot_format_blocks(size - ot_get_u32(bytes)) * OT_FORMAT_BLOCK_SUM_LEN;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size ||
        write(fd, sums, sums_len) != (ssize_t)sums_len)
        abort();
    close(fd);
    free(bytes);
    free(sums);
}

/* All that a query finds; the first of it, if there is any. */
static bool search(struct ot_snapshot *snapshot, const struct ot_query *query,
                   struct ot_record *first)
{
    struct ot_search search;
    struct ot_record record;
    enum ot_status status;
    bool found = false;

    if (ot_search_init(&search, snapshot, query, NOW, NULL) != OT_OK)
        return false;
    do {
        status = ot_search_next(&search, &record, NULL, NULL);
        if (status == OT_OK && !found)
            *first = record;
        found |= status == OT_OK;
    } while (status != OT_E_NOT_FOUND);
    ot_search_clear(&search);
    return found;
}

/* Every other way to the record, by what it says itself. */
static void search_for(struct ot_snapshot *snapshot, const struct ot_record *record)
{
    const struct ot_query all = {.state = OT_STATE_ALL, .digest = OT_DIGEST_COUNT};
    const struct ot_span *field = record->field;
    struct ot_query query = all;
    struct ot_positions list;
    struct ot_record found;

    query.id = field[OT_FIELD_ID];
    search(snapshot, &query, &found);
    query = all;
    query.alias = field[OT_FIELD_LABEL];
    search(snapshot, &query, &found);
    query = all;
    query.subject = field[OT_FIELD_SUBJECT];
    search(snapshot, &query, &found);
    query = all;
    query.issuer = field[OT_FIELD_ISSUER];
    query.serial = field[OT_FIELD_SERIAL];
    search(snapshot, &query, &found);
    query = all;
    query.fingerprint = ot_record_digest(record, OT_DIGEST_MD5);
    search(snapshot, &query, &found);
    query.digest = OT_DIGEST_SHA2_256;
    query.fingerprint = ot_record_digest(record, OT_DIGEST_SHA2_256);
    search(snapshot, &query, &found);
    ot_snapshot_find_number(snapshot, ot_record_number(record), &list, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_query all = {.state = OT_STATE_ALL, .digest = OT_DIGEST_COUNT}, one = all;
    struct ot_snapshot *snapshot;
    struct ot_record record;

    if (size < LEAST_LEN)
        return 0;
    write_file(data, size);
    if (ot_snapshot_open(&snapshot, path, NULL, NULL) == OT_OK) {
        ot_snapshot_verify(snapshot, NULL);
        if (search(snapshot, &all, &record))
            search_for(snapshot, &record);
        one.alias = ot_span_str("cert_0");
        search(snapshot, &one, &record);
        one = all;
        one.subject = ot_span_of("\x30\x00", 2);
        search(snapshot, &one, &record);
        ot_snapshot_unref(snapshot);
    }
    return 0;
}

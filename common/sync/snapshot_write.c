#include "sync/snapshot_write.h"

#include <cdb.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/span.h"
#include "cert/label.h"
#include "files/file.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "snapshot/snapshot_format.h"

/* An index entry before grouping: a record's position under a key. */
struct mark {
    uint8_t key[OT_FORMAT_KEY_LEN];
    uint32_t position;
};

struct writer {
    struct ot_file file;
    struct cdb_make cdb;
    const char *scope;
    uint64_t limits;
    size_t at; /* where the next entry starts */
    struct mark *marks;
    size_t mark_count;  /* at most INDEXES_PER_RECORD for each record */
    uint8_t *positions; /* of all records, as "L" holds them */
};

#define INDEXES_PER_RECORD 15

static enum ot_status put_pair(struct writer *w, const void *key, size_t key_len,
                               const void *value, size_t len, struct ot_error *err)
{
    if (w->at + OT_FORMAT_ENTRY_LEN + key_len + len > OT_SNAPSHOT_BYTES_MAX)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "the certificates do not fit into one snapshot of 4 GB");
    if (cdb_make_add(&w->cdb, key, (unsigned)key_len, value, (unsigned)len) != 0)
        return ot_error_errno(err, OT_E_IO, errno,
                              "cannot write %s, which stays as it was", w->file.path);
    w->at += OT_FORMAT_ENTRY_LEN + key_len + len;
    return OT_OK;
}

/* An entry whose value is preceded by its checksum; value has room for it in front. */
static enum ot_status put_summed(struct writer *w, const void *key, size_t key_len,
                                 uint8_t *value, size_t len, struct ot_error *err)
{
    ot_put_u64(value, ot_format_value_sum(value, OT_FORMAT_SUM_LEN + len));
    return put_pair(w, key, key_len, value, OT_FORMAT_SUM_LEN + len, err);
}

/* Absent where it is the one that is handed out, too. */
static struct ot_span original_digest(const struct ot_record *record,
                                      enum ot_digest digest)
{
    return record->field[OT_FIELD_ORIGINAL].data != NULL
               ? ot_record_original_digest(record, digest)
               : OT_SPAN_ABSENT;
}

/* The position of a record under each term that it has. */
static void mark_record(struct writer *w, const struct ot_record *record,
                        uint32_t position)
{
    const struct ot_span *field = record->field;
    uint8_t number[4] = {0};
    const struct {
        enum ot_index index;
        struct ot_span term, more;
    } terms[] = {
        {OT_INDEX_NUMBER, ot_span_of(number, sizeof(number)), OT_SPAN_ABSENT},
        {OT_INDEX_ID, field[OT_FIELD_ID], OT_SPAN_ABSENT},
        {OT_INDEX_NAME, field[OT_FIELD_NAME], OT_SPAN_ABSENT},
        {OT_INDEX_LABEL, field[OT_FIELD_LABEL], OT_SPAN_ABSENT},
        /* A quarantined one has nothing of the following. */
        {OT_INDEX_SUBJECT, field[OT_FIELD_SUBJECT], OT_SPAN_ABSENT},
        {OT_INDEX_SERIAL, field[OT_FIELD_ISSUER], field[OT_FIELD_SERIAL]},
        {OT_INDEX_SUBJECT_CANON, field[OT_FIELD_SUBJECT_CANON], OT_SPAN_ABSENT},
        {OT_INDEX_SERIAL_CANON, field[OT_FIELD_ISSUER_CANON],
         field[OT_FIELD_SERIAL_MAGNITUDE]},
        {OT_INDEX_SHA1, ot_record_digest(record, OT_DIGEST_SHA1), OT_SPAN_ABSENT},
        {OT_INDEX_SHA2_256, ot_record_digest(record, OT_DIGEST_SHA2_256), OT_SPAN_ABSENT},
        {OT_INDEX_SHA1, original_digest(record, OT_DIGEST_SHA1), OT_SPAN_ABSENT},
        {OT_INDEX_SHA2_256, original_digest(record, OT_DIGEST_SHA2_256), OT_SPAN_ABSENT},
        {OT_INDEX_KEY_ID, field[OT_FIELD_KEY_ID], OT_SPAN_ABSENT},
        {OT_INDEX_SPKI, field[OT_FIELD_SPKI], OT_SPAN_ABSENT},
        {OT_INDEX_DER, field[OT_FIELD_DER], OT_SPAN_ABSENT},
    };
    _Static_assert(sizeof(terms) / sizeof(terms[0]) == INDEXES_PER_RECORD,
                   "marks have room for another number of indexes");

    ot_put_u32(number, (uint32_t)ot_record_number(record));
    for (size_t i = 0; i < INDEXES_PER_RECORD; i++) {
        struct mark *mark = &w->marks[w->mark_count];

        if (terms[i].term.data == NULL)
            continue;
        ot_format_key(mark->key, (char)terms[i].index, terms[i].term, terms[i].more);
        mark->position = position;
        w->mark_count++;
    }
}

static enum ot_status put_record(struct writer *w, const struct ot_record *record,
                                 uint32_t number, struct ot_error *err)
{
    size_t len = ot_record_encoded_len(record);
    uint8_t key[OT_FORMAT_RECORD_KEY_LEN] = {'R'}, *bytes = malloc(len);
    size_t position = w->at + OT_FORMAT_ENTRY_LEN + sizeof(key);
    enum ot_status status;

    if (bytes == NULL)
        return ot_error_nomem(err);
    ot_record_encode(record, bytes);
    ot_put_u32(key + 1, number);
    status = put_pair(w, key, sizeof(key), bytes, len, err);
    free(bytes);
    if (status != OT_OK)
        return status;
    ot_put_u32(w->positions + OT_FORMAT_SUM_LEN + 4 * (size_t)number, (uint32_t)position);
    mark_record(w, record, (uint32_t)position);
    return OT_OK;
}

static int compare_marks(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    int order = memcmp(x->key, y->key, sizeof(x->key));

    return order != 0 ? order : (x->position > y->position) - (x->position < y->position);
}

/* Keys are hashes, so that buckets by their bits get about one mark each; the letter
 * keeps one term of several indexes apart. */
static size_t bucket_of(const struct mark *mark, size_t buckets)
{
    return (ot_get_u32(mark->key + 1) + mark->key[0] * 0x9e3779b1u) & (buckets - 1);
}

/* Where each bucket begins among count marks, and the last ends: buckets + 1 numbers;
 * NULL: no memory. */
static uint32_t *count_buckets(const struct mark *marks, size_t count, size_t buckets)
{
    uint32_t *starts = calloc(buckets + 1, sizeof(*starts));

    for (size_t i = 0; starts != NULL && i < count; i++)
        starts[bucket_of(&marks[i], buckets) + 1]++;
    for (size_t i = 0; starts != NULL && i < buckets; i++)
        starts[i + 1] += starts[i];
    return starts;
}

/* Brings marks of one key together, by position; the keys are in no order. */
static enum ot_status group_marks(struct writer *w, struct ot_error *err)
{
    struct mark *grouped = calloc(w->mark_count + 1, sizeof(*grouped));
    uint32_t *starts, first = 0;
    size_t buckets = 1;

    while (buckets < w->mark_count)
        buckets *= 2;
    starts = count_buckets(w->marks, w->mark_count, buckets);
    if (grouped == NULL || starts == NULL) {
        free(grouped);
        free(starts);
        return ot_error_nomem(err);
    }
    for (size_t i = 0; i < w->mark_count; i++) /* then each start is its bucket's end */
        grouped[starts[bucket_of(&w->marks[i], buckets)]++] = w->marks[i];
    for (size_t i = 0; i < buckets; first = starts[i++])
        if (starts[i] - first > 1)
            qsort(&grouped[first], starts[i] - first, sizeof(*grouped), compare_marks);
    free(starts);
    free(w->marks);
    w->marks = grouped;
    return OT_OK;
}

/* One entry for each key, with all positions under it. */
static enum ot_status put_indexes(struct writer *w, size_t count, struct ot_error *err)
{
    uint8_t *list = malloc(OT_FORMAT_SUM_LEN + 4 * (count + 1));
    enum ot_status status = list != NULL ? group_marks(w, err) : ot_error_nomem(err);
    size_t i, n;

    for (size_t first = 0; first < w->mark_count && status == OT_OK; first = i) {
        for (i = first, n = 0;
             i < w->mark_count &&
             memcmp(w->marks[i].key, w->marks[first].key, OT_FORMAT_KEY_LEN) == 0;
             i++)
            ot_put_u32(list + OT_FORMAT_SUM_LEN + 4 * n++, w->marks[i].position);
        status = put_summed(w, w->marks[first].key, OT_FORMAT_KEY_LEN, list, 4 * n, err);
    }
    free(list);
    return status;
}

/* The first entry, with what is known of the head by then: ot_snapshot_seal adds the
 * rest. */
static enum ot_status put_head(struct writer *w, const struct ot_record *records,
                               size_t count, struct ot_error *err)
{
    uint8_t head[OT_FORMAT_START_MAX - OT_FORMAT_HEAD_AT] = {0};
    size_t scope_len = strlen(w->scope), i;
    uint32_t active = 0, quarantined = 0, withheld = 0;

    if (scope_len > sizeof(head) - OT_FORMAT_H_SCOPE)
        return ot_error_set(err, OT_E_CONFIG, "base_url and project are too long");
    for (i = 0; i < count; i++) {
        if (records[i].flags & OT_RECORD_QUARANTINED)
            quarantined++;
        else if (records[i].flags & OT_RECORD_ACTIVE) {
            active++;
            withheld += ot_record_is_withheld(&records[i]);
        }
    }
    ot_put_u32(head + OT_FORMAT_H_MAGIC, OT_FORMAT_MAGIC);
    ot_put_u32(head + OT_FORMAT_H_VERSION, OT_FORMAT_VERSION);
    ot_put_u32(head + OT_FORMAT_H_COUNTS, (uint32_t)count);
    ot_put_u32(head + OT_FORMAT_H_COUNTS + 4, active);
    ot_put_u32(head + OT_FORMAT_H_COUNTS + 8, quarantined);
    ot_put_u32(head + OT_FORMAT_H_COUNTS + 12, withheld);
    ot_put_u64(head + OT_FORMAT_H_WRITTEN_AT, (uint64_t)time(NULL));
    ot_put_u64(head + OT_FORMAT_H_LIMITS, w->limits);
    memcpy(head + OT_FORMAT_H_SCOPE, w->scope, scope_len);
    return put_pair(w, "H", 1, head, OT_FORMAT_H_SCOPE + scope_len, err);
}

void ot_snapshot_seal(uint8_t *bytes, size_t len, uint8_t *sums)
{
    uint8_t *head = bytes + OT_FORMAT_HEAD_AT;
    size_t head_len = ot_get_u32(bytes + OT_FORMAT_DIRECTORY_LEN + 4);
    size_t data_end = ot_get_u32(bytes), tables_len = len - data_end, i;
    size_t blocks = ot_format_blocks(tables_len);
    size_t sums_len = blocks * OT_FORMAT_BLOCK_SUM_LEN;

    for (i = 0; i < blocks; i++)
        ot_put_u32(sums + i * OT_FORMAT_BLOCK_SUM_LEN,
                   ot_format_block_sum(bytes + data_end, tables_len, i));
    ot_put_u64(head + OT_FORMAT_H_LENGTH, len + sums_len);
    ot_put_u64(head + OT_FORMAT_H_DATABASE, len);
    ot_put_u64(head + OT_FORMAT_H_DIRECTORY, XXH3_64bits(bytes, OT_FORMAT_DIRECTORY_LEN));
    ot_put_u64(head + OT_FORMAT_H_WHOLE, ot_format_whole_sum(bytes, len, sums, sums_len));
    ot_put_u64(head, ot_format_value_sum(head, head_len));
}

/* Writes what belongs to the finished database, which is mapped once more for it: a copy
 * of ours where it is written to, since a write that finds the disk full must fail, not
 * raise a signal. */
static enum ot_status put_sums(struct writer *w, uint8_t *bytes, size_t len,
                               struct ot_error *err)
{
    size_t blocks = ot_format_blocks(len - ot_get_u32(bytes)), head_len;
    uint8_t *sums = malloc(blocks * OT_FORMAT_BLOCK_SUM_LEN + 1);
    enum ot_status status;

    if (sums == NULL)
        return ot_error_nomem(err);
    ot_snapshot_seal(bytes, len, sums);
    status = ot_file_write(&w->file, sums, blocks * OT_FORMAT_BLOCK_SUM_LEN, err);
    free(sums);
    head_len = ot_get_u32(bytes + OT_FORMAT_DIRECTORY_LEN + 4);
    if (status == OT_OK && lseek(w->file.fd, OT_FORMAT_HEAD_AT, SEEK_SET) < 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot write %s", w->file.path);
    return status == OT_OK
               ? ot_file_write(&w->file, bytes + OT_FORMAT_HEAD_AT, head_len, err)
               : status;
}

static enum ot_status finish_file(struct writer *w, struct ot_error *err)
{
    enum ot_status status;
    struct stat st;
    void *bytes;

    if (fstat(w->file.fd, &st) != 0 || lseek(w->file.fd, 0, SEEK_END) < 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read back %s", w->file.path);
    bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
                 w->file.fd, 0);
    if (bytes == MAP_FAILED)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read back %s", w->file.path);
    status = put_sums(w, bytes, (size_t)st.st_size, err);
    munmap(bytes, (size_t)st.st_size);
    return status;
}

/* Records with their labels, newest valid_at first; of the same time by id. */
static int compare_records(const void *a, const void *b)
{
    const struct ot_record *x = a, *y = b;
    const struct ot_span *i = &x->field[OT_FIELD_ID], *j = &y->field[OT_FIELD_ID];
    int order = (x->valid_at < y->valid_at) - (x->valid_at > y->valid_at);

    if (order == 0)
        order = memcmp(i->data, j->data, i->len < j->len ? i->len : j->len);
    return order != 0 ? order : (i->len > j->len) - (i->len < j->len);
}

static enum ot_status put_records(struct writer *w, struct ot_record *sorted,
                                  size_t count, struct ot_error *err)
{
    enum ot_status status = put_head(w, sorted, count, err);

    qsort(sorted, count, sizeof(*sorted), compare_records);
    for (uint32_t i = 0; i < count && status == OT_OK; i++)
        status = put_record(w, &sorted[i], i, err);
    if (status == OT_OK)
        status = put_summed(w, "L", 1, w->positions, 4 * count, err);
    return status == OT_OK ? put_indexes(w, count, err) : status;
}

/* The whole database into the temporary file. cdb_make_finish is called whatever happened
 * before, because it frees what tinycdb has gathered. */
static enum ot_status write_database(struct writer *w, struct ot_record *sorted,
                                     size_t count, struct ot_error *err)
{
    enum ot_status status;

    if (cdb_make_start(&w->cdb, w->file.fd) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot write %s", w->file.path);
    w->at = OT_FORMAT_DIRECTORY_LEN;
    status = put_records(w, sorted, count, err);
    /* tinycdb says ENOENT where it had no memory for its tables. */
    if (cdb_make_finish(&w->cdb) != 0 && status == OT_OK)
        status = ot_error_errno(err, OT_E_IO, errno == ENOENT ? ENOMEM : errno,
                                "cannot write %s, which stays as it was", w->file.path);
    return status == OT_OK ? finish_file(w, err) : status;
}

static enum ot_status write_file(struct writer *w, const char *path,
                                 struct ot_record *sorted, size_t count, int64_t seen_at,
                                 struct ot_error *err)
{
    struct timespec times[2] = {{.tv_sec = seen_at}, {.tv_sec = seen_at}};
    enum ot_status status = ot_file_begin(&w->file, path, 0644, err);

    if (status != OT_OK)
        return status;
    status = write_database(w, sorted, count, err);
    if (status == OT_OK && futimens(w->file.fd, times) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot set the time of %s", path);
    if (status != OT_OK) {
        ot_file_abort(&w->file);
        return status;
    }
    return ot_file_commit(&w->file, err);
}

enum ot_status ot_snapshot_write(const char *path, const char *scope, uint64_t limits,
                                 const struct ot_record *records, size_t count,
                                 int64_t seen_at, struct ot_error *err)
{
    struct ot_record *sorted = calloc(count + 1, sizeof(*sorted));
    char **labels = calloc(count + 1, sizeof(*labels));
    enum ot_status status = OT_E_NOMEM;
    struct writer w = {.scope = scope, .limits = limits};

    w.marks = calloc(count * INDEXES_PER_RECORD + 1, sizeof(*w.marks));
    w.positions = calloc(1, OT_FORMAT_SUM_LEN + 4 * (count + 1));
    if (sorted == NULL || labels == NULL || w.marks == NULL || w.positions == NULL) {
        ot_error_nomem(err);
        goto out;
    }
    status = ot_label_make(labels, records, count, err);
    if (status != OT_OK)
        goto out;
    for (size_t i = 0; i < count; i++) {
        sorted[i] = records[i];
        sorted[i].field[OT_FIELD_LABEL] = ot_span_str(labels[i]);
    }
    status = write_file(&w, path, sorted, count, seen_at, err);
out:
    if (labels != NULL)
        for (size_t i = 0; i < count; i++)
            free(labels[i]);
    free(labels);
    free(sorted);
    free(w.marks);
    free(w.positions);
    return status;
}

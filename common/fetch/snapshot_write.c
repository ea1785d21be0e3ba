#include "fetch/snapshot_write.h"

#include <cdb.h>
#include <errno.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cache/name.h"
#include "cache/snapshot.h"
#include "cache/snapshot_format.h"
#include "fetch/file.h"
#include "fetch/label.h"

/* An index entry before grouping: a record's position under a key. */
struct mark {
    uint8_t key[OT_FORMAT_KEY_LEN];
    uint32_t position;
};

struct writer {
    struct ot_file file;
    struct cdb_make cdb;
    size_t at; /* where the next entry starts */
    struct mark *marks;
    size_t mark_count, mark_room;
    uint8_t *positions; /* of all records, as "L" holds them */
};

#define INDEXES_PER_RECORD 12

static enum ot_status put(struct writer *w, const void *key, size_t key_len,
                          const void *value, size_t len, struct ot_error *err)
{
    if (w->at + OT_FORMAT_ENTRY_LEN + key_len + len > OT_SNAPSHOT_BYTES_MAX)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "the certificates do not fit into one snapshot of 4 GB");
    if (cdb_make_add(&w->cdb, key, (unsigned)key_len, value, (unsigned)len) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot write %s; nothing was changed",
                              w->file.path);
    w->at += OT_FORMAT_ENTRY_LEN + key_len + len;
    return OT_OK;
}

/* An entry whose value is preceded by its checksum; value has room for it in front. */
static enum ot_status put_summed(struct writer *w, const void *key, size_t key_len,
                                 uint8_t *value, size_t len, struct ot_error *err)
{
    ot_put_u64(value, XXH3_64bits(value + OT_FORMAT_SUM_LEN, len));
    return put(w, key, key_len, value, OT_FORMAT_SUM_LEN + len, err);
}

static void mark(struct writer *w, enum ot_index index, struct ot_span term,
                 struct ot_span more, uint32_t position)
{
    struct mark *m;

    if (term.data == NULL || w->mark_count == w->mark_room)
        return;
    m = &w->marks[w->mark_count++];
    ot_format_key(m->key, (char)index, term, more);
    m->position = position;
}

/* The serial as OpenSSL's searches carry it: the magnitude, big-endian. */
static enum ot_status mark_serial_canon(struct writer *w, const struct ot_record *record,
                                        uint32_t position, struct ot_error *err)
{
    const struct ot_span *issuer = &record->field[OT_FIELD_ISSUER];
    const struct ot_span *serial = &record->field[OT_FIELD_SERIAL];
    const unsigned char *at = serial->data;
    enum ot_status status = OT_E_NOMEM;
    uint8_t *canon = NULL, *magnitude = NULL;
    ASN1_INTEGER *number = NULL;
    size_t canon_len = 0;
    BIGNUM *bn = NULL;

    canon = ot_name_canon(issuer->data, issuer->len, &canon_len);
    number = d2i_ASN1_INTEGER(NULL, &at, (long)serial->len);
    if (number != NULL)
        bn = ASN1_INTEGER_to_BN(number, NULL);
    if (bn != NULL)
        magnitude = malloc((size_t)BN_num_bytes(bn) + 1);
    if (canon != NULL && magnitude != NULL) {
        mark(w, OT_INDEX_SERIAL_CANON, ot_span_of(canon, canon_len),
             ot_span_of(magnitude, (size_t)BN_bn2bin(bn, magnitude)), position);
        status = OT_OK;
    }
    free(magnitude);
    BN_free(bn);
    ASN1_INTEGER_free(number);
    free(canon);
    return status == OT_OK ? OT_OK : ot_error_nomem(err);
}

static enum ot_status mark_subject_canon(struct writer *w, const struct ot_record *record,
                                         uint32_t position, struct ot_error *err)
{
    const struct ot_span *subject = &record->field[OT_FIELD_SUBJECT];
    size_t len = 0;
    uint8_t *canon = ot_name_canon(subject->data, subject->len, &len);

    if (canon == NULL)
        return ot_error_nomem(err);
    mark(w, OT_INDEX_SUBJECT_CANON, ot_span_of(canon, len), ot_span_str(NULL), position);
    free(canon);
    return OT_OK;
}

static enum ot_status mark_record(struct writer *w, const struct ot_record *record,
                                  uint32_t position, struct ot_error *err)
{
    const struct ot_span *field = record->field, none = {NULL, 0};
    enum ot_status status;
    uint8_t number[4];

    ot_put_u32(number, (uint32_t)ot_record_number(record));
    mark(w, OT_INDEX_NUMBER, ot_span_of(number, sizeof(number)), none, position);
    mark(w, OT_INDEX_ID, field[OT_FIELD_ID], none, position);
    mark(w, OT_INDEX_NAME, field[OT_FIELD_NAME], none, position);
    mark(w, OT_INDEX_LABEL, field[OT_FIELD_LABEL], none, position);
    if (record->flags & OT_RECORD_QUARANTINED)
        return OT_OK;
    mark(w, OT_INDEX_SUBJECT, field[OT_FIELD_SUBJECT], none, position);
    mark(w, OT_INDEX_SERIAL, field[OT_FIELD_ISSUER], field[OT_FIELD_SERIAL], position);
    mark(w, OT_INDEX_SHA1, ot_record_digest(record, OT_DIGEST_SHA1), none, position);
    mark(w, OT_INDEX_SHA2_256, ot_record_digest(record, OT_DIGEST_SHA2_256), none,
         position);
    mark(w, OT_INDEX_KEY_ID, field[OT_FIELD_KEY_ID], none, position);
    mark(w, OT_INDEX_DER, field[OT_FIELD_DER], none, position);
    status = mark_subject_canon(w, record, position, err);
    return status == OT_OK ? mark_serial_canon(w, record, position, err) : status;
}

static enum ot_status put_record(struct writer *w, const struct ot_record *record,
                                 uint32_t number, struct ot_error *err)
{
    size_t len = ot_record_encoded_len(record);
    uint8_t key[5] = {'R'}, *bytes = malloc(len);
    size_t position = w->at + OT_FORMAT_ENTRY_LEN + sizeof(key);
    enum ot_status status;

    if (bytes == NULL)
        return ot_error_nomem(err);
    ot_record_encode(record, bytes);
    ot_put_u32(key + 1, number);
    status = put(w, key, sizeof(key), bytes, len, err);
    free(bytes);
    if (status != OT_OK)
        return status;
    ot_put_u32(w->positions + OT_FORMAT_SUM_LEN + 4 * (size_t)number, (uint32_t)position);
    return mark_record(w, record, (uint32_t)position, err);
}

static int compare_marks(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    int order = memcmp(x->key, y->key, sizeof(x->key));

    return order != 0 ? order : (x->position > y->position) - (x->position < y->position);
}

/* One entry for each key, with all positions under it. */
static enum ot_status put_indexes(struct writer *w, size_t count, struct ot_error *err)
{
    uint8_t *list = malloc(OT_FORMAT_SUM_LEN + 4 * (count + 1));
    enum ot_status status = OT_OK;
    size_t first, i, n;

    if (list == NULL)
        return ot_error_nomem(err);
    if (w->mark_count > 0)
        qsort(w->marks, w->mark_count, sizeof(*w->marks), compare_marks);
    for (first = 0; first < w->mark_count && status == OT_OK; first = i) {
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

static enum ot_status put_info(struct writer *w, const char *scope,
                               const struct ot_record *records, size_t count,
                               struct ot_error *err)
{
    size_t len = OT_FORMAT_INFO_LEN + strlen(scope), i;
    uint8_t *value = malloc(OT_FORMAT_SUM_LEN + len), *info;
    uint32_t active = 0, quarantined = 0;
    enum ot_status status;

    if (value == NULL)
        return ot_error_nomem(err);
    info = value + OT_FORMAT_SUM_LEN;
    for (i = 0; i < count; i++) {
        if (records[i].flags & OT_RECORD_QUARANTINED)
            quarantined++;
        else if (records[i].flags & OT_RECORD_ACTIVE)
            active++;
    }
    ot_put_u32(info, (uint32_t)count);
    ot_put_u32(info + 4, active);
    ot_put_u32(info + 8, quarantined);
    ot_put_u64(info + 12, (uint64_t)time(NULL));
    memcpy(info + OT_FORMAT_INFO_LEN, scope, strlen(scope));
    status = put_summed(w, "H", 1, value, len, err);
    free(value);
    return status;
}

void ot_snapshot_trailer(uint8_t *trailer, const uint8_t *bytes, size_t len)
{
    XXH3_state_t state;
    uint32_t at, slots, sum;
    size_t i;

    for (i = 0; i < OT_FORMAT_TABLES; i++) {
        at = ot_get_u32(bytes + 8 * i);
        slots = ot_get_u32(bytes + 8 * i + 4);
        sum = 0;
        if (at <= len && slots <= (len - at) / 8)
            sum = ot_format_table_sum(bytes + at, 8 * (size_t)slots);
        ot_put_u32(trailer + OT_FORMAT_T_TABLES + 4 * i, sum);
    }
    ot_put_u64(trailer + OT_FORMAT_T_DIRECTORY,
               XXH3_64bits(bytes, OT_FORMAT_DIRECTORY_LEN));
    ot_put_u64(trailer + OT_FORMAT_T_LENGTH, len + OT_FORMAT_TRAILER_LEN);
    ot_put_u32(trailer + OT_FORMAT_T_VERSION, OT_FORMAT_VERSION);
    ot_put_u32(trailer + OT_FORMAT_T_MAGIC, OT_FORMAT_MAGIC);
    ot_put_u64(trailer + OT_FORMAT_T_SUM, XXH3_64bits(trailer, OT_FORMAT_T_SUM));
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, bytes, len);
    XXH3_64bits_update(&state, trailer, OT_FORMAT_T_WHOLE);
    ot_put_u64(trailer + OT_FORMAT_T_WHOLE, XXH3_64bits_digest(&state));
}

/* The trailer of the finished database, which is mapped once more to be summed. */
static enum ot_status put_trailer(struct writer *w, struct ot_error *err)
{
    uint8_t trailer[OT_FORMAT_TRAILER_LEN];
    struct stat st;
    size_t len;
    void *bytes;

    if (fstat(w->file.fd, &st) != 0 || lseek(w->file.fd, 0, SEEK_END) < 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read back %s", w->file.path);
    len = (size_t)st.st_size;
    bytes = mmap(NULL, len, PROT_READ, MAP_SHARED, w->file.fd, 0);
    if (bytes == MAP_FAILED)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read back %s", w->file.path);
    ot_snapshot_trailer(trailer, bytes, len);
    munmap(bytes, len);
    return ot_file_write(&w->file, trailer, sizeof(trailer), err);
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

static enum ot_status put_all(struct writer *w, const char *scope,
                              struct ot_record *sorted, size_t count,
                              struct ot_error *err)
{
    enum ot_status status = put_info(w, scope, sorted, count, err);
    uint32_t i;

    qsort(sorted, count, sizeof(*sorted), compare_records);
    for (i = 0; i < count && status == OT_OK; i++)
        status = put_record(w, &sorted[i], i, err);
    if (status == OT_OK)
        status = put_summed(w, "L", 1, w->positions, 4 * count, err);
    return status == OT_OK ? put_indexes(w, count, err) : status;
}

/* The whole database into the temporary file. cdb_make_finish is called whatever happened
 * before, because it frees what tinycdb has gathered. */
static enum ot_status write_database(struct writer *w, const char *scope,
                                     struct ot_record *sorted, size_t count,
                                     struct ot_error *err)
{
    enum ot_status status;

    if (cdb_make_start(&w->cdb, w->file.fd) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot write %s", w->file.path);
    w->at = OT_FORMAT_DIRECTORY_LEN;
    status = put_all(w, scope, sorted, count, err);
    /* tinycdb says ENOENT where it had no memory for its tables. */
    if (cdb_make_finish(&w->cdb) != 0 && status == OT_OK)
        status = ot_error_errno(err, OT_E_IO, errno == ENOENT ? ENOMEM : errno,
                                "cannot write %s; nothing was changed", w->file.path);
    return status == OT_OK ? put_trailer(w, err) : status;
}

static enum ot_status write_file(struct writer *w, const char *path, const char *scope,
                                 struct ot_record *sorted, size_t count, int64_t seen_at,
                                 struct ot_error *err)
{
    struct timespec times[2] = {{.tv_sec = seen_at}, {.tv_sec = seen_at}};
    enum ot_status status = ot_file_begin(&w->file, path, 0644, err);

    if (status != OT_OK)
        return status;
    status = write_database(w, scope, sorted, count, err);
    if (status == OT_OK && futimens(w->file.fd, times) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot set the time of %s", path);
    if (status != OT_OK) {
        ot_file_abort(&w->file);
        return status;
    }
    return ot_file_commit(&w->file, err);
}

enum ot_status ot_snapshot_write(const char *path, const char *scope,
                                 const struct ot_record *records, size_t count,
                                 int64_t seen_at, struct ot_error *err)
{
    struct ot_record *sorted = calloc(count + 1, sizeof(*sorted));
    char **labels = calloc(count + 1, sizeof(*labels));
    enum ot_status status = OT_E_NOMEM;
    struct writer w = {.mark_room = count * INDEXES_PER_RECORD};
    size_t i;

    w.marks = calloc(w.mark_room + 1, sizeof(*w.marks));
    w.positions = calloc(1, OT_FORMAT_SUM_LEN + 4 * (count + 1));
    if (sorted == NULL || labels == NULL || w.marks == NULL || w.positions == NULL) {
        ot_error_nomem(err);
        goto out;
    }
    status = ot_label_make(labels, records, count, err);
    if (status != OT_OK)
        goto out;
    for (i = 0; i < count; i++) {
        sorted[i] = records[i];
        sorted[i].field[OT_FIELD_LABEL] = ot_span_str(labels[i]);
    }
    status = write_file(&w, path, scope, sorted, count, seen_at, err);
out:
    if (labels != NULL)
        for (i = 0; i < count; i++)
            free(labels[i]);
    free(labels);
    free(sorted);
    free(w.marks);
    free(w.positions);
    return status;
}

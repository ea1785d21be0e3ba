#include "cache/snapshot.h"

#include <cdb.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/path.h"
#include "cache/snapshot_format.h"

struct ot_snapshot {
    atomic_uint references;
    atomic_uint
        verified[OT_FORMAT_TABLES / 32]; /* a bit for each table that was checked */
    struct cdb cdb;                      /* the mapping */
    const uint8_t *bytes;
    size_t size;     /* of the file */
    size_t data_end; /* where entries end and the hash tables begin */
    dev_t dev;
    ino_t ino;
    struct ot_snapshot_info info;
};

static enum ot_status damaged(struct ot_error *err, const char *what)
{
    return ot_error_set(err, OT_E_CORRUPT, "the snapshot is damaged (%s)", what);
}

static const uint8_t *trailer_of(const struct ot_snapshot *snapshot)
{
    return snapshot->bytes + snapshot->size - OT_FORMAT_TRAILER_LEN;
}

/* Length, magic, version, and the checksums that make the rest verifiable piece by piece.
 */
static enum ot_status check_trailer(struct ot_snapshot *snapshot, struct ot_error *err)
{
    const uint8_t *trailer;
    uint32_t version;

    if (snapshot->size < OT_FORMAT_DIRECTORY_LEN + OT_FORMAT_TRAILER_LEN)
        return damaged(err, "too short");
    trailer = trailer_of(snapshot);
    if (ot_get_u32(trailer + OT_FORMAT_T_MAGIC) != OT_FORMAT_MAGIC)
        return damaged(err, "truncated, or not a snapshot");
    version = ot_get_u32(trailer + OT_FORMAT_T_VERSION);
    if (version != OT_FORMAT_VERSION)
        return ot_error_set(err, OT_E_CORRUPT,
                            "the snapshot has format version %u, this program reads %u",
                            version, OT_FORMAT_VERSION);
    if (ot_get_u64(trailer + OT_FORMAT_T_LENGTH) != snapshot->size)
        return damaged(err, "wrong length");
    if (ot_get_u64(trailer + OT_FORMAT_T_SUM) != XXH3_64bits(trailer, OT_FORMAT_T_SUM))
        return damaged(err, "trailer");
    if (ot_get_u64(trailer + OT_FORMAT_T_DIRECTORY) !=
        XXH3_64bits(snapshot->bytes, OT_FORMAT_DIRECTORY_LEN))
        return damaged(err, "directory");
    snapshot->data_end = ot_get_u32(snapshot->bytes);
    if (snapshot->data_end < OT_FORMAT_DIRECTORY_LEN ||
        snapshot->data_end > snapshot->size - OT_FORMAT_TRAILER_LEN)
        return damaged(err, "directory");
    return OT_OK;
}

/* A hash table, verified when this process uses it for the first time. Two threads may
 * both verify; they come to the same answer. */
static enum ot_status get_table(struct ot_snapshot *snapshot, uint32_t hash,
                                struct ot_span *out, struct ot_error *err)
{
    uint32_t number = hash % OT_FORMAT_TABLES, bit = 1u << number % 32;
    const uint8_t *entry = snapshot->bytes + 8 * number;
    size_t at = ot_get_u32(entry), slots = ot_get_u32(entry + 4);
    size_t end = snapshot->size - OT_FORMAT_TRAILER_LEN;
    atomic_uint *word = &snapshot->verified[number / 32];

    if (at < snapshot->data_end || at > end || slots > (end - at) / 8)
        return damaged(err, "directory");
    *out = ot_span_of(snapshot->bytes + at, 8 * slots);
    if (atomic_load_explicit(word, memory_order_relaxed) & bit)
        return OT_OK;
    if (ot_format_table_sum(out->data, out->len) !=
        ot_get_u32(trailer_of(snapshot) + OT_FORMAT_T_TABLES + 4 * number))
        return damaged(err, "hash table");
    atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
    return OT_OK;
}

/* The entry at a position: its key and value. */
static enum ot_status get_entry(const struct ot_snapshot *snapshot, size_t at,
                                struct ot_span *key, struct ot_span *value,
                                struct ot_error *err)
{
    size_t left;

    if (at < OT_FORMAT_DIRECTORY_LEN || at > snapshot->data_end ||
        snapshot->data_end - at < OT_FORMAT_ENTRY_LEN)
        return damaged(err, "position");
    left = snapshot->data_end - at - OT_FORMAT_ENTRY_LEN;
    key->data = snapshot->bytes + at + OT_FORMAT_ENTRY_LEN;
    key->len = ot_get_u32(snapshot->bytes + at);
    value->len = ot_get_u32(snapshot->bytes + at + 4);
    if (key->len > left || value->len > left - key->len)
        return damaged(err, "entry");
    value->data = key->data + key->len;
    return OT_OK;
}

/* The value under a key, absent when there is none. tinycdb's own search cannot tell a
 * key that is not there from one that was damaged; this one can: an entry whose slot
 * carries the hash we look for has either our key or another of the same hash, or is
 * damaged. */
static enum ot_status find(struct ot_snapshot *snapshot, const void *key, size_t key_len,
                           struct ot_span *value, struct ot_error *err)
{
    uint32_t hash = cdb_hash(key, (unsigned)key_len);
    struct ot_span table = {NULL, 0}, found = {NULL, 0};
    size_t slots, i, n;
    const uint8_t *slot;
    enum ot_status status;

    *value = (struct ot_span){NULL, 0};
    status = get_table(snapshot, hash, &table, err);
    if (status != OT_OK)
        return status;
    slots = table.len / 8;
    for (n = 0; n < slots; n++) {
        i = ((hash >> 8) % slots + n) % slots;
        slot = table.data + 8 * i;
        if (ot_get_u32(slot + 4) == 0)
            return OT_OK;
        if (ot_get_u32(slot) != hash)
            continue;
        status = get_entry(snapshot, ot_get_u32(slot + 4), &found, value, err);
        if (status != OT_OK)
            return status;
        if (ot_span_equal(found, ot_span_of(key, key_len)))
            return OT_OK;
        if (cdb_hash(found.data, (unsigned)found.len) != hash)
            return damaged(err, "key");
        *value = (struct ot_span){NULL, 0};
    }
    return OT_OK;
}

/* Checks the checksum before a value and takes it off; an absent value stays absent. */
static enum ot_status check_value(struct ot_span *value, struct ot_error *err)
{
    if (value->data == NULL)
        return OT_OK;
    if (value->len < OT_FORMAT_SUM_LEN)
        return damaged(err, "value");
    value->data += OT_FORMAT_SUM_LEN;
    value->len -= OT_FORMAT_SUM_LEN;
    if (ot_get_u64(value->data - OT_FORMAT_SUM_LEN) !=
        XXH3_64bits(value->data, value->len))
        return damaged(err, "value");
    return OT_OK;
}

static enum ot_status find_list(struct ot_snapshot *snapshot, const void *key, size_t len,
                                struct ot_positions *out, struct ot_error *err)
{
    struct ot_span value;
    enum ot_status status = find(snapshot, key, len, &value, err);

    *out = (struct ot_positions){NULL, 0};
    if (status == OT_OK)
        status = check_value(&value, err);
    if (status != OT_OK)
        return status;
    *out = (struct ot_positions){value.data, (uint32_t)(value.len / 4)};
    return OT_OK;
}

static enum ot_status read_info(struct ot_snapshot *snapshot, const char *scope,
                                struct ot_error *err)
{
    struct ot_snapshot_info *info = &snapshot->info;
    struct ot_span value;
    enum ot_status status = find(snapshot, "H", 1, &value, err);

    if (status == OT_OK)
        status = check_value(&value, err);
    if (status != OT_OK)
        return status;
    if (value.data == NULL || value.len < OT_FORMAT_INFO_LEN)
        return damaged(err, "no description");
    info->total = ot_get_u32(value.data);
    info->active = ot_get_u32(value.data + 4);
    info->quarantined = ot_get_u32(value.data + 8);
    info->written_at = (int64_t)ot_get_u64(value.data + 12);
    info->scope =
        ot_span_of(value.data + OT_FORMAT_INFO_LEN, value.len - OT_FORMAT_INFO_LEN);
    if (scope != NULL && !ot_span_equal(info->scope, ot_span_str(scope)))
        return ot_error_set(err, OT_E_CORRUPT, "the snapshot is of %.*s, not of %s",
                            (int)info->scope.len, (const char *)info->scope.data, scope);
    return OT_OK;
}

static enum ot_status map(struct ot_snapshot *snapshot, int fd, struct ot_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "stat");
    if (st.st_size < (off_t)OT_FORMAT_DIRECTORY_LEN)
        return damaged(err, "too short");
    if (cdb_init(&snapshot->cdb, fd) != 0) {
        snapshot->cdb.cdb_mem = NULL;
        return ot_error_errno(err, OT_E_IO, errno, "mmap");
    }
    snapshot->bytes = snapshot->cdb.cdb_mem;
    snapshot->size = snapshot->cdb.cdb_fsize;
    snapshot->dev = st.st_dev;
    snapshot->ino = st.st_ino;
    return OT_OK;
}

enum ot_status ot_snapshot_open(struct ot_snapshot **out, const char *path,
                                const char *scope, struct ot_error *err)
{
    struct ot_snapshot *snapshot = NULL;
    enum ot_status status;
    int fd = -1;

    *out = NULL;
    status = ot_path_open(&fd, path, OT_SNAPSHOT_BYTES_MAX, err);
    if (status == OT_E_NOT_FOUND)
        return ot_error_set(err, OT_E_NO_SNAPSHOT, "there is no snapshot %s yet", path);
    if (status != OT_OK)
        return status;
    snapshot = calloc(1, sizeof(*snapshot));
    if (snapshot == NULL) {
        close(fd);
        return ot_error_nomem(err);
    }
    atomic_init(&snapshot->references, 1);
    status = map(snapshot, fd, err);
    close(fd);
    if (status == OT_OK)
        status = check_trailer(snapshot, err);
    if (status == OT_OK)
        status = read_info(snapshot, scope, err);
    if (status != OT_OK) {
        ot_error_prefix(err, "%s", path);
        ot_snapshot_unref(snapshot);
        return status;
    }
    *out = snapshot;
    return OT_OK;
}

struct ot_snapshot *ot_snapshot_ref(struct ot_snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

void ot_snapshot_unref(struct ot_snapshot *snapshot)
{
    if (snapshot == NULL ||
        atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) != 1)
        return;
    if (snapshot->cdb.cdb_mem != NULL)
        cdb_free(&snapshot->cdb);
    free(snapshot);
}

const struct ot_snapshot_info *ot_snapshot_info(const struct ot_snapshot *snapshot)
{
    return &snapshot->info;
}

int ot_snapshot_is_file(const struct ot_snapshot *snapshot, const struct stat *st)
{
    return st->st_dev == snapshot->dev && st->st_ino == snapshot->ino;
}

enum ot_status ot_snapshot_all(struct ot_snapshot *snapshot, struct ot_positions *out,
                               struct ot_error *err)
{
    enum ot_status status = find_list(snapshot, "L", 1, out, err);

    if (status == OT_OK && out->count != snapshot->info.total)
        return damaged(err, "list of all");
    return status;
}

enum ot_status ot_snapshot_find(struct ot_snapshot *snapshot, enum ot_index index,
                                struct ot_span term, struct ot_span more,
                                struct ot_positions *out, struct ot_error *err)
{
    uint8_t key[OT_FORMAT_KEY_LEN];

    ot_format_key(key, (char)index, term, more);
    return find_list(snapshot, key, sizeof(key), out, err);
}

enum ot_status ot_snapshot_find_number(struct ot_snapshot *snapshot, uint64_t number,
                                       struct ot_positions *out, struct ot_error *err)
{
    uint8_t term[4];

    ot_put_u32(term, (uint32_t)number);
    return ot_snapshot_find(snapshot, OT_INDEX_NUMBER, ot_span_of(term, sizeof(term)),
                            (struct ot_span){NULL, 0}, out, err);
}

uint32_t ot_positions_at(const struct ot_positions *list, uint32_t i)
{
    return ot_get_u32(list->data + 4 * (size_t)i);
}

enum ot_status ot_snapshot_record(struct ot_snapshot *snapshot,
                                  const struct ot_positions *list, uint32_t i,
                                  struct ot_record *record, struct ot_error *err)
{
    size_t at = ot_positions_at(list, i);

    if (at < OT_FORMAT_DIRECTORY_LEN || at >= snapshot->data_end)
        return damaged(err, "position");
    return ot_record_decode(record, snapshot->bytes + at, snapshot->data_end - at, err);
}

enum ot_status ot_snapshot_verify(struct ot_snapshot *snapshot, struct ot_error *err)
{
    size_t summed = snapshot->size - OT_FORMAT_TRAILER_LEN + OT_FORMAT_T_WHOLE;
    struct ot_positions all;
    struct ot_record record;
    enum ot_status status;
    uint32_t i;

    if (XXH3_64bits(snapshot->bytes, summed) != ot_get_u64(snapshot->bytes + summed))
        return damaged(err, "checksum of the whole file");
    status = ot_snapshot_all(snapshot, &all, err);
    for (i = 0; status == OT_OK && i < all.count; i++)
        status = ot_snapshot_record(snapshot, &all, i, &record, err);
    return status;
}

#include "snapshot/snapshot.h"

#include <cdb.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "files/path.h"
#include "files/read_all.h"
#include "snapshot/record.h"
#include "snapshot/scope_internal.h"
#include "snapshot/snapshot_format.h"

struct ot_snapshot {
    atomic_uint references;
    const uint8_t *bytes; /* the mapping; NULL: none yet */
    size_t size;          /* of the file */
    size_t database_len;  /* where the cdb ends and the checksums begin */
    size_t data_end;      /* where entries end and the hash tables begin */
    dev_t dev;
    ino_t ino;
    _Atomic int64_t seen_change_ns; /* of the file, when it was known to be this one */
    struct ot_snapshot_info info;
    size_t start_len;
    uint8_t start[OT_FORMAT_START_MAX]; /* the file's: directory and head */
};

static enum ot_status refuse_damaged(struct ot_error *err, const char *what)
{
    return ot_error_set(err, OT_E_CORRUPT, "the snapshot is damaged (%s)", what);
}

/* The value of the first entry, which is the head, whatever it says. */
static enum ot_status get_head(const struct ot_snapshot *snapshot, struct ot_span *head,
                               struct ot_error *err)
{
    const uint8_t *entry = snapshot->start + OT_FORMAT_DIRECTORY_LEN;
    uint32_t version;

    if (snapshot->start_len < OT_FORMAT_HEAD_AT + OT_FORMAT_H_SCOPE)
        return refuse_damaged(err, "too short");
    *head = ot_span_of(snapshot->start + OT_FORMAT_HEAD_AT, ot_get_u32(entry + 4));
    if (ot_get_u32(entry) != 1 || entry[OT_FORMAT_ENTRY_LEN] != 'H' ||
        ot_get_u32(head->data + OT_FORMAT_H_MAGIC) != OT_FORMAT_MAGIC)
        return refuse_damaged(err, "not a snapshot, or of a format before version 2");
    version = ot_get_u32(head->data + OT_FORMAT_H_VERSION);
    if (version != OT_FORMAT_VERSION)
        return ot_error_set(err, OT_E_CORRUPT,
                            "the snapshot has format version %u, this program reads %u",
                            version, OT_FORMAT_VERSION);
    if (head->len < OT_FORMAT_H_SCOPE ||
        head->len > snapshot->start_len - OT_FORMAT_HEAD_AT ||
        ot_get_u64(head->data) != ot_format_value_sum(head->data, head->len))
        return refuse_damaged(err, "head");
    return OT_OK;
}

/* Lengths, and the checksum that makes the directory usable. */
static enum ot_status check_lengths(struct ot_snapshot *snapshot, struct ot_span head,
                                    struct ot_error *err)
{
    uint64_t database_len = ot_get_u64(head.data + OT_FORMAT_H_DATABASE);
    size_t tables_len;

    if (ot_get_u64(head.data + OT_FORMAT_H_LENGTH) != snapshot->size)
        return refuse_damaged(err, "truncated, or of a wrong length");
    if (ot_get_u64(head.data + OT_FORMAT_H_DIRECTORY) !=
        XXH3_64bits(snapshot->start, OT_FORMAT_DIRECTORY_LEN))
        return refuse_damaged(err, "directory");
    snapshot->data_end = ot_get_u32(snapshot->start);
    if (database_len > snapshot->size || snapshot->data_end > database_len ||
        snapshot->data_end < OT_FORMAT_HEAD_AT + head.len)
        return refuse_damaged(err, "directory");
    snapshot->database_len = (size_t)database_len;
    tables_len = snapshot->database_len - snapshot->data_end;
    if (snapshot->size - snapshot->database_len !=
        ot_format_blocks(tables_len) * OT_FORMAT_BLOCK_SUM_LEN)
        return refuse_damaged(err, "length of the checksums");
    return OT_OK;
}

static enum ot_status read_info(struct ot_snapshot *snapshot, struct ot_span head,
                                const char *scope, struct ot_error *err)
{
    struct ot_snapshot_info *info = &snapshot->info;

    info->total = ot_get_u32(head.data + OT_FORMAT_H_COUNTS);
    info->active = ot_get_u32(head.data + OT_FORMAT_H_COUNTS + 4);
    info->quarantined = ot_get_u32(head.data + OT_FORMAT_H_COUNTS + 8);
    info->withheld = ot_get_u32(head.data + OT_FORMAT_H_COUNTS + 12);
    info->written_at = (int64_t)ot_get_u64(head.data + OT_FORMAT_H_WRITTEN_AT);
    info->sum = ot_get_u64(head.data + OT_FORMAT_H_WHOLE);
    info->limits = ot_get_u64(head.data + OT_FORMAT_H_LIMITS);
    info->scope = ot_span_of(head.data + OT_FORMAT_H_SCOPE, head.len - OT_FORMAT_H_SCOPE);
    if (scope != NULL && !ot_span_equal(info->scope, ot_span_str(scope)))
        return ot_scope_mismatch(err, (const char *)info->scope.data, info->scope.len,
                                 scope);
    return OT_OK;
}

/* The slots of a hash table, not yet verified. */
static enum ot_status get_table(const struct ot_snapshot *snapshot, uint32_t hash,
                                struct ot_span *out, struct ot_error *err)
{
    const uint8_t *entry = snapshot->start + 8 * (hash % OT_FORMAT_TABLES);
    size_t at = ot_get_u32(entry), slots = ot_get_u32(entry + 4);

    if (at < snapshot->data_end || at > snapshot->database_len ||
        (at - snapshot->data_end) % OT_FORMAT_SLOT_LEN != 0 ||
        slots > (snapshot->database_len - at) / OT_FORMAT_SLOT_LEN)
        return refuse_damaged(err, "directory");
    *out = ot_span_of(snapshot->bytes + at, OT_FORMAT_SLOT_LEN * slots);
    return OT_OK;
}

/* Verifies the block of the hash tables that a slot lies in, unless it is *verified, the
 * one before. */
static enum ot_status check_slot(const struct ot_snapshot *snapshot, const uint8_t *slot,
                                 size_t *verified, struct ot_error *err)
{
    const uint8_t *tables = snapshot->bytes + snapshot->data_end;
    size_t block = (size_t)(slot - tables) / OT_FORMAT_BLOCK_LEN;

    if (block == *verified)
        return OT_OK;
    if (ot_format_block_sum(tables, snapshot->database_len - snapshot->data_end, block) !=
        ot_get_u32(snapshot->bytes + snapshot->database_len +
                   OT_FORMAT_BLOCK_SUM_LEN * block))
        return refuse_damaged(err, "hash table");
    *verified = block;
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
        return refuse_damaged(err, "position");
    left = snapshot->data_end - at - OT_FORMAT_ENTRY_LEN;
    key->data = snapshot->bytes + at + OT_FORMAT_ENTRY_LEN;
    key->len = ot_get_u32(snapshot->bytes + at);
    value->len = ot_get_u32(snapshot->bytes + at + 4);
    if (key->len > OT_FORMAT_KEY_LEN || key->len > left || value->len > left - key->len)
        return refuse_damaged(err, "entry");
    value->data = key->data + key->len;
    return OT_OK;
}

/* The value under a key, absent when there is none. tinycdb's own search cannot tell a
 * key that is not there from one that was damaged; this one can: an entry whose slot
 * carries the hash we look for has either our key or another of the same hash, or is
 * damaged. */
static enum ot_status find_key(const struct ot_snapshot *snapshot, const void *key,
                               size_t key_len, struct ot_span *value,
                               struct ot_error *err)
{
    uint32_t hash = cdb_hash(key, (unsigned)key_len);
    struct ot_span table = OT_SPAN_ABSENT, found = OT_SPAN_ABSENT;
    size_t slots, i, verified = SIZE_MAX;
    const uint8_t *slot;
    enum ot_status status;

    *value = OT_SPAN_ABSENT;
    status = get_table(snapshot, hash, &table, err);
    if (status != OT_OK)
        return status;
    slots = table.len / OT_FORMAT_SLOT_LEN;
    for (size_t n = 0; n < slots; n++) {
        if (n == OT_PROBES_MAX)
            return refuse_damaged(err, "hash table");
        i = ((hash >> 8) % slots + n) % slots;
        slot = table.data + OT_FORMAT_SLOT_LEN * i;
        status = check_slot(snapshot, slot, &verified, err);
        if (status != OT_OK)
            return status;
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
            return refuse_damaged(err, "key");
        *value = OT_SPAN_ABSENT;
    }
    return OT_OK;
}

/* Checks the checksum before a value and takes it off; an absent value stays absent. */
static enum ot_status check_value(struct ot_span *value, struct ot_error *err)
{
    if (value->data == NULL)
        return OT_OK;
    if (value->len < OT_FORMAT_SUM_LEN ||
        ot_get_u64(value->data) != ot_format_value_sum(value->data, value->len))
        return refuse_damaged(err, "value");
    value->data += OT_FORMAT_SUM_LEN;
    value->len -= OT_FORMAT_SUM_LEN;
    return OT_OK;
}

/* Whether they are in the order of the file, as the writer puts them: then a list leads
 * to each record once at most. */
static bool is_in_order(const struct ot_positions *list)
{
    bool is_good = true;

    for (uint32_t i = 1; i < list->count; i++)
        is_good &= ot_positions_at(list, i - 1) < ot_positions_at(list, i);
    return is_good;
}

/* One of more than most positions is not looked at: of it, out says how many. */
static enum ot_status find_list(const struct ot_snapshot *snapshot, const void *key,
                                size_t len, uint32_t most, struct ot_positions *out,
                                struct ot_error *err)
{
    struct ot_span value;
    enum ot_status status = find_key(snapshot, key, len, &value, err);

    *out = (struct ot_positions){NULL, 0};
    if (status == OT_OK && value.len / 4 > (size_t)most + OT_FORMAT_SUM_LEN / 4) {
        out->count = (uint32_t)((value.len - OT_FORMAT_SUM_LEN) / 4);
        return OT_OK;
    }
    if (status == OT_OK)
        status = check_value(&value, err);
    if (status != OT_OK)
        return status;
    *out = (struct ot_positions){value.data, (uint32_t)(value.len / 4)};
    if (is_in_order(out))
        return OT_OK;
    *out = (struct ot_positions){NULL, 0};
    return refuse_damaged(err, "list");
}

/* What every search needs is read, not mapped: that takes a tenth of the time of letting
 * the kernel map the pages around it, and none of their memory. */
static enum ot_status read_start(struct ot_snapshot *snapshot, int fd,
                                 struct ot_error *err)
{
    ssize_t n = ot_read_all(fd, snapshot->start, sizeof(snapshot->start));

    if (n < 0)
        return ot_error_errno(err, OT_E_IO, errno, "read");
    snapshot->start_len = (size_t)n;
    return OT_OK;
}

static enum ot_status map_file(struct ot_snapshot *snapshot, int fd, struct ot_error *err)
{
    void *bytes = mmap(NULL, snapshot->size, PROT_READ, MAP_SHARED, fd, 0);

    if (bytes == MAP_FAILED)
        return ot_error_errno(err, OT_E_IO, errno, "mmap");
    snapshot->bytes = bytes;
    return OT_OK;
}

static int64_t change_ns(const struct stat *st)
{
    return (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
}

static enum ot_status read_and_map(struct ot_snapshot *snapshot, int fd,
                                   const char *scope, struct ot_error *err)
{
    struct ot_span head = OT_SPAN_ABSENT;
    enum ot_status status;
    struct stat st;

    if (fstat(fd, &st) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "stat");
    snapshot->size = (size_t)st.st_size;
    snapshot->dev = st.st_dev;
    snapshot->ino = st.st_ino;
    atomic_init(&snapshot->seen_change_ns, change_ns(&st));
    status = read_start(snapshot, fd, err);
    if (status == OT_OK)
        status = get_head(snapshot, &head, err);
    if (status == OT_OK)
        status = check_lengths(snapshot, head, err);
    if (status == OT_OK)
        status = read_info(snapshot, head, scope, err);
    return status == OT_OK ? map_file(snapshot, fd, err) : status;
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
    snapshot = malloc(sizeof(*snapshot));
    if (snapshot == NULL) {
        close(fd);
        return ot_error_nomem(err);
    }
    atomic_init(&snapshot->references, 1);
    snapshot->bytes = NULL;
    snapshot->start_len = 0;
    status = read_and_map(snapshot, fd, scope, err);
    close(fd);
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
    if (snapshot->bytes != NULL)
        (void)munmap((void *)(uintptr_t)snapshot->bytes, snapshot->size);
    free(snapshot);
}

enum ot_status ot_snapshot_check_limits(const struct ot_snapshot *snapshot,
                                        uint64_t limits, struct ot_error *err)
{
    if (limits == 0 || snapshot->info.limits == limits)
        return OT_OK;
    return ot_error_set(err, OT_E_SCOPE,
                        "the snapshot was written under other limits (names, not_after) "
                        "than the configuration has now");
}

const struct ot_snapshot_info *ot_snapshot_info(const struct ot_snapshot *snapshot)
{
    return &snapshot->info;
}

static bool is_same_inode(const struct ot_snapshot *snapshot, const struct stat *st)
{
    return st->st_dev == snapshot->dev && st->st_ino == snapshot->ino;
}

/* Whether the file still has the content whose start was read: a sync that finds nothing
 * new changes its times alone. */
static bool is_same_content(struct ot_snapshot *snapshot, const struct stat *st)
{
    const int64_t changed = change_ns(st);

    if (atomic_load_explicit(&snapshot->seen_change_ns, memory_order_relaxed) == changed)
        return true;
    if (ot_get_u64(snapshot->bytes + OT_FORMAT_HEAD_AT + OT_FORMAT_H_WHOLE) !=
        snapshot->info.sum)
        return false;
    atomic_store_explicit(&snapshot->seen_change_ns, changed, memory_order_relaxed);
    return true;
}

bool ot_snapshot_is_file(struct ot_snapshot *snapshot, const struct stat *st)
{
    return is_same_inode(snapshot, st) && (size_t)st->st_size == snapshot->size &&
           is_same_content(snapshot, st);
}

bool ot_snapshot_is_spoilt(struct ot_snapshot *snapshot, const struct stat *st)
{
    return is_same_inode(snapshot, st) && !ot_snapshot_is_file(snapshot, st);
}

enum ot_status ot_snapshot_all(struct ot_snapshot *snapshot, struct ot_positions *out,
                               struct ot_error *err)
{
    enum ot_status status = find_list(snapshot, "L", 1, UINT32_MAX, out, err);

    if (status == OT_OK && out->count != snapshot->info.total)
        return refuse_damaged(err, "list of all");
    return status;
}

enum ot_status ot_snapshot_find(struct ot_snapshot *snapshot, enum ot_index index,
                                struct ot_span term, struct ot_span more,
                                struct ot_positions *out, struct ot_error *err)
{
    uint8_t key[OT_FORMAT_KEY_LEN];

    ot_format_key(key, (char)index, term, more);
    return find_list(snapshot, key, sizeof(key), UINT32_MAX, out, err);
}

enum ot_status ot_snapshot_find_few(struct ot_snapshot *snapshot, enum ot_index index,
                                    struct ot_span term, struct ot_positions *out,
                                    struct ot_error *err)
{
    uint8_t key[OT_FORMAT_KEY_LEN];

    ot_format_key(key, (char)index, term, OT_SPAN_ABSENT);
    return find_list(snapshot, key, sizeof(key), OT_SAME_MAX, out, err);
}

enum ot_status ot_snapshot_find_number(struct ot_snapshot *snapshot, uint64_t number,
                                       struct ot_positions *out, struct ot_error *err)
{
    uint8_t term[4];
    enum ot_status status;

    ot_put_u32(term, (uint32_t)number);
    status = ot_snapshot_find_few(snapshot, OT_INDEX_NUMBER,
                                  ot_span_of(term, sizeof(term)), out, err);
    if (status != OT_OK || out->count <= OT_SAME_MAX)
        return status;
    *out = (struct ot_positions){NULL, 0};
    return refuse_damaged(err, "numbers");
}

uint32_t ot_positions_at(const struct ot_positions *list, uint32_t i)
{
    return ot_get_u32(list->data + 4 * (size_t)i);
}

typedef enum ot_status decode_record(struct ot_record *record, const uint8_t *bytes,
                                     size_t len, struct ot_error *err);

static enum ot_status read_record(const struct ot_snapshot *snapshot,
                                  const struct ot_positions *list, uint32_t i,
                                  decode_record *decode, struct ot_record *record,
                                  struct ot_error *err)
{
    size_t at = ot_positions_at(list, i), end = snapshot->data_end, next;

    /* A record ends before the next one, so that who reads a whole list reads no byte of
     * the file twice, whatever it says. Whoever has put a list in another order has read
     * it once. */
    next = i + 1 < list->count ? ot_positions_at(list, i + 1) : end;
    if (at < next && next < end)
        end = next;
    if (at < OT_FORMAT_DIRECTORY_LEN || at >= end)
        return refuse_damaged(err, "position");
    return decode(record, snapshot->bytes + at, end - at, err);
}

enum ot_status ot_snapshot_record(struct ot_snapshot *snapshot,
                                  const struct ot_positions *list, uint32_t i,
                                  struct ot_record *record, struct ot_error *err)
{
    return read_record(snapshot, list, i, ot_record_decode, record, err);
}

enum ot_status ot_snapshot_record_verified(struct ot_snapshot *snapshot,
                                           const struct ot_positions *list, uint32_t i,
                                           struct ot_record *record, struct ot_error *err)
{
    return read_record(snapshot, list, i, ot_record_decode_verified, record, err);
}

enum ot_status ot_snapshot_find_id(struct ot_snapshot *snapshot, struct ot_span id,
                                   struct ot_record *record, bool *found,
                                   struct ot_error *err)
{
    struct ot_positions same;
    enum ot_status status =
        ot_snapshot_find(snapshot, OT_INDEX_ID, id, OT_SPAN_ABSENT, &same, err);

    *found = false;
    for (uint32_t i = 0; status == OT_OK && !*found && i < same.count; i++) {
        status = ot_snapshot_record(snapshot, &same, i, record, err);
        *found = status == OT_OK && ot_span_equal(record->field[OT_FIELD_ID], id);
    }
    return status;
}

bool ot_snapshot_follow(const struct ot_snapshot *snapshot,
                        const struct ot_record *before, uint64_t number,
                        struct ot_record *record)
{
    struct ot_span last = ot_record_encoded(before);
    size_t at = (size_t)(last.data - snapshot->bytes) + last.len + OT_FORMAT_ENTRY_LEN +
                OT_FORMAT_RECORD_KEY_LEN;

    /* The number is one of bytes that nobody has verified, which decoding does then. */
    return at < snapshot->data_end &&
           (unsigned long)ot_record_peek_number(
               snapshot->bytes + at, snapshot->data_end - at) == (unsigned long)number &&
           ot_record_decode(record, snapshot->bytes + at, snapshot->data_end - at,
                            NULL) == OT_OK;
}

enum ot_status ot_snapshot_check_sum(const struct ot_snapshot *snapshot,
                                     struct ot_error *err)
{
    const uint8_t *sums = snapshot->bytes + snapshot->database_len;

    if (ot_format_whole_sum(snapshot->bytes, snapshot->database_len, sums,
                            snapshot->size - snapshot->database_len) !=
        ot_get_u64(snapshot->bytes + OT_FORMAT_HEAD_AT + OT_FORMAT_H_WHOLE))
        return refuse_damaged(err, "checksum of the whole file");
    return OT_OK;
}

enum ot_status ot_snapshot_verify(struct ot_snapshot *snapshot, struct ot_error *err)
{
    struct ot_positions all = {.count = 0};
    struct ot_record record;
    enum ot_status status = ot_snapshot_check_sum(snapshot, err);

    if (status == OT_OK)
        status = ot_snapshot_all(snapshot, &all, err);
    for (uint32_t i = 0; status == OT_OK && i < all.count; i++)
        status = ot_snapshot_record(snapshot, &all, i, &record, err);
    return status;
}

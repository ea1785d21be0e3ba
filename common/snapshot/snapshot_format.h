/* The bytes of a snapshot file that its writer and its reader must agree on; the outline
 * is in snapshot.h. All numbers are little-endian. */
#ifndef OT_SNAPSHOT_SNAPSHOT_FORMAT_H
#define OT_SNAPSHOT_SNAPSHOT_FORMAT_H

#include "base/bytes.h"
#include "base/span.h"

/* XXH_INLINE_ALL: the hash becomes part of our object, no library is linked. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#define OT_FORMAT_VERSION 8u
#define OT_FORMAT_MAGIC 0x5354524fu /* "ORTS" */

/* cdb: 256 pairs of position and number of slots; a slot is a hash and a position; an
 * entry is the lengths of key and value, key, value. */
#define OT_FORMAT_TABLES 256u
#define OT_FORMAT_DIRECTORY_LEN (OT_FORMAT_TABLES * 8u)
#define OT_FORMAT_ENTRY_LEN 8u
#define OT_FORMAT_SLOT_LEN 8u

/* Values begin with the checksum of what follows. */
#define OT_FORMAT_SUM_LEN 8u

static inline uint64_t ot_format_value_sum(const uint8_t *value, size_t len)
{
    return XXH3_64bits(value + OT_FORMAT_SUM_LEN, len - OT_FORMAT_SUM_LEN);
}

/* The head: the value of "H", by offset from its start. Its entry is the first one. The
 * sum of the file leaves itself and the head's out; the directory's is of the 256 pairs;
 * counts are total, active, quarantined and withheld; the scope goes on to the end. */
#define OT_FORMAT_HEAD_AT (OT_FORMAT_DIRECTORY_LEN + OT_FORMAT_ENTRY_LEN + 1u)
#define OT_FORMAT_H_WHOLE OT_FORMAT_SUM_LEN
#define OT_FORMAT_H_MAGIC (OT_FORMAT_H_WHOLE + 8u)
#define OT_FORMAT_H_VERSION (OT_FORMAT_H_MAGIC + 4u)
#define OT_FORMAT_H_LENGTH (OT_FORMAT_H_VERSION + 4u)
#define OT_FORMAT_H_DATABASE (OT_FORMAT_H_LENGTH + 8u)
#define OT_FORMAT_H_DIRECTORY (OT_FORMAT_H_DATABASE + 8u)
#define OT_FORMAT_H_COUNTS (OT_FORMAT_H_DIRECTORY + 8u)
#define OT_FORMAT_H_WRITTEN_AT (OT_FORMAT_H_COUNTS + 16u)
#define OT_FORMAT_H_LIMITS (OT_FORMAT_H_WRITTEN_AT + 8u)
#define OT_FORMAT_H_SCOPE (OT_FORMAT_H_LIMITS + 8u)

/* Directory and head are read at once; the longest scope leaves room. */
#define OT_FORMAT_START_MAX 4096u

/* The hash tables are summed by blocks, from the first slot of the first table on, so
 * that a look-up verifies what it reads and no more: of 64 slots, it reads one or two. */
#define OT_FORMAT_BLOCK_LEN 512u
#define OT_FORMAT_BLOCK_SUM_LEN 4u

/* The key of a record's entry: its letter, then its number in "L". */
#define OT_FORMAT_RECORD_KEY_LEN 5u

#define OT_FORMAT_KEY_LEN 9u

/* The key of an index entry: its letter, then the hash of the term. A term in two parts
 * is hashed as one value that depends on where it is parted, so issuer and serial cannot
 * run into each other. */
static inline void ot_format_key(uint8_t key[OT_FORMAT_KEY_LEN], char index,
                                 struct ot_span term, struct ot_span more)
{
    uint64_t hash = XXH3_64bits(term.data, term.len);

    if (more.data != NULL)
        hash = XXH3_64bits_withSeed(more.data, more.len, hash);
    key[0] = (uint8_t)index;
    ot_put_u64(key + 1, hash);
}

static inline size_t ot_format_blocks(size_t tables_len)
{
    return tables_len / OT_FORMAT_BLOCK_LEN + (tables_len % OT_FORMAT_BLOCK_LEN != 0);
}

/* The sum of block number i of the tables. */
static inline uint32_t ot_format_block_sum(const uint8_t *tables, size_t tables_len,
                                           size_t i)
{
    size_t at = i * OT_FORMAT_BLOCK_LEN, left = tables_len - at;

    return (uint32_t)XXH3_64bits(tables + at,
                                 left < OT_FORMAT_BLOCK_LEN ? left : OT_FORMAT_BLOCK_LEN);
}

/* The sum of the whole file: a database with its head, and the sums of its blocks. */
static inline uint64_t ot_format_whole_sum(const uint8_t *database, size_t len,
                                           const uint8_t *sums, size_t sums_len)
{
    const size_t behind = OT_FORMAT_HEAD_AT + OT_FORMAT_H_MAGIC;
    XXH3_state_t state;

    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, database, OT_FORMAT_HEAD_AT);
    XXH3_64bits_update(&state, database + behind, len - behind);
    XXH3_64bits_update(&state, sums, sums_len);
    return XXH3_64bits_digest(&state);
}

#endif

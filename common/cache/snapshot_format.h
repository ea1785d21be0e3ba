/* The bytes of a snapshot file that its writer and its reader must agree on; the outline
 * is in snapshot.h. All numbers are little-endian. */
#ifndef OT_CACHE_SNAPSHOT_FORMAT_H
#define OT_CACHE_SNAPSHOT_FORMAT_H

#include "cache/bytes.h"
#include "cache/record.h"

/* XXH_INLINE_ALL: the hash becomes part of our object, no library is linked. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#define OT_FORMAT_VERSION 1u
#define OT_FORMAT_MAGIC 0x5354524fu /* "ORTS" */

/* cdb: 256 pairs of position and number of slots; a slot is a hash and a position; an
 * entry is the lengths of key and value, key, value. */
#define OT_FORMAT_TABLES 256u
#define OT_FORMAT_DIRECTORY_LEN (OT_FORMAT_TABLES * 8u)
#define OT_FORMAT_ENTRY_LEN 8u

/* Values of "H", "L" and the indexes begin with the checksum of what follows. */
#define OT_FORMAT_SUM_LEN 8u

/* "H": total, active, quarantined (32 bit each), written_at (64 bit), then the scope. */
#define OT_FORMAT_INFO_LEN 20u

/* The trailer, by offset from its start. */
#define OT_FORMAT_T_TABLES 0u /* 32 bits of each table's checksum */
#define OT_FORMAT_T_DIRECTORY (OT_FORMAT_T_TABLES + 4u * OT_FORMAT_TABLES)
#define OT_FORMAT_T_LENGTH (OT_FORMAT_T_DIRECTORY + 8u) /* of the file */
#define OT_FORMAT_T_VERSION (OT_FORMAT_T_LENGTH + 8u)
#define OT_FORMAT_T_MAGIC (OT_FORMAT_T_VERSION + 4u)
#define OT_FORMAT_T_SUM (OT_FORMAT_T_MAGIC + 4u) /* of the trailer up to here */
#define OT_FORMAT_T_WHOLE (OT_FORMAT_T_SUM + 8u) /* of the file up to here */
#define OT_FORMAT_TRAILER_LEN (OT_FORMAT_T_WHOLE + 8u)

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

static inline uint32_t ot_format_table_sum(const uint8_t *table, size_t len)
{
    return (uint32_t)XXH3_64bits(table, len);
}

#endif

/* A snapshot: all certificates of a source as last seen, in one immutable file.
 *
 * The file is a constant database (cdb, D. J. Bernstein) followed by checksums.
 *
 *   cdb      key "H"            the head: magic, version, lengths, checksums of the cdb's
 *                               directory and of the whole file, the info below
 *            key "R" + number   a record, see record.h; number is 32 bit little-endian
 *            key "L"            positions of all records, newest valid_at first
 *            key I + XXH3-64    positions of the records that I (enum ot_index) finds
 *                               under a term with that hash, in the order of "L"
 *   sums     a checksum for each 512 bytes of the cdb's hash tables
 *
 * A position is where a record starts in the file, 32 bit little-endian. Lists carry a
 * checksum, records theirs, and of a hash table what a search reads is verified each
 * time: no flipped bit becomes a wrong answer, and no search costs more where there are
 * more certificates. ot_snapshot_verify reads every byte, for a sync.
 *
 * Its time (when the organization was last seen like this) is the file's modification
 * time, so that a sync which finds nothing new writes nothing.
 *
 * A snapshot is shared by reference count; everything but open is lock-free and
 * thread-safe. Spans and lists live as long as a reference is held. */
#ifndef OT_SNAPSHOT_SNAPSHOT_H
#define OT_SNAPSHOT_SNAPSHOT_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/span.h"

struct ot_record;

struct ot_snapshot;

struct ot_snapshot_info {
    uint32_t total, active, quarantined; /* certificates; active counts no quarantined */
    uint32_t withheld;  /* of the active ones: kept out of some place at least */
    int64_t written_at; /* Unix seconds, when this file was made (not the sight's time) */
    uint64_t limits;    /* that are on its certificates, as ot_source_limits has them; 0:
                           none */
    uint64_t sum;       /* over every byte, as its writer had it: two that have the same
                           are the same */
    struct ot_span scope; /* which organization or project of which API, see path.h */
};

enum ot_index {
    OT_INDEX_ID = 'i',
    OT_INDEX_NAME = 'a',          /* OT_FIELD_NAME */
    OT_INDEX_LABEL = 'l',         /* OT_FIELD_LABEL */
    OT_INDEX_SUBJECT_CANON = 's', /* ot_name_canon of the subject */
    OT_INDEX_SERIAL_CANON =
        'n',                 /* ot_name_canon of the issuer, then the serial's value */
    OT_INDEX_SUBJECT = 'S',  /* OT_FIELD_SUBJECT to the byte */
    OT_INDEX_SERIAL = 'N',   /* OT_FIELD_ISSUER then OT_FIELD_SERIAL to the byte */
    OT_INDEX_SHA1 = '1',     /* of what is handed out and, where that is limited, of the
                                original */
    OT_INDEX_SHA2_256 = '2', /* likewise */
    OT_INDEX_KEY_ID = 'k',
    OT_INDEX_SPKI = 'p',   /* OT_FIELD_SPKI: who has the same key */
    OT_INDEX_NUMBER = 'h', /* ot_record_number, its lower 32 bits: all that a 32-bit
                              machine can ask for */
    OT_INDEX_DER = 'v'
};

/* Positions of records; candidates for a term, since a hash may collide. */
struct ot_positions {
    const uint8_t *data;
    uint32_t count;
};

/* Maps a snapshot file. The file must be regular and not a link, and it and its directory
 * owned by root or this process's effective user and writable by nobody else
 * (OT_E_UNSAFE); absent is OT_E_NO_SNAPSHOT; damaged or of another version is
 * OT_E_CORRUPT, of another scope OT_E_SCOPE. scope NULL accepts any. */
enum ot_status ot_snapshot_open(struct ot_snapshot **out, const char *path,
                                const char *scope, struct ot_error *err);
struct ot_snapshot *ot_snapshot_ref(struct ot_snapshot *snapshot);
void ot_snapshot_unref(struct ot_snapshot *snapshot); /* NULL is fine */

/* Every byte, by the checksum of the whole file. */
enum ot_status ot_snapshot_check_sum(const struct ot_snapshot *snapshot,
                                     struct ot_error *err);
/* That, and every record. */
enum ot_status ot_snapshot_verify(struct ot_snapshot *snapshot, struct ot_error *err);

/* Whether it may be handed out where the configuration has these limits (0: none) now:
 * OT_E_SCOPE where it was written under others, which may let more through. None at all
 * let everything through, so that any are fine. */
enum ot_status ot_snapshot_check_limits(const struct ot_snapshot *snapshot,
                                        uint64_t limits, struct ot_error *err);

const struct ot_snapshot_info *ot_snapshot_info(const struct ot_snapshot *snapshot);

/* Whether st describes the very file that is mapped, as long as it was and not written
 * over. */
bool ot_snapshot_is_file(struct ot_snapshot *snapshot, const struct stat *st);

/* Whether it describes that file, and somebody has changed its length or written over it,
 * which none of ours does: reading what was cut off would end the process, and what was
 * read of the former content says nothing of this one. */
bool ot_snapshot_is_spoilt(struct ot_snapshot *snapshot, const struct stat *st);

/* All records, newest valid_at first. */
enum ot_status ot_snapshot_all(struct ot_snapshot *snapshot, struct ot_positions *out,
                               struct ot_error *err);

/* Candidates under a term of an index, in the same order; none is OT_OK with count 0.
 * A term of two parts (issuer and serial) comes as term and more; else more is absent. */
enum ot_status ot_snapshot_find(struct ot_snapshot *snapshot, enum ot_index index,
                                struct ot_span term, struct ot_span more,
                                struct ot_positions *out, struct ot_error *err);

/* The same where a term leads to few records: who looks once for each record of a whole
 * snapshot would otherwise read a long list as often. Of more than OT_SAME_MAX, out has
 * the count alone. */
enum ot_status ot_snapshot_find_few(struct ot_snapshot *snapshot, enum ot_index index,
                                    struct ot_span term, struct ot_positions *out,
                                    struct ot_error *err);

/* Candidates for ot_record_number, of which the lower 32 bits are looked at; more than
 * OT_SAME_MAX are OT_E_CORRUPT. */
enum ot_status ot_snapshot_find_number(struct ot_snapshot *snapshot, uint64_t number,
                                       struct ot_positions *out, struct ot_error *err);

/* The record at a position of a list, its checksum verified. */
enum ot_status ot_snapshot_record(struct ot_snapshot *snapshot,
                                  const struct ot_positions *list, uint32_t i,
                                  struct ot_record *record, struct ot_error *err);

/* The same for who has had ot_snapshot_check_sum verify every byte and now reads every
 * record: the record's own checksum would be a second one over the same bytes. */
enum ot_status ot_snapshot_record_verified(struct ot_snapshot *snapshot,
                                           const struct ot_positions *list, uint32_t i,
                                           struct ot_record *record,
                                           struct ot_error *err);

/* The one record with this id; *found: there is one. */
enum ot_status ot_snapshot_find_id(struct ot_snapshot *snapshot, struct ot_span id,
                                   struct ot_record *record, bool *found,
                                   struct ot_error *err);

/* The record that lies in the file behind another one of this snapshot, if this is its
 * number, as far as an unsigned long holds that: who reads what a search has found asks
 * for one after the other, and to look each up costs as much again as to read it. before
 * and record may be the same. False: it is another one, or damaged, and record is of no
 * use. */
bool ot_snapshot_follow(const struct ot_snapshot *snapshot,
                        const struct ot_record *before, uint64_t number,
                        struct ot_record *record);

uint32_t ot_positions_at(const struct ot_positions *list, uint32_t i);

#endif

/* What a machine remembers of a source: its certificates as they were accounted for last,
 * and the last thousand things that became of them. NAME.memory beside the snapshot is
 * one file for both, replaced whole under the source's lock: whatever ends between the
 * snapshot and the memory, the next account finds the difference, once.
 *
 * Text, a line each, fields with tabs between and %xx for what would be taken for one:
 * the head, "k" for a certificate, "n" for news, and at the end a checksum of all. */
#ifndef OT_MEMORY_MEMORY_H
#define OT_MEMORY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/span.h"

struct ot_source;

/* What news does to trust: it began, it ceased, or it is as it was. Where a source says
 * no, trust ceases with its no and begins with the end of that. */
enum ot_sign { OT_SIGN_BEGAN, OT_SIGN_CEASED, OT_SIGN_OTHER, OT_SIGN_COUNT };

/* How much was told up to some moment. */
struct ot_mark {
    uint64_t number; /* of the next news; one that began anew goes on above the old */
    uint64_t signs[OT_SIGN_COUNT]; /* how many of each so far */
};

/* A certificate as it was accounted for. */
struct ot_known {
    struct ot_span id, name; /* name absent: it has none */
    uint8_t sha256[OT_SHA256_LEN];
    bool has_sha256; /* false: quarantined */
    bool is_active;
    uint32_t places; /* OT_RECORD_WITHHELD_… of those places where it is an anchor, or
                        OT_RECORD_DISTRUSTED; 0: neither */
    int64_t since;   /* when that began; 0: it did not, or longer ago than remembered */
};

/* Something that became of a certificate. */
struct ot_news {
    uint64_t number;
    int64_t at; /* Unix seconds, of the sync that saw it */
    enum ot_sign sign;
    struct ot_span what;     /* one word: "added", "deactivated" */
    struct ot_span id, name; /* name absent: it has none */
    uint8_t sha256[OT_SHA256_LEN];
    bool has_sha256;
    struct ot_span detail; /* a sentence for people, or absent */
    char *own; /* what detail points into, where that is not the file's text */
};

/* Zeroed: none. Spans point into text, or into what the account was made of. */
struct ot_memory {
    bool is_there;
    int64_t began_at; /* when it was begun; what was trusted before has no time */
    int64_t at;       /* of the last account, and when another one is due although */
    int64_t again_at; /* the snapshot is the same: a certificate's time begins or ends */
    uint64_t inode, bytes; /* of the snapshot that was accounted for, and when it was */
    int64_t written_at;    /* written */
    struct ot_mark last,
        next; /* where the last account that told something began; the end */
    struct ot_known *known; /* by id */
    size_t known_count;
    struct ot_news *news; /* by number, at most OT_NEWS_KEPT_MAX */
    size_t news_count;
    char *text;
};

/* An absent file is OT_OK, and no memory. OT_E_CORRUPT: it is damaged, or of another
 * version. After a failure there is nothing to clear. */
enum ot_status ot_memory_read(struct ot_memory *memory, const struct ot_source *source,
                              struct ot_error *err);
/* The head, and of certificates only the one with this id, if there is one: what stands
 * of the others is verified, but not taken apart. */
enum ot_status ot_memory_read_one(struct ot_memory *memory,
                                  const struct ot_source *source, struct ot_span id,
                                  struct ot_error *err);
/* Only the head of it, at the cost of a few hundred bytes: whether there is one. */
bool ot_memory_read_head(struct ot_memory *memory, const struct ot_source *source);
void ot_memory_clear(struct ot_memory *memory);

/* Under the source's lock. */
enum ot_status ot_memory_write(const struct ot_memory *memory,
                               const struct ot_source *source, struct ot_error *err);

/* NULL: it knows none of this id. */
const struct ot_known *ot_memory_find(const struct ot_memory *memory, struct ot_span id);

/* '+', '-', '~'. */
char ot_sign_character(enum ot_sign sign);

/* Where somebody goes on who was told of everything up to a mark. NULL: of nothing yet,
 * which is the last account that has news, when that is not long ago, else the end: what
 * happened before anybody listened is no news. */
struct ot_mark ot_memory_resume(const struct ot_memory *memory,
                                const struct ot_mark *mark, int64_t now);

/* "NUMBER BEGAN CEASED OTHER", OT_MARK_TEXT_MAX with the terminator, and back. */
#define OT_MARK_TEXT_MAX 88
void ot_mark_format(char buf[OT_MARK_TEXT_MAX], const struct ot_mark *mark);
bool ot_mark_parse(struct ot_mark *mark, const char *text);

/* How many of a sign, or of all (OT_SIGN_COUNT), lie between two marks. */
uint64_t ot_mark_count(const struct ot_mark *from, const struct ot_mark *to,
                       enum ot_sign sign);

#endif

/* The machine's own store of authorities, and what orgtrust has put into it: files of
 * ours where the distribution looks for an administrator's, and a record of all that was
 * ever put there and is not gone from the bundle yet. What the distribution or the
 * administrator has there too (system_theirs.h) stays in the bundle without being ours.
 *
 * The record is /var/lib/orgtrust/system-anchors: a line for each certificate, SHA-256 of
 * its DER and of its SubjectPublicKeyInfo in hexadecimal. It lies there and not in a
 * cache, since every user's sync reads it, whatever cache_dir root's configuration has.
 */
#ifndef OT_MACHINE_SYSTEM_STORE_H
#define OT_MACHINE_SYSTEM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/span.h"

#define OT_SYSTEM_PREFIX "orgtrust-"
#define OT_SYSTEM_NAME_LEN 16 /* hexadecimal digits behind it: of SHA-256 of the DER */
#define OT_SYSTEM_RECORD "/var/lib/orgtrust/system-anchors"

/* Where a distribution keeps such things. */
struct ot_system_store {
    const char *parent, *dir; /* for ours; dir is made in parent when it is not that */
    const char *suffix;
    const char *program;
    const char *argument; /* NULL: none */
    bool has_links;       /* Debian's: see export/system_links.h */
    /* Where everybody else's are, and for Debian which of the first count. */
    const char *theirs[2], *list;
    const char *blocklist; /* of what is distrusted; NULL: the list is for that */
};
#define OT_SYSTEM_STORES 3
extern const struct ot_system_store ot_system_stores[OT_SYSTEM_STORES];

/* Whether what Java trusts is made of this machine's store: Debian's hook is there, or,
 * where the tools of other distributions always make it, a JDK. */
bool ot_system_makes_java(void);

/* What a line of Debian's list, without its "!", is the name of, as
 * update-ca-certificates takes it: without the blanks around. */
struct ot_span ot_system_list_name(const char *line, size_t len);

/* Whether a file's name is one that we give. */
bool ot_system_is_ours(const char *name, const char *suffix);

/* What tells a certificate, and every other one of the same key. */
struct ot_ca_mark {
    uint8_t der[OT_SHA256_LEN], key[OT_SHA256_LEN];
};

/* Zeroed: empty. Sorted by der after ot_ca_marks_sort. */
struct ot_ca_marks {
    struct ot_ca_mark *items;
    size_t count, capacity;
};

/* OT_E_PROTOCOL: no certificate. */
enum ot_status ot_ca_mark_make(struct ot_ca_mark *mark, const uint8_t *der, size_t len,
                               struct ot_error *err);
enum ot_status ot_ca_marks_add(struct ot_ca_marks *marks, const struct ot_ca_mark *mark,
                               struct ot_error *err);
/* All certificates of a PEM file; what is none in it is passed over. OT_E_NOT_FOUND:
 * there is no such file. */
enum ot_status ot_ca_marks_add_file(struct ot_ca_marks *marks, const char *path,
                                    struct ot_error *err);
void ot_ca_marks_sort(struct ot_ca_marks *marks);
/* Of sorted ones: the first whose SHA-256 begins with these bytes, or NULL. */
const struct ot_ca_mark *ot_ca_marks_find(const struct ot_ca_marks *marks,
                                          const uint8_t *der, size_t len);
bool ot_ca_marks_has_key(const struct ot_ca_marks *marks, const uint8_t *key);
void ot_ca_marks_clear(struct ot_ca_marks *marks);

/* Only root's; an empty one is removed. */
enum ot_status ot_system_record_write(const struct ot_ca_marks *marks,
                                      struct ot_error *err);

/* Adds ours, by the record and by the files that lie in the stores, and sorts. */
enum ot_status ot_system_ours(struct ot_ca_marks *marks, struct ot_error *err);

#endif

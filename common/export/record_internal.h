/* What is written down of an export in .exports. Who writes holds the lock. */
#ifndef OT_EXPORT_RECORD_INTERNAL_H
#define OT_EXPORT_RECORD_INTERNAL_H

#include "base/error.h"

struct ot_export;
struct ot_exports;

/* One line of text without its end; "": none. */
#define OT_EXPORT_DONE_MAX 128

/* dir/KIND-HASH.suffix into buf (PATH_MAX bytes). The target is hashed: it may be longer
 * than a file's name, and a command may hold a secret. */
enum ot_status ot_export_record_path(char *buf, const struct ot_exports *exports,
                                     const struct ot_export *item, const char *suffix,
                                     struct ot_error *err);

/* What is in place. One that cannot be read is none: what follows makes it anew. */
void ot_export_done_read(char done[OT_EXPORT_DONE_MAX], const struct ot_exports *exports,
                         const struct ot_export *item);
enum ot_status ot_export_done_write(const char *done, const struct ot_exports *exports,
                                    const struct ot_export *item, struct ot_error *err);

/* Writes the item's outcome down for `orgtrust status`. A failure to do so is swallowed:
 * it must not hide what it is about. */
void ot_export_record_outcome(const struct ot_exports *exports,
                              const struct ot_export *item);

#endif

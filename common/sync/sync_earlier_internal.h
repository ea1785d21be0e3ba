/* What is known of the last listing of a source: NAME.listing beside its snapshot. By the
 * tag one request tells that nothing has changed since, by the cursors the pages are
 * asked for at once. Both are guesses until the API agrees, so that a file which is lost,
 * damaged or of another time costs requests and nothing else; but the tag counts only for
 * the very snapshot that was made of that listing. */
#ifndef OT_SYNC_SYNC_EARLIER_INTERNAL_H
#define OT_SYNC_SYNC_EARLIER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/api_extension.h"
#include "base/error.h"
#include "base/limits.h"

struct ot_earlier_cursor {
    char id[OT_ID_MAX + 1];
    bool of_organization; /* behind the scope's own, of which there may be none */
    bool is_end;          /* the last of its list: behind it there was nothing */
};

struct ot_earlier {
    char tag[OT_MOMENT_TAG_MAX]; /* of the first page, as all others were; "": none */
    uint64_t snapshot;           /* ot_snapshot_info's sum */
    struct ot_earlier_cursor *cursors;
    size_t count, room;
};

/* Nothing where there is no file of use. */
void ot_earlier_read(struct ot_earlier *known, const char *path);
void ot_earlier_clear(struct ot_earlier *known);

enum ot_status ot_earlier_add(struct ot_earlier *known, const char *id,
                              bool of_organization, bool is_end, struct ot_error *err);

/* Replaces the file where it says something else than before; without anything to say
 * there is none. That it cannot be written is no failure of a sync. */
void ot_earlier_write(const struct ot_earlier *known, const struct ot_earlier *before,
                      const char *path);

#endif

#include "view/warn_withheld.h"

#include <stdlib.h>
#include <string.h>

#include "change/cert_input.h"
#include "config/source_path.h"
#include "files/path.h"
#include "snapshot/snapshot.h"
#include "view/output.h"
#include "view/record_json.h"

static void say_withheld(const char *what, uint32_t flags, const char *why, size_t len)
{
    const struct ot_record record = {.flags = flags};
    char places[OT_PLACES_TEXT_MAX];

    ot_output_warn("while it is active, %s is withheld from %s: %.*s", what,
                   ot_record_places(places, &record), (int)len, why);
}

/* An upload and the activation that follows it are one certificate. */
static bool is_warned_of(const struct ot_changes *changes, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (changes->items[j].outcome == OT_CHANGE_PLANNED &&
            changes->items[j].input == changes->items[i].input)
            return true;
    return false;
}

static void warn_known(struct ot_snapshot *snapshot, const struct ot_change *change)
{
    struct ot_record record;
    bool found;

    if (ot_snapshot_find_id(snapshot, ot_span_str(change->id), &record, &found, NULL) ==
            OT_OK &&
        found && (record.flags & OT_RECORD_WITHHELD) != 0 &&
        record.field[OT_FIELD_WITHHELD].data != NULL)
        say_withheld(change->id, record.flags,
                     (const char *)record.field[OT_FIELD_WITHHELD].data,
                     record.field[OT_FIELD_WITHHELD].len);
}

void ot_warn_withheld(const struct ot_source *source, const struct ot_changes *changes)
{
    struct ot_snapshot *snapshot = NULL;
    char path[PATH_MAX], *scope = ot_source_scope(source);

    if (scope != NULL && ot_source_path(path, source, OT_SOURCE_SNAPSHOT, NULL) == OT_OK)
        (void)ot_snapshot_open(&snapshot, path, scope, NULL);
    for (size_t i = 0; i < changes->count; i++) {
        const struct ot_change *change = &changes->items[i];
        const struct ot_cert_input *input = change->input;

        if (change->outcome != OT_CHANGE_PLANNED ||
            (change->action != OT_CHANGE_UPLOAD && change->action != OT_CHANGE_ACTIVATE))
            continue;
        if (input == NULL && snapshot != NULL)
            warn_known(snapshot, change);
        else if (input != NULL && input->reason != NULL && !is_warned_of(changes, i))
            say_withheld(input->file, input->withheld, input->reason,
                         strlen(input->reason));
    }
    ot_snapshot_unref(snapshot);
    free(scope);
}

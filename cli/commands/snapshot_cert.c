#include "commands/snapshot_cert_internal.h"

#include <stdio.h>
#include <string.h>

#include "config/source.h"
#include "memory/memory.h"
#include "snapshot/snapshot.h"

#define CANDIDATES_SHOWN 12 /* ids that fit into one message */

struct match {
    struct ot_record record; /* the first, or the one with that id */
    size_t count;
    char ids[CANDIDATES_SHOWN * 40];
};

static void add_candidate_id(struct match *match, struct ot_span id)
{
    size_t len = strlen(match->ids);

    if (match->count < CANDIDATES_SHOWN)
        snprintf(match->ids + len, sizeof(match->ids) - len, "%s%.*s", len ? ", " : "",
                 (int)id.len, (const char *)id.data);
}

/* All records, not a search: quarantined ones are shown too. */
static enum ot_status look_for(struct match *match, struct ot_snapshot *snapshot,
                               const char *what, struct ot_error *err)
{
    struct ot_span wanted = ot_span_str(what);
    struct ot_positions all;
    enum ot_status status = ot_snapshot_all(snapshot, &all, err);

    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_record record;

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status != OT_OK)
            break;
        if (ot_span_equal(record.field[OT_FIELD_ID], wanted)) {
            match->record = record;
            match->count = 1;
            break;
        }
        if (!ot_span_equal(record.field[OT_FIELD_NAME], wanted) &&
            !ot_span_equal(record.field[OT_FIELD_LABEL], wanted))
            continue;
        add_candidate_id(match, record.field[OT_FIELD_ID]);
        if (match->count++ == 0)
            match->record = record;
    }
    return status;
}

enum ot_status ot_snapshot_cert_find(struct ot_record *record,
                                     const struct ot_snapshot_use *use, const char *what,
                                     struct ot_error *err)
{
    struct match match = {.count = 0};
    enum ot_status status = look_for(&match, use->snapshot, what, err);

    if (status != OT_OK)
        return status;
    *record = match.record;
    if (match.count == 0)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "no certificate of source '%s' has the id or name '%s'; see "
                            "'orgtrust list'",
                            use->source->name, what);
    if (match.count > 1)
        return ot_error_set(
            err, OT_E_USAGE,
            "%zu certificates are named '%s'; ask for one by its id: %s%s", match.count,
            what, match.ids, match.count > CANDIDATES_SHOWN ? ", …" : "");
    return OT_OK;
}

int64_t ot_trusted_since(const struct ot_source *source, struct ot_span id)
{
    const struct ot_known *known = NULL;
    struct ot_memory memory = {0};
    int64_t since;

    if (ot_memory_read(&memory, source, NULL) == OT_OK)
        known = ot_memory_find(&memory, id);
    since = known != NULL ? known->since : 0;
    ot_memory_clear(&memory);
    return since;
}

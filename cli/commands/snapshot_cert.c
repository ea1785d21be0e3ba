#include "commands/snapshot_cert_internal.h"

#include <stdio.h>
#include <string.h>

#include "config/identifier.h"
#include "config/source.h"
#include "memory/memory.h"
#include "snapshot/snapshot.h"

#define CANDIDATES_SHOWN 12 /* ids that fit into one message */

struct match {
    struct ot_record record; /* the first, or the one with that id */
    size_t count;
    char ids[CANDIDATES_SHOWN * 40];
};

static void add_match(struct match *match, const struct ot_record *record)
{
    const struct ot_span *id = &record->field[OT_FIELD_ID];
    size_t len = strlen(match->ids);

    if (match->count == 0)
        match->record = *record;
    if (match->count++ < CANDIDATES_SHOWN)
        snprintf(match->ids + len, sizeof(match->ids) - len, "%s%.*s", len ? ", " : "",
                 (int)id->len, (const char *)id->data);
}

/* The indexes of what a certificate is called, also a quarantined one. */
static const struct {
    enum ot_index index;
    enum ot_field field;
} callings[] = {{OT_INDEX_ID, OT_FIELD_ID},
                {OT_INDEX_NAME, OT_FIELD_NAME},
                {OT_INDEX_LABEL, OT_FIELD_LABEL}};
#define CALLINGS (sizeof(callings) / sizeof(callings[0]))

/* Whether an index before this one has brought the record. */
static bool is_called_before(const struct ot_record *record, size_t calling,
                             struct ot_span wanted)
{
    for (size_t i = 0; i < calling; i++)
        if (ot_span_equal(record->field[callings[i].field], wanted))
            return true;
    return false;
}

static enum ot_status look_up_calling(struct match *match, struct ot_snapshot *snapshot,
                                      size_t calling, struct ot_span wanted,
                                      struct ot_error *err)
{
    struct ot_positions found;
    struct ot_record record;
    enum ot_status status = ot_snapshot_find(snapshot, callings[calling].index, wanted,
                                             OT_SPAN_ABSENT, &found, err);

    for (uint32_t i = 0; status == OT_OK && i < found.count; i++) {
        status = ot_snapshot_record(snapshot, &found, i, &record, err);
        if (status == OT_OK &&
            ot_span_equal(record.field[callings[calling].field], wanted) &&
            !is_called_before(&record, calling, wanted))
            add_match(match, &record);
    }
    return status;
}

/* What has that very id, the first of the callings, is the only one of its name. */
static enum ot_status look_up_called(struct match *match, struct ot_snapshot *snapshot,
                                     struct ot_span wanted, struct ot_error *err)
{
    enum ot_status status = look_up_calling(match, snapshot, 0, wanted, err);

    if (match->count > 0)
        return status;
    for (size_t i = 1; status == OT_OK && i < CALLINGS; i++)
        status = look_up_calling(match, snapshot, i, wanted, err);
    return status;
}

/* For the beginning of an id there is no index. */
static enum ot_status look_for_begun(struct match *match, struct ot_snapshot *snapshot,
                                     const char *what, struct ot_error *err)
{
    struct ot_positions all;
    struct ot_record record;
    enum ot_status status = ot_snapshot_all(snapshot, &all, err);

    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        const struct ot_span *id = &record.field[OT_FIELD_ID];

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status == OT_OK && ot_begins_cert_id(what, (const char *)id->data, id->len))
            add_match(match, &record);
    }
    return status;
}

enum ot_status ot_snapshot_cert_find(struct ot_record *record,
                                     const struct ot_snapshot_use *use, const char *what,
                                     struct ot_error *err)
{
    struct match match = {.count = 0};
    enum ot_status status = look_up_called(&match, use->snapshot, ot_span_str(what), err);
    const bool by_name = match.count > 0;

    if (status == OT_OK && !by_name)
        status = look_for_begun(&match, use->snapshot, what, err);
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
            err, OT_E_USAGE, "%zu certificates %s '%s'; ask for one by its id: %s%s",
            match.count, by_name ? "are named" : "have an id that begins with", what,
            match.ids, match.count > CANDIDATES_SHOWN ? ", …" : "");
    return OT_OK;
}

const char *ot_snapshot_cert_id(char id[OT_ID_MAX + 1], const char *source,
                                const char *what)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_snapshot_use use;
    struct ot_record record;
    bool found = ot_snapshot_use_begin(&use, source, &err) == OT_OK &&
                 ot_snapshot_cert_find(&record, &use, what, &err) == OT_OK;

    if (found)
        snprintf(id, OT_ID_MAX + 1, "%.*s", (int)record.field[OT_FIELD_ID].len,
                 (const char *)record.field[OT_FIELD_ID].data);
    ot_snapshot_use_end(&use);
    return found ? id : what;
}

int64_t ot_trusted_since(const struct ot_source *source, struct ot_span id)
{
    const struct ot_known *known = NULL;
    struct ot_memory memory = {0};
    int64_t since;

    if (ot_memory_read_one(&memory, source, id, NULL) == OT_OK)
        known = ot_memory_find(&memory, id);
    since = known != NULL && !ot_source_distrusts(source) ? known->since : 0;
    ot_memory_clear(&memory);
    return since;
}

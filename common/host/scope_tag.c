#include "host/scope_tag_internal.h"

#include <stdlib.h>
#include <string.h>

#include "config/source.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"

/* Ids as spans into the snapshot. */
struct active_ids {
    struct ot_span *items;
    size_t count;
};

/* Which flag says of a record that it is active there; 0: the source does not hold it. */
static uint32_t flag_of_scope(const struct ot_source *source, const char *project)
{
    if (!ot_source_inherits(source))
        return (project == NULL) == (source->project == NULL) ? OT_RECORD_ACTIVE : 0;
    return project != NULL ? OT_RECORD_BY_PROJECT : OT_RECORD_BY_ORGANIZATION;
}

static enum ot_status collect_ids(struct active_ids *ids, struct ot_snapshot *snapshot,
                                  uint32_t flag, struct ot_error *err)
{
    struct ot_positions all;
    enum ot_status status = ot_snapshot_all(snapshot, &all, err);

    if (status != OT_OK)
        return status;
    ids->items = calloc(all.count + 1, sizeof(*ids->items));
    if (ids->items == NULL)
        return ot_error_nomem(err);
    for (uint32_t i = 0; status == OT_OK && i < all.count; i++) {
        struct ot_record record;

        status = ot_snapshot_record(snapshot, &all, i, &record, err);
        if (status == OT_OK && (record.flags & flag) != 0)
            ids->items[ids->count++] = record.field[OT_FIELD_ID];
    }
    return status;
}

static int compare_id_bytes(const void *a, const void *b)
{
    const struct ot_span *left = a, *right = b;
    size_t len = left->len < right->len ? left->len : right->len;
    int order = memcmp(left->data, right->data, len);

    return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

enum ot_status ot_scope_tag(char tag[OT_LIST_TAG_MAX], const struct ot_source *source,
                            struct ot_snapshot *snapshot, const char *project,
                            struct ot_error *err)
{
    uint32_t flag = flag_of_scope(source, project);
    struct active_ids ids = {NULL, 0};
    struct ot_list_tag *sum = NULL;
    enum ot_status status = OT_E_NOT_FOUND;

    if (flag != 0)
        status = ot_list_tag_new(&sum, err);
    if (status == OT_OK)
        status = collect_ids(&ids, snapshot, flag, err);
    if (status == OT_OK) {
        qsort(ids.items, ids.count, sizeof(*ids.items), compare_id_bytes);
        for (size_t i = 0; i < ids.count; i++)
            ot_list_tag_add(sum, (const char *)ids.items[i].data, ids.items[i].len);
        status = ot_list_tag_finish(sum, tag, err);
    }
    ot_list_tag_free(sum);
    free(ids.items);
    return status;
}

#include "snapshot/candidates.h"

#include "snapshot/record.h"

/* Lists are in the order of the file; see ot_snapshot_record. */
static bool has_position(const struct ot_positions *list, uint32_t position)
{
    uint32_t low = 0, high = list->count, middle, at;

    while (low < high) {
        middle = low + (high - low) / 2;
        at = ot_positions_at(list, middle);
        if (at == position)
            return true;
        if (at < position)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool is_in_earlier_list(const struct ot_candidates *candidates, uint32_t position)
{
    for (unsigned source = 0; source < candidates->source; source++)
        if (has_position(&candidates->list[source], position))
            return true;
    return false;
}

/* Steps to the next list, or to the second pass; false at the end of both, for good. */
static bool has_next(struct ot_candidates *candidates)
{
    const unsigned last = OT_CANDIDATE_LISTS - 1;

    while (candidates->next >= candidates->list[candidates->source].count) {
        bool is_end = candidates->source == last &&
                      (candidates->is_second_pass || !candidates->has_others);

        if (is_end)
            return false;
        candidates->is_second_pass |= candidates->source == last;
        candidates->source = candidates->source == last ? 0 : candidates->source + 1;
        candidates->next = 0;
    }
    return true;
}

enum ot_status ot_candidates_next(struct ot_candidates *candidates,
                                  struct ot_record *record, uint32_t *position,
                                  struct ot_error *err)
{
    while (has_next(candidates)) {
        const struct ot_positions *list = &candidates->list[candidates->source];
        uint32_t i = candidates->next++, at = ot_positions_at(list, i);
        enum ot_status status =
            ot_snapshot_record(candidates->snapshot, list, i, record, err);
        bool is_valid = status == OT_OK && ot_record_is_valid_at(record, candidates->now);

        if (status != OT_OK && !candidates->is_second_pass)
            return status;
        if (!is_valid)
            candidates->has_others = !candidates->valid_only;
        if (status != OT_OK || is_valid == candidates->is_second_pass ||
            is_in_earlier_list(candidates, at))
            continue;
        if (position != NULL)
            *position = at;
        return OT_OK;
    }
    return OT_E_NOT_FOUND;
}

#include "aspect.h"

#include "snapshot/record.h"

bool ot_aspect_shows(const struct ot_aspect *aspect, const struct ot_record *record,
                     int64_t now)
{
    if (aspect->is_admin)
        return (record->flags & OT_RECORD_QUARANTINED) == 0;
    return ot_record_is_anchor(record, OT_RECORD_WITHHELD_TOKEN, now);
}

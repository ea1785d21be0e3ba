/* What changes make of the certificates of a source. */
#ifndef OT_IMPACT_TRUST_CHANGES_INTERNAL_H
#define OT_IMPACT_TRUST_CHANGES_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ot_cert;
struct ot_impact_change;
struct ot_impact_changes;
struct ot_record;
struct ot_source;

struct ot_trust_changes {
    const struct ot_impact_changes *all;   /* the caller's */
    const struct ot_impact_change **by_id; /* those that have one, sorted; of one id in
                                              their order */
    size_t count;                          /* of by_id */
};

enum ot_status ot_trust_changes_init(struct ot_trust_changes *changes,
                                     const struct ot_impact_changes *all,
                                     struct ot_error *err);
void ot_trust_changes_clear(struct ot_trust_changes *changes);

/* Whether a record of the source's is active once the changes are made. */
bool ot_trust_changes_leave(const struct ot_trust_changes *changes,
                            const struct ot_source *source,
                            const struct ot_record *record);

/* The first certificate that a change uploads and activates, for ot_cert_free; NULL: it
 * does not, or the certificate cannot be read. */
struct ot_cert *ot_trust_change_upload(const struct ot_impact_change *change);

/* Whether the source holds what is active in the scope of a change. */
bool ot_trust_change_is_seen(const struct ot_source *source,
                             const struct ot_impact_change *change);

#endif

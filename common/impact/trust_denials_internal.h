/* To which certificates the sources with `meaning = distrust` say no before changes and
 * after them, as far as servers are concerned. A no counts against whoever trusts the
 * certificate otherwise. */
#ifndef OT_IMPACT_TRUST_DENIALS_INTERNAL_H
#define OT_IMPACT_TRUST_DENIALS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ot_config;
struct ot_record;
struct ot_snapshot;
struct ot_trust_changes;

struct ot_trust_denials;

/* The snapshots of these sources as they are used now. Configuration and changes must
 * outlive it. */
enum ot_status ot_trust_denials_open(struct ot_trust_denials **out,
                                     const struct ot_config *config,
                                     const struct ot_trust_changes *changes,
                                     struct ot_error *err);
void ot_trust_denials_close(struct ot_trust_denials *denials); /* NULL is fine */

/* Whether a change says no to anything. */
bool ot_trust_denials_are_new(const struct ot_trust_denials *denials);

/* What the changes newly say no to and no snapshot of these sources has, as another's has
 * it. The snapshot must outlive denials. */
enum ot_status ot_trust_denials_learn(struct ot_trust_denials *denials,
                                      struct ot_snapshot *snapshot, struct ot_error *err);

/* Of a certificate's name and key, by which a no matches. */
bool ot_trust_denies_before(const struct ot_trust_denials *denials,
                            const struct ot_record *record);
bool ot_trust_denies_after(const struct ot_trust_denials *denials,
                           const struct ot_record *record);

/* What the changes say no to, one after the other; of what nobody here knows the record
 * has no key. NULL: there are no more. */
const struct ot_record *ot_trust_denial_at(const struct ot_trust_denials *denials,
                                           size_t i);

#endif

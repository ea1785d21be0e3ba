/* A certificate of a snapshot as JSON, the same everywhere. */
#ifndef OT_CLI_VIEW_RECORD_JSON_H
#define OT_CLI_VIEW_RECORD_JSON_H

#include "view/json_build.h"

struct ot_source;

/* Which of the two scopes of a source it is active in: "project", "organization", "both";
 * "-" where it is active in none. A source of one scope has that alone. */
const char *ot_record_active_by(const struct ot_source *source,
                                const struct ot_record *record);

/* "active", "inactive", "quarantined", "limited": active, and handed out with its
 * source's limits on it, or "withheld": active, and kept out of some place. */
const char *ot_record_state_word(const struct ot_record *record);

/* id, name, label, state, active, until, ca, self_signed, created_at, valid_at,
 * expires_at, sha256 (of the certificate that the API has), handed_out_sha256, reason
 * (why quarantined or withheld), withheld_from and warning, as members of object. What is
 * not known of a quarantined certificate is null. */
void ot_record_json_put(cJSON *object, const struct ot_record *record, bool *failed);

/* "active_by": the same as an array of "project" and "organization". */
void ot_record_json_put_scopes(cJSON *object, const struct ot_source *source,
                               const struct ot_record *record, bool *failed);

#endif

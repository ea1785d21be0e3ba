#include "token_policy.h"

#include "cache/distrust.h"
#include "config/source.h"
#include "host_internal.h"
#include "snapshot/record.h"

unsigned ot_token_policy_purposes(const struct ot_token_policy *policy,
                                  const struct ot_record *record)
{
    if (policy->distrust == NULL)
        return policy->purposes;
    return policy->purposes & ~ot_distrust_purposes(policy->distrust, record, NULL);
}

bool ot_token_policy_shows(const struct ot_token_policy *policy,
                           const struct ot_record *record, int64_t now)
{
    if (policy->is_admin)
        return (record->flags & OT_RECORD_QUARANTINED) == 0;
    if (policy->is_distrust)
        return (policy->purposes & OT_PURPOSE_SERVER) != 0 &&
               (record->flags & (OT_RECORD_ACTIVE | OT_RECORD_QUARANTINED)) ==
                   OT_RECORD_ACTIVE;
    return ot_record_is_anchor(record, OT_RECORD_WITHHELD_TOKEN, now) &&
           ((record->flags & OT_RECORD_NAMES_LIMITED) == 0 || !ot_host_is_java()) &&
           ot_token_policy_purposes(policy, record) != 0;
}

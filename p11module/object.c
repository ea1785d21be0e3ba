#include "object.h"

#include <string.h>

#include "base/limits.h"
#include "extension.h"
#include "snapshot/snapshot.h"

#define KIND_MASK ((CK_OBJECT_HANDLE)7)

_Static_assert(OT_OBJECT_KINDS <= 8, "the bits of a handle");

/* Of the kind that no certificate's handle has, and not CK_INVALID_HANDLE. */
#define PROFILE_HANDLE ((CK_OBJECT_HANDLE)8)

static CK_OBJECT_HANDLE number_of(const struct ot_record *record)
{
    return (CK_OBJECT_HANDLE)ot_record_number(
        record); /* 32-bit machines: its lower half */
}

CK_OBJECT_HANDLE ot_object_handle(const struct ot_object *object)
{
    if (object->kind == OT_OBJECT_PROFILE)
        return PROFILE_HANDLE;
    return number_of(&object->record) | (CK_OBJECT_HANDLE)object->kind;
}

CK_OBJECT_HANDLE ot_object_handle_of(struct ot_span id, enum ot_object_kind kind)
{
    struct ot_record record = {.flags = 0};

    record.field[OT_FIELD_ID] = id;
    return number_of(&record) | (CK_OBJECT_HANDLE)kind;
}

static bool is_usable_and_active(const struct ot_record *record)
{
    return (record->flags & (OT_RECORD_ACTIVE | OT_RECORD_QUARANTINED)) ==
           OT_RECORD_ACTIVE;
}

/* Whether this record is the one, of all that hold the same certificate, that its trust
 * objects belong to: the newest active one, else the newest that is shown. Of too many,
 * each is. */
static bool is_first(struct ot_snapshot *snapshot, const struct ot_record *record,
                     const struct ot_token_policy *policy, int64_t now)
{
    struct ot_span first = OT_SPAN_ABSENT;
    struct ot_positions same;
    struct ot_record other;

    if (ot_snapshot_find_few(snapshot, OT_INDEX_SHA2_256,
                             ot_record_digest(record, OT_DIGEST_SHA2_256), &same,
                             NULL) != OT_OK)
        return false;
    if (same.count <= 1 || same.count > OT_SAME_MAX)
        return true;
    for (uint32_t i = 0; i < same.count; i++) {
        if (ot_snapshot_record(snapshot, &same, i, &other, NULL) != OT_OK)
            continue;
        if (!ot_span_equal(other.field[OT_FIELD_DER], record->field[OT_FIELD_DER]))
            return false; /* under one SHA-256: the snapshot is not to be believed */
        if (!ot_token_policy_shows(policy, &other, now))
            continue;
        if (first.data == NULL || is_usable_and_active(&other))
            first = other.field[OT_FIELD_ID];
        if (is_usable_and_active(&other))
            break;
    }
    return ot_span_equal(first, record->field[OT_FIELD_ID]);
}

/* Whether it is an anchor, and how long that does not change. */
static void note_times(struct ot_object *object, int64_t now)
{
    const struct ot_record *record = &object->record;
    const bool is_valid = ot_record_is_valid_at(record, now);

    object->since = is_valid ? record->valid_at : INT64_MIN;
    object->until = is_valid ? record->expires_at : INT64_MAX;
    if (now < record->valid_at)
        object->until = record->valid_at - 1;
    else if (!is_valid)
        object->since = record->expires_at + 1;
    object->is_anchor =
        !object->policy.is_distrust && (record->flags & OT_RECORD_CA) != 0 && is_valid;
}

unsigned ot_object_kinds(const struct ot_token_policy *policy)
{
    unsigned kinds = OT_OBJECT_ALL_KINDS;

    if (policy->is_admin)
        kinds &= ~(1u << OT_OBJECT_PROFILE);
    if (!ot_extension_is_in(policy))
        kinds &= ~(1u << OT_OBJECT_EXTENSION);
    return kinds;
}

bool ot_object_make(struct ot_object *object, enum ot_object_kind kind,
                    struct ot_snapshot *snapshot, const struct ot_record *record,
                    const struct ot_token_policy *policy, int64_t now)
{
    object->kind = kind;
    object->policy = *policy;
    object->changes = ot_distrust_changes(policy->distrust);
    if (record != &object->record)
        object->record = *record;
    note_times(object, now);
    if (!object->is_anchor && !policy->is_admin && !policy->is_distrust)
        return false;
    if (kind == OT_OBJECT_CERTIFICATE && policy->is_distrust &&
        !ot_record_is_tellable(record))
        return false;
    if (kind == OT_OBJECT_EXTENSION)
        return ot_extension_purposes(&object->purposes, snapshot, record, policy, now);
    object->purposes = ot_token_policy_purposes(policy, record);
    return kind == OT_OBJECT_CERTIFICATE ||
           ((policy->is_admin || ot_object_is_active(object)) &&
            is_first(snapshot, record, policy, now));
}

void ot_object_make_profile(struct ot_object *object)
{
    memset(object, 0, sizeof(*object));
    object->kind = OT_OBJECT_PROFILE;
    object->since = INT64_MIN;
    object->until = INT64_MAX;
}

bool ot_object_find(struct ot_object *object, CK_OBJECT_HANDLE handle,
                    struct ot_snapshot *snapshot, const struct ot_token_policy *policy,
                    int64_t now)
{
    enum ot_object_kind kind = (enum ot_object_kind)(handle & KIND_MASK);
    CK_OBJECT_HANDLE number = handle & ~KIND_MASK;
    struct ot_record *record = &object->record;
    struct ot_positions list;

    if ((ot_object_kinds(policy) & 1u << kind) == 0)
        return false;
    if (handle == PROFILE_HANDLE) {
        ot_object_make_profile(object);
        return true;
    }
    if (kind == OT_OBJECT_PROFILE || snapshot == NULL ||
        ot_snapshot_find_number(snapshot, number, &list, NULL) != OT_OK)
        return false;
    for (uint32_t i = 0; i < list.count; i++)
        if (ot_snapshot_record(snapshot, &list, i, record, NULL) == OT_OK &&
            number_of(record) == number && ot_token_policy_shows(policy, record, now))
            return ot_object_make(object, kind, snapshot, record, policy, now);
    return false;
}

bool ot_object_follow(struct ot_object *object, CK_OBJECT_HANDLE handle,
                      struct ot_snapshot *snapshot, const struct ot_token_policy *policy,
                      int64_t now)
{
    enum ot_object_kind kind = (enum ot_object_kind)(handle & KIND_MASK);
    CK_OBJECT_HANDLE number = handle & ~KIND_MASK;
    struct ot_record *record = &object->record;

    return kind == object->kind && kind != OT_OBJECT_PROFILE &&
           ot_snapshot_follow(snapshot, record, number, record) &&
           ot_token_policy_shows(policy, record, now) &&
           ot_object_make(object, kind, snapshot, record, policy, now);
}

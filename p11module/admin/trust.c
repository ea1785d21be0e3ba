#include "trust_internal.h"

#include <string.h>

#include "admin_internal.h"
#include "attribute.h"
#include "base/limits.h"
#include "errand/errand.h"
#include "given_internal.h"
#include "slot.h"
#include "snapshot/snapshot.h"
#include "view.h"

/* The same certificate under more ids than anybody gives it. */
#define COPIES_MAX 8u

/* What a template for a trust object says. */
struct request {
    struct ot_span issuer, serial, hash; /* hash: may be absent */
    bool is_anchor;                      /* for any purpose at all */
};

/* The certificate that it is about, as often as it is there. */
struct copies {
    unsigned count;
    char ids[COPIES_MAX][OT_ID_MAX + 1];
    bool are_active[COPIES_MAX];
};

enum ot_object_kind ot_trust_kind(CK_OBJECT_CLASS object_class)
{
    if (object_class == OT_CKO_NSS_TRUST)
        return OT_OBJECT_NSS_TRUST;
    return object_class == OT_CKO_TRUST ? OT_OBJECT_TRUST : OT_OBJECT_PROFILE;
}

CK_ULONG ot_trust_anchor(enum ot_object_kind kind)
{
    return kind == OT_OBJECT_NSS_TRUST ? OT_CKT_NSS_TRUSTED_DELEGATOR
                                       : OT_CKT_TRUST_ANCHOR;
}

static struct ot_span attribute_span(const CK_ATTRIBUTE *attribute)
{
    if (attribute == NULL)
        return OT_SPAN_ABSENT;
    return ot_span_of(attribute->pValue != NULL ? attribute->pValue : "",
                      attribute->ulValueLen);
}

static CK_RV read_purposes(struct request *request, enum ot_object_kind kind,
                           const struct ot_given *given)
{
    bool is_said = false;
    CK_ULONG value;
    CK_RV rv;

    for (CK_ULONG i = 0; i < given->count; i++) {
        if (!ot_attribute_is_purpose(kind, given->attributes[i].type))
            continue;
        rv = ot_given_number(&given->attributes[i], &value);
        if (rv != CKR_OK)
            return rv;
        is_said = true;
        if (value == ot_trust_anchor(kind))
            request->is_anchor = true;
    }
    return is_said ? CKR_OK : CKR_TEMPLATE_INCOMPLETE;
}

static CK_RV read_request(struct request *request, enum ot_object_kind kind,
                          const struct ot_given *given)
{
    memset(request, 0, sizeof(*request));
    request->issuer = attribute_span(ot_given_find(given, CKA_ISSUER));
    request->serial = attribute_span(ot_given_find(given, CKA_SERIAL_NUMBER));
    request->hash = attribute_span(
        ot_given_find(given, kind == OT_OBJECT_NSS_TRUST ? OT_CKA_NSS_CERT_SHA1_HASH
                                                         : OT_CKA_HASH_OF_CERTIFICATE));
    if (request->issuer.data == NULL || request->serial.data == NULL)
        return CKR_TEMPLATE_INCOMPLETE;
    return read_purposes(request, kind, given);
}

/* SHA-1 or SHA-256, which their lengths tell apart. */
static bool is_hash_of(struct ot_span hash, const struct ot_record *record)
{
    return ot_span_equal(hash, ot_record_digest(record, OT_DIGEST_SHA1)) ||
           ot_span_equal(hash, ot_record_digest(record, OT_DIGEST_SHA2_256));
}

static bool is_meant(const struct request *request, const struct ot_record *record)
{
    return (record->flags & OT_RECORD_QUARANTINED) == 0 &&
           ot_span_equal(record->field[OT_FIELD_ISSUER], request->issuer) &&
           ot_span_equal(record->field[OT_FIELD_SERIAL], request->serial) &&
           (request->hash.data == NULL || is_hash_of(request->hash, record));
}

static void add_copy(struct copies *copies, const struct ot_record *record)
{
    struct ot_span id = record->field[OT_FIELD_ID];

    if (copies->count == COPIES_MAX || id.len > OT_ID_MAX)
        return;
    memcpy(copies->ids[copies->count], id.data, id.len);
    copies->ids[copies->count][id.len] = '\0';
    copies->are_active[copies->count] = (record->flags & OT_RECORD_ACTIVE) != 0;
    copies->count++;
}

/* CKR_TEMPLATE_INCOMPLETE: two certificates have this issuer and serial number, and
 * nothing says which is meant. */
static CK_RV find_copies(struct copies *copies, const struct request *request,
                         struct ot_snapshot *snapshot)
{
    struct ot_span der = OT_SPAN_ABSENT;
    struct ot_positions list;
    struct ot_record record;

    copies->count = 0;
    if (snapshot == NULL || ot_snapshot_find(snapshot, OT_INDEX_SERIAL, request->issuer,
                                             request->serial, &list, NULL) != OT_OK)
        return CKR_ATTRIBUTE_VALUE_INVALID;
    for (uint32_t i = 0; i < list.count; i++) {
        if (ot_snapshot_record(snapshot, &list, i, &record, NULL) != OT_OK ||
            !is_meant(request, &record))
            continue;
        if (der.data != NULL && !ot_span_equal(der, record.field[OT_FIELD_DER]))
            return CKR_TEMPLATE_INCOMPLETE;
        der = record.field[OT_FIELD_DER];
        add_copy(copies, &record);
    }
    return copies->count > 0 ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

/* Its trust object is that of the newest active one, which comes first; or of the newest
 * of all. */
static unsigned first_active(const struct copies *copies)
{
    unsigned i;

    for (i = 0; i < copies->count; i++)
        if (copies->are_active[i])
            break;
    return i;
}

static CK_RV activate_trusted(const struct ot_authorization *authorization,
                              const char *id)
{
    const char *const arguments[] = {"activate", "--by-id", "--", id, NULL};
    struct ot_errand_result result;

    return ot_authorization_use(authorization, OT_ADMIN_CALL_CREATE, arguments,
                                OT_SPAN_ABSENT, &result);
}

static CK_RV deactivate_all(const struct ot_authorization *authorization,
                            enum ot_admin_call call, const struct copies *copies)
{
    const char *arguments[COPIES_MAX + 5] = {"deactivate", "--yes", "--by-id", "--"};
    struct ot_errand_result result;
    unsigned n = 4;

    for (unsigned i = 0; i < copies->count; i++)
        if (copies->are_active[i])
            arguments[n++] = copies->ids[i];
    arguments[n] = NULL;
    return ot_authorization_use(authorization, call, arguments, OT_SPAN_ABSENT, &result);
}

/* All that are the same certificate as the one with this id, which may be gone. */
static void find_copies_of(struct copies *copies, const char *id,
                           struct ot_snapshot *snapshot)
{
    struct ot_record record;
    struct request request;
    bool found = false;

    copies->count = 0;
    if (snapshot == NULL ||
        ot_snapshot_find_id(snapshot, ot_span_str(id), &record, &found, NULL) != OT_OK ||
        !found)
        return;
    request = (struct request){.issuer = record.field[OT_FIELD_ISSUER],
                               .serial = record.field[OT_FIELD_SERIAL],
                               .hash = ot_record_digest(&record, OT_DIGEST_SHA2_256)};
    if (find_copies(copies, &request, snapshot) != CKR_OK)
        copies->count = 0;
}

CK_RV ot_trust_withdraw(const struct ot_authorization *authorization,
                        enum ot_admin_call call, const char *id)
{
    struct ot_snapshot *snapshot = ot_view_look(authorization->slot->view, 0);
    struct copies copies;

    find_copies_of(&copies, id, snapshot);
    ot_snapshot_unref(snapshot);
    if (first_active(&copies) == copies.count) {
        copies = (struct copies){.count = 1, .are_active = {true}};
        strcpy(copies.ids[0], id);
    }
    return deactivate_all(authorization, call, &copies);
}

CK_RV ot_trust_create(const struct ot_authorization *authorization,
                      enum ot_object_kind kind, const struct ot_given *given,
                      CK_OBJECT_HANDLE *object)
{
    struct ot_snapshot *snapshot;
    struct copies copies;
    struct request request;
    unsigned which;
    CK_RV rv = read_request(&request, kind, given);

    if (rv != CKR_OK)
        return rv;
    snapshot = ot_view_look(authorization->slot->view, 0);
    rv = find_copies(&copies, &request, snapshot);
    ot_snapshot_unref(snapshot);
    if (rv != CKR_OK)
        return rv;
    which = first_active(&copies);
    if (request.is_anchor && which == copies.count)
        rv = activate_trusted(authorization, copies.ids[which = 0]);
    else if (!request.is_anchor && which < copies.count)
        rv = deactivate_all(authorization, OT_ADMIN_CALL_CREATE, &copies);
    if (!request.is_anchor)
        which = 0; /* none is active now */
    if (rv == CKR_OK)
        *object = ot_object_handle_of(ot_span_str(copies.ids[which]), kind);
    return rv;
}

/* Objects that are there, changed and destroyed: a certificate is renamed, activated,
 * deactivated or deleted. */
#include <stdlib.h>
#include <string.h>

#include "admin_internal.h"
#include "attribute.h"
#include "base/limits.h"
#include "base/span.h"
#include "call.h"
#include "cryptoki_3.h"
#include "errand/errand.h"
#include "given_internal.h"
#include "object.h"
#include "session.h"
#include "snapshot/record.h"
#include "template.h"
#include "trust_internal.h"

/* What is to be done to the certificate of an object, worked out whole before any of it
 * is: half a change would be reported as none. */
struct plan {
    char id[OT_ID_MAX + 1];
    char *name;       /* NULL: it keeps its name */
    const char *word; /* "activate", "deactivate"; NULL: it stays as it is */
    enum ot_object_kind kind;
};

static void set_id(char id[OT_ID_MAX + 1], const struct ot_object *object)
{
    struct ot_span span = object->record.field[OT_FIELD_ID];
    size_t len = span.len < OT_ID_MAX ? span.len : OT_ID_MAX;

    memcpy(id, span.data, len);
    id[len] = '\0';
}

static bool is_unchanged(const struct ot_object *object, const CK_ATTRIBUTE *attribute)
{
    union ot_scratch scratch;
    struct ot_span value = ot_attribute_get(object, attribute->type, &scratch);

    return value.data != NULL && value.len == attribute->ulValueLen &&
           (value.len == 0 || memcmp(value.data, attribute->pValue, value.len) == 0);
}

static CK_RV refuse_type(const struct ot_object *object, CK_ATTRIBUTE_TYPE type)
{
    return ot_attribute_is_known(object->kind, type) ? CKR_ATTRIBUTE_READ_ONLY
                                                     : CKR_ATTRIBUTE_TYPE_INVALID;
}

static CK_RV plan_name(struct plan *plan, const CK_ATTRIBUTE *attribute)
{
    CK_RV rv = ot_given_name(attribute, &plan->name);

    return rv == CKR_OK && plan->name == NULL ? CKR_ATTRIBUTE_VALUE_INVALID : rv;
}

static CK_RV plan_certificate(struct plan *plan, const struct ot_object *object,
                              const CK_ATTRIBUTE *attribute)
{
    bool truth;
    CK_RV rv;

    switch (attribute->type) {
    case CKA_LABEL:
        return plan_name(plan, attribute);
    case CKA_TRUSTED:
        rv = ot_given_truth(attribute, &truth);
        if (rv == CKR_OK)
            plan->word = truth ? "activate" : "deactivate";
        return rv;
    case CKA_ID: /* of the key; tools set it again as it is */
        return is_unchanged(object, attribute) ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
    default:
        return refuse_type(object, attribute->type);
    }
}

static bool is_anchor_for(const struct ot_object *object, CK_ATTRIBUTE_TYPE purpose)
{
    CK_ULONG anchor = ot_trust_anchor(object->kind);
    const CK_ATTRIBUTE wanted = {purpose, &anchor, sizeof(anchor)};

    return is_unchanged(object, &wanted);
}

/* A certificate is deactivated when a purpose is taken from it, and none is given that it
 * is to be an anchor for. */
static CK_RV plan_trust(struct plan *plan, const struct ot_object *object,
                        const CK_ATTRIBUTE *attribute, bool *is_anchor)
{
    CK_ULONG value;
    CK_RV rv;

    if (!ot_attribute_is_purpose(object->kind, attribute->type))
        return is_unchanged(object, attribute) ? CKR_OK
                                               : refuse_type(object, attribute->type);
    rv = ot_given_number(attribute, &value);
    if (rv != CKR_OK)
        return rv;
    if (value == ot_trust_anchor(object->kind))
        *is_anchor = true;
    else if (is_anchor_for(object, attribute->type))
        plan->word = "deactivate";
    return CKR_OK;
}

/* plan->name is to be freed, whatever this returns. */
static CK_RV make_plan(struct plan *plan, const struct ot_object *object,
                       const struct ot_given *given)
{
    CK_RV rv = ot_given_check(given);
    bool is_anchor = false;

    set_id(plan->id, object);
    plan->kind = object->kind;
    for (CK_ULONG i = 0; i < given->count && rv == CKR_OK; i++)
        rv = object->kind == OT_OBJECT_CERTIFICATE
                 ? plan_certificate(plan, object, &given->attributes[i])
                 : plan_trust(plan, object, &given->attributes[i], &is_anchor);
    if (is_anchor)
        plan->word = ot_object_is_active(object) ? NULL : "activate";
    return rv;
}

static CK_RV use_without_input(const struct ot_authorization *authorization,
                               enum ot_admin_call call, const char *const *arguments)
{
    struct ot_errand_result result;

    return ot_authorization_use(authorization, call, arguments, OT_SPAN_ABSENT, &result);
}

/* "deactivate" or "delete"; a trust object goes by deactivating its certificate. */
static CK_RV take_away(const struct ot_authorization *authorization,
                       enum ot_admin_call call, const char *word,
                       enum ot_object_kind kind, const char *id)
{
    const char *const arguments[] = {word, "--yes", "--by-id", "--", id, NULL};

    return kind == OT_OBJECT_CERTIFICATE
               ? use_without_input(authorization, call, arguments)
               : ot_trust_withdraw(authorization, call, id);
}

/* The name first: it takes nobody's trust away should the other fail. */
static CK_RV carry_out_changes(const struct ot_authorization *authorization,
                               const struct plan *plan)
{
    const char *const rename[] = {"rename", "--by-id", "--", plan->id, plan->name, NULL};
    const char *const activation[] = {"activate", "--by-id", "--", plan->id, NULL};
    CK_RV rv = CKR_OK;

    if (plan->name != NULL)
        rv = use_without_input(authorization, OT_ADMIN_CALL_SET, rename);
    if (rv != CKR_OK || plan->word == NULL)
        return rv;
    return strcmp(plan->word, activation[0]) == 0
               ? use_without_input(authorization, OT_ADMIN_CALL_SET, activation)
               : take_away(authorization, OT_ADMIN_CALL_SET, plan->word, plan->kind,
                           plan->id);
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object_handle,
                          CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    const struct ot_given given = {attributes, count};
    struct ot_authorization authorization = {.key = NULL};
    const struct ot_object *object;
    struct plan plan = {.name = NULL};
    struct ot_session *session;
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    if (!ot_template_is_good(attributes, count))
        rv = CKR_ARGUMENTS_BAD;
    else if ((object = ot_session_object(session, object_handle)) == NULL)
        rv = CKR_OBJECT_HANDLE_INVALID;
    else if ((rv = ot_authorization_take(&authorization, session)) == CKR_OK)
        rv = make_plan(&plan, object, &given);
    ot_session_drop(session);
    if (rv == CKR_OK)
        rv = carry_out_changes(&authorization, &plan);
    ot_authorization_drop(&authorization);
    free(plan.name);
    return rv;
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object_handle)
{
    struct ot_authorization authorization = {.key = NULL};
    enum ot_object_kind kind = OT_OBJECT_PROFILE;
    const struct ot_object *object;
    struct ot_session *session;
    char id[OT_ID_MAX + 1];
    CK_RV rv = ot_session_take(handle, &session);

    if (rv != CKR_OK)
        return rv;
    object = ot_session_object(session, object_handle);
    if (object == NULL)
        rv = CKR_OBJECT_HANDLE_INVALID;
    else if ((rv = ot_authorization_take(&authorization, session)) == CKR_OK) {
        kind = object->kind;
        set_id(id, object);
    }
    ot_session_drop(session);
    if (rv == CKR_OK)
        rv = take_away(&authorization, OT_ADMIN_CALL_DESTROY, "delete", kind, id);
    ot_authorization_drop(&authorization);
    return rv;
}

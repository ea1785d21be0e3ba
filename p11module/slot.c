#include "slot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "inside.h"
#include "module.h"

CK_RV ot_slot_init(struct ot_slot *slot, CK_SLOT_ID id, struct ot_view *view,
                   bool is_admin, const struct ot_locking *locking)
{
    const struct ot_source *source = view->source;
    const char *word = is_admin ? " admin" : "";
    char name[OT_TOKEN_LABEL_LEN + 1];

    memset(slot, 0, sizeof(*slot));
    slot->id = id;
    slot->view = view;
    slot->aspect = (struct ot_aspect){source != NULL ? source->purposes : 0, is_admin};
    /* The label is "orgtrust", then what it is for, then of which source. */
    snprintf(slot->label, sizeof(slot->label), "orgtrust%s%s", word,
             view->label + strlen("orgtrust"));
    /* Of the name alone: URLs and projects may move, and applications pin this. No name
     * has a blank in it. */
    snprintf(name, sizeof(name), "%s%s", source != NULL ? source->name : "default", word);
    snprintf(slot->serial, sizeof(slot->serial), "%016" PRIx64,
             ot_span_hash(ot_span_str(name)));
    return is_admin ? ot_login_init(&slot->login, locking) : CKR_OK;
}

void ot_slot_clear(struct ot_slot *slot)
{
    ot_login_clear(&slot->login);
}

void ot_slot_clear_inherited(struct ot_slot *slot)
{
    ot_login_clear_inherited(&slot->login);
}

/* Text in a field of an information structure: padded with blanks, not terminated. */
static void pad(CK_UTF8CHAR *field, size_t size, const char *text)
{
    size_t len = strlen(text);

    memset(field, ' ', size);
    memcpy(field, text, len < size ? len : size);
}

/* After CKR_OK the slot is there until leave_slot. */
static CK_RV enter_slot(CK_SLOT_ID id, struct ot_slot **out)
{
    struct ot_module *module = ot_inside_enter(ot_inside_door(id));

    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    *out = ot_module_slot(module, id);
    if (*out != NULL)
        return CKR_OK;
    ot_inside_leave(ot_inside_door(id));
    return CKR_SLOT_ID_INVALID;
}

static void leave_slot(CK_SLOT_ID id)
{
    ot_inside_leave(ot_inside_door(id));
}

static CK_RV list_slots(const struct ot_module *module, CK_SLOT_ID *list, CK_ULONG *count)
{
    CK_ULONG room, i;

    if (count == NULL)
        return CKR_ARGUMENTS_BAD;
    room = *count;
    *count = module->slot_count;
    if (list == NULL)
        return CKR_OK;
    if (room < module->slot_count)
        return CKR_BUFFER_TOO_SMALL;
    for (i = 0; i < module->slot_count; i++)
        list[i] = module->slots[i].id;
    return CKR_OK;
}

CK_RV C_GetSlotList(CK_BBOOL with_token, CK_SLOT_ID *list, CK_ULONG *count)
{
    const struct ot_module *module = ot_inside_enter(0);
    CK_RV rv;

    (void)with_token; /* no slot is without */
    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    rv = list_slots(module, list, count);
    ot_inside_leave(0);
    return rv;
}

CK_RV C_GetSlotInfo(CK_SLOT_ID id, CK_SLOT_INFO *info)
{
    struct ot_slot *slot;
    CK_RV rv = enter_slot(id, &slot);

    if (rv != CKR_OK)
        return rv;
    if (info != NULL) {
        memset(info, 0, sizeof(*info));
        pad(info->slotDescription, sizeof(info->slotDescription), slot->label);
        pad(info->manufacturerID, sizeof(info->manufacturerID), "orgtrust");
        /* Not CKF_HW_SLOT: NSS would show the certificates without trusting them. */
        info->flags = CKF_TOKEN_PRESENT;
        info->firmwareVersion = ot_module_version;
    }
    leave_slot(id);
    return info != NULL ? CKR_OK : CKR_ARGUMENTS_BAD;
}

/* How an application has to treat the token. */
static void put_manner(CK_TOKEN_INFO *info, struct ot_slot *slot)
{
    if (!slot->aspect.is_admin) {
        /* Not CKF_LOGIN_REQUIRED: Chromium, Java and OpenSSL would stop trusting. */
        info->flags = CKF_WRITE_PROTECTED | CKF_TOKEN_INITIALIZED;
        info->ulMaxRwSessionCount = CK_UNAVAILABLE_INFORMATION; /* 0: "infinite" */
        return;
    }
    info->flags = CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED;
    info->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
    info->ulRwSessionCount = ot_login_read_write(&slot->login);
    info->ulMinPinLen = OT_PIN_MIN;
    info->ulMaxPinLen = OT_PIN_MAX;
}

static void describe_token(CK_TOKEN_INFO *info, struct ot_slot *slot)
{
    memset(info, 0, sizeof(*info));
    pad(info->label, sizeof(info->label), slot->label);
    pad(info->manufacturerID, sizeof(info->manufacturerID), "orgtrust");
    pad(info->model, sizeof(info->model), slot->aspect.is_admin ? "admin" : "trust");
    pad(info->serialNumber, sizeof(info->serialNumber), slot->serial);
    put_manner(info, slot);
    info->ulMaxSessionCount = CK_EFFECTIVELY_INFINITE;
    info->ulSessionCount = atomic_load(&slot->sessions);
    info->ulTotalPublicMemory = info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulTotalPrivateMemory = info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
    info->firmwareVersion = ot_module_version;
    memset(info->utcTime, ' ', sizeof(info->utcTime)); /* no clock on the token */
}

CK_RV C_GetTokenInfo(CK_SLOT_ID id, CK_TOKEN_INFO *info)
{
    struct ot_slot *slot;
    CK_RV rv = enter_slot(id, &slot);

    if (rv != CKR_OK)
        return rv;
    if (info != NULL)
        describe_token(info, slot);
    leave_slot(id);
    return info != NULL ? CKR_OK : CKR_ARGUMENTS_BAD;
}

/* CKR_OK: there is such a slot. */
static CK_RV check_slot(CK_SLOT_ID id)
{
    struct ot_slot *slot;
    CK_RV rv = enter_slot(id, &slot);

    if (rv == CKR_OK)
        leave_slot(id);
    return rv;
}

CK_RV C_GetMechanismList(CK_SLOT_ID id, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
    CK_RV rv = check_slot(id);

    (void)list;
    if (rv != CKR_OK)
        return rv;
    if (count == NULL)
        return CKR_ARGUMENTS_BAD;
    *count = 0;
    return CKR_OK;
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
    CK_RV rv = check_slot(id);

    (void)type;
    if (rv != CKR_OK)
        return rv;
    return info == NULL ? CKR_ARGUMENTS_BAD : CKR_MECHANISM_INVALID;
}

/* Slots neither come nor go while the module is initialised. */
CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *id, void *reserved)
{
    if (!ot_inside_is_initialized())
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    if (id == NULL || reserved != NULL)
        return CKR_ARGUMENTS_BAD;
    return (flags & CKF_DONT_BLOCK) != 0 ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
}

/* Nobody empties an organization like that. */
static CK_RV refuse_emptying(const struct ot_slot *slot)
{
    if (atomic_load(&slot->sessions) > 0)
        return CKR_SESSION_EXISTS;
    return slot->aspect.is_admin ? CKR_FUNCTION_NOT_SUPPORTED : CKR_TOKEN_WRITE_PROTECTED;
}

CK_RV C_InitToken(CK_SLOT_ID id, CK_UTF8CHAR *pin, CK_ULONG pin_len, CK_UTF8CHAR *label)
{
    struct ot_slot *slot;
    CK_RV rv = enter_slot(id, &slot);

    if (rv != CKR_OK)
        return rv;
    if ((pin == NULL && pin_len > 0) || label == NULL)
        rv = CKR_ARGUMENTS_BAD;
    else
        rv = refuse_emptying(slot);
    leave_slot(id);
    return rv;
}

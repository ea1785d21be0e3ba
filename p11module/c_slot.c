/* Slots and tokens as an application looks at them. */
#include <string.h>

#include "cryptoki_3.h"
#include "inside.h"
#include "module.h"
#include "view.h"

/* After CKR_OK the slot is there until leave_slot. */
static CK_RV enter_slot(CK_SLOT_ID id, struct ot_slot **out)
{
    struct ot_module *module = ot_module_enter(ot_inside_door(id));

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
    CK_ULONG room;

    if (count == NULL)
        return CKR_ARGUMENTS_BAD;
    room = *count;
    *count = module->slot_count;
    if (list == NULL)
        return CKR_OK;
    if (room < module->slot_count)
        return CKR_BUFFER_TOO_SMALL;
    for (CK_ULONG i = 0; i < module->slot_count; i++)
        list[i] = module->slots[i].id;
    return CKR_OK;
}

CK_RV C_GetSlotList(CK_BBOOL with_token, CK_SLOT_ID *list, CK_ULONG *count)
{
    const struct ot_module *module = ot_module_enter(0);
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
        ot_text_pad(info->slotDescription, sizeof(info->slotDescription),
                    slot->view->label);
        ot_text_pad(info->manufacturerID, sizeof(info->manufacturerID), "orgtrust");
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
    if (slot->rules != NULL) {
        slot->rules->describe(slot, info);
        return;
    }
    /* Not CKF_LOGIN_REQUIRED: Chromium, Java and OpenSSL would stop trusting. */
    info->flags = CKF_WRITE_PROTECTED | CKF_TOKEN_INITIALIZED;
    info->ulMaxRwSessionCount = CK_UNAVAILABLE_INFORMATION; /* 0: "infinite" */
}

static void describe_token(CK_TOKEN_INFO *info, struct ot_slot *slot)
{
    memset(info, 0, sizeof(*info));
    ot_text_pad(info->label, sizeof(info->label), slot->view->label);
    ot_text_pad(info->manufacturerID, sizeof(info->manufacturerID), "orgtrust");
    ot_text_pad(info->model, sizeof(info->model),
                slot->rules != NULL ? slot->rules->word : "trust");
    ot_text_pad(info->serialNumber, sizeof(info->serialNumber), slot->serial);
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
static CK_RV check_slot_id(CK_SLOT_ID id)
{
    struct ot_slot *slot;
    CK_RV rv = enter_slot(id, &slot);

    if (rv == CKR_OK)
        leave_slot(id);
    return rv;
}

CK_RV C_GetMechanismList(CK_SLOT_ID id, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
    CK_RV rv = check_slot_id(id);

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
    CK_RV rv = check_slot_id(id);

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
    return slot->rules != NULL ? CKR_FUNCTION_NOT_SUPPORTED : CKR_TOKEN_WRITE_PROTECTED;
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

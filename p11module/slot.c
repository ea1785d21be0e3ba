#include "slot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "module.h"

CK_RV ot_slot_init(struct ot_slot *slot, CK_SLOT_ID id, const struct ot_source *source,
                   const struct ot_error *why, const struct ot_locking *locking)
{
    const char *name = source != NULL ? source->name : "default";
    bool is_default = strcmp(name, "default") == 0;

    memset(slot, 0, sizeof(*slot));
    slot->id = id;
    snprintf(slot->label, sizeof(slot->label), "orgtrust%s%s", is_default ? "" : " ",
             is_default ? "" : name);
    /* Of the name alone: URLs and projects may move, and applications pin this. */
    snprintf(slot->serial, sizeof(slot->serial), "%016" PRIx64,
             ot_span_hash(ot_span_str(name)));
    if (source == NULL)
        slot->why = *why;
    else
        (void)ot_cache_new(&slot->cache, source, &slot->why); /* said when it matters */
    return ot_lock_init(&slot->lock, locking);
}

void ot_slot_clear(struct ot_slot *slot)
{
    ot_lock_clear(&slot->lock);
    ot_snapshot_unref(slot->newest);
    ot_cache_free(slot->cache);
}

void ot_slot_complain(struct ot_slot *slot, const struct ot_error *err)
{
    unsigned bit = 1u << err->status;
    char line[OT_ERROR_MAX + OT_SLOT_LABEL_LEN + 16];

    if ((atomic_fetch_or(&slot->complained_of, bit) & bit) != 0)
        return;
    snprintf(line, sizeof(line), "token '%s': %s", slot->label, err->message);
    ot_log_warning(line);
}

/* Makes a reference to the snapshot the newest one, if it is not that already. */
static void publish(struct ot_slot *slot, struct ot_snapshot *snapshot)
{
    struct ot_snapshot *old;

    if (ot_lock_take(&slot->lock) != CKR_OK)
        return;
    old = slot->newest;
    if (old != snapshot) {
        slot->newest = snapshot != NULL ? ot_snapshot_ref(snapshot) : NULL;
        atomic_fetch_add(&slot->looks, 1);
    } else {
        old = NULL;
    }
    ot_lock_drop(&slot->lock);
    ot_snapshot_unref(old);
}

struct ot_snapshot *ot_slot_look(struct ot_slot *slot)
{
    struct ot_snapshot *snapshot = NULL;
    struct ot_error err = OT_ERROR_INIT;

    if (slot->cache == NULL) {
        ot_slot_complain(slot, &slot->why);
        return NULL;
    }
    if (ot_cache_get(slot->cache, OT_CACHE_REFRESH | OT_CACHE_WAIT, &snapshot, &err) !=
        OT_OK)
        ot_slot_complain(slot, &err);
    publish(slot, snapshot);
    return snapshot;
}

struct ot_snapshot *ot_slot_newest(struct ot_slot *slot, unsigned *looks)
{
    struct ot_snapshot *snapshot = NULL;

    if (ot_lock_take(&slot->lock) != CKR_OK)
        return NULL;
    *looks = atomic_load(&slot->looks);
    if (slot->newest != NULL)
        snapshot = ot_snapshot_ref(slot->newest);
    ot_lock_drop(&slot->lock);
    return snapshot;
}

unsigned ot_slot_purposes(const struct ot_slot *slot)
{
    return slot->cache != NULL ? ot_cache_source(slot->cache)->purposes : 0;
}

/* Text in a field of an information structure: padded with blanks, not terminated. */
static void pad(CK_UTF8CHAR *field, size_t size, const char *text)
{
    size_t len = strlen(text);

    memset(field, ' ', size);
    memcpy(field, text, len < size ? len : size);
}

static CK_RV find_slot(CK_SLOT_ID id, struct ot_slot **out)
{
    struct ot_module *module = ot_module_current();

    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    *out = ot_module_slot(module, id);
    return *out != NULL ? CKR_OK : CKR_SLOT_ID_INVALID;
}

CK_RV C_GetSlotList(CK_BBOOL with_token, CK_SLOT_ID *list, CK_ULONG *count)
{
    struct ot_module *module = ot_module_current();
    CK_ULONG room, i;

    (void)with_token; /* no slot is without */
    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
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

CK_RV C_GetSlotInfo(CK_SLOT_ID id, CK_SLOT_INFO *info)
{
    struct ot_slot *slot;
    CK_RV rv = find_slot(id, &slot);

    if (rv != CKR_OK)
        return rv;
    if (info == NULL)
        return CKR_ARGUMENTS_BAD;
    memset(info, 0, sizeof(*info));
    pad(info->slotDescription, sizeof(info->slotDescription), slot->label);
    pad(info->manufacturerID, sizeof(info->manufacturerID), "orgtrust");
    /* Not CKF_HW_SLOT: NSS would show the certificates without trusting them. */
    info->flags = CKF_TOKEN_PRESENT;
    info->firmwareVersion = ot_module_version;
    return CKR_OK;
}

CK_RV C_GetTokenInfo(CK_SLOT_ID id, CK_TOKEN_INFO *info)
{
    struct ot_slot *slot;
    CK_RV rv = find_slot(id, &slot);

    if (rv != CKR_OK)
        return rv;
    if (info == NULL)
        return CKR_ARGUMENTS_BAD;
    memset(info, 0, sizeof(*info));
    pad(info->label, sizeof(info->label), slot->label);
    pad(info->manufacturerID, sizeof(info->manufacturerID), "orgtrust");
    pad(info->model, sizeof(info->model), "trust");
    pad(info->serialNumber, sizeof(info->serialNumber), slot->serial);
    /* Not CKF_LOGIN_REQUIRED: Chromium, Java and OpenSSL would stop trusting. */
    info->flags = CKF_WRITE_PROTECTED | CKF_TOKEN_INITIALIZED;
    info->ulMaxSessionCount = CK_EFFECTIVELY_INFINITE;
    info->ulSessionCount = atomic_load(&slot->sessions);
    info->ulMaxRwSessionCount = CK_UNAVAILABLE_INFORMATION; /* 0 would be "infinite" */
    info->ulTotalPublicMemory = info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulTotalPrivateMemory = info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
    info->firmwareVersion = ot_module_version;
    memset(info->utcTime, ' ', sizeof(info->utcTime)); /* no clock on the token */
    return CKR_OK;
}

CK_RV C_GetMechanismList(CK_SLOT_ID id, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
    struct ot_slot *slot;
    CK_RV rv = find_slot(id, &slot);

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
    struct ot_slot *slot;
    CK_RV rv = find_slot(id, &slot);

    (void)type;
    if (rv != CKR_OK)
        return rv;
    return info == NULL ? CKR_ARGUMENTS_BAD : CKR_MECHANISM_INVALID;
}

/* Slots neither come nor go while the module is initialised. */
CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *id, void *reserved)
{
    if (ot_module_current() == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    if (id == NULL || reserved != NULL)
        return CKR_ARGUMENTS_BAD;
    return (flags & CKF_DONT_BLOCK) != 0 ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_InitToken(CK_SLOT_ID id, CK_UTF8CHAR *pin, CK_ULONG pin_len, CK_UTF8CHAR *label)
{
    struct ot_slot *slot;
    CK_RV rv = find_slot(id, &slot);

    if (rv != CKR_OK)
        return rv;
    if ((pin == NULL && pin_len > 0) || label == NULL)
        return CKR_ARGUMENTS_BAD;
    return atomic_load(&slot->sessions) > 0 ? CKR_SESSION_EXISTS
                                            : CKR_TOKEN_WRITE_PROTECTED;
}

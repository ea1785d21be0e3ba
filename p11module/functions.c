/* The three function lists, and how an application comes by them. */
#include <stddef.h>
#include <string.h>

#include "functions_internal.h"
#include "inside.h"
#include "module.h"

#define SET(name) .name = (name),
#define SET_INFO(function) .C_GetInfo = (function),

_Static_assert(offsetof(struct ot_functions, C_GetInterfaceList) ==
                   sizeof(CK_FUNCTION_LIST),
               "2.40 is the beginning");
#if CRYPTOKI_VERSION_MAJOR >= 3
_Static_assert(offsetof(struct ot_functions, C_EncapsulateKey) ==
                   sizeof(CK_FUNCTION_LIST_3_0),
               "so is 3.0");
#endif

/* Each interface tells of its own version. */
static CK_RV get_info(CK_INFO *info, unsigned char major, unsigned char minor)
{
    const struct ot_module *module = ot_module_enter(0);

    if (module == NULL)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    if (info != NULL) {
        memset(info, 0, sizeof(*info));
        ot_text_pad(info->manufacturerID, sizeof(info->manufacturerID), "orgtrust");
        ot_text_pad(info->libraryDescription, sizeof(info->libraryDescription),
                    module->description);
        info->cryptokiVersion = (CK_VERSION){major, minor};
        info->libraryVersion = ot_module_version;
    }
    ot_inside_leave(0);
    return info != NULL ? CKR_OK : CKR_ARGUMENTS_BAD;
}

CK_RV C_GetInfo(CK_INFO *info)
{
    return get_info(info, 2, 40);
}

static CK_RV get_info_3_0(CK_INFO *info)
{
    return get_info(info, 3, 0);
}

static CK_RV get_info_3_2(CK_INFO *info)
{
    return get_info(info, 3, 2);
}

static const struct ot_functions functions_2_40 = {
    .version = {2, 40}, OT_FUNCTIONS_2_40(SET, SET_INFO(C_GetInfo))};
static const struct ot_functions functions_3_0 = {
    .version = {3, 0},
    OT_FUNCTIONS_2_40(SET, SET_INFO(get_info_3_0)) OT_FUNCTIONS_3_0(SET)};
static const struct ot_functions functions_3_2 = {
    .version = {3, 2},
    OT_FUNCTIONS_2_40(SET, SET_INFO(get_info_3_2)) OT_FUNCTIONS_3_0(SET)
        OT_FUNCTIONS_3_2(SET)};

/* The newest first: it is what a client gets that does not care. None is fork-safe, since
 * a child has to initialise again: NSS asks for that first, and then without. */
static const CK_INTERFACE interfaces[] = {
    {(char *)"PKCS 11", (void *)&functions_3_2, 0},
    {(char *)"PKCS 11", (void *)&functions_3_0, 0},
    {(char *)"PKCS 11", (void *)&functions_2_40, 0},
};

#define INTERFACES (sizeof(interfaces) / sizeof(interfaces[0]))
#define EXPORT __attribute__((visibility("default")))

EXPORT CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    if (list == NULL)
        return CKR_ARGUMENTS_BAD;
    *list = (CK_FUNCTION_LIST *)&functions_2_40; /* not to be written (§5.4.4) */
    return CKR_OK;
}

EXPORT CK_RV C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *count)
{
    CK_ULONG room;

    if (count == NULL)
        return CKR_ARGUMENTS_BAD;
    room = *count;
    *count = INTERFACES;
    if (list == NULL)
        return CKR_OK;
    if (room < INTERFACES)
        return CKR_BUFFER_TOO_SMALL;
    memcpy(list, interfaces, sizeof(interfaces));
    return CKR_OK;
}

static bool is_wanted_interface(const CK_INTERFACE *interface, const CK_UTF8CHAR *name,
                                const CK_VERSION *version, CK_FLAGS flags)
{
    const struct ot_functions *functions = interface->pFunctionList;

    return (name == NULL || strcmp((const char *)name, interface->pInterfaceName) == 0) &&
           (version == NULL || (version->major == functions->version.major &&
                                version->minor == functions->version.minor)) &&
           (flags & ~interface->flags) == 0;
}

EXPORT CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version,
                            CK_INTERFACE **interface, CK_FLAGS flags)
{
    if (interface == NULL)
        return CKR_ARGUMENTS_BAD;
    for (size_t i = 0; i < INTERFACES; i++)
        if (is_wanted_interface(&interfaces[i], name, version, flags)) {
            *interface = (CK_INTERFACE *)&interfaces[i];
            return CKR_OK;
        }
    return CKR_FUNCTION_FAILED;
}

/* What makes a module orgtrust-pkcs11.so: it has a token for every source. */
#include "module.h"

CK_RV C_Initialize(void *args)
{
    return ot_module_initialize(
        args, &(const struct ot_module_kind){.description = "Trust of an organization"});
}

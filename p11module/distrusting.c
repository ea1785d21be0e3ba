/* What makes a module orgtrust-distrust-pkcs11.so: it has the tokens of those sources
 * alone that distrust. NSS asks a module in one order for all of its tokens: the trust of
 * an organization comes behind what a user or Mozilla says, and its distrust before. */
#include "module.h"

CK_RV C_Initialize(void *args)
{
    return ot_module_initialize(
        args, &(const struct ot_module_kind){.description = "Distrust of an organization",
                                             .only_distrust = true});
}

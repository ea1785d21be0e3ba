/* Every allocation of the module for administration fails once: the call says so, and the
 * next one is as if nothing had been. */
#include <stdlib.h>
#include <string.h>

#include "admin_world.h"
#include "allocations.h"
#include "child.h"
#include "unit.h"

static const struct ot_functions *f;

/* Someone logs in, uploads a certificate, renames it and logs out. */
static CK_RV administer(void)
{
    static unsigned char der[] = {0x30, 0x00};
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template[] = {{CKA_LABEL, "Name", 4},
                               {CKA_CLASS, &class, sizeof(class)},
                               {CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
                               {CKA_TOKEN, &yes, sizeof(yes)},
                               {CKA_VALUE, der, sizeof(der)}};
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE object;
    CK_RV rv, end;

    rv = f->C_Initialize(NULL);
    if (rv != CKR_OK)
        return rv;
    rv = f->C_OpenSession(ADMIN_SLOT, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                          &session);
    if (rv == CKR_OK)
        rv = f->C_Login(session, CKU_USER, (CK_UTF8CHAR *)ADMIN_KEY, strlen(ADMIN_KEY));
    if (rv == CKR_OK)
        rv = f->C_CreateObject(session, template, 5, &object);
    if (rv == CKR_OK)
        rv = f->C_SetAttributeValue(session, object, template, 1);
    if (rv == CKR_OK)
        rv = f->C_Logout(session);
    end = f->C_Finalize(NULL);
    return rv == CKR_OK ? end : rv;
}

static void fault_51_every_allocation_of_an_administrator_fails_once(void)
{
    unsigned n, refused = 0;
    CK_RV rv;

    if (child_is_under_valgrind()) { /* whose malloc comes before ours */
        unit_skip("failing allocations");
        return;
    }
    f = admin_start();
    token_stop();
    unsetenv("ORGTRUST_TEST_REPORT");
    admin_say("id cert_a\nstatus ok\n");
    admin_catch_stderr();
    for (n = 1;; n++) {
        allocations_fail(n);
        rv = administer();
        if (!allocations_end())
            break;
        refused += rv == CKR_HOST_MEMORY;
        /* a configuration that could not be read has no source to log in to, and a source
         * whose cache is not there has no snapshot to find the object in */
        CU_ASSERT_TRUE(rv == CKR_OK || rv == CKR_HOST_MEMORY ||
                       rv == CKR_OBJECT_HANDLE_INVALID);
        CU_ASSERT_EQUAL(administer(), CKR_OK);
    }
    (void)admin_caught();
    CU_ASSERT_TRUE(n > 30);
    CU_ASSERT_TRUE(refused >= 20);
    CU_ASSERT_EQUAL(rv, CKR_OK);
}

static const struct unit_case cases[] = {
    {"fault_51_every_allocation_of_an_administrator_fails_once",
     fault_51_every_allocation_of_an_administrator_fails_once},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 admin memory", cases, argc, argv);
}

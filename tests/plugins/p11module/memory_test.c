/* Every allocation of the module fails once: the call says so or does without, and the
 * next one is as if nothing had been. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "child.h"
#include "token.h"
#include "unit.h"

static const struct ot_functions *f;

/* A program from beginning to end; CKR_OK when it found all, else the first failure. A
 * token that could not be read is an empty one, and no failure. */
static CK_RV use(CK_ULONG *found)
{
    static unsigned char value[600]; /* too long for the room inside a search */
    CK_ATTRIBUTE template[] = {{CKA_VALUE, value, sizeof(value)}};
    CK_OBJECT_HANDLE objects[64];
    CK_SESSION_HANDLE session;
    CK_RV rv, end;

    *found = 0;
    rv = f->C_Initialize(NULL);
    if (rv != CKR_OK)
        return rv;
    rv = f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &session);
    if (rv == CKR_OK)
        rv = f->C_FindObjectsInit(session, template, 1);
    if (rv == CKR_OK)
        rv = f->C_FindObjectsFinal(session);
    if (rv == CKR_OK)
        rv = f->C_FindObjectsInit(session, NULL, 0);
    if (rv == CKR_OK)
        rv = f->C_FindObjects(session, objects, 64, found);
    end = f->C_Finalize(NULL);
    return rv == CKR_OK ? end : rv;
}

/* valgrind's malloc comes before ours. */
static bool can_fail(void)
{
    if (child_is_under_valgrind())
        unit_skip("failing allocations");
    return !child_is_under_valgrind();
}

static void fault_51_every_allocation_fails_once(void)
{
    CK_ULONG found;
    unsigned n, refused = 0;
    CK_RV rv;

    if (!can_fail())
        return;
    world_configure("");
    world_write_roots("default", "Root", 5);
    f = token_load();
    for (n = 1;; n++) {
        allocations_fail(n);
        rv = use(&found);
        if (!allocations_end())
            break; /* there are no more */
        refused += rv != CKR_OK || found != 16;
        CU_ASSERT_TRUE(rv == CKR_OK || rv == CKR_HOST_MEMORY);
        CU_ASSERT_TRUE(found == 0 || found == 1 || found == 16);
        CU_ASSERT_EQUAL(use(&found), CKR_OK);
        CU_ASSERT_EQUAL(found, 16);
    }
    CU_ASSERT_TRUE(n > 10);
    CU_ASSERT_TRUE(refused >= 5);
    CU_ASSERT_EQUAL(rv, CKR_OK);
    CU_ASSERT_EQUAL(found, 16);
}

static const struct unit_case cases[] = {
    {"fault_51_every_allocation_fails_once", fault_51_every_allocation_fails_once},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 memory", cases, argc, argv);
}

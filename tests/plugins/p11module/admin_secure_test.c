/* A program with more rights than its user has no token for administration. It would read
 * the machine's own configuration, so the module's parts are in this program itself, with
 * what tells such a program in the place of the real one. */
#include "errand/errand.h"
#include "functions_internal.h"
#include "unit.h"
#include "world.h"

static bool is_allowed;

bool ot_errand_is_allowed(void)
{
    return is_allowed;
}

struct ot_span ot_errand_key(struct ot_span typed)
{
    return typed;
}

enum ot_status ot_errand_run(const struct ot_errand *errand,
                             struct ot_errand_result *result, struct ot_error *err)
{
    (void)errand;
    *result = (struct ot_errand_result){.done = false};
    return ot_error_set(err, OT_E_INTERNAL, "nothing is run here");
}

static CK_ULONG count_slots(void)
{
    CK_ULONG count = 0;

    CU_ASSERT_EQUAL_FATAL(C_Initialize(NULL), CKR_OK);
    CU_ASSERT_EQUAL(C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
    CU_ASSERT_EQUAL(C_Finalize(NULL), CKR_OK);
    return count;
}

static void fault_50_there_is_nothing_to_administer(void)
{
    world_configure("[source other]\n");
    is_allowed = false;
    CU_ASSERT_EQUAL(count_slots(), 0);
    is_allowed = true;
    CU_ASSERT_EQUAL(count_slots(), 2);
}

static const struct unit_case cases[] = {
    {"fault_50_there_is_nothing_to_administer", fault_50_there_is_nothing_to_administer},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 admin secure", cases, argc, argv);
}

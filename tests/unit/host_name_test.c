#include "host/host_name_internal.h"

#include <string.h>

#include "files.h"
#include "unit.h"

/* What `systemd-id128 --app-specific=6f0b5c523a9e4d178c21e4d0975b1fa8 machine-id` says on
 * the machine with this id. */
static void a_name_is_that_of_systemd_for_an_application(void)
{
    char name[OT_HOST_NAME_MAX + 1] = "";

    file_put_text(unit_path("machine-id"), "3d1219c7c4c5404aaa1f6d2a48adfda4\n");
    CU_ASSERT_TRUE(ot_host_name_make(name, unit_path("machine-id")));
    CU_ASSERT_STRING_EQUAL(name, "5abe500041614b779785d7eac6a2c78d");
    file_put_text(unit_path("machine-id"), "3d1219c7c4c5404aaa1f6d2a48adfda5\n");
    CU_ASSERT_TRUE(ot_host_name_make(name, unit_path("machine-id")));
    CU_ASSERT_STRING_NOT_EQUAL(name, "5abe500041614b779785d7eac6a2c78d");
}

static void a_machine_without_an_id_has_no_name(void)
{
    static const char *const others[] = {"", "uninitialized\n",
                                         "3d1219c7c4c5404aaa1f6d2a48adfda\n",
                                         "3d1219c7-c4c5-404a-aa1f-6d2a48adfda4\n"};
    char name[OT_HOST_NAME_MAX + 1];

    CU_ASSERT_FALSE(ot_host_name_make(name, unit_path("nothing")));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        file_put_text(unit_path("machine-id"), others[i]);
        CU_ASSERT_FALSE(ot_host_name_make(name, unit_path("machine-id")));
    }
}

static const struct unit_case cases[] = {
    {"a name is that of systemd for an application",
     a_name_is_that_of_systemd_for_an_application},
    {"a machine without an id has no name", a_machine_without_an_id_has_no_name},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("host_name", cases, argc, argv);
}

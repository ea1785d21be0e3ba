#include "base/nearest.h"

#include <string.h>

#include "unit.h"

static const char *const words[] = {"sync",   "status",         "list",
                                    "show",   "base_url",       "ca-file",
                                    "export", "admin_key_file", NULL};

static void check_meant(const char *name, const char *meant)
{
    const char *found = ot_nearest(name, words);

    CU_ASSERT_STRING_EQUAL(found != NULL ? found : "none", meant);
}

static void a_letter_or_two_may_be_wrong(void)
{
    check_meant("snc", "none"); /* too short for a slip to be told from another word */
    check_meant("synx", "sync");
    check_meant("synch", "sync");
    check_meant("admin_kay_fil", "admin_key_file");
    check_meant("base_ul", "base_url");
    check_meant("sxxc", "none");
}

static void two_letters_may_have_changed_places(void)
{
    check_meant("snyc", "sync");
    check_meant("ysnc", "sync");
    check_meant("statsu", "status");
    check_meant("cnys", "none");
}

static void forms_do_not_count(void)
{
    check_meant("Base-URL", "base_url");
    check_meant("ca_file", "ca-file");
    check_meant("CA.FILE", "ca-file");
}

static void a_beginning_is_meant_where_it_is_of_one_alone(void)
{
    check_meant("admin_key", "admin_key_file");
    check_meant("expo", "export");
    check_meant("base", "base_url");
}

static void what_is_like_none_may_be_a_secret(void)
{
    check_meant("sk-0123456789abcdef0123456789abcdef0123456789", "none");
    check_meant("", "none");
    check_meant("abcdefghijklmnopqrstuvwxyzabcdef", "none");
}

static const struct unit_case cases[] = {
    {"a_letter_or_two_may_be_wrong", a_letter_or_two_may_be_wrong},
    {"two_letters_may_have_changed_places", two_letters_may_have_changed_places},
    {"forms_do_not_count", forms_do_not_count},
    {"a_beginning_is_meant_where_it_is_of_one_alone",
     a_beginning_is_meant_where_it_is_of_one_alone},
    {"what_is_like_none_may_be_a_secret", what_is_like_none_may_be_a_secret},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("nearest", cases, argc, argv);
}

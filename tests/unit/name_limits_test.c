#include "config/name_limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "unit.h"

static void reads_as(const char *text, const char *expected)
{
    struct ot_name_limits limits;
    struct ot_error err = OT_ERROR_INIT;

    if (ot_name_limits_parse(&limits, text, &err) != OT_OK)
        fprintf(stderr, "\n  %s: %s\n", text, err.message);
    CU_ASSERT_EQUAL_FATAL(err.status, OT_OK);
    if (strcmp(limits.text, expected) != 0)
        fprintf(stderr, "\n  %s is %s, not %s\n", text, limits.text, expected);
    CU_ASSERT_STRING_EQUAL(limits.text, expected);
    ot_name_limits_clear(&limits);
}

static void one_text_for_all_ways_to_write_it(void)
{
    reads_as("corp.example, *.internal, 10.0.0.0/8, fd00::/8, @corp.example",
             "*.internal, corp.example, 10.0.0.0/8, fd00::/8, @corp.example");
    reads_as("@corp.example,fd00:0::0/8 ,\t10.0.0.0/8,*.Internal,CORP.example",
             "*.internal, corp.example, 10.0.0.0/8, fd00::/8, @corp.example");
    reads_as("a,a,A", "a");
    reads_as("10.1.2.3", "10.1.2.3/32");
    reads_as("::1", "::1/128");
    reads_as("0.0.0.0/0,::/0", "0.0.0.0/0, ::/0");
    reads_as("@*.corp.example", "@*.corp.example");
    reads_as("xn--bcher-kva.example,_a.example,1.example",
             "1.example, _a.example, xn--bcher-kva.example");
    reads_as("10.128.0.0/9", "10.128.0.0/9");
}

static void refuses(const char *text, const char *why)
{
    struct ot_name_limits limits;
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_EQUAL(ot_name_limits_parse(&limits, text, &err), OT_E_CONFIG);
    if (strstr(err.message, why) == NULL)
        fprintf(stderr, "\n  %s: %s\n", text, err.message);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, why));
    ot_name_limits_clear(&limits);
}

static void what_is_none_is_refused_with_its_number(void)
{
    char many[3 * OT_NAME_LIMITS_MAX + 8] = "a", label[80], longest[300] = "";

    refuses("", "item 1 of names is empty");
    refuses("a,,b", "item 2 of names is empty");
    refuses("a,", "item 2 of names is empty");
    refuses("a, *", "item 2 of names is written with something else");
    refuses("*", "something else");
    refuses("*a.example", "something else");
    refuses("a.*.example", "something else");
    refuses(".a", "a part that is empty");
    refuses("a.", "a part that is empty");
    refuses("a..b", "a part that is empty");
    refuses("-a", "begins or ends with '-'");
    refuses("a-.b", "begins or ends with '-'");
    refuses("a b", "something else");
    refuses("b\xc3\xbc"
            "cher.example",
            "xn--");
    refuses("10.0.0", "not an address");
    refuses("a.1", "is no number");
    refuses("256.1.1.1", "not an address");
    refuses("10.0.0.0/33", "prefix length");
    refuses("10.0.0.0/", "prefix length");
    refuses("10.0.0.0/08", "prefix length");
    refuses("10.0.0.0/-1", "prefix length");
    refuses("10.0.0.0/8/8", "prefix length");
    refuses("fd00::/129", "prefix length");
    refuses("fd00::1/8", "first address of the block");
    refuses("10.0.0.1/8", "first address of the block");
    refuses("u@corp.example", "only whole mail domains");
    refuses("@", "empty");
    refuses("@10.0.0.1", "is no number");
    refuses("https://a/", "not an address");
    memset(label, 'a', 64);
    label[64] = '\0';
    refuses(label, "longer than 63");
    for (int i = 0; i < 70; i++)
        strcat(longest, "a.aa");
    refuses(longest, "too long");
    longest[255] = '\0';
    refuses(longest, "253");
    for (int i = 0; i < OT_NAME_LIMITS_MAX; i++)
        strcat(many, ",a");
    refuses(many, "at most 256");
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"one_text_for_all_ways_to_write_it", one_text_for_all_ways_to_write_it},
        {"what_is_none_is_refused_with_its_number",
         what_is_none_is_refused_with_its_number},
        {NULL, NULL},
    };

    return unit_main("name_limits", cases, argc, argv);
}

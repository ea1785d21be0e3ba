/* Fields beyond the schema: which are named, and which say that they restrict. */
#include <stdlib.h>
#include <string.h>

#include "api/extra.h"
#include "unit.h"

/* The names of a certificate with these members more; "" : none. In a static buffer. */
static const char *names(const char *more)
{
    static char out[OT_EXTRA_MAX];
    char text[4096], *extra = NULL;
    cJSON *root;

    snprintf(
        text, sizeof(text),
        "{\"object\":\"certificate\",\"id\":\"cert_a\",\"name\":null,\"created_at\":1,"
        "\"active\":true,\"certificate_details\":{\"valid_at\":1,\"expires_at\":2,"
        "\"content\":\"x\"%s}%s}",
        more[0] == '~' ? more + 1 : "", more[0] == '~' ? "" : more);
    root = cJSON_Parse(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT_EQUAL(ot_extra_collect(&extra, root, NULL), OT_OK);
    snprintf(out, sizeof(out), "%s", extra != NULL ? extra : "");
    free(extra);
    cJSON_Delete(root);
    return out;
}

static const char *restriction(const char *more)
{
    static char out[OT_EXTRA_MAX];
    struct ot_span found = ot_extra_restriction(ot_span_str(names(more)));

    snprintf(out, sizeof(out), "%.*s", (int)found.len,
             found.data != NULL ? (const char *)found.data : "");
    return out;
}

static void fault_69_a_field_beyond_the_schema_is_named(void)
{
    CU_ASSERT_STRING_EQUAL(names(""), "");
    CU_ASSERT_STRING_EQUAL(names(",\"owner\":\"x\""), "owner");
    CU_ASSERT_STRING_EQUAL(names(",\"owner\":null,\"tags\":[1,{\"a\":2}]"),
                           "owner\ntags");
    CU_ASSERT_STRING_EQUAL(names("~,\"serial\":\"7\""), "certificate_details.serial");
    CU_ASSERT_STRING_EQUAL(names(",\"Name\":1,\"valid_at\":2"), "Name\nvalid_at");
    CU_ASSERT_STRING_EQUAL(names(",\"a\\nb\":1"), "a\\x0ab");
}

static void fault_69_a_name_that_restricts_is_found_at_any_depth(void)
{
    CU_ASSERT_STRING_EQUAL(restriction(",\"filter\":\"x\""), "filter");
    CU_ASSERT_STRING_EQUAL(restriction(",\"owner\":1,\"CEL_Filter\":\"x\""),
                           "CEL_Filter");
    CU_ASSERT_STRING_EQUAL(names(",\"owner\":1,\"CEL_Filter\":\"x\""),
                           "!CEL_Filter\nowner");
    CU_ASSERT_STRING_EQUAL(
        restriction(",\"limits\":{\"all\":[[{\"x\":{\"Policy\":1}}]]}"),
        "limits.all.x.Policy");
    CU_ASSERT_STRING_EQUAL(restriction("~,\"nameConstraints\":[]"),
                           "certificate_details.nameConstraints");
    CU_ASSERT_STRING_EQUAL(restriction(",\"usagePolicies\":{}"), "usagePolicies");
    CU_ASSERT_STRING_EQUAL(restriction(",\"filter\":null"), "");
    CU_ASSERT_STRING_EQUAL(names(",\"filter\":null"), "filter");
    CU_ASSERT_STRING_EQUAL(restriction(",\"limits\":{\"filter\":null}"), "");
}

static void fault_69_cel_is_a_word_and_not_three_letters(void)
{
    static const char *const words[] = {
        "cel",       "CEL",     "mtls_cel",      "mtlsCel", "celRule",
        "CELPolicy", "x.cel-1", "celexpression", "cel2",    "is_CEL_on"};
    static const char *const others[] = {"cancelled", "celsius", "parcel",  "excellent",
                                         "CANCELLED", "cell",    "Celsius", "marcel_id"};
    char member[64];

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        snprintf(member, sizeof(member), ",\"%s\":1", words[i]);
        CU_ASSERT_STRING_EQUAL(restriction(member), words[i]);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        snprintf(member, sizeof(member), ",\"%s\":1", others[i]);
        CU_ASSERT_STRING_EQUAL(restriction(member), "");
        CU_ASSERT_STRING_EQUAL(names(member), others[i]);
    }
}

/* However much is put in front of it. */
static void fault_69_a_restriction_is_not_lost_among_others(void)
{
    char more[3000] = "";
    size_t len = 0;

    for (int i = 0; i < 50; i++)
        len += (size_t)snprintf(more + len, sizeof(more) - len,
                                ",\"a_rather_long_name_of_a_field_%d\":%d", i, i);
    snprintf(more + len, sizeof(more) - len, ",\"filter\":1");
    CU_ASSERT_STRING_EQUAL(restriction(more), "filter");
}

static const struct unit_case cases[] = {
    {"fault_69_a_field_beyond_the_schema_is_named",
     fault_69_a_field_beyond_the_schema_is_named},
    {"fault_69_a_name_that_restricts_is_found_at_any_depth",
     fault_69_a_name_that_restricts_is_found_at_any_depth},
    {"fault_69_cel_is_a_word_and_not_three_letters",
     fault_69_cel_is_a_word_and_not_three_letters},
    {"fault_69_a_restriction_is_not_lost_among_others",
     fault_69_a_restriction_is_not_lost_among_others},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("extra", cases, argc, argv);
}

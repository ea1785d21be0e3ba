#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "base/limits.h"

static enum ot_status parse_len(const char *text, size_t len, struct ot_error *err)
{
    /* A copy of exactly this length: a read behind its end is seen by the sanitizers. */
    char *copy = malloc(len > 0 ? len : 1);
    cJSON *root = (cJSON *)&root;
    enum ot_status status;

    memcpy(copy, text, len);
    status = ot_json_parse(&root, copy, len, err);
    CU_ASSERT_EQUAL(status == OT_OK, root != NULL);
    cJSON_Delete(root);
    free(copy);
    return status;
}

static void accepted(const char *text)
{
    struct ot_error err = OT_ERROR_INIT;

    if (parse_len(text, strlen(text), &err) != OT_OK) {
        fprintf(stderr, "\n    not accepted: %s (%s)\n", text, err.message);
        CU_FAIL("a text is not accepted");
    }
    CU_PASS();
}

static void rejected_len(const char *text, size_t len, const char *why)
{
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status = parse_len(text, len, &err);

    if (status != OT_E_PROTOCOL || strstr(err.message, why) == NULL) {
        fprintf(stderr, "\n    %.60s: status %d, \"%s\", not \"%s\"\n", text, (int)status,
                err.message, why);
        CU_FAIL("a text is not rejected as it should be");
    }
    CU_ASSERT_EQUAL(err.status, OT_E_PROTOCOL);
}

static void rejected(const char *text, const char *why)
{
    rejected_len(text, strlen(text), why);
}

static void accepts_what_is_json(void)
{
    accepted("{}");
    accepted("[]");
    accepted(" \t\r\n[ ] \n");
    accepted("null");
    accepted("\"\"");
    accepted("0");
    accepted("-0.5e+10");
    accepted("[1,2.5,-3,1E2,0.1,true,false,null,\"x\",{},[]]");
    accepted("{\"a\":{\"b\":[{\"c\":null}]},\"A\":1}");
    accepted("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\uDE00\"");
    accepted("\"\xc3\xa9 \xf0\x9f\x98\x80 \x7f\"");
}

static void rejects_what_is_not(void)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "there is nothing"},
        {"   ", "ends too early"},
        {"{", "ends too early"},
        {"[", "ends too early"},
        {"[1", "ends too early"},
        {"[1,", "ends too early"},
        {"{\"a\"", "ends too early"},
        {"{\"a\":", "ends too early"},
        {"{\"a\":1", "ends too early"},
        {"{\"a\":1,", "ends too early"},
        {"[1,]", "a value was expected"},
        {"{\"a\":1,}", "a member's name"},
        {"{,}", "a member's name"},
        {"{a:1}", "a member's name"},
        {"{\"a\" 1}", "':' was expected"},
        {"{\"a\":}", "a value was expected"},
        {"[1 2]", "',' or the end"},
        {"[1}", "',' or the end"},
        {"{\"a\":1]", "',' or the end"},
        {"]", "a value was expected"},
        {"tru", "a value was expected"},
        {"True", "a value was expected"},
        {"nul", "a value was expected"},
        {"NaN", "a value was expected"},
        {"Infinity", "a value was expected"},
        {"'a'", "a value was expected"},
        {"// x\n1", "a value was expected"},
        {"\xef\xbb\xbf{}", "byte 0: a value was expected"},
        {"\v1", "a value was expected"},
        {"nullx", "something follows"},
        {"{} {}", "something follows"},
        {"{}]", "something follows"},
        {"1,", "something follows"},
        {"<!DOCTYPE html>", "byte 0: a value was expected"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        rejected(cases[i].text, cases[i].why);
}

static void rejects_bad_strings(void)
{
    rejected("\"abc", "without an end");
    rejected("\"abc\\", "without an end");
    rejected("\"abc\\\"", "without an end");
    rejected("\"a\nb\"", "control character");
    rejected("\"a\tb\"", "control character");
    rejected("\"\\x41\"", "unknown escape");
    rejected("\"\\'\"", "unknown escape");
    rejected("\"\\u12\"", "four hexadecimal");
    rejected("\"\\u12g4\"", "four hexadecimal");
    rejected("\"\\u", "four hexadecimal");
    rejected("\"\\ud800\"", "surrogate");
    rejected("\"\\ud800x\"", "surrogate");
    rejected("\"\\ud800\\n\"", "surrogate");
    rejected("\"\\ud800\\u0041\"", "surrogate");
    rejected("\"\\ud800\\ud800\"", "surrogate");
    rejected("\"\\udc00\"", "surrogate");
    rejected("{\"\\udc00\":1}", "surrogate");
}

static void fault_30_invalid_utf8_and_nul(void)
{
    static const char nul_behind[] = "{}\0";
    static const char nul_inside[] = "\"a\0b\"";
    static const char nul_escape[] = "\"a\\\0\"";

    rejected("\"\xff\"", "not UTF-8");
    rejected("\"\xc0\xaf\"", "not UTF-8");         /* overlong '/' */
    rejected("\"\xed\xa0\x80\"", "not UTF-8");     /* a surrogate */
    rejected("\"\xf4\x90\x80\x80\"", "not UTF-8"); /* beyond U+10FFFF */
    rejected("\"\xc3", "not UTF-8");
    rejected("\"\\u0000\"", "\\u0000");
    rejected("{\"a\\u0000b\":1}", "\\u0000");
    rejected_len(nul_behind, sizeof(nul_behind) - 1, "something follows");
    rejected_len(nul_inside, sizeof(nul_inside) - 1, "control character");
    rejected_len(nul_escape, sizeof(nul_escape) - 1, "unknown escape");
}

static void fault_31_deep_nesting(void)
{
    enum { FAR = 2000000 };
    char text[2 * OT_JSON_DEPTH_MAX + 3];
    char *deep = malloc(FAR);

    memset(text, '[', OT_JSON_DEPTH_MAX);
    memset(text + OT_JSON_DEPTH_MAX, ']', OT_JSON_DEPTH_MAX);
    text[2 * OT_JSON_DEPTH_MAX] = '\0';
    accepted(text);
    memset(text, '[', OT_JSON_DEPTH_MAX + 1);
    memset(text + OT_JSON_DEPTH_MAX + 1, ']', OT_JSON_DEPTH_MAX + 1);
    text[2 * OT_JSON_DEPTH_MAX + 2] = '\0';
    rejected(text, "too deep");
    memset(deep, '[', FAR);
    rejected_len(deep, FAR, "byte 16: nested too deep");
    for (size_t i = 0; i + 5 <= FAR; i += 5)
        memcpy(deep + i, "{\"\":[", 5);
    rejected_len(deep, FAR, "nested too deep");
    free(deep);
}

static void fault_31_duplicate_keys(void)
{
    rejected("{\"a\":1,\"a\":1}", "\"a\" twice");
    rejected("{\"a\":1,\"b\":2,\"a\":3}", "\"a\" twice");
    rejected("{\"a\":1,\"\\u0061\":2}", "\"a\" twice");
    rejected("{\"\":1,\"\":2}", "twice");
    rejected("[[{}],{\"x\":{\"y\":[1,{\"id\":1,\"id\":2}]}}]", "\"id\" twice");
    rejected("{\"x\":{},\"y\":[],\"x\":1}", "\"x\" twice");
    accepted("{\"a\":{\"a\":{\"a\":1}},\"A\":1}");
}

static void caps_the_members_of_an_object(void)
{
    char text[2048] = "{";

    for (int i = 0; i < 65; i++) {
        size_t len = strlen(text);

        snprintf(text + len, sizeof(text) - len, "%s\"k%d\":%d", i ? "," : "", i, i);
        if (i == 63) {
            char full[sizeof(text) + 2];

            snprintf(full, sizeof(full), "%s}", text);
            accepted(full);
        }
    }
    strcat(text, "}");
    rejected(text, "more than 64 members");
}

static void fault_31_numbers(void)
{
    accepted("9007199254740991");
    accepted("-9007199254740991");
    rejected("9007199254740992", "2^53");
    rejected("-9007199254740993", "2^53");
    rejected("9223372036854775808", "2^53"); /* 2^63 */
    rejected("18446744073709551616", "2^53");
    rejected("1e400", "2^53");
    rejected("[{\"a\":[-1e400]}]", "2^53");
    rejected("1e16", "2^53");
    rejected("01", "something follows");
    rejected("+1", "a value was expected");
    rejected("-", "without digits");
    rejected("-a", "without digits");
    rejected(".5", "a value was expected");
    rejected("1.", "behind its point");
    rejected("1.e5", "behind its point");
    rejected("1e", "in its exponent");
    rejected("1e+", "in its exponent");
    rejected("0x10", "something follows");
    rejected("0.0000000000000000000000000000000000000000000000000000000000000000001",
             "too many digits");
}

static const char *const sample =
    "{\"s\":\"text\",\"n\":null,\"i\":-12,\"f\":1.5,\"t\":true,\"u\":false,"
    "\"a\":[1],\"o\":{\"x\":1},\"object\":\"list\",\"whole\":2.0}";

static void getters_give_what_is_there(void)
{
    struct ot_error err = OT_ERROR_INIT;
    const cJSON *item = NULL;
    const char *text = NULL;
    cJSON *root = NULL;
    int64_t number = 0;
    bool flag = false;

    CU_ASSERT_EQUAL_FATAL(ot_json_parse(&root, sample, strlen(sample), &err), OT_OK);
    CU_ASSERT_EQUAL(ot_json_string(root, "s", "", &text, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(text, "text");
    CU_ASSERT_EQUAL(ot_json_string_or_null(root, "s", "", &text, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(text, "text");
    CU_ASSERT_EQUAL(ot_json_string_or_null(root, "n", "", &text, &err), OT_OK);
    CU_ASSERT_PTR_NULL(text);
    CU_ASSERT_EQUAL(ot_json_int(root, "i", "", &number, &err), OT_OK);
    CU_ASSERT_EQUAL(number, -12);
    CU_ASSERT_EQUAL(ot_json_int(root, "whole", "", &number, &err), OT_OK);
    CU_ASSERT_EQUAL(number, 2);
    CU_ASSERT_EQUAL(ot_json_bool(root, "t", "", &flag, &err), OT_OK);
    CU_ASSERT_TRUE(flag);
    CU_ASSERT_EQUAL(ot_json_bool(root, "u", "", &flag, &err), OT_OK);
    CU_ASSERT_FALSE(flag);
    CU_ASSERT_EQUAL(ot_json_array(root, "a", "", &item, &err), OT_OK);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(item), 1);
    CU_ASSERT_EQUAL(ot_json_object(root, "o", "", &item, &err), OT_OK);
    CU_ASSERT_EQUAL(ot_json_int(item, "x", "o", &number, &err), OT_OK);
    CU_ASSERT_EQUAL(number, 1);
    CU_ASSERT_EQUAL(ot_json_literal(root, "object", "", "list", &err), OT_OK);
    CU_ASSERT_TRUE(ot_json_has(root, "n"));
    CU_ASSERT_FALSE(ot_json_has(root, "S"));
    CU_ASSERT_FALSE(ot_json_has(NULL, "S"));
    CU_ASSERT_EQUAL(err.status, OT_OK);
    cJSON_Delete(root);
}

static void wrong(enum ot_status status, struct ot_error *err, const char *message)
{
    CU_ASSERT_EQUAL(status, OT_E_PROTOCOL);
    CU_ASSERT_EQUAL(err->status, OT_E_PROTOCOL);
    CU_ASSERT_STRING_EQUAL(err->message, message);
    ot_error_clear(err);
}

static void fault_05_wrong_types_name_the_field(void)
{
    struct ot_error err = OT_ERROR_INIT;
    const cJSON *item;
    const char *text;
    cJSON *root = NULL;
    int64_t number;
    bool flag;

    CU_ASSERT_EQUAL_FATAL(ot_json_parse(&root, sample, strlen(sample), &err), OT_OK);
    wrong(ot_json_string(root, "none", "", &text, &err), &err,
          "the field \"none\" is missing");
    wrong(ot_json_int(root, "s", "data[3].certificate_details", &number, &err), &err,
          "the field \"data[3].certificate_details.s\" must be an integer, not a string");
    wrong(ot_json_int(root, "f", NULL, &number, &err), &err,
          "the field \"f\" must be an integer, not a fraction");
    wrong(ot_json_int(root, "n", "", &number, &err), &err,
          "the field \"n\" must be an integer, not null");
    wrong(ot_json_string(root, "n", "", &text, &err), &err,
          "the field \"n\" must be a string, not null");
    wrong(ot_json_string_or_null(root, "i", "", &text, &err), &err,
          "the field \"i\" must be a string or null, not a number");
    wrong(ot_json_bool(root, "i", "", &flag, &err), &err,
          "the field \"i\" must be true or false, not a number");
    wrong(ot_json_array(root, "o", "", &item, &err), &err,
          "the field \"o\" must be an array, not an object");
    wrong(ot_json_object(root, "a", "", &item, &err), &err,
          "the field \"a\" must be an object, not an array");
    wrong(ot_json_object(root, "t", "", &item, &err), &err,
          "the field \"t\" must be an object, not a boolean");
    wrong(ot_json_literal(root, "object", "x", "certificate", &err), &err,
          "the field \"x.object\" must be \"certificate\", not \"list\"");
    item = cJSON_GetObjectItem(root, "a");
    wrong(ot_json_string(item, "id", "", &text, &err), &err,
          "the JSON text must be an object, not an array");
    wrong(ot_json_string(item->child, "id", "data[0]", &text, &err), &err,
          "data[0] must be an object, not a number");
    cJSON_Delete(root);
}

static unsigned allocations_left;

static void *scarce_malloc(size_t size)
{
    return allocations_left > 0 && allocations_left-- > 0 ? malloc(size) : NULL;
}

static void fault_51_out_of_memory(void)
{
    cJSON_Hooks hooks = {scarce_malloc, free};
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status = OT_E_NOMEM;
    unsigned n;

    cJSON_InitHooks(&hooks);
    for (n = 0; status == OT_E_NOMEM && n < 1000; n++) {
        cJSON *root = NULL;

        allocations_left = n;
        status = ot_json_parse(&root, sample, strlen(sample), &err);
        CU_ASSERT_EQUAL(root == NULL, status != OT_OK);
        cJSON_Delete(root);
    }
    cJSON_InitHooks(NULL);
    CU_ASSERT_EQUAL(status, OT_OK);
    CU_ASSERT_TRUE(n > 10);
}

static const struct unit_case cases[] = {
    {"accepts what is JSON", accepts_what_is_json},
    {"rejects what is not", rejects_what_is_not},
    {"rejects bad strings", rejects_bad_strings},
    {"caps the members of an object", caps_the_members_of_an_object},
    {"getters give what is there", getters_give_what_is_there},
    {"fault_05_wrong_types_name_the_field", fault_05_wrong_types_name_the_field},
    {"fault_30_invalid_utf8_and_nul", fault_30_invalid_utf8_and_nul},
    {"fault_31_deep_nesting", fault_31_deep_nesting},
    {"fault_31_duplicate_keys", fault_31_duplicate_keys},
    {"fault_31_numbers", fault_31_numbers},
    {"fault_51_out_of_memory", fault_51_out_of_memory},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("json", cases, argc, argv);
}

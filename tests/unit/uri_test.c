#include "config/uri.h"

#include <stdio.h>
#include <string.h>

#include "config/identifier.h"
#include "unit.h"

static void expect(const char *text, const char *source, const char *id, const char *name,
                   enum ot_state_filter state)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_uri uri;
    enum ot_status status = ot_uri_parse(&uri, text, &err);

    if (status != OT_OK)
        fprintf(stderr, "\n  %s: %s\n", text, err.message);
    CU_ASSERT_EQUAL_FATAL(status, OT_OK);
    CU_ASSERT_STRING_EQUAL(uri.source, source);
    CU_ASSERT_STRING_EQUAL(uri.id, id);
    CU_ASSERT_EQUAL(uri.has_name, name != NULL);
    CU_ASSERT_STRING_EQUAL(uri.name, name != NULL ? name : "");
    CU_ASSERT_EQUAL(uri.name_len, strlen(uri.name));
    CU_ASSERT_EQUAL(uri.state, state);
}

static void right_ones(void)
{
    expect("orgtrust:", "", "", NULL, OT_STATE_ACTIVE);
    expect("orgtrust:///", "", "", NULL, OT_STATE_ACTIVE);
    expect("ORGTrust:///", "", "", NULL, OT_STATE_ACTIVE);
    expect("orgtrust://corp/", "corp", "", NULL, OT_STATE_ACTIVE);
    expect("orgtrust://a.b_c-D9/", "a.b_c-D9", "", NULL, OT_STATE_ACTIVE);
    expect("orgtrust:///cert_abc", "", "cert_abc", NULL, OT_STATE_ACTIVE);
    expect("orgtrust://corp/cert_abc?state=all", "corp", "cert_abc", NULL, OT_STATE_ALL);
    expect("orgtrust:///?state=active", "", "", NULL, OT_STATE_ACTIVE);
    expect("orgtrust:///?state=inactive", "", "", NULL, OT_STATE_INACTIVE);
    expect("orgtrust:///?name=Root", "", "", "Root", OT_STATE_ACTIVE);
    expect("orgtrust:///?name=a%20b%26c%3d%c3%A4&state=all", "", "", "a b&c=ä",
           OT_STATE_ALL);
    expect("orgtrust:///?state=all&name=a+b=c/d?e:@", "", "", "a+b=c/d?e:@",
           OT_STATE_ALL);
}

static void wrong_ones(void)
{
    static const char *const texts[] = {
        "",
        "orgtrust",
        "file:///",
        "orgtrust:/",
        "orgtrust:x",
        "orgtrust:cert_abc",
        "orgtrust:?state=all",
        "orgtrust://",
        "orgtrust://corp",
        "orgtrust://corp?state=all",
        "orgtrust://user@corp/",
        "orgtrust://corp:80/",
        "orgtrust://.corp/",
        "orgtrust://-corp/",
        "orgtrust://co rp/",
        "orgtrust://c%6frp/",
        "orgtrust://../",
        "orgtrust://aaaaaaaaaaaaaaaaaaaaaaaaa/",
        "orgtrust:///cert_abc/",
        "orgtrust:///a/b",
        "orgtrust:///../x",
        "orgtrust:///%2e%2e",
        "orgtrust:///cert abc",
        "orgtrust:///cert.abc",
        "orgtrust:////",
        "orgtrust:///?",
        "orgtrust:///?&",
        "orgtrust:///?state",
        "orgtrust:///?state=",
        "orgtrust:///?state=ACTIVE",
        "orgtrust:///?state=on",
        "orgtrust:///?State=all",
        "orgtrust:///?state=all&",
        "orgtrust:///?state=all&state=all",
        "orgtrust:///?name=a&name=a",
        "orgtrust:///?name=",
        "orgtrust:///?name=%",
        "orgtrust:///?name=%4",
        "orgtrust:///?name=%4&state=all",
        "orgtrust:///?name=%zz",
        "orgtrust:///?name=%00",
        "orgtrust:///?name=a%00b",
        "orgtrust:///?name=%ff",
        "orgtrust:///?name=%c3",
        "orgtrust:///?name=a b",
        "orgtrust:///?name=\xc3\xa4",
        "orgtrust:///?name=a\n",
        "orgtrust:///?id=cert_abc",
        "orgtrust:///?=x",
        "orgtrust:///#x",
        "orgtrust:///?state=all#x",
        "orgtrust:///cert_abc#x",
    };
    struct ot_error err;
    struct ot_uri uri;
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ot_error_clear(&err);
        if (ot_uri_parse(&uri, texts[i], &err) != OT_E_USAGE)
            fprintf(stderr, "\n  accepted: %s\n", texts[i]);
        CU_ASSERT_EQUAL(err.status, OT_E_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "for example orgtrust:///"));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "Corporate%20Root"));
    }
    CU_ASSERT_EQUAL(ot_uri_parse(&uri, "", NULL), OT_E_USAGE);
}

static void lengths_end_where_they_should(void)
{
    static char text[3 * OT_NAME_MAX + 64];
    struct ot_uri uri;
    size_t n;

    n = (size_t)sprintf(text, "orgtrust:///");
    memset(text + n, 'a', OT_ID_MAX);
    text[n + OT_ID_MAX] = '\0';
    CU_ASSERT_EQUAL(ot_uri_parse(&uri, text, NULL), OT_OK);
    CU_ASSERT_EQUAL(strlen(uri.id), OT_ID_MAX);
    strcat(text, "a");
    CU_ASSERT_EQUAL(ot_uri_parse(&uri, text, NULL), OT_E_USAGE);

    n = (size_t)sprintf(text, "orgtrust:///?name=");
    memset(text + n, 'a', OT_NAME_MAX);
    text[n + OT_NAME_MAX] = '\0';
    CU_ASSERT_EQUAL(ot_uri_parse(&uri, text, NULL), OT_OK);
    CU_ASSERT_EQUAL(uri.name_len, OT_NAME_MAX);
    strcat(text, "a");
    CU_ASSERT_EQUAL(ot_uri_parse(&uri, text, NULL), OT_E_USAGE);
    for (text[n] = '\0'; n + 3 < 3 * OT_NAME_MAX + 18; n += 3)
        memcpy(text + n, "%61", 4);
    CU_ASSERT_EQUAL(ot_uri_parse(&uri, text, NULL), OT_OK);
}

static void ids_and_source_names(void)
{
    CU_ASSERT(ot_is_cert_id("cert_abc-1", 10));
    CU_ASSERT(ot_is_cert_id("-", 1));
    CU_ASSERT_FALSE(ot_is_cert_id("", 0));
    CU_ASSERT_FALSE(ot_is_cert_id("a\0b", 3));
    CU_ASSERT_FALSE(ot_is_cert_id("a/b", 3));
    CU_ASSERT_FALSE(ot_is_cert_id("..", 2));
    CU_ASSERT_FALSE(ot_is_cert_id("a\n", 2));
    CU_ASSERT(ot_is_source_name("a", 1));
    CU_ASSERT(ot_is_source_name("9.x", 3));
    CU_ASSERT_FALSE(ot_is_source_name("", 0));
    CU_ASSERT_FALSE(ot_is_source_name("_a", 2));
    CU_ASSERT_FALSE(ot_is_source_name("a/b", 3));
    CU_ASSERT_FALSE(ot_is_source_name("a\0b", 3));
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"right_ones", right_ones},
        {"wrong_ones", wrong_ones},
        {"lengths_end_where_they_should", lengths_end_where_they_should},
        {"fault_10_ids_and_source_names", ids_and_source_names},
        {NULL, NULL}};

    return unit_main("uri", cases, argc, argv);
}

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_cert.h"
#include "api/api_parse_internal.h"
#include "base/limits.h"

#define KIND "organization.certificate"
#define ITEM(id, more)                                                                   \
    "{\"object\":\"" KIND "\",\"id\":\"" id "\",\"name\":\"n\",\"created_at\":5,"        \
    "\"certificate_details\":{\"valid_at\":1,\"expires_at\":2}" more "}"
#define ACTIVE ",\"active\":true"
#define PAGE(data, rest) "{\"object\":\"list\",\"data\":[" data "]," rest "}"
#define REST "\"first_id\":\"a\",\"last_id\":\"b\",\"has_more\":false"

static enum ot_status page_of(struct ot_api_page *page, const char *text,
                              struct ot_error *err)
{
    enum ot_status status = ot_api_parse_page(page, KIND, text, strlen(text), err);

    if (status != OT_OK) {
        CU_ASSERT_PTR_NULL(page->certs);
        CU_ASSERT_EQUAL(page->count, 0);
    }
    return status;
}

static void page_fails(const char *text, const char *why)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_page page;
    enum ot_status status = page_of(&page, text, &err);

    if (status != OT_E_PROTOCOL || strstr(err.message, why) == NULL)
        fprintf(stderr, "\n    %.100s: %d, \"%s\", not \"%s\"\n", text, (int)status,
                err.message, why);
    CU_ASSERT_EQUAL(status, OT_E_PROTOCOL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, why));
    ot_api_page_clear(&page);
}

static void parses_a_page(void)
{
    static const char text[] =
        PAGE(ITEM("cert_A-1",
                  ACTIVE) ",{\"object\":\"" KIND
                          "\",\"id\":\"c\",\"name\":null,\"created_at\":6,\"new\":[1],"
                          "\"certificate_details\":{},\"active\":false}",
             "\"first_id\":\"cert_A-1\",\"last_id\":\"c\",\"has_more\":true,\"x\":{}");
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_page page;

    CU_ASSERT_EQUAL_FATAL(page_of(&page, text, &err), OT_OK);
    CU_ASSERT_EQUAL_FATAL(page.count, 2);
    CU_ASSERT_TRUE(page.has_more);
    CU_ASSERT_STRING_EQUAL(page.last_id, "c");
    CU_ASSERT_STRING_EQUAL(page.certs[0].id, "cert_A-1");
    CU_ASSERT_STRING_EQUAL(page.certs[0].name, "n");
    CU_ASSERT_EQUAL(page.certs[0].created_at, 5);
    CU_ASSERT_TRUE(page.certs[0].has_valid_at && page.certs[0].has_expires_at);
    CU_ASSERT_EQUAL(page.certs[0].valid_at, 1);
    CU_ASSERT_EQUAL(page.certs[0].expires_at, 2);
    CU_ASSERT_TRUE(page.certs[0].active && page.certs[0].has_active);
    CU_ASSERT_PTR_NULL(page.certs[0].content);
    CU_ASSERT_PTR_NULL(page.certs[1].name);
    CU_ASSERT_FALSE(page.certs[1].active);
    CU_ASSERT_FALSE(page.certs[1].has_valid_at || page.certs[1].has_expires_at);
    ot_api_page_clear(&page);
    CU_ASSERT_PTR_NULL(page.certs);
    CU_ASSERT_EQUAL(page.count, 0);
}

static void parses_an_empty_page(void)
{
    static const char text[] =
        PAGE("", "\"first_id\":null,\"last_id\":null,\"has_more\":false");
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_page page;

    CU_ASSERT_EQUAL_FATAL(page_of(&page, text, &err), OT_OK);
    CU_ASSERT_EQUAL(page.count, 0);
    CU_ASSERT_FALSE(page.has_more);
    CU_ASSERT_STRING_EQUAL(page.last_id, "");
    ot_api_page_clear(&page);
}

static void fault_03_has_more_without_a_cursor(void)
{
    static const char text[] =
        PAGE(ITEM("a", ACTIVE), "\"first_id\":\"a\",\"last_id\":null,\"has_more\":true");
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_page page;

    /* The listing judges; here it must only be told apart. */
    CU_ASSERT_EQUAL_FATAL(page_of(&page, text, &err), OT_OK);
    CU_ASSERT_TRUE(page.has_more);
    CU_ASSERT_STRING_EQUAL(page.last_id, "");
    CU_ASSERT_EQUAL(page.count, 1);
    ot_api_page_clear(&page);
}

static void fault_05_fields_of_the_page(void)
{
    page_fails("[]", "must be an object");
    page_fails("{}", "\"object\" is missing");
    page_fails("{\"object\":\"lists\"}", "\"object\" must be \"list\"");
    page_fails(PAGE("", "\"first_id\":null,\"last_id\":null"), "\"has_more\" is missing");
    page_fails(PAGE("", "\"first_id\":null,\"last_id\":null,\"has_more\":\"true\""),
               "\"has_more\" must be true or false");
    page_fails(PAGE("", "\"first_id\":null,\"last_id\":null,\"has_more\":0"),
               "\"has_more\" must be true or false");
    page_fails(PAGE("", "\"first_id\":null,\"last_id\":null,\"has_more\":null"),
               "\"has_more\" must be true or false");
    page_fails(PAGE("", "\"first_id\":null,\"last_id\":5,\"has_more\":false"),
               "\"last_id\"");
    page_fails(PAGE("", "\"first_id\":{},\"last_id\":null,\"has_more\":false"),
               "\"first_id\"");
    page_fails(PAGE("", "\"first_id\":null,\"has_more\":true"), "\"last_id\" is missing");
    page_fails(PAGE("", "\"last_id\":null,\"has_more\":true"), "\"first_id\" is missing");
    page_fails("{\"object\":\"list\"," REST "}", "\"data\" is missing");
    page_fails("{\"object\":\"list\",\"data\":{}," REST "}", "\"data\" must be an array");
    page_fails("{\"object\":\"list\",\"data\":null," REST "}",
               "\"data\" must be an array");
    page_fails(PAGE("5", REST), "data[0] must be an object");
    page_fails(PAGE(ITEM("a", ACTIVE) ",null", REST), "data[1] must be an object");
}

static void fault_05_fields_of_an_item(void)
{
    static const struct {
        const char *from, *to, *why;
    } rows[] = {
        {"\"object\":\"organization.certificate\"", "\"object\":\"certificate\"",
         "\"data[1].object\" must be \"organization.certificate\""},
        {"\"id\":\"a\"", "\"id\":null", "\"data[1].id\" must be a string"},
        {"\"id\":\"a\"", "\"ID\":\"a\"", "\"data[1].id\" is missing"},
        {"\"name\":\"n\"", "\"name\":7", "\"data[1].name\" must be a string or null"},
        {"\"name\":\"n\",", "", "\"data[1].name\" is missing"},
        {"\"created_at\":5", "\"created_at\":\"5\"", "\"data[1].created_at\""},
        {"\"created_at\":5", "\"created_at\":5.5", "\"data[1].created_at\""},
        {"\"created_at\":5,", "", "\"data[1].created_at\" is missing"},
        {"\"certificate_details\":{", "\"certificate_details\":null,\"x\":{",
         "\"data[1].certificate_details\" must be an object"},
        {"\"certificate_details\"", "\"details\"",
         "\"data[1].certificate_details\" is missing"},
        {"\"valid_at\":1", "\"valid_at\":true",
         "\"data[1].certificate_details.valid_at\" must be an integer"},
        {"\"valid_at\":1", "\"valid_at\":null",
         "\"data[1].certificate_details.valid_at\" must be an integer"},
        {"\"expires_at\":2", "\"expires_at\":\"2\"",
         "\"data[1].certificate_details.expires_at\" must be an integer"},
        {"\"active\":true", "\"active\":1", "\"data[1].active\" must be true or false"},
        {",\"active\":true", "", "\"data[1].active\" is missing"},
    };
    static const char good[] = ITEM("a", ACTIVE);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *at = strstr(good, rows[i].from);
        char text[1024];

        CU_ASSERT_FATAL(at != NULL);
        snprintf(text, sizeof(text),
                 "{\"object\":\"list\",\"data\":[%s,%.*s%s%s]," REST "}", good,
                 (int)(at - good), good, rows[i].to, at + strlen(rows[i].from));
        page_fails(text, rows[i].why);
    }
}

static void fault_10_ids_that_are_none(void)
{
    static const char *const bad[] = {
        "",    "a/b",   "..",      ".",        "a%2eb",  "%2e%2e",
        "a b", "a?b",   "a#b",     "a\\nb",    "a\\\\b", "\\u00e9",
        "a:b", "a&b=c", "../../x", "a\\u007f", "a\\tb",  "\\ud83d\\ude00",
    };
    char text[1024], longest[OT_ID_MAX + 2];
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_page page;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text),
                 PAGE("{\"object\":\"" KIND "\",\"id\":\"%s\"}", REST), bad[i]);
        page_fails(text, "\"data[0].id\" is no id");
        snprintf(text, sizeof(text),
                 PAGE("", "\"first_id\":null,\"last_id\":\"%s\",\"has_more\":true"),
                 bad[i]);
        page_fails(text, "\"last_id\" is no id");
        snprintf(text, sizeof(text),
                 PAGE("", "\"first_id\":\"%s\",\"last_id\":null,\"has_more\":true"),
                 bad[i]);
        page_fails(text, "\"first_id\" is no id");
    }
    page_fails(PAGE("{\"object\":\"" KIND "\",\"id\":\"a\\u0000b\"}", REST), "\\u0000");
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    snprintf(text, sizeof(text), PAGE("{\"object\":\"" KIND "\",\"id\":\"%s\"}", REST),
             longest);
    page_fails(text, "\"data[0].id\" is no id");
    longest[OT_ID_MAX] = '\0';
    snprintf(text, sizeof(text),
             PAGE("", "\"first_id\":null,\"last_id\":\"%s\",\"has_more\":true"), longest);
    CU_ASSERT_EQUAL(page_of(&page, text, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(page.last_id, longest);
    ot_api_page_clear(&page);
}

static void page_with_name(const char *name, char *text, size_t size)
{
    snprintf(text, size,
             PAGE("{\"object\":\"" KIND
                  "\",\"id\":\"a\",\"name\":\"%s\",\"created_at\":5,"
                  "\"certificate_details\":{},\"active\":true}",
                  REST),
             name);
}

static void fault_30_names(void)
{
    static char text[OT_NAME_MAX + 1024], name[OT_NAME_MAX + 2];
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_page page;

    page_with_name("", text, sizeof(text));
    CU_ASSERT_EQUAL_FATAL(page_of(&page, text, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(page.certs[0].name, "");
    ot_api_page_clear(&page);
    /* Controls and bidi characters are kept as they are; showing them is another matter.
     */
    page_with_name("a\\u0007\\u202eb", text, sizeof(text));
    CU_ASSERT_EQUAL_FATAL(page_of(&page, text, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(page.certs[0].name, "a\a\xe2\x80\xae"
                                               "b");
    ot_api_page_clear(&page);
    page_with_name("a\xff", text, sizeof(text));
    page_fails(text, "UTF-8");
    page_with_name("a\\u0000", text, sizeof(text));
    page_fails(text, "\\u0000");
    memset(name, 'n', sizeof(name) - 1);
    page_with_name(name, text, sizeof(text));
    page_fails(text, "\"data[0].name\" is longer than");
    name[OT_NAME_MAX] = '\0';
    page_with_name(name, text, sizeof(text));
    CU_ASSERT_EQUAL(page_of(&page, text, &err), OT_OK);
    ot_api_page_clear(&page);
}

#define CERT(object, details)                                                            \
    "{\"object\":\"" object "\",\"id\":\"cert_1\",\"name\":null,\"created_at\":5,"       \
    "\"certificate_details\":{" details "}}"

static void cert_fails(const char *text, const char *why)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_cert cert;

    CU_ASSERT_EQUAL(ot_api_parse_cert(&cert, text, strlen(text), &err), OT_E_PROTOCOL);
    if (strstr(err.message, why) == NULL)
        fprintf(stderr, "\n    \"%s\", not \"%s\"\n", err.message, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, why));
    CU_ASSERT_PTR_NULL(cert.content);
    CU_ASSERT_STRING_EQUAL(cert.id, "");
}

static void fault_12_content(void)
{
    static const char with[] =
        CERT("certificate", "\"valid_at\":9,\"content\":\"PEM\\nx\"");
    static const char without[] = CERT("certificate", "\"expires_at\":-9");
    static const char null[] = CERT("certificate", "\"content\":null");
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_cert cert;
    char *large = malloc(OT_CERT_PEM_MAX + 512);
    int n;

    CU_ASSERT_EQUAL(ot_api_parse_cert(&cert, with, strlen(with), &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(cert.content, "PEM\nx");
    CU_ASSERT_TRUE(cert.has_valid_at && !cert.has_expires_at && !cert.has_active);
    ot_api_cert_clear(&cert);
    CU_ASSERT_PTR_NULL(cert.content);
    CU_ASSERT_EQUAL(ot_api_parse_cert(&cert, without, strlen(without), &err), OT_OK);
    CU_ASSERT_PTR_NULL(cert.content);
    CU_ASSERT_EQUAL(cert.expires_at, -9);
    ot_api_cert_clear(&cert);
    CU_ASSERT_EQUAL(ot_api_parse_cert(&cert, null, strlen(null), &err), OT_OK);
    CU_ASSERT_PTR_NULL(cert.content);
    ot_api_cert_clear(&cert);
    cert_fails(CERT("certificate", "\"content\":5"),
               "\"certificate_details.content\" must be a string or null");
    cert_fails(CERT("organization.certificates", ""),
               "\"object\" must be \"certificate\"");
    cert_fails("<html>", "not valid JSON");
    cert_fails("", "not valid JSON");
    n = snprintf(
        large, OT_CERT_PEM_MAX + 512,
        "{\"object\":\"certificate\",\"id\":\"a\",\"name\":\"x\",\"created_at\":5,"
        "\"certificate_details\":{\"content\":\"");
    memset(large + n, 'A', OT_CERT_PEM_MAX + 1);
    strcpy(large + n + OT_CERT_PEM_MAX + 1, "\"}}");
    /* Longer than one can be: that is for whoever reads it, and not of the others. */
    CU_ASSERT_EQUAL(ot_api_parse_cert(&cert, large, strlen(large), &err), OT_OK);
    CU_ASSERT_EQUAL(strlen(cert.content), OT_CERT_PEM_MAX + 1);
    ot_api_cert_clear(&cert);
    free(large);
}

static void parses_activations(void)
{
    static const char text[] =
        "{\"object\":\"organization.certificate.activation\",\"data\":[" ITEM(
            "a", ACTIVE) "]}";
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_page page;

    CU_ASSERT_EQUAL(
        ot_api_parse_toggled(&page, KIND ".activation", text, strlen(text), &err), OT_OK);
    CU_ASSERT_EQUAL(page.count, 1);
    ot_api_page_clear(&page);
    CU_ASSERT_EQUAL(
        ot_api_parse_toggled(&page, KIND ".deactivation", text, strlen(text), &err),
        OT_E_PROTOCOL);
    CU_ASSERT_EQUAL(page.count, 0);
}

static void answers_of_older_descriptions_are_taken(void)
{
    static const char *const kinds[] = {"certificate", "organization.certificate",
                                        "organization.project.certificate"};
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_cert cert;
    struct ot_api_page page;
    char text[512];

    CU_ASSERT_EQUAL(page_of(&page, PAGE("", "\"has_more\":false"), &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(page.last_id, "");
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), CERT("%s", ""), kinds[i]);
        CU_ASSERT_EQUAL(ot_api_parse_cert(&cert, text, strlen(text), &err), OT_OK);
        ot_api_cert_clear(&cert);
        snprintf(text, sizeof(text),
                 "{\"object\":\"list\",\"data\":[{\"object\":\"%s\",\"id\":\"a\","
                 "\"name\":null,\"created_at\":5,\"certificate_details\":{},"
                 "\"active\":true}]}",
                 kinds[i]);
        CU_ASSERT_EQUAL(
            ot_api_parse_toggled(&page, KIND ".activation", text, strlen(text), &err),
            OT_OK);
        CU_ASSERT_EQUAL(page.count, 1);
        ot_api_page_clear(&page);
    }
    cert_fails(CERT("organization", ""), "\"object\" must be \"certificate\"");
}

static enum ot_status deleted(const char *text)
{
    struct ot_error err = OT_ERROR_INIT;

    return ot_api_parse_deleted("cert_1", text, strlen(text), &err);
}

static void parses_deletions(void)
{
    CU_ASSERT_EQUAL(deleted("{\"object\":\"certificate.deleted\",\"id\":\"cert_1\"}"),
                    OT_OK);
    CU_ASSERT_EQUAL(deleted("{\"object\":\"certificate.deleted\",\"id\":\"cert_2\"}"),
                    OT_E_PROTOCOL);
    CU_ASSERT_EQUAL(deleted("{\"object\":\"certificate\",\"id\":\"cert_1\"}"),
                    OT_E_PROTOCOL);
    CU_ASSERT_EQUAL(deleted("{\"object\":\"certificate.deleted\"}"), OT_E_PROTOCOL);
    CU_ASSERT_EQUAL(deleted(""), OT_E_PROTOCOL);
}

static void parses_contents(void)
{
    static const char text[] =
        "{\"object\":\"list\",\"data\":[" CERT("certificate", "\"content\":\"PEM\"") "]}";
    static const char other[] = "{\"object\":\"page\",\"data\":[]}";
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api_page page;

    CU_ASSERT_EQUAL(ot_api_parse_contents(&page, text, strlen(text), &err), OT_OK);
    CU_ASSERT_EQUAL_FATAL(page.count, 1);
    CU_ASSERT_STRING_EQUAL(page.certs[0].content, "PEM");
    CU_ASSERT_FALSE(page.certs[0].has_active);
    ot_api_page_clear(&page);
    CU_ASSERT_EQUAL(ot_api_parse_contents(&page, other, strlen(other), &err),
                    OT_E_PROTOCOL);
    CU_ASSERT_PTR_NULL(page.certs);
}

static bool error_of(char message[64], const char *text)
{
    memset(message, '#', 64);
    return ot_api_parse_error(message, 64, text, strlen(text));
}

static void finds_the_message_of_an_error(void)
{
    char message[64], longer[512];

    CU_ASSERT_TRUE(error_of(message,
                            "{\"error\":{\"message\":\"no such id\",\"type\":\"t\","
                            "\"param\":null,\"code\":null}}"));
    CU_ASSERT_STRING_EQUAL(message, "no such id");
    CU_ASSERT_TRUE(
        error_of(message, "{\"error\":{\"message\":\"a\\u001b[31m\\u202eb\"}}"));
    CU_ASSERT_PTR_NULL(strchr(message, '\x1b'));
    CU_ASSERT_PTR_NULL(strstr(message, "\xe2\x80\xae"));
    snprintf(longer, sizeof(longer), "{\"error\":{\"message\":\"%0300d\"}}", 0);
    CU_ASSERT_TRUE(error_of(message, longer));
    CU_ASSERT_EQUAL(strlen(message), 63);
    CU_ASSERT_FALSE(error_of(message, "{\"error\":{\"message\":\"\"}}"));
    CU_ASSERT_FALSE(error_of(message, "{\"error\":{\"message\":null}}"));
    CU_ASSERT_FALSE(error_of(message, "{\"error\":\"x\"}"));
    CU_ASSERT_FALSE(error_of(message, "{\"message\":\"x\"}"));
    CU_ASSERT_FALSE(error_of(message, "<html>"));
    CU_ASSERT_FALSE(error_of(message, ""));
}

static const struct unit_case cases[] = {
    {"parses a page", parses_a_page},
    {"parses an empty page", parses_an_empty_page},
    {"parses activations", parses_activations},
    {"answers of older descriptions are taken", answers_of_older_descriptions_are_taken},
    {"parses deletions", parses_deletions},
    {"parses contents", parses_contents},
    {"finds the message of an error", finds_the_message_of_an_error},
    {"fault_03_has_more_without_a_cursor", fault_03_has_more_without_a_cursor},
    {"fault_05_fields_of_the_page", fault_05_fields_of_the_page},
    {"fault_05_fields_of_an_item", fault_05_fields_of_an_item},
    {"fault_10_ids_that_are_none", fault_10_ids_that_are_none},
    {"fault_12_content", fault_12_content},
    {"fault_30_names", fault_30_names},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("api_parse", cases, argc, argv);
}

/* An API that fails, or answers what it should not. */
#include "api/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_cert.h"
#include "api_fixture.h"
#include "config/source.h"
#include "http_client.h"
#include "unit.h"

static void fault_10_ids_never_reach_a_url(void)
{
    static const char *const bad[] = {"",     "..",  "a/b", "%2e%2e", "a?b",
                                      "a\nb", "a b", "é",   "a#b",    NULL};
    struct ot_api_cert cert;
    struct ot_api_page page;
    struct api_world world;

    api_begin_with(&world, 200, "", "{}");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        api_said(&world, api_get(&world, bad[i], &cert), OT_E_USAGE,
                 "not a certificate id");
        api_said(&world, ot_api_delete(world.api, bad[i], &world.err), OT_E_USAGE,
                 "not a certificate id");
        api_said(&world, ot_api_rename(world.api, bad[i], "x", &cert, &world.err),
                 OT_E_USAGE, "not a certificate id");
        api_said(&world, ot_api_activate(world.api, &bad[i], 1, NULL, &world.err),
                 OT_E_USAGE, "not a certificate id");
        api_said(&world, ot_api_get_many(world.api, &bad[i], 1, NULL, NULL, &world.err),
                 OT_E_USAGE, "not a certificate id");
        if (bad[i] != NULL && bad[i][0] != '\0')
            api_said(&world, ot_api_list(world.api, bad[i], 10, &page, &world.err),
                     OT_E_USAGE, "not a certificate id");
    }
    CU_ASSERT_EQUAL(peer_requests(world.peer), 0);
    api_end(&world);
    {
        struct ot_source source = client_source("http://127.0.0.1:9/v1");
        struct ot_error err = OT_ERROR_INIT;
        struct ot_api *api = NULL;

        source.project = (char *)"../x";
        CU_ASSERT_EQUAL(ot_api_new(&api, &source, NULL, NULL, &err), OT_E_CONFIG);
        CU_ASSERT_PTR_NULL(api);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "project"));
    }
}

static void fault_11_another_id(void)
{
    struct ot_api_cert cert;
    struct api_world world;

    api_begin_with(&world, 200, "", CERT("cert_2"));
    api_said(&world, api_get(&world, "cert_1", &cert), OT_E_PROTOCOL,
             "cert_2, not cert_1");
    CU_ASSERT_PTR_NULL(cert.content);
    api_said(&world, ot_api_rename(world.api, "cert_1", "x", &cert, &world.err),
             OT_E_PROTOCOL, "cert_2, not cert_1");
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), 200);
    api_end(&world);
}

static void list_fails(int http_status, const char *headers, const char *body,
                       enum ot_status expected, const char *why, size_t requests)
{
    struct ot_api_page page;
    struct api_world world;

    api_begin_with(&world, http_status, headers, body);
    api_said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), expected, why);
    CU_ASSERT_PTR_NULL(page.certs);
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), http_status);
    CU_ASSERT_EQUAL(peer_requests(world.peer), requests);
    api_end(&world);
}

static void fault_21_refused_keys(void)
{
    struct ot_api_page page;
    struct api_world world;
    const struct peer_answer answer = {.bytes =
                                           "HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n"};

    list_fails(401, "", ERROR_BODY("bad key"), OT_E_AUTH,
               "the test (status 401): bad key", 1);
    list_fails(403, "", ERROR_BODY("not yours"), OT_E_FORBIDDEN, "not yours", 1);
    list_fails(403, "", "<html>", OT_E_FORBIDDEN, "may do this", 1);
    api_begin(&world, &answer, 1, NULL, false);
    api_said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_AUTH,
             "admin_key_file");
    api_said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_AUTH,
             "OPENAI_ADMIN_KEY");
    api_end(&world);
}

static void fault_22_not_found_is_not_empty(void)
{
    list_fails(404, "", ERROR_BODY("Unknown project"), OT_E_NOT_FOUND, "Unknown project",
               1);
    list_fails(404, "", LIST("", "null", "false"), OT_E_NOT_FOUND, "base_url", 1);
}

/* As orgtrust-server says that an organization is full. */
#define LIMIT_BODY(code) "{\"error\":{\"message\":\"full\",\"code\":\"" code "\"}}"

static void fault_23_refusals_are_quoted(void)
{
    static const char *const ids[] = {"cert_1"};
    struct api_world world;

    api_begin_with(&world, 409, "", ERROR_BODY("active in project proj_7"));
    api_said(&world, ot_api_delete(world.api, "cert_1", &world.err), OT_E_REFUSED,
             "(status 409): active in project proj_7");
    api_said(&world, ot_api_delete(world.api, "cert_1", &world.err), OT_E_REFUSED,
             "active neither in the organization nor in any project");
    api_said(&world, ot_api_activate(world.api, ids, 1, NULL, &world.err), OT_E_REFUSED,
             "active in project proj_7");
    CU_ASSERT_EQUAL(peer_requests(world.peer), 3);
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), 409);
    api_end(&world);
    list_fails(400, "", LIMIT_BODY("certificate_limit_reached"), OT_E_LIMIT, "full", 1);
    list_fails(400, "", LIMIT_BODY("other_limit"), OT_E_REFUSED, "full", 1);
    list_fails(400, "", ERROR_BODY("limit \\u001b[2J"), OT_E_REFUSED, "limit \\x1b[2J",
               1);
}

static void fault_24_rate_limits(void)
{
    struct ot_api_page page;
    struct api_world world;

    list_fails(429, "Retry-After: 0\r\n", ERROR_BODY("slow down"), OT_E_RATE, "slow down",
               3);
    list_fails(429, "", "{}", OT_E_RATE, "too many requests", 3);
    api_begin_with(&world, 429, "Retry-After: 7200\r\n", "{}");
    api_said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_RATE,
             "7200 s");
    CU_ASSERT_EQUAL(ot_api_retry_after_ms(world.api), 7200000);
    CU_ASSERT_EQUAL(peer_requests(world.peer), 1);
    api_end(&world);
    /* A server that is down for longer than we wait says so just as well. */
    list_fails(503, "Retry-After: 7200\r\n", "{}", OT_E_RATE, "7200 s", 1);
}

static void fault_25_server_errors(void)
{
    list_fails(500, "", ERROR_BODY("oops"), OT_E_SERVER, "oops", 3);
    list_fails(503, "", "gone fishing", OT_E_SERVER, "status 503", 3);
    list_fails(503, "Retry-After-Ms: 20\r\n", "{}", OT_E_SERVER, "attempts: 3", 3);
    list_fails(204, "", "", OT_E_PROTOCOL, "", 1);
}

/* The first DELETE arrives, its answer does not. */
static void fault_25_a_lost_delete_has_deleted(void)
{
    const struct peer_answer script[] = {
        {.reset = true},
        {.bytes = "HTTP/1.1 404 x\r\nContent-Type: application/json\r\nContent-Length: 2"
                  "\r\n\r\n{}"}};
    struct api_world world;

    api_begin(&world, script, 2, NULL, true);
    CU_ASSERT_EQUAL(ot_api_delete(world.api, "cert_1", &world.err), OT_OK);
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), 0);
    api_said(&world, ot_api_delete(world.api, "cert_1", &world.err), OT_E_NOT_FOUND,
             "404");
    api_end(&world);
}

static void fault_26_an_upload_is_sent_once(void)
{
    const struct peer_answer reset = {.reset = true};
    struct ot_api_cert cert;
    struct api_world world;

    api_begin(&world, &reset, 1, NULL, true);
    api_said(&world, ot_api_upload(world.api, "PEM", "n", &cert, &world.err),
             OT_E_NETWORK, "cannot upload the certificate");
    CU_ASSERT_EQUAL(peer_requests(world.peer), 1);
    api_end(&world);
}

static void fault_28_truncated_json(void)
{
    list_fails(200, "", "{\"object\":\"list\",\"data\":[", OT_E_PROTOCOL,
               "ends too early", 1);
    list_fails(200, "", "", OT_E_PROTOCOL, "there is nothing", 1);
}

static void fault_30_bad_text_from_the_api(void)
{
    list_fails(200, "", LIST("", "\"\xff\"", "false"), OT_E_PROTOCOL, "UTF-8", 1);
    list_fails(200, "", LIST("", "\"\\u0000\"", "false"), OT_E_PROTOCOL, "\\u0000", 1);
}

static void fault_31_bad_json_from_the_api(void)
{
    list_fails(200, "", "[[[[[[[[[[[[[[[[[[[[", OT_E_PROTOCOL, "too deep", 1);
    list_fails(200, "", "{\"object\":\"list\",\"object\":\"list\"}", OT_E_PROTOCOL,
               "twice", 1);
    list_fails(200, "", "{\"object\":1e400}", OT_E_PROTOCOL, "2^53", 1);
}

static void fault_32_captive_portal(void)
{
    const struct peer_answer script[] = {
        {.bytes =
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 21\r\n\r\n"
             "<html>Log in!</html>\n"},
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"},
        {.bytes =
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 21"
             "\r\n\r\n<html>Log in!</html>\n"}};
    struct ot_api_page page;
    struct api_world world;

    api_begin(&world, script, 3, NULL, true);
    api_said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_PROTOCOL,
             "text/html where the API has application/json");
    api_said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_PROTOCOL,
             "captive portal");
    api_said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_PROTOCOL,
             "not valid JSON");
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), 200);
    api_end(&world);
}

static void fault_33_redirects(void)
{
    list_fails(302, "Location: https://elsewhere.example/\r\n", "{}", OT_E_PROTOCOL,
               "https://elsewhere.example", 1);
}

/* A server that quotes the key in what it says about it. */
static void fault_55_the_key_is_not_quoted(void)
{
    struct ot_api_page page;
    struct api_world world;
    char body[1024];

    api_begin_with(&world, 401, "", ERROR_BODY("Incorrect key: " CLIENT_SECRET "."));
    api_said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_AUTH,
             "Incorrect key: *****");
    api_end(&world);
    /* Not even a half that is left when the message is cut. */
    snprintf(body, sizeof(body), ERROR_BODY("%0300d%s"), 0, CLIENT_SECRET);
    api_begin_with(&world, 400, "", body);
    api_said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_REFUSED,
             "0000*");
    api_end(&world);
    /* Nor as what looks like an id. */
    list_fails(200, "", LIST("", "\"" CLIENT_SECRET "\"", "false"), OT_E_PROTOCOL,
               "\"last_id\" is no id: \"****", 1);
}

static const struct unit_case cases[] = {
    {"fault_10_ids_never_reach_a_url", fault_10_ids_never_reach_a_url},
    {"fault_11_another_id", fault_11_another_id},
    {"fault_21_refused_keys", fault_21_refused_keys},
    {"fault_22_not_found_is_not_empty", fault_22_not_found_is_not_empty},
    {"fault_23_refusals_are_quoted", fault_23_refusals_are_quoted},
    {"fault_24_rate_limits", fault_24_rate_limits},
    {"fault_25_server_errors", fault_25_server_errors},
    {"fault_25_a_lost_delete_has_deleted", fault_25_a_lost_delete_has_deleted},
    {"fault_26_an_upload_is_sent_once", fault_26_an_upload_is_sent_once},
    {"fault_28_truncated_json", fault_28_truncated_json},
    {"fault_30_bad_text_from_the_api", fault_30_bad_text_from_the_api},
    {"fault_31_bad_json_from_the_api", fault_31_bad_json_from_the_api},
    {"fault_32_captive_portal", fault_32_captive_portal},
    {"fault_33_redirects", fault_33_redirects},
    {"fault_55_the_key_is_not_quoted", fault_55_the_key_is_not_quoted},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("api_fault", cases, argc, argv);
}

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/api.h"
#include "http_client.h"
#include "peer.h"

/* --- One call against one answer --- */

struct world {
    struct peer *peer;
    struct ot_source source;
    struct ot_api *api;
    struct ot_error err;
};

static void begin(struct world *world, const struct peer_answer *script, size_t len,
                  const char *project, bool with_key)
{
    struct ot_key key = client_key();

    memset(world, 0, sizeof(*world));
    world->peer = peer_start(&(struct peer_options){.script = script, .script_len = len});
    world->source = client_source(peer_url(world->peer));
    world->source.project = (char *)project;
    CU_ASSERT_EQUAL_FATAL(ot_api_new(&world->api, &world->source, with_key ? &key : NULL,
                                     &client_tuning, &world->err),
                          OT_OK);
}

static void end(struct world *world)
{
    CU_ASSERT_PTR_NULL(strstr(world->err.message, "sk-admin"));
    ot_api_free(world->api);
    peer_stop(world->peer);
}

/* Answers every request like this. */
static void begin_with(struct world *world, int status, const char *headers,
                       const char *body)
{
    static struct peer_answer answer;

    free((char *)answer.bytes);
    answer = (struct peer_answer){0};
    answer.bytes = peer_format(status, headers, body, &answer.len);
    begin(world, &answer, 1, NULL, true);
}

static void requested(struct world *world, size_t i, const char *line, const char *body)
{
    const struct peer_request *request = peer_request(world->peer, i);
    char wanted[512];

    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    snprintf(wanted, sizeof(wanted), "%s HTTP/1.1\r\n", line);
    if (strncmp(request->head, wanted, strlen(wanted)) != 0)
        fprintf(stderr, "\n    requested %.120s\n    instead of %s\n", request->head,
                line);
    CU_ASSERT_EQUAL(strncmp(request->head, wanted, strlen(wanted)), 0);
    CU_ASSERT_STRING_EQUAL(request->body, body);
}

static void said(struct world *world, enum ot_status status, enum ot_status expected,
                 const char *why)
{
    if (status != expected || strstr(world->err.message, why) == NULL)
        fprintf(stderr, "\n    status %d, \"%s\", not \"%s\"\n", (int)status,
                world->err.message, why);
    CU_ASSERT_EQUAL(status, expected);
    CU_ASSERT_EQUAL(world->err.status, expected);
    CU_ASSERT_PTR_NOT_NULL(strstr(world->err.message, why));
}

#define ITEM(kind, id)                                                                   \
    "{\"object\":\"" kind "\",\"id\":\"" id "\",\"name\":\"n\",\"created_at\":5,"        \
    "\"certificate_details\":{},\"active\":true}"
#define ORG "organization.certificate"
#define PROJECT "organization.project.certificate"
#define LIST(items, last, more)                                                          \
    "{\"object\":\"list\",\"data\":[" items "],\"first_id\":null,\"last_id\":" last      \
    ",\"has_more\":" more "}"
#define CERT(id)                                                                         \
    "{\"object\":\"certificate\",\"id\":\"" id "\",\"name\":\"n\",\"created_at\":5,"     \
    "\"certificate_details\":{\"content\":\"PEM\"}}"
#define ERROR_BODY(message)                                                              \
    "{\"error\":{\"message\":\"" message                                                 \
    "\",\"type\":\"t\",\"param\":null,\"code\":null}}"

static void lists_pages(void)
{
    struct ot_api_page page;
    struct world world;

    begin_with(&world, 200, "", LIST(ITEM(ORG, "a"), "\"a\"", "true"));
    CU_ASSERT_EQUAL(ot_api_list(world.api, NULL, 100, &page, &world.err), OT_OK);
    CU_ASSERT_EQUAL(page.count, 1);
    CU_ASSERT_TRUE(page.has_more);
    ot_api_page_clear(&page);
    CU_ASSERT_EQUAL(ot_api_list(world.api, "cert_9", 7, &page, NULL), OT_OK);
    ot_api_page_clear(&page);
    requested(&world, 0, "GET /v1/organization/certificates?limit=100&order=asc", "");
    requested(&world, 1,
              "GET /v1/organization/certificates?limit=7&order=asc&after=cert_9", "");
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), 0);
    CU_ASSERT_EQUAL(ot_api_retry_after_ms(world.api), -1);
    said(&world, ot_api_list(world.api, NULL, 0, &page, &world.err), OT_E_USAGE,
         "1 to 100");
    said(&world, ot_api_list(world.api, NULL, 101, &page, &world.err), OT_E_USAGE, "101");
    end(&world);
}

static void a_project_has_its_own_list(void)
{
    static const char *const ids[] = {"a"};
    const struct peer_answer script[] = {
        {.bytes = "HTTP/1.1 200 x\r\nContent-Type: application/json\r\n"
                  "Connection: close\r\n\r\n" LIST(ITEM(PROJECT, "a"), "null", "false"),
         .close = true},
        {.bytes = "HTTP/1.1 200 x\r\nContent-Type: application/json\r\nConnection: close"
                  "\r\n\r\n{\"object\":\"" PROJECT
                  ".activation\",\"data\":[" ITEM(PROJECT, "a") "]}",
         .close = true},
        {.bytes = "HTTP/1.1 200 x\r\nContent-Type: application/json\r\nConnection: close"
                  "\r\n\r\n" CERT("a"),
         .close = true}};
    struct ot_api_cert cert;
    struct ot_api_page page;
    struct world world;

    begin(&world, script, 3, "proj_7", true);
    CU_ASSERT_EQUAL(ot_api_list(world.api, "", 100, &page, &world.err), OT_OK);
    CU_ASSERT_EQUAL(page.count, 1);
    ot_api_page_clear(&page);
    CU_ASSERT_EQUAL(ot_api_activate(world.api, ids, 1, NULL, &world.err), OT_OK);
    CU_ASSERT_EQUAL(ot_api_get(world.api, "a", false, &cert, &world.err), OT_OK);
    ot_api_cert_clear(&cert);
    requested(&world, 0,
              "GET /v1/organization/projects/proj_7/certificates?limit=100&order=asc",
              "");
    requested(&world, 1, "POST /v1/organization/projects/proj_7/certificates/activate",
              "{\"certificate_ids\":[\"a\"]}");
    /* A certificate itself belongs to the organization. */
    requested(&world, 2, "GET /v1/organization/certificates/a", "");
    end(&world);
}

static void gets_one(void)
{
    struct ot_api_cert cert;
    struct world world;

    begin_with(&world, 200, "", CERT("cert_1"));
    CU_ASSERT_EQUAL(ot_api_get(world.api, "cert_1", true, &cert, &world.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(cert.content, "PEM");
    ot_api_cert_clear(&cert);
    requested(&world, 0, "GET /v1/organization/certificates/cert_1?include%5B%5D=content",
              "");
    end(&world);
}

static void uploads_renames_deletes(void)
{
    struct ot_api_cert cert;
    struct world world;

    begin_with(&world, 200, "", CERT("cert_1"));
    CU_ASSERT_EQUAL(ot_api_upload(world.api, "-----B\nx", "it\"s", &cert, &world.err),
                    OT_OK);
    CU_ASSERT_STRING_EQUAL(cert.id, "cert_1");
    ot_api_cert_clear(&cert);
    CU_ASSERT_EQUAL(ot_api_upload(world.api, "P", NULL, &cert, &world.err), OT_OK);
    ot_api_cert_clear(&cert);
    CU_ASSERT_EQUAL(ot_api_rename(world.api, "cert_1", "\xc3\xa9", &cert, &world.err),
                    OT_OK);
    ot_api_cert_clear(&cert);
    requested(&world, 0, "POST /v1/organization/certificates",
              "{\"certificate\":\"-----B\\nx\",\"name\":\"it\\\"s\"}");
    requested(&world, 1, "POST /v1/organization/certificates", "{\"certificate\":\"P\"}");
    requested(&world, 2, "POST /v1/organization/certificates/cert_1",
              "{\"name\":\"\xc3\xa9\"}");
    said(&world, ot_api_rename(world.api, "cert_1", "\xff", &cert, &world.err),
         OT_E_USAGE, "UTF-8");
    CU_ASSERT_EQUAL(peer_requests(world.peer), 3);
    end(&world);
    begin_with(&world, 200, "", "{\"object\":\"certificate.deleted\",\"id\":\"cert_1\"}");
    CU_ASSERT_EQUAL(ot_api_delete(world.api, "cert_1", &world.err), OT_OK);
    requested(&world, 0, "DELETE /v1/organization/certificates/cert_1", "");
    said(&world, ot_api_delete(world.api, "cert_2", &world.err), OT_E_PROTOCOL, "cert_2");
    end(&world);
}

static void activates_and_deactivates(void)
{
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f",
                                      "g", "h", "i", "j", "k"};
    struct ot_api_page page;
    struct world world;

    begin_with(&world, 200, "",
               "{\"object\":\"" ORG ".deactivation\",\"data\":[" ITEM(ORG, "a") "]}");
    CU_ASSERT_EQUAL(ot_api_deactivate(world.api, ids, 2, &page, &world.err), OT_OK);
    CU_ASSERT_EQUAL(page.count, 1);
    ot_api_page_clear(&page);
    requested(&world, 0, "POST /v1/organization/certificates/deactivate",
              "{\"certificate_ids\":[\"a\",\"b\"]}");
    said(&world, ot_api_activate(world.api, ids, 2, &page, &world.err), OT_E_PROTOCOL,
         "activation");
    CU_ASSERT_EQUAL(page.count, 0);
    said(&world, ot_api_activate(world.api, ids, 0, NULL, &world.err), OT_E_USAGE,
         "1 to 10");
    said(&world, ot_api_activate(world.api, ids, 11, NULL, &world.err), OT_E_USAGE, "11");
    CU_ASSERT_EQUAL(peer_requests(world.peer), 2);
    end(&world);
}

/* --- Faults --- */

static void fault_10_ids_never_reach_a_url(void)
{
    static const char *const bad[] = {"",     "..",  "a/b", "%2e%2e", "a?b",
                                      "a\nb", "a b", "é",   "a#b",    NULL};
    struct ot_api_cert cert;
    struct ot_api_page page;
    struct world world;

    begin_with(&world, 200, "", "{}");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        said(&world, ot_api_get(world.api, bad[i], true, &cert, &world.err), OT_E_USAGE,
             "not a certificate id");
        said(&world, ot_api_delete(world.api, bad[i], &world.err), OT_E_USAGE,
             "not a certificate id");
        said(&world, ot_api_rename(world.api, bad[i], "x", &cert, &world.err), OT_E_USAGE,
             "not a certificate id");
        said(&world, ot_api_activate(world.api, &bad[i], 1, NULL, &world.err), OT_E_USAGE,
             "not a certificate id");
        said(&world, ot_api_get_many(world.api, &bad[i], 1, NULL, NULL, &world.err),
             OT_E_USAGE, "not a certificate id");
        if (bad[i] != NULL && bad[i][0] != '\0')
            said(&world, ot_api_list(world.api, bad[i], 10, &page, &world.err),
                 OT_E_USAGE, "not a certificate id");
    }
    CU_ASSERT_EQUAL(peer_requests(world.peer), 0);
    end(&world);
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
    struct world world;

    begin_with(&world, 200, "", CERT("cert_2"));
    said(&world, ot_api_get(world.api, "cert_1", true, &cert, &world.err), OT_E_PROTOCOL,
         "cert_2, not cert_1");
    CU_ASSERT_PTR_NULL(cert.content);
    said(&world, ot_api_rename(world.api, "cert_1", "x", &cert, &world.err),
         OT_E_PROTOCOL, "cert_2, not cert_1");
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), 200);
    end(&world);
}

static void list_fails(int http_status, const char *headers, const char *body,
                       enum ot_status expected, const char *why, size_t requests)
{
    struct ot_api_page page;
    struct world world;

    begin_with(&world, http_status, headers, body);
    said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), expected, why);
    CU_ASSERT_PTR_NULL(page.certs);
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), http_status);
    CU_ASSERT_EQUAL(peer_requests(world.peer), requests);
    end(&world);
}

static void fault_21_refused_keys(void)
{
    struct ot_api_page page;
    struct world world;
    const struct peer_answer answer = {.bytes =
                                           "HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n"};

    list_fails(401, "", ERROR_BODY("bad key"), OT_E_AUTH,
               "the test (status 401): bad key", 1);
    list_fails(403, "", ERROR_BODY("not yours"), OT_E_FORBIDDEN, "not yours", 1);
    list_fails(403, "", "<html>", OT_E_FORBIDDEN, "may do this", 1);
    begin(&world, &answer, 1, NULL, false);
    said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_AUTH,
         "admin_key_file");
    said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_AUTH,
         "OPENAI_ADMIN_KEY");
    end(&world);
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
    struct world world;

    begin_with(&world, 409, "", ERROR_BODY("active in project proj_7"));
    said(&world, ot_api_delete(world.api, "cert_1", &world.err), OT_E_REFUSED,
         "(status 409): active in project proj_7");
    said(&world, ot_api_delete(world.api, "cert_1", &world.err), OT_E_REFUSED,
         "active neither in the organization nor in any project");
    said(&world, ot_api_activate(world.api, ids, 1, NULL, &world.err), OT_E_REFUSED,
         "active in project proj_7");
    CU_ASSERT_EQUAL(peer_requests(world.peer), 3);
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), 409);
    end(&world);
    list_fails(400, "", LIMIT_BODY("certificate_limit_reached"), OT_E_LIMIT, "full", 1);
    list_fails(400, "", LIMIT_BODY("other_limit"), OT_E_REFUSED, "full", 1);
    list_fails(400, "", ERROR_BODY("limit \\u001b[2J"), OT_E_REFUSED, "limit \\x1b[2J",
               1);
}

static void fault_24_rate_limits(void)
{
    struct ot_api_page page;
    struct world world;

    list_fails(429, "Retry-After: 0\r\n", ERROR_BODY("slow down"), OT_E_RATE, "slow down",
               3);
    list_fails(429, "", "{}", OT_E_RATE, "too many requests", 3);
    begin_with(&world, 429, "Retry-After: 7200\r\n", "{}");
    said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_RATE,
         "7200 s");
    CU_ASSERT_EQUAL(ot_api_retry_after_ms(world.api), 7200000);
    CU_ASSERT_EQUAL(peer_requests(world.peer), 1);
    end(&world);
    /* A server that is down for longer than we wait says so just as well. */
    list_fails(503, "Retry-After: 7200\r\n", "{}", OT_E_RATE, "7200 s", 1);
}

static void fault_25_server_errors(void)
{
    list_fails(500, "", ERROR_BODY("oops"), OT_E_SERVER, "oops", 3);
    list_fails(503, "", "gone fishing", OT_E_SERVER, "status 503", 3);
    list_fails(204, "", "", OT_E_PROTOCOL, "", 1);
}

/* The first DELETE arrives, its answer does not. */
static void fault_25_a_lost_delete_has_deleted(void)
{
    const struct peer_answer script[] = {
        {.reset = true},
        {.bytes = "HTTP/1.1 404 x\r\nContent-Type: application/json\r\nContent-Length: 2"
                  "\r\n\r\n{}"}};
    struct world world;

    begin(&world, script, 2, NULL, true);
    CU_ASSERT_EQUAL(ot_api_delete(world.api, "cert_1", &world.err), OT_OK);
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), 0);
    said(&world, ot_api_delete(world.api, "cert_1", &world.err), OT_E_NOT_FOUND, "404");
    end(&world);
}

static void fault_26_an_upload_is_sent_once(void)
{
    const struct peer_answer reset = {.reset = true};
    struct ot_api_cert cert;
    struct world world;

    begin(&world, &reset, 1, NULL, true);
    said(&world, ot_api_upload(world.api, "PEM", "n", &cert, &world.err), OT_E_NETWORK,
         "cannot upload the certificate");
    CU_ASSERT_EQUAL(peer_requests(world.peer), 1);
    end(&world);
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
    struct world world;

    begin(&world, script, 3, NULL, true);
    said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_PROTOCOL,
         "text/html where the API has application/json");
    said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_PROTOCOL,
         "captive portal");
    said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_PROTOCOL,
         "not valid JSON");
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), 200);
    end(&world);
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
    struct world world;
    char body[1024];

    begin_with(&world, 401, "", ERROR_BODY("Incorrect key: " CLIENT_SECRET "."));
    said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_AUTH,
         "Incorrect key: *****");
    end(&world);
    /* Not even a half that is left when the message is cut. */
    snprintf(body, sizeof(body), ERROR_BODY("%0300d%s"), 0, CLIENT_SECRET);
    begin_with(&world, 400, "", body);
    said(&world, ot_api_list(world.api, NULL, 100, &page, &world.err), OT_E_REFUSED,
         "0000*");
    end(&world);
    /* Nor as what looks like an id. */
    list_fails(200, "", LIST("", "\"" CLIENT_SECRET "\"", "false"), OT_E_PROTOCOL,
               "\"last_id\" is no id: \"****", 1);
}

/* --- Many gets --- */

enum { MANY = 500 };

struct many {
    size_t good, missing, wrong, calls;
    enum ot_status answer_missing;
};

static char *serve_get(void *arg, const struct peer_request *request, size_t *len)
{
    unsigned long n = strtoul(strstr(request->head, "/cert_") + 6, NULL, 10);
    char body[256];

    (void)arg;
    if (n % 100 == 99)
        return peer_format(404, "", ERROR_BODY("No such certificate"), len);
    snprintf(body, sizeof(body),
             "{\"object\":\"certificate\",\"id\":\"cert_%lu\",\"name\":null,\"created_"
             "at\":%lu,"
             "\"certificate_details\":{\"content\":\"PEM %lu\"}}",
             n, n, n);
    return peer_format(200, "", body, len);
}

static enum ot_status got(void *arg, size_t i, enum ot_status status,
                          const struct ot_api_cert *cert, struct ot_error *err)
{
    struct many *many = arg;
    char content[32];

    many->calls++;
    snprintf(content, sizeof(content), "PEM %zu", i);
    if (status == OT_OK && cert != NULL && strcmp(cert->content, content) == 0)
        many->good++;
    else if (status == OT_E_NOT_FOUND && cert == NULL && err->status == status)
        many->missing++;
    else
        many->wrong++;
    return status == OT_E_NOT_FOUND ? many->answer_missing : status;
}

static void gets_many_at_once(void)
{
    static char ids[MANY][16];
    static const char *list[MANY];
    struct peer *peer = peer_start(&(struct peer_options){.handler = serve_get});
    struct ot_source source = client_source(peer_url(peer));
    struct ot_key key = client_key();
    struct ot_error err = OT_ERROR_INIT;
    struct ot_api *api = NULL;
    struct many many = {0};

    for (size_t i = 0; i < MANY; i++) {
        snprintf(ids[i], sizeof(ids[i]), "cert_%zu", i);
        list[i] = ids[i];
    }
    CU_ASSERT_EQUAL_FATAL(ot_api_new(&api, &source, &key, &client_tuning, &err), OT_OK);
    CU_ASSERT_EQUAL(ot_api_get_many(api, list, MANY, got, &many, &err), OT_OK);
    CU_ASSERT_EQUAL(many.calls, MANY);
    CU_ASSERT_EQUAL(many.missing, 5);
    CU_ASSERT_EQUAL(many.good, MANY - 5);
    CU_ASSERT_EQUAL(many.wrong, 0);
    CU_ASSERT_EQUAL(ot_http_counts(ot_api_http(api)).requests, MANY);
    CU_ASSERT_TRUE(peer_connections(peer) <= client_tuning.connections);
    CU_ASSERT_EQUAL(ot_api_get_many(api, list, 0, got, &many, &err), OT_OK);
    /* The first that is missing stops the rest. */
    memset(&many, 0, sizeof(many));
    many.answer_missing = OT_E_NOT_FOUND;
    CU_ASSERT_EQUAL(ot_api_get_many(api, list, MANY, got, &many, &err), OT_E_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "No such certificate"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "cannot get the certificate cert_"));
    CU_ASSERT_TRUE(many.calls < MANY);
    CU_ASSERT_EQUAL(ot_api_last_status(api), 404);
    ot_api_free(api);
    ot_api_free(NULL);
    peer_stop(peer);
}

static const struct unit_case cases[] = {
    {"lists pages", lists_pages},
    {"a project has its own list", a_project_has_its_own_list},
    {"gets one", gets_one},
    {"gets many at once", gets_many_at_once},
    {"uploads, renames, deletes", uploads_renames_deletes},
    {"activates and deactivates", activates_and_deactivates},
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
    return unit_main("api", cases, argc, argv);
}

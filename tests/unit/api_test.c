#include "api/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_cert.h"
#include "api_fixture.h"
#include "config/source.h"
#include "http/http_request.h"
#include "http/key.h"
#include "http_client.h"
#include "unit.h"

static void lists_pages(void)
{
    struct ot_api_page page;
    struct api_world world;

    api_begin_with(&world, 200, "", LIST(ITEM(ORG, "a"), "\"a\"", "true"));
    CU_ASSERT_EQUAL(ot_api_list(world.api, NULL, 100, &page, &world.err), OT_OK);
    CU_ASSERT_EQUAL(page.count, 1);
    CU_ASSERT_TRUE(page.has_more);
    ot_api_page_clear(&page);
    CU_ASSERT_EQUAL(ot_api_list(world.api, "cert_9", 7, &page, NULL), OT_OK);
    ot_api_page_clear(&page);
    api_requested(&world, 0, "GET /v1/organization/certificates?limit=100&order=asc", "");
    api_requested(&world, 1,
                  "GET /v1/organization/certificates?limit=7&order=asc&after=cert_9", "");
    CU_ASSERT_EQUAL(ot_api_last_status(world.api), 0);
    CU_ASSERT_EQUAL(ot_api_retry_after_ms(world.api), -1);
    api_said(&world, ot_api_list(world.api, NULL, 0, &page, &world.err), OT_E_USAGE,
             "1 to 100");
    api_said(&world, ot_api_list(world.api, NULL, 101, &page, &world.err), OT_E_USAGE,
             "101");
    api_end(&world);
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
    struct api_world world;

    api_begin(&world, script, 3, "proj_7", true);
    CU_ASSERT_EQUAL(ot_api_list(world.api, "", 100, &page, &world.err), OT_OK);
    CU_ASSERT_EQUAL(page.count, 1);
    ot_api_page_clear(&page);
    CU_ASSERT_EQUAL(ot_api_activate(world.api, ids, 1, NULL, &world.err), OT_OK);
    CU_ASSERT_EQUAL(api_get(&world, "a", &cert), OT_OK);
    ot_api_cert_clear(&cert);
    api_requested(&world, 0,
                  "GET /v1/organization/projects/proj_7/certificates?limit=100&order=asc",
                  "");
    api_requested(&world, 1,
                  "POST /v1/organization/projects/proj_7/certificates/activate",
                  "{\"certificate_ids\":[\"a\"]}");
    /* A certificate itself belongs to the organization. */
    api_requested(&world, 2, "GET /v1/organization/certificates/a?include%5B%5D=content",
                  "");
    api_end(&world);
}

static void gets_one(void)
{
    struct ot_api_cert cert;
    struct api_world world;

    api_begin_with(&world, 200, "", CERT("cert_1"));
    CU_ASSERT_EQUAL(api_get(&world, "cert_1", &cert), OT_OK);
    CU_ASSERT_STRING_EQUAL(cert.content, "PEM");
    ot_api_cert_clear(&cert);
    api_requested(&world, 0,
                  "GET /v1/organization/certificates/cert_1?include%5B%5D=content", "");
    api_end(&world);
}

static void uploads_renames_deletes(void)
{
    struct ot_api_cert cert;
    struct api_world world;

    api_begin_with(&world, 200, "", CERT("cert_1"));
    CU_ASSERT_EQUAL(ot_api_upload(world.api, "-----B\nx", "it\"s", &cert, &world.err),
                    OT_OK);
    CU_ASSERT_STRING_EQUAL(cert.id, "cert_1");
    ot_api_cert_clear(&cert);
    CU_ASSERT_EQUAL(ot_api_upload(world.api, "P", NULL, &cert, &world.err), OT_OK);
    ot_api_cert_clear(&cert);
    CU_ASSERT_EQUAL(ot_api_rename(world.api, "cert_1", "\xc3\xa9", &cert, &world.err),
                    OT_OK);
    ot_api_cert_clear(&cert);
    api_requested(&world, 0, "POST /v1/organization/certificates",
                  "{\"certificate\":\"-----B\\nx\",\"name\":\"it\\\"s\"}");
    api_requested(&world, 1, "POST /v1/organization/certificates",
                  "{\"certificate\":\"P\"}");
    api_requested(&world, 2, "POST /v1/organization/certificates/cert_1",
                  "{\"name\":\"\xc3\xa9\"}");
    api_said(&world, ot_api_rename(world.api, "cert_1", "\xff", &cert, &world.err),
             OT_E_USAGE, "UTF-8");
    CU_ASSERT_EQUAL(peer_requests(world.peer), 3);
    api_end(&world);
    api_begin_with(&world, 200, "",
                   "{\"object\":\"certificate.deleted\",\"id\":\"cert_1\"}");
    CU_ASSERT_EQUAL(ot_api_delete(world.api, "cert_1", &world.err), OT_OK);
    api_requested(&world, 0, "DELETE /v1/organization/certificates/cert_1", "");
    api_said(&world, ot_api_delete(world.api, "cert_2", &world.err), OT_E_PROTOCOL,
             "cert_2");
    api_end(&world);
}

static void activates_and_deactivates(void)
{
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f",
                                      "g", "h", "i", "j", "k"};
    struct ot_api_page page;
    struct api_world world;

    api_begin_with(&world, 200, "",
                   "{\"object\":\"" ORG ".deactivation\",\"data\":[" ITEM(ORG, "a") "]}");
    CU_ASSERT_EQUAL(ot_api_deactivate(world.api, ids, 2, &page, &world.err), OT_OK);
    CU_ASSERT_EQUAL(page.count, 1);
    ot_api_page_clear(&page);
    api_requested(&world, 0, "POST /v1/organization/certificates/deactivate",
                  "{\"certificate_ids\":[\"a\",\"b\"]}");
    api_said(&world, ot_api_activate(world.api, ids, 2, &page, &world.err), OT_E_PROTOCOL,
             "activation");
    CU_ASSERT_EQUAL(page.count, 0);
    api_said(&world, ot_api_activate(world.api, ids, 0, NULL, &world.err), OT_E_USAGE,
             "1 to 10");
    api_said(&world, ot_api_activate(world.api, ids, 11, NULL, &world.err), OT_E_USAGE,
             "11");
    CU_ASSERT_EQUAL(peer_requests(world.peer), 2);
    api_end(&world);
}

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
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("api", cases, argc, argv);
}

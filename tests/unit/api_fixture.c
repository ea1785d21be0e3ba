#include "api_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_cert.h"
#include "config/source.h"
#include "http/key.h"
#include "http_client.h"
#include "unit.h"

void api_begin(struct api_world *world, const struct peer_answer *script, size_t len,
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

void api_end(struct api_world *world)
{
    CU_ASSERT_PTR_NULL(strstr(world->err.message, "sk-admin"));
    ot_api_free(world->api);
    peer_stop(world->peer);
}

void api_begin_with(struct api_world *world, int status, const char *headers,
                    const char *body)
{
    static struct peer_answer answer;

    free((char *)answer.bytes);
    answer = (struct peer_answer){0};
    answer.bytes = peer_format(status, headers, body, &answer.len);
    api_begin(world, &answer, 1, NULL, true);
}

void api_requested(struct api_world *world, size_t i, const char *line, const char *body)
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

void api_said(struct api_world *world, enum ot_status status, enum ot_status expected,
              const char *why)
{
    if (status != expected || strstr(world->err.message, why) == NULL)
        fprintf(stderr, "\n    status %d, \"%s\", not \"%s\"\n", (int)status,
                world->err.message, why);
    CU_ASSERT_EQUAL(status, expected);
    CU_ASSERT_EQUAL(world->err.status, expected);
    CU_ASSERT_PTR_NOT_NULL(strstr(world->err.message, why));
}

static enum ot_status take_cert(void *arg, size_t i, enum ot_status status,
                                const struct ot_api_cert *cert, struct ot_error *err)
{
    struct ot_api_cert *out = arg;

    (void)err;
    CU_ASSERT_EQUAL(i, 0);
    if (status != OT_OK)
        return status;
    *out = (struct ot_api_cert){.created_at = cert->created_at};
    memcpy(out->id, cert->id, sizeof(out->id));
    out->content = cert->content != NULL ? strdup(cert->content) : NULL;
    return OT_OK;
}

enum ot_status api_get(struct api_world *world, const char *id, struct ot_api_cert *cert)
{
    memset(cert, 0, sizeof(*cert));
    return ot_api_get_many(world->api, &id, 1, take_cert, cert, &world->err);
}

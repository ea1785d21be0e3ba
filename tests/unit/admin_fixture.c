#include "admin_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"
#include "http/key.h"
#include "http_client.h"
#include "unit.h"

void admin_begin(struct admin_fixture *org, const char *project)
{
    static struct ot_key key;
    const struct ot_admin_options options = {.key = &key, .tuning = &client_tuning};
    static char name[] = "default", dir[512];

    memset(org, 0, sizeof(*org));
    key = client_key();
    org->api = fake_api_start();
    org->source = client_source(fake_api_url(org->api));
    snprintf(dir, sizeof(dir), "%s", unit_path("no-cache"));
    org->source.name = name;
    org->source.cache_dir = dir;
    CU_ASSERT_EQUAL_FATAL(
        ot_admin_open(&org->admin, &org->source, project, &options, &org->err), OT_OK);
}

void admin_end(struct admin_fixture *org)
{
    ot_admin_close(org->admin);
    fake_api_stop(org->api);
    for (size_t i = 0; i < org->count; i++)
        free(org->pems[i]);
}

const char *admin_add(struct admin_fixture *org, const char *id, const char *name,
                      bool active)
{
    static long serial = 5000;
    char *pem = certs_pem(id, serial++);

    if (org->count == sizeof(org->pems) / sizeof(org->pems[0]))
        abort();
    org->pems[org->count++] = pem;
    fake_api_add(org->api, id, name[0] != '\0' ? name : NULL, pem, active);
    return pem;
}

void admin_look(struct admin_fixture *org)
{
    CU_ASSERT_EQUAL_FATAL(ot_admin_list(org->admin, &org->err), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_admin_fingerprint(org->admin, &org->err), OT_OK);
}

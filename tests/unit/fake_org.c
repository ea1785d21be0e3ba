#include "fake_org.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"
#include "config/source.h"
#include "http/key.h"
#include "http_client.h"
#include "unit.h"

#define PROJECT "/v1/organization/projects/proj_a/certificates"
#define ORGANIZATION "/v1/organization/certificates"

struct fake_cert *fake_org_cert(struct fake_org *org, const char *id)
{
    for (size_t i = 0; i < org->count; i++)
        if (strcmp(org->certs[i].id, id) == 0)
            return &org->certs[i];
    return NULL;
}

static cJSON *cert_json(const struct fake_cert *cert, const char *kind, bool content)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *details;

    cJSON_AddStringToObject(object, "object", kind);
    cJSON_AddStringToObject(object, "id", cert->id);
    if (cert->name[0] != '\0')
        cJSON_AddStringToObject(object, "name", cert->name);
    else
        cJSON_AddNullToObject(object, "name");
    cJSON_AddNumberToObject(object, "created_at", 5);
    details = cJSON_AddObjectToObject(object, "certificate_details");
    if (content)
        cJSON_AddStringToObject(details, "content", cert->pem);
    return object;
}

static cJSON *list_json(const struct fake_org *org, bool project)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *data = cJSON_AddArrayToObject(object, "data");

    cJSON_AddStringToObject(object, "object", "list");
    for (size_t i = 0; i < org->count; i++) {
        const struct fake_cert *cert = &org->certs[i];
        cJSON *item = cert_json(cert,
                                project ? "organization.project.certificate"
                                        : "organization.certificate",
                                false);

        cJSON_AddBoolToObject(item, "active",
                              project ? cert->active_in_project : cert->active);
        cJSON_AddItemToArray(data, item);
    }
    cJSON_AddNullToObject(object, "first_id");
    cJSON_AddNullToObject(object, "last_id");
    cJSON_AddFalseToObject(object, "has_more");
    return object;
}

static cJSON *error_json(const char *message)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *error = cJSON_AddObjectToObject(object, "error");

    cJSON_AddStringToObject(error, "message", message);
    cJSON_AddNullToObject(error, "type");
    cJSON_AddNullToObject(error, "param");
    cJSON_AddNullToObject(error, "code");
    return object;
}

static cJSON *toggle(struct fake_org *org, const cJSON *body, bool project, bool active)
{
    const char *scope =
        project ? "organization.project.certificate" : "organization.certificate";
    cJSON *object = cJSON_CreateObject(), *data = cJSON_AddArrayToObject(object, "data");
    const cJSON *id;
    char kind[64];

    snprintf(kind, sizeof(kind), "%s.%sactivation", scope, active ? "" : "de");
    cJSON_AddStringToObject(object, "object", kind);
    cJSON_ArrayForEach(id, cJSON_GetObjectItem(body, "certificate_ids"))
    {
        struct fake_cert *cert = fake_org_cert(org, id->valuestring);
        cJSON *item;

        if (cert == NULL)
            continue;
        *(project ? &cert->active_in_project : &cert->active) = active;
        item = cert_json(cert, scope, false);
        cJSON_AddBoolToObject(item, "active", active);
        cJSON_AddItemToArray(data, item);
    }
    return object;
}

static cJSON *upload(struct fake_org *org, const cJSON *body)
{
    struct fake_cert *cert = &org->certs[org->count];
    const cJSON *name = cJSON_GetObjectItem(body, "name");

    memset(cert, 0, sizeof(*cert));
    snprintf(cert->id, sizeof(cert->id), "new_%zu", org->count++);
    snprintf(cert->name, sizeof(cert->name), "%s", name ? name->valuestring : "");
    cert->pem = strdup(cJSON_GetObjectItem(body, "certificate")->valuestring);
    return cert_json(cert, "certificate", false);
}

static cJSON *delete_cert(struct fake_org *org, const char *id, int *status)
{
    struct fake_cert *cert = fake_org_cert(org, id);
    cJSON *object;

    if (cert == NULL || cert->active || cert->active_in_project) {
        *status = cert == NULL ? 404 : 409;
        return error_json("active somewhere");
    }
    free(cert->pem);
    memmove(cert, cert + 1,
            (size_t)(&org->certs[--org->count] - cert) * sizeof(struct fake_cert));
    object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "object", "certificate.deleted");
    cJSON_AddStringToObject(object, "id", id);
    return object;
}

static void note(struct fake_org *org, const char *word, const cJSON *body)
{
    const cJSON *ids = cJSON_GetObjectItem(body, "certificate_ids");
    size_t len = strlen(org->log);

    if (ids == NULL)
        snprintf(org->log + len, sizeof(org->log) - len, "%s%s", len ? " " : "", word);
    else
        snprintf(org->log + len, sizeof(org->log) - len, "%s%s:%d", len ? " " : "", word,
                 cJSON_GetArraySize(ids));
}

static cJSON *write_to(struct fake_org *org, const char *method, const char *path,
                       const cJSON *body, int *status)
{
    const char *last = strrchr(path, '/') + 1;
    bool project = strncmp(path, PROJECT, strlen(PROJECT)) == 0;
    bool is_toggle = strcmp(last, "activate") == 0 || strcmp(last, "deactivate") == 0;
    bool is_delete = strcmp(method, "DELETE") == 0;
    bool is_upload = strcmp(path, ORGANIZATION) == 0;
    struct fake_cert *cert;

    note(org,
         is_toggle   ? last
         : is_delete ? "delete"
         : is_upload ? "upload"
                     : "rename",
         body);
    if (++org->writes == org->fail_at && !org->fail_late) {
        *status = org->fail_status;
        return error_json("told to fail");
    }
    if (is_toggle)
        return toggle(org, body, project, strcmp(last, "activate") == 0);
    if (is_delete)
        return delete_cert(org, last, status);
    if (is_upload)
        return upload(org, body);
    cert = fake_org_cert(org, last);
    snprintf(cert->name, sizeof(cert->name), "%s",
             cJSON_GetObjectItem(body, "name")->valuestring);
    return cert_json(cert, "certificate", false);
}

static cJSON *read_from(struct fake_org *org, const char *path, int *status)
{
    struct fake_cert *cert;

    if (strcmp(path, ORGANIZATION) == 0 || strcmp(path, PROJECT) == 0)
        return list_json(org, strcmp(path, PROJECT) == 0);
    cert = fake_org_cert(org, strrchr(path, '/') + 1);
    *status = cert != NULL ? 200 : 404;
    return cert != NULL ? cert_json(cert, "certificate", true) : error_json("gone");
}

static char *answer(void *arg, const struct peer_request *request, size_t *len)
{
    struct fake_org *org = arg;
    char method[8], path[512];
    int status = 200;
    cJSON *body = cJSON_Parse(request->body), *json;
    char *text, *bytes;

    if (sscanf(request->head, "%7s %511[^? ]", method, path) != 2)
        abort();
    json = strcmp(method, "GET") == 0 ? read_from(org, path, &status)
                                      : write_to(org, method, path, body, &status);
    if (strcmp(method, "GET") != 0 && org->writes == org->fail_at && org->fail_late)
        status = org->fail_status;
    text = cJSON_PrintUnformatted(json);
    bytes = status != 0 ? peer_format(status, "", text, len)
                        : peer_format(200, "", "{\"object\":", len);
    cJSON_free(text);
    cJSON_Delete(json);
    cJSON_Delete(body);
    return bytes;
}

void fake_org_begin(struct fake_org *org, const char *project)
{
    static struct ot_key key;
    const struct ot_admin_options options = {.key = &key, .tuning = &client_tuning};
    static char name[] = "default", dir[512];

    memset(org, 0, sizeof(*org));
    key = client_key();
    org->peer = peer_start(&(struct peer_options){.handler = answer, .arg = org});
    org->source = client_source(peer_url(org->peer));
    snprintf(dir, sizeof(dir), "%s", unit_path("no-cache"));
    org->source.name = name;
    org->source.cache_dir = dir;
    CU_ASSERT_EQUAL_FATAL(
        ot_admin_open(&org->admin, &org->source, project, &options, &org->err), OT_OK);
}

void fake_org_end(struct fake_org *org)
{
    ot_admin_close(org->admin);
    peer_stop(org->peer);
    for (size_t i = 0; i < org->count; i++)
        free(org->certs[i].pem);
}

const char *fake_org_add(struct fake_org *org, const char *id, const char *name,
                         bool active)
{
    static long serial = 5000;
    struct fake_cert *cert = &org->certs[org->count++];

    memset(cert, 0, sizeof(*cert));
    snprintf(cert->id, sizeof(cert->id), "%s", id);
    snprintf(cert->name, sizeof(cert->name), "%s", name);
    cert->pem = certs_pem(id, serial++);
    cert->active = active;
    return cert->pem;
}

void fake_org_look(struct fake_org *org)
{
    CU_ASSERT_EQUAL_FATAL(ot_admin_list(org->admin, &org->err), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_admin_fingerprint(org->admin, &org->err), OT_OK);
}

const char *fake_org_log(struct fake_org *org)
{
    peer_requests(org->peer); /* what its thread wrote before is ours to see */
    return org->log;
}

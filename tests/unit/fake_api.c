#include "fake_api.h"

#include <cjson/cJSON.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "peer.h"

#define ORGANIZATION "/v1/organization/certificates"
#define PROJECT "/v1/organization/projects/proj_a/certificates"

struct entry {
    char id[256];
    char *name, *content;
    bool active, active_in_project;
    int64_t created_at, valid_at, expires_at;
};

struct fake_api {
    struct peer *peer;
    pthread_mutex_t mutex; /* recursive: hooks call back; guards what follows */
    struct entry *entries;
    size_t count;
    int64_t next_created_at;
    fake_hook *hook;
    void *hook_arg;
    size_t lists, gets;
    unsigned writes, fail_at; /* fail_at 0: none */
    int fail_status;
    bool fail_late;
    char log[1024];
    char shown[320];
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    abort();
}

static struct entry *find(struct fake_api *api, const char *id)
{
    for (size_t i = 0; i < api->count; i++)
        if (strcmp(api->entries[i].id, id) == 0)
            return &api->entries[i];
    return NULL;
}

static char *copy_of(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm;

    return ASN1_TIME_to_tm(time, &tm) == 1 ? timegm(&tm) : 0;
}

static void read_dates(struct entry *entry)
{
    BIO *bio = BIO_new_mem_buf(entry->content == NULL ? "" : entry->content, -1);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    entry->valid_at = x509 == NULL ? 1 : seconds_of(X509_get0_notBefore(x509));
    entry->expires_at = x509 == NULL ? 2 : seconds_of(X509_get0_notAfter(x509));
    X509_free(x509);
    BIO_free(bio);
}

void fake_api_add(struct fake_api *api, const char *id, const char *name,
                  const char *content, bool active)
{
    struct entry entry = {
        .name = copy_of(name), .content = copy_of(content), .active = active};

    snprintf(entry.id, sizeof(entry.id), "%s", id);
    read_dates(&entry);
    pthread_mutex_lock(&api->mutex);
    entry.created_at = api->next_created_at++;
    api->entries = realloc(api->entries, (api->count + 1) * sizeof(entry));
    must(api->entries != NULL, "fake_api: memory");
    api->entries[api->count++] = entry;
    pthread_mutex_unlock(&api->mutex);
}

/* With the lock, which the caller gives back. */
static struct entry *lock_entry(struct fake_api *api, const char *id)
{
    struct entry *entry;

    pthread_mutex_lock(&api->mutex);
    entry = find(api, id);
    must(entry != NULL, id);
    return entry;
}

void fake_api_set(struct fake_api *api, const char *id, const char *name, bool active)
{
    struct entry *entry = lock_entry(api, id);

    free(entry->name);
    entry->name = copy_of(name);
    entry->active = active;
    pthread_mutex_unlock(&api->mutex);
}

void fake_api_set_dates(struct fake_api *api, const char *id, int64_t valid_at,
                        int64_t expires_at)
{
    struct entry *entry = lock_entry(api, id);

    entry->valid_at = valid_at;
    entry->expires_at = expires_at;
    pthread_mutex_unlock(&api->mutex);
}

void fake_api_set_created_at(struct fake_api *api, const char *id, int64_t created_at)
{
    struct entry *entry = lock_entry(api, id);

    entry->created_at = created_at;
    pthread_mutex_unlock(&api->mutex);
}

void fake_api_set_content(struct fake_api *api, const char *id, const char *content)
{
    struct entry *entry = lock_entry(api, id);

    free(entry->content);
    entry->content = copy_of(content);
    pthread_mutex_unlock(&api->mutex);
}

void fake_api_set_in_project(struct fake_api *api, const char *id, bool active)
{
    lock_entry(api, id)->active_in_project = active;
    pthread_mutex_unlock(&api->mutex);
}

void fake_api_remove(struct fake_api *api, const char *id)
{
    struct entry *entry;

    pthread_mutex_lock(&api->mutex);
    entry = find(api, id);
    if (entry != NULL) {
        free(entry->name);
        free(entry->content);
        api->count--;
        memmove(entry, entry + 1,
                (size_t)(api->entries + api->count - entry) * sizeof(*entry));
    }
    pthread_mutex_unlock(&api->mutex);
}

void fake_api_on(struct fake_api *api, fake_hook *hook, void *arg)
{
    pthread_mutex_lock(&api->mutex);
    api->hook = hook;
    api->hook_arg = arg;
    api->lists = api->gets = 0;
    pthread_mutex_unlock(&api->mutex);
}

void fake_api_fail_write(struct fake_api *api, unsigned nth, int status, bool late)
{
    pthread_mutex_lock(&api->mutex);
    api->fail_at = api->writes + nth;
    api->fail_status = status;
    api->fail_late = late;
    pthread_mutex_unlock(&api->mutex);
}

void fake_api_settle(struct fake_api *api)
{
    peer_settle(api->peer);
}

size_t fake_api_requests(struct fake_api *api)
{
    return peer_requests(api->peer);
}

const char *fake_api_writes(struct fake_api *api)
{
    fake_api_settle(api);
    return api->log;
}

static size_t read_count(struct fake_api *api, const size_t *count)
{
    size_t n;

    pthread_mutex_lock(&api->mutex);
    n = *count;
    pthread_mutex_unlock(&api->mutex);
    return n;
}

size_t fake_api_lists(struct fake_api *api)
{
    return read_count(api, &api->lists);
}

size_t fake_api_gets(struct fake_api *api)
{
    return read_count(api, &api->gets);
}

size_t fake_api_count(struct fake_api *api)
{
    return read_count(api, &api->count);
}

const char *fake_api_shown(struct fake_api *api, const char *id)
{
    const struct entry *entry;

    pthread_mutex_lock(&api->mutex);
    entry = find(api, id);
    if (entry == NULL)
        snprintf(api->shown, sizeof(api->shown), "-");
    else
        snprintf(api->shown, sizeof(api->shown), "%s%s", entry->name ? entry->name : "",
                 entry->active ? "*" : "");
    pthread_mutex_unlock(&api->mutex);
    return api->shown;
}

static void set_body(struct fake_answer *answer, cJSON *json)
{
    free(answer->body);
    answer->body = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    must(answer->body != NULL, "fake_api: JSON");
}

void fake_answer_error(struct fake_answer *answer, int status, const char *message)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *error = cJSON_AddObjectToObject(json, "error");

    cJSON_AddStringToObject(error, "message", message);
    cJSON_AddStringToObject(error, "type", "invalid_request_error");
    cJSON_AddNullToObject(error, "param");
    cJSON_AddNullToObject(error, "code");
    answer->status = status;
    set_body(answer, json);
}

enum scope { IN_ORGANIZATION, IN_PROJECT };

static bool is_active(const struct entry *entry, enum scope scope)
{
    return scope == IN_PROJECT ? entry->active_in_project : entry->active;
}

static const char *kind_of(enum scope scope)
{
    return scope == IN_PROJECT ? "organization.project.certificate"
                               : "organization.certificate";
}

/* What lists and single answers have in common. */
static cJSON *entry_json(const struct entry *entry, const char *kind, cJSON **details)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "object", kind);
    cJSON_AddStringToObject(json, "id", entry->id);
    if (entry->name != NULL)
        cJSON_AddStringToObject(json, "name", entry->name);
    else
        cJSON_AddNullToObject(json, "name");
    cJSON_AddNumberToObject(json, "created_at", (double)entry->created_at);
    *details = cJSON_AddObjectToObject(json, "certificate_details");
    cJSON_AddNumberToObject(*details, "valid_at", (double)entry->valid_at);
    cJSON_AddNumberToObject(*details, "expires_at", (double)entry->expires_at);
    return json;
}

static cJSON *listed_json(const struct entry *entry, enum scope scope)
{
    cJSON *details, *json = entry_json(entry, kind_of(scope), &details);

    cJSON_AddBoolToObject(json, "active", is_active(entry, scope));
    return json;
}

static cJSON *single_json(const struct entry *entry)
{
    cJSON *details, *json = entry_json(entry, "certificate", &details);

    if (entry->content != NULL)
        cJSON_AddStringToObject(details, "content", entry->content);
    else
        cJSON_AddNullToObject(details, "content");
    return json;
}

static void add_id(cJSON *json, const char *key, const struct entry *entry)
{
    if (entry != NULL)
        cJSON_AddStringToObject(json, key, entry->id);
    else
        cJSON_AddNullToObject(json, key);
}

static void answer_list(struct fake_api *api, const struct fake_request *request,
                        enum scope scope, size_t limit, struct fake_answer *answer)
{
    cJSON *json, *data;
    size_t at = 0, n;

    if (request->id[0] != '\0') {
        struct entry *after = find(api, request->id);

        if (after == NULL) {
            fake_answer_error(answer, 404, "No such certificate: after");
            return;
        }
        at = (size_t)(after - api->entries) + 1;
    }
    n = api->count - at < limit ? api->count - at : limit;
    json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "object", "list");
    data = cJSON_AddArrayToObject(json, "data");
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(data, listed_json(&api->entries[at + i], scope));
    add_id(json, "first_id", n == 0 ? NULL : &api->entries[at]);
    add_id(json, "last_id", n == 0 ? NULL : &api->entries[at + n - 1]);
    cJSON_AddBoolToObject(json, "has_more", at + n < api->count);
    set_body(answer, json);
}

static void answer_get(struct fake_api *api, const struct fake_request *request,
                       struct fake_answer *answer)
{
    struct entry *entry = find(api, request->id);

    if (entry == NULL)
        fake_answer_error(answer, 404, "No such certificate");
    else
        set_body(answer, single_json(entry));
}

/* The value of a query parameter; ours need no decoding. */
static void read_query(const char *query, const char *key, char *out, size_t size)
{
    const char *at = strstr(query, key);

    out[0] = '\0';
    if (at != NULL)
        snprintf(out, size, "%.*s", (int)strcspn(at + strlen(key), "&"),
                 at + strlen(key));
}

static void read_header(const char *head, const char *name, char *out, size_t size)
{
    const char *at = strstr(head, name);

    if (at != NULL)
        snprintf(out, size, "%.*s", (int)strcspn(at + strlen(name), "\r"),
                 at + strlen(name));
}

static void answer_read(struct fake_api *api, const char *head, const char *rest,
                        enum scope scope, struct fake_answer *answer)
{
    struct fake_request request = {.is_list = *rest != '/'};
    const char *query = strchr(rest, '?');
    char limit[16];

    read_header(head, "\nIf-None-Match: ", request.after, sizeof(request.after));
    if (request.is_list) {
        read_query(query == NULL ? "" : query, "after=", request.id, sizeof(request.id));
        read_query(query == NULL ? "" : query, "limit=", limit, sizeof(limit));
        request.nth = api->lists++;
        answer_list(api, &request, scope, limit[0] == '\0' ? 20 : (size_t)atoi(limit),
                    answer);
    } else {
        snprintf(request.id, sizeof(request.id), "%.*s", (int)strcspn(rest + 1, "?"),
                 rest + 1);
        request.nth = api->gets++;
        answer_get(api, &request, answer);
    }
    if (api->hook != NULL)
        api->hook(api->hook_arg, api, &request, answer);
}

static void answer_upload(struct fake_api *api, const cJSON *body,
                          struct fake_answer *answer)
{
    const cJSON *name = cJSON_GetObjectItem(body, "name");
    char id[32];

    snprintf(id, sizeof(id), "new_%zu", api->count);
    fake_api_add(api, id, name != NULL ? name->valuestring : NULL,
                 cJSON_GetObjectItem(body, "certificate")->valuestring, false);
    set_body(answer, single_json(find(api, id)));
}

static void answer_toggle(struct fake_api *api, const cJSON *body, enum scope scope,
                          bool active, struct fake_answer *answer)
{
    cJSON *json = cJSON_CreateObject(), *data = cJSON_AddArrayToObject(json, "data");
    const cJSON *id;
    char kind[64];

    snprintf(kind, sizeof(kind), "%s.%sactivation", kind_of(scope), active ? "" : "de");
    cJSON_AddStringToObject(json, "object", kind);
    cJSON_ArrayForEach(id, cJSON_GetObjectItem(body, "certificate_ids"))
    {
        struct entry *entry = find(api, id->valuestring);

        if (entry == NULL)
            continue;
        *(scope == IN_PROJECT ? &entry->active_in_project : &entry->active) = active;
        cJSON_AddItemToArray(data, listed_json(entry, scope));
    }
    set_body(answer, json);
}

static void answer_delete(struct fake_api *api, const char *id,
                          struct fake_answer *answer)
{
    const struct entry *entry = find(api, id);
    cJSON *json;

    if (entry == NULL || entry->active || entry->active_in_project) {
        fake_answer_error(answer, entry == NULL ? 404 : 409, "active somewhere");
        return;
    }
    json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "object", "certificate.deleted");
    cJSON_AddStringToObject(json, "id", id);
    fake_api_remove(api, id);
    set_body(answer, json);
}

static void answer_rename(struct fake_api *api, const char *id, const cJSON *body,
                          struct fake_answer *answer)
{
    struct entry *entry = lock_entry(api, id);

    free(entry->name);
    entry->name = copy_of(cJSON_GetObjectItem(body, "name")->valuestring);
    set_body(answer, single_json(entry));
    pthread_mutex_unlock(&api->mutex);
}

static void note_write(struct fake_api *api, const char *word, const cJSON *body)
{
    const cJSON *ids = cJSON_GetObjectItem(body, "certificate_ids");
    size_t len = strlen(api->log);

    len += (size_t)snprintf(api->log + len, sizeof(api->log) - len, "%s%s",
                            len > 0 ? " " : "", word);
    must(len < sizeof(api->log), "fake_api: too many writes");
    if (ids != NULL)
        snprintf(api->log + len, sizeof(api->log) - len, ":%d", cJSON_GetArraySize(ids));
}

/* rest: what follows the path of the scope's list. */
static void answer_write(struct fake_api *api, const char *method, const char *rest,
                         enum scope scope, const cJSON *body, struct fake_answer *answer)
{
    const char *last = *rest == '/' ? rest + 1 : "";
    bool is_toggle = strcmp(last, "activate") == 0 || strcmp(last, "deactivate") == 0;
    bool is_delete = strcmp(method, "DELETE") == 0, is_upload = *last == '\0';
    bool fails = ++api->writes == api->fail_at;

    note_write(api,
               is_toggle   ? last
               : is_delete ? "delete"
               : is_upload ? "upload"
                           : "rename",
               body);
    if (fails && !api->fail_late) {
        fake_answer_error(answer, api->fail_status, "told to fail");
        return;
    }
    if (is_toggle)
        answer_toggle(api, body, scope, strcmp(last, "activate") == 0, answer);
    else if (is_delete)
        answer_delete(api, last, answer);
    else if (is_upload)
        answer_upload(api, body, answer);
    else
        answer_rename(api, last, body, answer);
    if (fails)
        answer->status = api->fail_status;
}

static void answer_request(struct fake_api *api, const struct peer_request *request,
                           struct fake_answer *answer)
{
    static const char *const paths[] = {
        [IN_ORGANIZATION] = ORGANIZATION, [IN_PROJECT] = PROJECT};
    char method[8], target[1024];

    must(sscanf(request->head, "%7s %1023s", method, target) == 2, "fake_api: request");
    for (int scope = IN_ORGANIZATION; scope <= IN_PROJECT; scope++) {
        const char *rest = target + strlen(paths[scope]);

        if (strncmp(target, paths[scope], strlen(paths[scope])) != 0 ||
            strchr("/?", *rest) == NULL) /* or its end */
            continue;
        if (strcmp(method, "GET") == 0) {
            answer_read(api, request->head, rest, (enum scope)scope, answer);
        } else {
            cJSON *body = cJSON_Parse(request->body);

            answer_write(api, method, rest, (enum scope)scope, body, answer);
            cJSON_Delete(body);
        }
        return;
    }
    fake_answer_error(answer, 404, "Not here");
}

static char *answer_bytes(void *arg, const struct peer_request *request, size_t *len)
{
    struct fake_answer answer = {.status = 200};
    struct fake_api *api = arg;
    char *bytes = NULL;

    pthread_mutex_lock(&api->mutex);
    answer_request(api, request, &answer);
    pthread_mutex_unlock(&api->mutex);
    if (!answer.drop)
        bytes = answer.status != 0
                    ? peer_format(answer.status, answer.headers ? answer.headers : "",
                                  answer.body, len)
                    : peer_format(200, "", "{\"object\":", len);
    free(answer.body);
    return bytes;
}

struct fake_api *fake_api_start(void)
{
    struct fake_api *api = calloc(1, sizeof(*api));
    pthread_mutexattr_t attr;

    must(api != NULL, "fake_api: memory");
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&api->mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    api->next_created_at = 1700000000;
    api->peer = peer_start(&(struct peer_options){.handler = answer_bytes, .arg = api});
    return api;
}

void fake_api_stop(struct fake_api *api)
{
    peer_stop(api->peer);
    while (api->count > 0)
        fake_api_remove(api, api->entries[0].id);
    free(api->entries);
    pthread_mutex_destroy(&api->mutex);
    free(api);
}

const char *fake_api_url(const struct fake_api *api)
{
    return peer_url(api->peer);
}

#include "fake_api.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 512
#define PATH "/v1/organization/certificates"

struct entry {
    char id[256];
    char *name, *content;
    bool active;
    int64_t created_at, valid_at, expires_at;
};

struct connection {
    struct fake_api *api;
    pthread_t thread;
    int fd;
};

struct fake_api {
    pthread_mutex_t mutex; /* recursive: hooks call back */
    struct entry *entries;
    size_t count;
    int64_t next_created_at;
    fake_hook *hook;
    void *hook_arg;
    size_t lists, gets;
    int fd;
    char url[64];
    pthread_t thread;
    struct connection connections[CONNECTIONS];
    size_t connection_count;
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

void fake_api_set(struct fake_api *api, const char *id, const char *name, bool active)
{
    struct entry *entry;

    pthread_mutex_lock(&api->mutex);
    entry = find(api, id);
    must(entry != NULL, id);
    free(entry->name);
    entry->name = copy_of(name);
    entry->active = active;
    pthread_mutex_unlock(&api->mutex);
}

void fake_api_set_dates(struct fake_api *api, const char *id, int64_t valid_at,
                        int64_t expires_at)
{
    struct entry *entry;

    pthread_mutex_lock(&api->mutex);
    entry = find(api, id);
    must(entry != NULL, id);
    entry->valid_at = valid_at;
    entry->expires_at = expires_at;
    pthread_mutex_unlock(&api->mutex);
}

void fake_api_set_created_at(struct fake_api *api, const char *id, int64_t created_at)
{
    struct entry *entry;

    pthread_mutex_lock(&api->mutex);
    entry = find(api, id);
    must(entry != NULL, id);
    entry->created_at = created_at;
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

void fake_api_settle(struct fake_api *api)
{
    pthread_mutex_lock(&api->mutex);
    pthread_mutex_unlock(&api->mutex);
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

static cJSON *item_json(const struct entry *entry, bool is_listed)
{
    cJSON *json = cJSON_CreateObject(), *details;

    cJSON_AddStringToObject(json, "object",
                            is_listed ? "organization.certificate" : "certificate");
    cJSON_AddStringToObject(json, "id", entry->id);
    if (entry->name != NULL)
        cJSON_AddStringToObject(json, "name", entry->name);
    else
        cJSON_AddNullToObject(json, "name");
    cJSON_AddNumberToObject(json, "created_at", (double)entry->created_at);
    details = cJSON_AddObjectToObject(json, "certificate_details");
    cJSON_AddNumberToObject(details, "valid_at", (double)entry->valid_at);
    cJSON_AddNumberToObject(details, "expires_at", (double)entry->expires_at);
    if (is_listed)
        cJSON_AddBoolToObject(json, "active", entry->active);
    else if (entry->content != NULL)
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
                        size_t limit, struct fake_answer *answer)
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
        cJSON_AddItemToArray(data, item_json(&api->entries[at + i], true));
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
        set_body(answer, item_json(entry, false));
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

static void answer_request(struct fake_api *api, const char *target,
                           struct fake_answer *answer)
{
    struct fake_request request = {0};
    const char *rest = target + strlen(PATH), *query = strchr(target, '?');
    char limit[16];

    if (strncmp(target, PATH, strlen(PATH)) != 0 ||
        (*rest != '/' && *rest != '?' && *rest != '\0')) {
        fake_answer_error(answer, 404, "Not here");
        return;
    }
    request.is_list = *rest != '/';
    if (request.is_list) {
        read_query(query == NULL ? "" : query, "after=", request.id, sizeof(request.id));
        read_query(query == NULL ? "" : query, "limit=", limit, sizeof(limit));
        request.nth = api->lists++;
        answer_list(api, &request, limit[0] == '\0' ? 20 : (size_t)atoi(limit), answer);
    } else {
        snprintf(request.id, sizeof(request.id), "%.*s", (int)strcspn(rest + 1, "?"),
                 rest + 1);
        request.nth = api->gets++;
        answer_get(api, &request, answer);
    }
    if (api->hook != NULL)
        api->hook(api->hook_arg, api, &request, answer);
}

static bool send_all(int fd, const char *data, size_t len, int flags)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL | flags);

        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool send_answer(int fd, const struct fake_answer *answer)
{
    size_t len = strlen(answer->body);
    char head[1024];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %d Status\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n%s\r\n",
                     answer->status, len, answer->headers ? answer->headers : "");

    /* In one segment: TCP would wait for an acknowledgement in between. */
    return send_all(fd, head, (size_t)n, MSG_MORE) && send_all(fd, answer->body, len, 0);
}

/* Head of the next request; false at the end of the connection. Nobody sends a body. */
static bool receive_head(int fd, char *buf, size_t size, size_t *len)
{
    while (memmem(buf, *len, "\r\n\r\n", 4) == NULL) {
        ssize_t n = *len + 1 < size ? recv(fd, buf + *len, size - 1 - *len, 0) : 0;

        if (n <= 0)
            return false;
        *len += (size_t)n;
    }
    return true;
}

static void *serve(void *arg)
{
    struct connection *connection = arg;
    struct fake_api *api = connection->api;
    char buf[16384], target[1024];
    size_t len = 0, used;
    bool open = true;

    while (open && receive_head(connection->fd, buf, sizeof(buf), &len)) {
        struct fake_answer answer = {.status = 200};

        used = (size_t)((char *)memmem(buf, len, "\r\n\r\n", 4) + 4 - buf);
        buf[used - 1] = '\0';
        if (sscanf(buf, "GET %1023s", target) != 1)
            break;
        pthread_mutex_lock(&api->mutex);
        answer_request(api, target, &answer);
        open = !answer.drop && send_answer(connection->fd, &answer);
        free(answer.body);
        pthread_mutex_unlock(&api->mutex);
        memmove(buf, buf + used, len - used);
        len -= used;
    }
    shutdown(connection->fd, SHUT_RDWR);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct fake_api *api = arg;

    for (int fd; (fd = accept(api->fd, NULL, NULL)) >= 0;) {
        struct connection *connection = &api->connections[api->connection_count];

        must(api->connection_count < CONNECTIONS, "fake_api: too many connections");
        connection->api = api;
        connection->fd = fd;
        must(pthread_create(&connection->thread, NULL, serve, connection) == 0,
             "fake_api: thread");
        api->connection_count++;
    }
    return NULL;
}

struct fake_api *fake_api_start(void)
{
    struct fake_api *api = calloc(1, sizeof(*api));
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    pthread_mutexattr_t attr;

    must(api != NULL, "fake_api: memory");
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&api->mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    api->next_created_at = 1700000000;
    api->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(api->fd >= 0, "fake_api: socket");
    must(bind(api->fd, (struct sockaddr *)&address, len) == 0, "fake_api: bind");
    must(listen(api->fd, 256) == 0, "fake_api: listen");
    must(getsockname(api->fd, (struct sockaddr *)&address, &len) == 0, "fake_api: port");
    snprintf(api->url, sizeof(api->url), "http://127.0.0.1:%u/v1",
             (unsigned)ntohs(address.sin_port));
    must(pthread_create(&api->thread, NULL, accept_all, api) == 0, "fake_api: thread");
    return api;
}

void fake_api_stop(struct fake_api *api)
{
    shutdown(api->fd, SHUT_RDWR);
    pthread_join(api->thread, NULL);
    close(api->fd);
    for (size_t i = 0; i < api->connection_count; i++) {
        shutdown(api->connections[i].fd, SHUT_RDWR);
        pthread_join(api->connections[i].thread, NULL);
        close(api->connections[i].fd);
    }
    while (api->count > 0)
        fake_api_remove(api, api->entries[0].id);
    free(api->entries);
    pthread_mutex_destroy(&api->mutex);
    free(api);
}

const char *fake_api_url(const struct fake_api *api)
{
    return api->url;
}

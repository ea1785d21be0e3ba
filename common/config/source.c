#include "config/source.h"

#include <stdlib.h>
#include <string.h>

/* Where the hosted API is: there, and by names below. */
#define HOSTED_HOST "api.openai.com"

void ot_source_init(struct ot_source *source)
{
    *source = (struct ot_source){
        .refresh_interval_s = 15 * 60,
        .max_stale_s = 7 * 24 * 3600,
        .connect_timeout_ms = 5000,
        .timeout_ms = 30000,
        .purposes = OT_PURPOSES_TLS,
        .auto_refresh = true,
        .inherit = true,
        .report = true,
        .wait = true,
        .probe_connections = true,
    };
}

void ot_source_clear(struct ot_source *source)
{
    free(source->name);
    free(source->base_url);
    free(source->admin_key_file);
    free(source->project);
    free(source->cache_dir);
    free(source->ca_file);
    free(source->proxy);
    free(source->client_cert);
    free(source->client_key);
    free(source->openai_organization);
    free(source->openai_project);
    free(source->export_bundle);
    free(source->export_dir);
    free(source->export_java);
    free(source->export_containers);
    free(source->on_change);
    free(source->notify_url);
    free(source->notify_secret_file);
    free(source->metrics_file);
    free(source->probe);
    free(source->host_name);
    free(source->names);
    free(source->origin);
    *source = (struct ot_source){0};
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool ot_source_distrusts(const struct ot_source *source)
{
    return source->meaning == OT_MEANING_DISTRUST;
}

bool ot_source_inherits(const struct ot_source *source)
{
    return source->project != NULL && source->inherit && !ot_source_distrusts(source);
}

bool ot_source_sees_scope(const struct ot_source *source, const char *project)
{
    return is_same(source->project, project) ||
           (project == NULL && ot_source_inherits(source));
}

bool ot_source_fetches_alike(const struct ot_source *a, const struct ot_source *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->base_url, b->base_url) == 0 &&
           a->base_url_origin == b->base_url_origin && is_same(a->project, b->project) &&
           a->inherit == b->inherit && is_same(a->admin_key_file, b->admin_key_file) &&
           strcmp(a->cache_dir, b->cache_dir) == 0 && is_same(a->ca_file, b->ca_file) &&
           is_same(a->proxy, b->proxy) && is_same(a->client_cert, b->client_cert) &&
           is_same(a->client_key, b->client_key) &&
           is_same(a->openai_organization, b->openai_organization) &&
           is_same(a->openai_project, b->openai_project) && is_same(a->names, b->names) &&
           a->not_after_s == b->not_after_s && a->meaning == b->meaning;
}

static bool exports_alike(const struct ot_source *a, const struct ot_source *b)
{
    return is_same(a->export_bundle, b->export_bundle) &&
           is_same(a->export_dir, b->export_dir) &&
           is_same(a->export_java, b->export_java) &&
           is_same(a->export_containers, b->export_containers) &&
           is_same(a->on_change, b->on_change) && a->export_system == b->export_system &&
           a->export_chromium == b->export_chromium &&
           is_same(a->notify_url, b->notify_url) &&
           is_same(a->notify_secret_file, b->notify_secret_file) &&
           is_same(a->metrics_file, b->metrics_file) &&
           a->metrics_certificates == b->metrics_certificates;
}

bool ot_source_equal(const struct ot_source *a, const struct ot_source *b)
{
    return ot_source_fetches_alike(a, b) && exports_alike(a, b) &&
           strcmp(a->origin, b->origin) == 0 &&
           a->refresh_interval_s == b->refresh_interval_s &&
           a->max_stale_s == b->max_stale_s &&
           a->connect_timeout_ms == b->connect_timeout_ms &&
           a->timeout_ms == b->timeout_ms && a->purposes == b->purposes &&
           a->report == b->report && a->wait == b->wait &&
           is_same(a->host_name, b->host_name) && a->auto_refresh == b->auto_refresh &&
           is_same(a->probe, b->probe) && a->probe_connections == b->probe_connections;
}

/* base_url is in its one form: lower case, no user. */
const char *ot_source_host(const struct ot_source *source, size_t *len)
{
    const char *host = strstr(source->base_url, "://");

    host = host != NULL ? host + strlen("://") : source->base_url;
    *len = host[0] == '[' ? strcspn(host, "]/") + 1 : strcspn(host, ":/");
    return host;
}

bool ot_source_is_hosted(const struct ot_source *source)
{
    size_t len, end = strlen(HOSTED_HOST);
    const char *host = ot_source_host(source, &len);

    return len >= end && memcmp(host + len - end, HOSTED_HOST, end) == 0 &&
           (len == end || host[len - end - 1] == '.');
}

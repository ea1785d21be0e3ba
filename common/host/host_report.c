#include "host/host_report.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "api/report.h"
#include "base/limits.h"
#include "cache/cache.h"
#include "cache/freshness.h"
#include "cache/state.h"
#include "config/config.h"
#include "config/source.h"
#include "config/source_path.h"
#include "host/host_name_internal.h"
#include "host/scope_tag_internal.h"
#include "http/http.h"
#include "http/http_request.h"
#include "http/key.h"
#include "snapshot/snapshot.h"

static bool may_report(const struct ot_source *source)
{
    return source->report && !source->is_users_cache;
}

/* Whether what `other` holds is told by `source`. */
static bool speaks_for(const struct ot_source *source, const struct ot_source *other)
{
    return may_report(other) && strcmp(source->base_url, other->base_url) == 0;
}

static bool is_first_of_api(const struct ot_config *config,
                            const struct ot_source *source)
{
    for (size_t i = 0; i < ot_config_count(config); i++) {
        const struct ot_source *other = ot_config_at(config, i);

        if (speaks_for(source, other))
            return strcmp(other->name, source->name) == 0;
    }
    return false;
}

static enum ot_status read_reported(struct ot_state *state, char path[PATH_MAX],
                                    const struct ot_source *source, struct ot_error *err)
{
    enum ot_status status = ot_source_path(path, source, OT_SOURCE_REPORTED, err);

    *state = (struct ot_state){0};
    return status == OT_OK ? ot_state_read(state, path, err) : status;
}

static struct ot_snapshot *open_newest(const struct ot_source *source)
{
    struct ot_snapshot *snapshot = NULL;
    struct ot_cache *cache = NULL;

    if (ot_cache_new(&cache, source, NULL) == OT_OK)
        ot_cache_get(cache, 0, &snapshot, NULL);
    ot_cache_free(cache);
    return snapshot;
}

/* Since the second of the last report, which may have come before it. What a clock that
 * was ahead has written does not stay new till then: its report is from then as well. */
static bool is_written_since(const struct ot_config *config,
                             const struct ot_source *source, int64_t reported_at,
                             int64_t now)
{
    bool found = false;

    for (size_t i = 0; i < ot_config_count(config) && !found; i++) {
        const struct ot_source *other = ot_config_at(config, i);
        struct ot_snapshot *snapshot =
            speaks_for(source, other) ? open_newest(other) : NULL;

        if (snapshot != NULL) {
            const int64_t written_at = ot_snapshot_info(snapshot)->written_at;

            found = written_at >= reported_at && written_at <= now;
        }
        ot_snapshot_unref(snapshot);
    }
    return found;
}

static bool takes_reports(const struct ot_source *source)
{
    struct ot_state state;

    return !ot_source_is_hosted(source) && ot_state_of(&state, source, NULL) == OT_OK &&
           state.takes_reports;
}

/* Who may not write down that it was told is not the one who tells. */
static bool may_note(const char *path)
{
    const char *slash = strrchr(path, '/');
    char dir[PATH_MAX];

    if (slash == NULL)
        return false;
    snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
    return access(dir, W_OK) == 0;
}

bool ot_host_report_is_due(const struct ot_config *config, const struct ot_source *source)
{
    int64_t now = (int64_t)time(NULL);
    struct ot_state reported;
    char path[PATH_MAX] = "";

    if (!may_report(source) || !is_first_of_api(config, source) || !takes_reports(source))
        return false;
    read_reported(&reported, path, source, NULL);
    if (!may_note(path))
        return false;
    if (reported.failures > 0)
        return !ot_state_holds_back(&reported, now) ||
               is_written_since(config, source, reported.attempt_at + 1, now);
    return reported.attempt_at > now || now - reported.attempt_at >= OT_HOST_REPORT_S ||
           is_written_since(config, source, reported.attempt_at, now);
}

/* A scope that two sources hold is told once, as the first has it. */
static bool has_scope(const cJSON *scopes, const char *project)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, scopes)
    {
        const char *known =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "project"));

        if (known == NULL || project == NULL ? known == project
                                             : strcmp(known, project) == 0)
            return true;
    }
    return false;
}

static enum ot_status add_scope(cJSON *scopes, const struct ot_source *source,
                                struct ot_snapshot *snapshot, const char *project,
                                struct ot_error *err)
{
    char tag[OT_LIST_TAG_MAX];
    enum ot_status status;
    cJSON *item;

    if (has_scope(scopes, project) || cJSON_GetArraySize(scopes) == OT_HOST_SCOPES_MAX)
        return OT_OK;
    status = ot_scope_tag(tag, source, snapshot, project, err);
    if (status != OT_OK)
        return status == OT_E_NOT_FOUND ? OT_OK : status;
    item = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(scopes, item)) {
        cJSON_Delete(item);
        return ot_error_nomem(err);
    }
    if ((project != NULL ? cJSON_AddStringToObject(item, "project", project)
                         : cJSON_AddNullToObject(item, "project")) == NULL ||
        cJSON_AddStringToObject(item, "tag", tag) == NULL)
        return ot_error_nomem(err);
    return OT_OK;
}

/* What has no snapshot that may be used is not told: who does not follow is behind. */
static enum ot_status add_scopes_of_api(cJSON *scopes, const struct ot_config *config,
                                        const struct ot_source *source,
                                        struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < ot_config_count(config); i++) {
        const struct ot_source *other = ot_config_at(config, i);
        struct ot_snapshot *snapshot =
            speaks_for(source, other) ? open_newest(other) : NULL;

        if (snapshot != NULL)
            status = add_scope(scopes, other, snapshot, NULL, err);
        if (snapshot != NULL && status == OT_OK && other->project != NULL)
            status = add_scope(scopes, other, snapshot, other->project, err);
        ot_snapshot_unref(snapshot);
    }
    return status;
}

static enum ot_status add_host_stacks(cJSON *stacks, const struct ot_host_facts *facts,
                                      struct ot_error *err)
{
    for (size_t i = 0; i < facts->stack_count; i++) {
        cJSON *item = cJSON_CreateObject();

        if (!cJSON_AddItemToArray(stacks, item)) {
            cJSON_Delete(item);
            return ot_error_nomem(err);
        }
        if (cJSON_AddStringToObject(item, "name", facts->stacks[i].name) == NULL ||
            cJSON_AddStringToObject(item, "state", facts->stacks[i].state) == NULL)
            return ot_error_nomem(err);
    }
    return OT_OK;
}

static bool name_host(char name[OT_HOST_NAME_MAX + 1], const struct ot_source *source)
{
    if (source->host_name == NULL)
        return ot_host_name_make(name, OT_MACHINE_ID_FILE);
    memcpy(name, source->host_name, strlen(source->host_name) + 1);
    return true;
}

/* *body NULL with OT_OK: there is nothing to be said. */
static enum ot_status compose_report(char **body, const struct ot_config *config,
                                     const struct ot_source *source,
                                     const struct ot_host_facts *facts,
                                     struct ot_error *err)
{
    cJSON *root = cJSON_CreateObject(), *scopes = cJSON_AddArrayToObject(root, "scopes");
    cJSON *stacks = cJSON_AddArrayToObject(root, "stacks");
    char name[OT_HOST_NAME_MAX + 1];
    enum ot_status status = OT_OK;

    *body = NULL;
    if (scopes == NULL || stacks == NULL)
        status = ot_error_nomem(err);
    if (status == OT_OK)
        status = add_scopes_of_api(scopes, config, source, err);
    if (status == OT_OK)
        status = add_host_stacks(stacks, facts, err);
    if (status == OT_OK && cJSON_GetArraySize(scopes) > 0 && name_host(name, source)) {
        if (cJSON_AddStringToObject(root, "host", name) != NULL &&
            cJSON_AddStringToObject(root, "version", facts->version) != NULL)
            *body = cJSON_PrintUnformatted(root);
        if (*body == NULL)
            status = ot_error_nomem(err);
    }
    cJSON_Delete(root);
    return status;
}

/* *answered: with what status the API refused it; 0: it did not. */
static enum ot_status post_report(const struct ot_source *source, const char *body,
                                  const volatile int *stop, long *answered,
                                  struct ot_error *err)
{
    static const struct ot_http_tuning tuning = {
        .deadline_ms = OT_HOST_REPORT_MS, .in_flight = 1, .connections = 1};
    struct ot_key key = {.secret = NULL};
    struct ot_api *api = NULL;
    enum ot_status status = ot_key_load(&key, source, err);

    *answered = 0;
    if (status == OT_OK)
        status = ot_api_new(&api, source, &key, &tuning, err);
    if (status == OT_OK) {
        ot_http_set_stop(ot_api_http(api), stop);
        status = ot_api_report(api, body, err);
        *answered = ot_api_last_status(api);
    }
    ot_api_free(api);
    ot_key_clear(&key);
    return status;
}

/* What the API says no to, it will say no to in a minute. */
static bool is_final(long answered)
{
    return answered >= 400 && answered < 500 && answered != 408 && answered != 429;
}

static void note_report(const struct ot_source *source, long answered,
                        const struct ot_error *why)
{
    int64_t now = (int64_t)time(NULL);
    char path[PATH_MAX];
    struct ot_state state;

    read_reported(&state, path, source, NULL);
    state.failures = why->status == OT_OK         ? 0
                     : state.failures < INT32_MAX ? state.failures + 1
                                                  : state.failures;
    state.attempt_at = now;
    state.retry_at = 0;
    if (state.failures > 0)
        state.retry_at =
            now + (is_final(answered) ? OT_HOST_REPORT_S
                                      : ot_freshness_backoff(state.failures));
    state.last = *why;
    ot_state_write(path, &state, NULL);
}

enum ot_status ot_host_report_send(const struct ot_config *config,
                                   const struct ot_source *source,
                                   const struct ot_host_facts *facts,
                                   struct ot_error *err)
{
    struct ot_error why = OT_ERROR_INIT;
    char *body = NULL;
    long answered = 0;
    enum ot_status status = compose_report(&body, config, source, facts, &why);

    if (status == OT_OK && body != NULL)
        status = post_report(source, body, facts->stop, &answered, &why);
    free(body);
    if (status == OT_E_INTERRUPTED) /* it is due as it was */
        return ot_error_set(err, status, "%s", why.message);
    note_report(source, answered, &why);
    if (status == OT_OK)
        return OT_OK;
    return ot_error_set(err, status, "source '%s': this host's report was not taken: %s",
                        source->name, why.message);
}

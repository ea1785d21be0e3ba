#include "config/config.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/environment.h"
#include "config/config_read_internal.h"
#include "config/config_value_internal.h"
#include "config/source.h"
#include "config/source_path.h"

#define SYSTEM_CACHE "/var/cache/orgtrust"
#define DEFAULT_SOURCE "default"
#define DEFAULT_BASE_URL "https://api.openai.com/v1"

struct ot_config {
    char *advice; /* NULL: there is none to give */
    size_t count;
    struct ot_source source[]; /* as many as there are sections */
};

static enum ot_status add_default(struct ot_config_text *text, struct ot_error *err)
{
    const char *origin = text->head.origin;
    char *copy;

    if (ot_config_find_section(text, DEFAULT_SOURCE) != NULL)
        return OT_OK;
    if (origin == NULL && ot_env_get("OPENAI_ADMIN_KEY") != NULL)
        origin = "environment";
    if (origin == NULL)
        return OT_OK;
    copy = strdup(origin);
    if (copy == NULL)
        return ot_error_nomem(err);
    return ot_config_add_section(text, DEFAULT_SOURCE, copy, err);
}

static enum ot_status set_from_env(struct ot_source *source, const char *key,
                                   const char *variable, const char *value,
                                   struct ot_error *err)
{
    enum ot_status status = ot_config_set(source, ot_config_key_by_name(key), value, err);

    if (status != OT_OK)
        ot_error_prefix(err, "environment variable %s", variable);
    return status;
}

/* Whether the machine's cache has a snapshot for this source that we can read. Opened
 * rather than asked for by access(2), which checks by the real user. */
static bool system_cache_has(const char *name)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/%s.%s", SYSTEM_CACHE, name, OT_SOURCE_SNAPSHOT);
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static enum ot_status set_cache_dir(struct ot_source *source, struct ot_error *err)
{
    const char *variable = ot_env_get("ORGTRUST_CACHE_DIR");
    char path[PATH_MAX];

    if (variable != NULL)
        return set_from_env(source, "cache_dir", "ORGTRUST_CACHE_DIR", variable, err);
    if (source->cache_dir != NULL)
        return OT_OK;
    if (geteuid() == 0 || system_cache_has(source->name) ||
        !ot_config_user_path(path, "XDG_CACHE_HOME", "/.cache", "/orgtrust"))
        source->cache_dir = strdup(SYSTEM_CACHE);
    else {
        source->cache_dir = strdup(path);
        source->is_users_cache = true;
    }
    return source->cache_dir != NULL ? OT_OK : ot_error_nomem(err);
}

static enum ot_status set_default_base_url(struct ot_source *source, struct ot_error *err)
{
    const char *variable = ot_env_get("OPENAI_BASE_URL");

    if (source->base_url != NULL)
        return OT_OK;
    source->base_url_origin = variable != NULL ? OT_URL_ENVIRONMENT : OT_URL_DEFAULT;
    if (variable != NULL)
        return set_from_env(source, "base_url", "OPENAI_BASE_URL", variable, err);
    source->base_url = strdup(DEFAULT_BASE_URL);
    return source->base_url != NULL ? OT_OK : ot_error_nomem(err);
}

/* As the official clients take them, where the files say nothing. */
static enum ot_status set_header_ids(struct ot_source *source,
                                     const struct ot_config_section *global,
                                     const struct ot_config_section *section,
                                     struct ot_error *err)
{
    static const char *const ids[][2] = {{"openai_organization", "OPENAI_ORG_ID"},
                                         {"openai_project", "OPENAI_PROJECT_ID"}};
    enum ot_status status = OT_OK;

    for (size_t i = 0; i < 2 && status == OT_OK; i++) {
        const char *variable = ot_env_get(ids[i][1]);
        size_t key = ot_config_key_by_name(ids[i][0]);

        if (variable != NULL && variable[0] != '\0' && section->value[key] == NULL &&
            global->value[key] == NULL)
            status = set_from_env(source, ids[i][0], ids[i][1], variable, err);
    }
    return status;
}

static enum ot_status build_source(struct ot_source *source,
                                   const struct ot_config_section *global,
                                   const struct ot_config_section *section,
                                   struct ot_error *err)
{
    size_t purposes = ot_config_key_by_name("purposes");
    enum ot_status status = OT_OK;

    ot_source_init(source);
    source->name = strdup(section->name);
    source->origin = strdup(section->origin);
    if (source->name == NULL || source->origin == NULL)
        return ot_error_nomem(err);
    for (size_t key = 0; key < OT_CONFIG_KEYS && status == OT_OK; key++) {
        const char *value = section->value[key];

        if (value == NULL)
            value = global->value[key];
        if (value != NULL)
            status = ot_config_set(source, key, value, err);
    }
    /* What is said for all sources says what to trust, and must not weaken a no. */
    if (ot_source_distrusts(source) && section->value[purposes] == NULL)
        source->purposes = OT_PURPOSES_ALL;
    if (status == OT_OK)
        status = set_default_base_url(source, err);
    if (status == OT_OK)
        status = set_header_ids(source, global, section, err);
    if (status == OT_OK)
        status = set_cache_dir(source, err);
    if (status == OT_OK && source->max_stale_s < source->refresh_interval_s)
        status = ot_error_set(err, OT_E_CONFIG,
                              "%s: source '%s' has a max_stale shorter than its "
                              "refresh_interval: its snapshot would expire while fresh",
                              source->origin, source->name);
    return status;
}

static enum ot_status build_all(struct ot_config *config,
                                const struct ot_config_text *text, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (int others = 0; others < 2; others++) /* the default source first */
        for (size_t i = 0; i < text->count && status == OT_OK; i++) {
            const struct ot_config_section *section = text->section[i];

            if ((strcmp(section->name, DEFAULT_SOURCE) != 0) != others)
                continue;
            status =
                build_source(&config->source[config->count++], &text->head, section, err);
        }
    return status;
}

static enum ot_status advise_on_text(struct ot_config *config,
                                     const struct ot_config_text *text,
                                     struct ot_error *err)
{
    if (text->retired == NULL ||
        asprintf(&config->advice,
                 "%s: admin_token does nothing any more: take the line out, and "
                 "administer by orgtrust-admin-pkcs11.so, see orgtrust-pkcs11(7)",
                 text->retired) >= 0)
        return OT_OK;
    config->advice = NULL;
    return ot_error_nomem(err);
}

enum ot_status ot_config_load_draft(struct ot_config **out,
                                    const struct ot_config_draft *draft,
                                    struct ot_error *err)
{
    struct ot_config_text text = {.draft = draft};
    struct ot_config *config = NULL;
    enum ot_status status;

    *out = NULL;
    status = ot_config_read(&text, err);
    if (status == OT_OK)
        status = add_default(&text, err);
    if (status == OT_OK) {
        config = calloc(1, sizeof(*config) + text.count * sizeof(config->source[0]));
        status = config == NULL ? ot_error_nomem(err) : build_all(config, &text, err);
    }
    if (status == OT_OK)
        status = advise_on_text(config, &text, err);
    ot_config_text_clear(&text);
    if (status != OT_OK) {
        ot_config_free(config);
        return status;
    }
    *out = config;
    return OT_OK;
}

/* A host's thread is not cancelled in here: what it has open would stay so. */
enum ot_status ot_config_load(struct ot_config **out, struct ot_error *err)
{
    enum ot_status status;
    int cancel;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    status = ot_config_load_draft(out, NULL, err);
    pthread_setcancelstate(cancel, NULL);
    return status;
}

void ot_config_free(struct ot_config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->count; i++)
        ot_source_clear(&config->source[i]);
    free(config->advice);
    free(config);
}

const char *ot_config_advice(const struct ot_config *config)
{
    return config->advice;
}

size_t ot_config_count(const struct ot_config *config)
{
    return config->count;
}

const struct ot_source *ot_config_at(const struct ot_config *config, size_t i)
{
    return i < config->count ? &config->source[i] : NULL;
}

bool ot_config_equal(const struct ot_config *a, const struct ot_config *b)
{
    bool equal = a->count == b->count;

    for (size_t i = 0; equal && i < a->count; i++)
        equal = ot_source_equal(&a->source[i], &b->source[i]);
    return equal;
}

static enum ot_status changed_meanwhile(struct ot_error *err)
{
    return ot_error_set(err, OT_E_BUSY,
                        "the configuration was changed meanwhile, and nothing is done by "
                        "what it said before; try again");
}

enum ot_status ot_config_check(const struct ot_config *config, struct ot_error *err)
{
    struct ot_config *now = NULL;
    enum ot_status status = ot_config_load(&now, err);

    if (status == OT_OK && !ot_config_equal(config, now))
        status = changed_meanwhile(err);
    ot_config_free(now);
    return status;
}

enum ot_status ot_config_check_source(const struct ot_source *source,
                                      struct ot_error *err)
{
    struct ot_config *now = NULL;
    enum ot_status status = ot_config_load(&now, err);
    bool is_there = false;

    for (size_t i = 0; status == OT_OK && i < now->count; i++)
        is_there = is_there || ot_source_fetches_alike(source, &now->source[i]);
    if (status == OT_OK && !is_there)
        status = changed_meanwhile(err);
    ot_config_free(now);
    return status;
}

static enum ot_status unknown_source(const struct ot_config *config, const char *name,
                                     struct ot_error *err)
{
    char known[OT_ERROR_MAX / 2] = "";
    size_t len = 0;

    if (config->count == 0)
        return ot_error_set(
            err, OT_E_CONFIG,
            "no source is configured: run 'orgtrust setup', or set OPENAI_ADMIN_KEY, or "
            "write [source default] and admin_key_file into " OT_CONFIG_SYSTEM_FILE
            "; see orgtrust.conf(5)");
    for (size_t i = 0; i < config->count && len < sizeof(known); i++)
        len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
                                i > 0 ? ", " : "", config->source[i].name);
    return ot_error_set(err, OT_E_CONFIG,
                        "there is no source '%.64s'; configured are: %s; a section "
                        "[source NAME] makes another",
                        name, known);
}

enum ot_status ot_config_find(const struct ot_config *config, const char *name,
                              const struct ot_source **out, struct ot_error *err)
{
    *out = NULL;
    if (name == NULL || name[0] == '\0')
        name = DEFAULT_SOURCE;
    for (size_t i = 0; i < config->count; i++)
        if (strcmp(config->source[i].name, name) == 0) {
            *out = &config->source[i];
            return OT_OK;
        }
    return unknown_source(config, name, err);
}

#include "cache/config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/config_value.h"
#include "cache/ini_file.h"
#include "cache/path.h"
#include "cache/uri.h"

#define SYSTEM_FILE ORGTRUST_SYSCONFDIR "/orgtrust/orgtrust.conf"
#define SYSTEM_CACHE "/var/cache/orgtrust"
#define DEFAULT_SOURCE "default"
#define DEFAULT_BASE_URL "https://api.openai.com/v1"

struct ot_config {
    size_t count;
    struct ot_source source[OT_SOURCES_MAX];
};

/* What one place of the files says, before it is known what holds in the end. */
struct section {
    char *name;   /* NULL: the keys before the first section */
    char *origin; /* "file:line" */
    int file;     /* which file spoke of it last */
    char *value[OT_CONFIG_KEYS];
    int value_file[OT_CONFIG_KEYS];
};

struct loader {
    struct section global, section[OT_SOURCES_MAX];
    size_t count;
    struct section *current;
    struct ot_source probe; /* values are tried on it, where their line is known */
    const char *path;
    int file; /* 1, 2: the file that is being read */
};

static void section_clear(struct section *section)
{
    size_t key;

    for (key = 0; key < OT_CONFIG_KEYS; key++)
        free(section->value[key]);
    free(section->name);
    free(section->origin);
}

static void loader_free(struct loader *loader)
{
    size_t i;

    if (loader == NULL)
        return;
    section_clear(&loader->global);
    for (i = 0; i < loader->count; i++)
        section_clear(&loader->section[i]);
    ot_source_clear(&loader->probe);
    free(loader);
}

static struct section *find_section(struct loader *loader, const char *name)
{
    size_t i;

    for (i = 0; i < loader->count; i++)
        if (strcmp(loader->section[i].name, name) == 0)
            return &loader->section[i];
    return NULL;
}

/* origin is the section's from now on, also on failure. NULL: there was no memory. */
static enum ot_status add_section(struct loader *loader, const char *name, char *origin,
                                  struct ot_error *err)
{
    struct section *section = &loader->section[loader->count];

    if (loader->count == OT_SOURCES_MAX) {
        free(origin);
        return ot_error_set(err, OT_E_CONFIG, "there are more than %d sources",
                            OT_SOURCES_MAX);
    }
    section->name = strdup(name);
    section->origin = origin;
    if (section->name == NULL || origin == NULL) {
        section_clear(section);
        *section = (struct section){0};
        return ot_error_nomem(err);
    }
    loader->count++;
    loader->current = section;
    return OT_OK;
}

static char *origin_of(const struct loader *loader, unsigned line)
{
    char *origin = NULL;

    return asprintf(&origin, "%s:%u", loader->path, line) < 0 ? NULL : origin;
}

static enum ot_status take_section(void *arg, const char *text, unsigned line,
                                   struct ot_error *err)
{
    struct loader *loader = arg;
    char name[OT_SOURCE_NAME_MAX + 1];
    size_t word = strcspn(text, " \t"), blank = strspn(text + word, " \t");
    size_t len = strcspn(text + word + blank, " \t");
    const char *start = text + word + blank;
    enum ot_status status = OT_OK;

    if (word != strlen("source") || memcmp(text, "source", word) != 0 || blank == 0 ||
        start[len + strspn(start + len, " \t")] != '\0' ||
        !ot_uri_is_source_name(start, len))
        return ot_error_set(
            err, OT_E_CONFIG,
            "a section must be [source NAME], NAME made of letters, digits, "
            "'.', '_' and '-', at most %d of them",
            OT_SOURCE_NAME_MAX);
    memcpy(name, start, len);
    name[len] = '\0';
    loader->current = find_section(loader, name);
    if (loader->current == NULL)
        status = add_section(loader, name, origin_of(loader, line), err);
    else if (loader->current->file == loader->file)
        return ot_error_set(err, OT_E_CONFIG, "the section [source %s] is there already",
                            name);
    if (status == OT_OK)
        loader->current->file = loader->file;
    return status;
}

/* Only what looks like a key is shown: the line may be a secret put in a wrong place. */
static enum ot_status unknown_key(const char *key, struct ot_error *err)
{
    size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyz_");

    if (len == 0 || len > 24 || key[len] != '\0')
        return ot_error_set(err, OT_E_CONFIG, "unknown key; see orgtrust.conf(5)");
    return ot_error_set(err, OT_E_CONFIG, "unknown key '%s'; see orgtrust.conf(5)", key);
}

/* A key of the file's head that makes the default source. */
static bool makes_default(const char *key)
{
    return strcmp(key, "admin_key_file") == 0 || strcmp(key, "base_url") == 0;
}

static enum ot_status take_pair(void *arg, const char *name, const char *value,
                                unsigned line, struct ot_error *err)
{
    struct loader *loader = arg;
    struct section *section = loader->current;
    size_t key = ot_config_key_by_name(name);
    enum ot_status status;
    char *copy;

    if (key == OT_CONFIG_KEYS)
        return unknown_key(name, err);
    if (section->value_file[key] == loader->file)
        return ot_error_set(err, OT_E_CONFIG, "%s is given twice in this place", name);
    status = ot_config_set(&loader->probe, key, value, err);
    if (status != OT_OK)
        return status;
    if (section->name == NULL && section->origin == NULL && makes_default(name) &&
        (section->origin = origin_of(loader, line)) == NULL)
        return ot_error_nomem(err);
    copy = strdup(value);
    if (copy == NULL)
        return ot_error_nomem(err);
    free(section->value[key]);
    section->value[key] = copy;
    section->value_file[key] = loader->file;
    return OT_OK;
}

/* Whatever is wrong with the file is a wrong configuration. */
static enum ot_status as_config_error(enum ot_status status, struct ot_error *err)
{
    if (status == OT_OK || status == OT_E_NOMEM)
        return status;
    if (err != NULL)
        err->status = OT_E_CONFIG;
    return OT_E_CONFIG;
}

static enum ot_status read_file(struct loader *loader, const char *path, bool must_exist,
                                struct ot_error *err)
{
    const struct ot_ini ini = {take_section, take_pair, loader, OT_E_CONFIG};
    enum ot_status status;
    int fd;

    loader->file++;
    loader->path = path;
    loader->current = &loader->global;
    status = ot_path_open_named(&fd, path, OT_CONFIG_BYTES_MAX, err);
    if (status == OT_E_NOT_FOUND && !must_exist) {
        ot_error_clear(err);
        return OT_OK;
    }
    if (status == OT_OK) {
        status = ot_ini_read(&ini, path, fd, OT_CONFIG_BYTES_MAX, err);
        close(fd);
    }
    return as_config_error(status, err);
}

/* $xdg/rest, else $HOME/home_rest, in buf (PATH_MAX); false: neither is known. By the XDG
 * specification what is not absolute does not count. */
static bool user_path(char *buf, const char *xdg, const char *home, const char *rest)
{
    const char *base = ot_path_env(xdg);
    int n;

    if (base != NULL && base[0] == '/')
        home = "";
    else
        base = ot_path_env("HOME");
    if (base == NULL || base[0] != '/')
        return false;
    n = snprintf(buf, PATH_MAX, "%s%s%s", base, home, rest);
    return n > 0 && n < PATH_MAX;
}

static enum ot_status read_files(struct loader *loader, struct ot_error *err)
{
    const char *only = ot_path_env("ORGTRUST_CONF");
    char user[PATH_MAX];
    enum ot_status status;

    if (only != NULL && only[0] != '/')
        return ot_error_set(
            err, OT_E_CONFIG,
            "ORGTRUST_CONF must be an absolute path: a background sync runs "
            "in another directory");
    if (only != NULL) {
        status = read_file(loader, only, true, err);
        if (status != OT_OK)
            ot_error_prefix(err, "ORGTRUST_CONF");
        return status;
    }
    status = read_file(loader, SYSTEM_FILE, false, err);
    if (status == OT_OK &&
        user_path(user, "XDG_CONFIG_HOME", "/.config", "/orgtrust/orgtrust.conf"))
        status = read_file(loader, user, false, err);
    return status;
}

static enum ot_status add_default(struct loader *loader, struct ot_error *err)
{
    const char *origin = loader->global.origin;
    char *copy;

    if (find_section(loader, DEFAULT_SOURCE) != NULL)
        return OT_OK;
    if (origin == NULL && ot_path_env("OPENAI_ADMIN_KEY") != NULL)
        origin = "environment";
    if (origin == NULL)
        return OT_OK;
    copy = strdup(origin);
    if (copy == NULL)
        return ot_error_nomem(err);
    return add_section(loader, DEFAULT_SOURCE, copy, err);
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
 * rather than asked for by access(2), which judges by the real user. */
static bool system_cache_has(const char *name)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/%s.%s", SYSTEM_CACHE, name, OT_PATH_SNAPSHOT);
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static enum ot_status set_cache_dir(struct ot_source *source, struct ot_error *err)
{
    const char *variable = ot_path_env("ORGTRUST_CACHE_DIR");
    char path[PATH_MAX];

    if (variable != NULL)
        return set_from_env(source, "cache_dir", "ORGTRUST_CACHE_DIR", variable, err);
    if (source->cache_dir != NULL)
        return OT_OK;
    if (geteuid() == 0 || system_cache_has(source->name) ||
        !user_path(path, "XDG_CACHE_HOME", "/.cache", "/orgtrust"))
        source->cache_dir = strdup(SYSTEM_CACHE);
    else
        source->cache_dir = strdup(path);
    return source->cache_dir != NULL ? OT_OK : ot_error_nomem(err);
}

static enum ot_status set_base_url(struct ot_source *source, struct ot_error *err)
{
    const char *variable = ot_path_env("OPENAI_BASE_URL");

    if (source->base_url != NULL)
        return OT_OK;
    if (variable != NULL)
        return set_from_env(source, "base_url", "OPENAI_BASE_URL", variable, err);
    source->base_url = strdup(DEFAULT_BASE_URL);
    return source->base_url != NULL ? OT_OK : ot_error_nomem(err);
}

static enum ot_status build_source(struct ot_source *source, const struct section *global,
                                   const struct section *section, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    size_t key;

    ot_source_init(source);
    source->name = strdup(section->name);
    source->origin = strdup(section->origin);
    if (source->name == NULL || source->origin == NULL)
        return ot_error_nomem(err);
    for (key = 0; key < OT_CONFIG_KEYS && status == OT_OK; key++) {
        const char *value = section->value[key];

        if (value == NULL)
            value = global->value[key];
        if (value != NULL)
            status = ot_config_set(source, key, value, err);
    }
    if (status == OT_OK)
        status = set_base_url(source, err);
    if (status == OT_OK)
        status = set_cache_dir(source, err);
    if (status == OT_OK && source->max_stale_s < source->refresh_interval_s)
        status = ot_error_set(err, OT_E_CONFIG,
                              "%s: source '%s' has a max_stale shorter than its "
                              "refresh_interval: its snapshot would expire while fresh",
                              source->origin, source->name);
    return status;
}

static enum ot_status build_all(struct ot_config *config, const struct loader *loader,
                                struct ot_error *err)
{
    enum ot_status status = OT_OK;
    int others;
    size_t i;

    for (others = 0; others < 2; others++) /* the default source first */
        for (i = 0; i < loader->count && status == OT_OK; i++) {
            const struct section *section = &loader->section[i];

            if ((strcmp(section->name, DEFAULT_SOURCE) != 0) != others)
                continue;
            status = build_source(&config->source[config->count++], &loader->global,
                                  section, err);
        }
    return status;
}

enum ot_status ot_config_load(struct ot_config **out, struct ot_error *err)
{
    struct loader *loader = calloc(1, sizeof(*loader));
    struct ot_config *config = calloc(1, sizeof(*config));
    enum ot_status status;

    *out = NULL;
    if (loader == NULL || config == NULL)
        status = ot_error_nomem(err);
    else
        status = read_files(loader, err);
    if (status == OT_OK)
        status = add_default(loader, err);
    if (status == OT_OK)
        status = build_all(config, loader, err);
    loader_free(loader);
    if (status != OT_OK) {
        ot_config_free(config);
        return status;
    }
    *out = config;
    return OT_OK;
}

void ot_config_free(struct ot_config *config)
{
    size_t i;

    if (config == NULL)
        return;
    for (i = 0; i < config->count; i++)
        ot_source_clear(&config->source[i]);
    free(config);
}

size_t ot_config_count(const struct ot_config *config)
{
    return config->count;
}

const struct ot_source *ot_config_at(const struct ot_config *config, size_t i)
{
    return i < config->count ? &config->source[i] : NULL;
}

static enum ot_status unknown_source(const struct ot_config *config, const char *name,
                                     struct ot_error *err)
{
    char known[OT_ERROR_MAX / 2] = "";
    size_t i, len = 0;

    if (config->count == 0)
        return ot_error_set(err, OT_E_CONFIG,
                            "no source is configured: set OPENAI_ADMIN_KEY, or write "
                            "[source default] and admin_key_file into " SYSTEM_FILE
                            "; see orgtrust.conf(5)");
    for (i = 0; i < config->count && len < sizeof(known); i++)
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
    size_t i;

    *out = NULL;
    if (name == NULL || name[0] == '\0')
        name = DEFAULT_SOURCE;
    for (i = 0; i < config->count; i++)
        if (strcmp(config->source[i].name, name) == 0) {
            *out = &config->source[i];
            return OT_OK;
        }
    return unknown_source(config, name, err);
}

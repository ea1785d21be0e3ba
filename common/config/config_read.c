#include "config/config_read_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/nearest.h"
#include "config/identifier.h"
#include "config/ini_file.h"
#include "files/path.h"

static void section_clear(struct ot_config_section *section)
{
    for (size_t key = 0; key < OT_CONFIG_KEYS; key++)
        free(section->value[key]);
    free(section->name);
    free(section->origin);
}

void ot_config_text_clear(struct ot_config_text *text)
{
    section_clear(&text->head);
    for (size_t i = 0; i < text->count; i++) {
        section_clear(text->section[i]);
        free(text->section[i]);
    }
    ot_source_clear(&text->probe);
    free(text->retired);
}

struct ot_config_section *ot_config_find_section(struct ot_config_text *text,
                                                 const char *name)
{
    for (size_t i = 0; i < text->count; i++)
        if (strcmp(text->section[i]->name, name) == 0)
            return text->section[i];
    return NULL;
}

enum ot_status ot_config_add_section(struct ot_config_text *text, const char *name,
                                     char *origin, struct ot_error *err)
{
    struct ot_config_section *section;

    if (text->count == OT_SOURCES_MAX) {
        free(origin);
        return ot_error_set(err, OT_E_CONFIG, "there are more than %d sources",
                            OT_SOURCES_MAX);
    }
    section = calloc(1, sizeof(*section));
    if (section == NULL) {
        free(origin);
        return ot_error_nomem(err);
    }
    section->name = strdup(name);
    section->origin = origin;
    if (section->name == NULL || origin == NULL) {
        section_clear(section);
        free(section);
        return ot_error_nomem(err);
    }
    text->section[text->count++] = section;
    text->current = section;
    return OT_OK;
}

static char *origin_of(const struct ot_config_text *text, unsigned line)
{
    char *origin = NULL;

    return asprintf(&origin, "%s:%u", text->path, line) < 0 ? NULL : origin;
}

static enum ot_status begin_source(void *arg, const char *header, unsigned line,
                                   struct ot_error *err)
{
    struct ot_config_text *text = arg;
    char name[OT_SOURCE_NAME_MAX + 1];
    size_t word = strcspn(header, " \t"), blank = strspn(header + word, " \t");
    size_t len = strcspn(header + word + blank, " \t");
    const char *start = header + word + blank;
    enum ot_status status = OT_OK;

    if (word != strlen("source") || memcmp(header, "source", word) != 0 || blank == 0 ||
        start[len + strspn(start + len, " \t")] != '\0' || !ot_is_source_name(start, len))
        return ot_error_set(
            err, OT_E_CONFIG,
            "a section must be [source NAME], NAME made of letters, digits, "
            "'.', '_' and '-', at most %d of them",
            OT_SOURCE_NAME_MAX);
    memcpy(name, start, len);
    name[len] = '\0';
    text->current = ot_config_find_section(text, name);
    if (text->current == NULL)
        status = ot_config_add_section(text, name, origin_of(text, line), err);
    else if (text->current->file == text->file)
        return ot_error_set(err, OT_E_CONFIG, "the section [source %s] is there already",
                            name);
    if (status == OT_OK)
        text->current->file = text->file;
    return status;
}

/* Only what looks like a key is shown: the line may be a secret put in a wrong place. */
static enum ot_status unknown_key(const char *key, struct ot_error *err)
{
    size_t len = strspn(key, "abcdefghijklmnopqrstuvwxyz_");
    const char *words[OT_CONFIG_KEYS + 1] = {NULL}, *meant;

    for (size_t i = 0; i < OT_CONFIG_KEYS; i++)
        words[i] = ot_config_key_name(i);
    meant = ot_nearest(key, words);
    if (meant != NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "unknown key '%s'; did you mean %s? See orgtrust.conf(5)",
                            key, meant);
    if (len == 0 || len > 24 || key[len] != '\0')
        return ot_error_set(err, OT_E_CONFIG, "unknown key; see orgtrust.conf(5)");
    return ot_error_set(err, OT_E_CONFIG, "unknown key '%s'; see orgtrust.conf(5)", key);
}

/* Other formats let '#' begin a comment there; here the file of such a name would be
 * made. In a command it is the shell's to read. */
static enum ot_status check_comment(const char *key, const char *value,
                                    struct ot_error *err)
{
    const char *at = strchr(value, '#');

    if (strcmp(key, "on_change") == 0)
        return OT_OK;
    while (at != NULL && at > value && at[-1] != ' ' && at[-1] != '\t')
        at = strchr(at + 1, '#');
    if (at == NULL)
        return OT_OK;
    return ot_error_set(
        err, OT_E_CONFIG,
        "the value of %s has a '#' as a comment would: a comment behind a "
        "value begins with ' ;', one with '#' needs a line of its own",
        key);
}

/* Who still has a key that a former version had keeps the trust of the rest of the file.
 */
static enum ot_status take_retired(struct ot_config_text *text, unsigned line,
                                   struct ot_error *err)
{
    if (text->retired == NULL)
        text->retired = origin_of(text, line);
    return text->retired != NULL ? OT_OK : ot_error_nomem(err);
}

/* A key of the file's head that makes the default source. */
static bool makes_default(const char *key)
{
    return strcmp(key, "admin_key_file") == 0 || strcmp(key, "base_url") == 0;
}

static enum ot_status set_key(void *arg, const char *name, const char *value,
                              unsigned line, struct ot_error *err)
{
    struct ot_config_text *text = arg;
    struct ot_config_section *section = text->current;
    size_t key = ot_config_key_by_name(name);
    enum ot_status status;
    char *copy;

    if (strcmp(name, "admin_token") == 0)
        return take_retired(text, line, err);
    if (key == OT_CONFIG_KEYS)
        return unknown_key(name, err);
    if (section->value_file[key] == text->file)
        return ot_error_set(err, OT_E_CONFIG, "%s is given twice in this place", name);
    status = check_comment(name, value, err);
    if (status == OT_OK)
        status = ot_config_set(&text->probe, key, value, err);
    if (status != OT_OK)
        return status;
    if (section->name == NULL && section->origin == NULL && makes_default(name) &&
        (section->origin = origin_of(text, line)) == NULL)
        return ot_error_nomem(err);
    copy = strdup(value);
    if (copy == NULL)
        return ot_error_nomem(err);
    free(section->value[key]);
    section->value[key] = copy;
    section->value_file[key] = text->file;
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

static enum ot_status read_draft(const struct ot_ini *ini,
                                 const struct ot_config_draft *draft,
                                 struct ot_error *err)
{
    char *copy = malloc(draft->len + 1); /* reading writes to it */
    enum ot_status status;

    if (copy == NULL)
        return ot_error_nomem(err);
    if (draft->len > 0)
        memcpy(copy, draft->text, draft->len);
    status = ot_ini_parse(ini, draft->path, copy, draft->len, err);
    free(copy);
    return status;
}

static enum ot_status read_file(struct ot_config_text *text, const char *path,
                                bool must_exist, struct ot_error *err)
{
    const struct ot_ini ini = {begin_source, set_key, text, OT_E_CONFIG};
    enum ot_status status;
    int fd;

    text->file++;
    text->path = path;
    text->current = &text->head;
    if (text->draft != NULL && strcmp(text->draft->path, path) == 0)
        return as_config_error(read_draft(&ini, text->draft, err), err);
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

/* By the XDG specification a path that is not absolute does not count. */
bool ot_config_user_path(char *buf, const char *xdg, const char *home, const char *rest)
{
    const char *base = ot_env_get(xdg);
    int n;

    if (base != NULL && base[0] == '/')
        home = "";
    else
        base = ot_env_get("HOME");
    if (base == NULL || base[0] != '/')
        return false;
    n = snprintf(buf, PATH_MAX, "%s%s%s", base, home, rest);
    return n > 0 && n < PATH_MAX;
}

#define USER_FILE "/orgtrust/orgtrust.conf"

static enum ot_status relative_path(struct ot_error *err)
{
    return ot_error_set(err, OT_E_CONFIG,
                        "ORGTRUST_CONF must be an absolute path: a background sync runs "
                        "in another directory");
}

enum ot_status ot_config_own_path(char *buf, struct ot_error *err)
{
    const char *only = ot_env_get("ORGTRUST_CONF");

    if (only != NULL && only[0] != '/')
        return relative_path(err);
    if (only == NULL && geteuid() == 0)
        only = OT_CONFIG_SYSTEM_FILE;
    if (only == NULL &&
        ot_config_user_path(buf, "XDG_CONFIG_HOME", "/.config", USER_FILE))
        return OT_OK;
    if (only == NULL)
        return ot_error_set(
            err, OT_E_CONFIG,
            "where this user's configuration is cannot be told: set HOME");
    if (snprintf(buf, PATH_MAX, "%s", only) >= PATH_MAX)
        return ot_error_set(err, OT_E_CONFIG, "ORGTRUST_CONF is too long");
    return OT_OK;
}

enum ot_status ot_config_read(struct ot_config_text *text, struct ot_error *err)
{
    const char *only = ot_env_get("ORGTRUST_CONF");
    char user[PATH_MAX];
    enum ot_status status;

    if (only != NULL && only[0] != '/')
        return relative_path(err);
    if (only != NULL) {
        status = read_file(text, only, true, err);
        if (status != OT_OK)
            ot_error_prefix(err, "ORGTRUST_CONF");
        return status;
    }
    status = read_file(text, OT_CONFIG_SYSTEM_FILE, false, err);
    if (status == OT_OK &&
        ot_config_user_path(user, "XDG_CONFIG_HOME", "/.config", USER_FILE))
        status = read_file(text, user, false, err);
    return status;
}

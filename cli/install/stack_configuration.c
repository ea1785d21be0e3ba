/* The configuration, as orgtrust setup writes it. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "config/config_draft.h"
#include "config/source.h"
#include "config/source_path.h"
#include "files/file.h"
#include "files/tree.h"
#include "http/key.h"
#include "install/markers_internal.h"
#include "install/settings.h"
#include "install/settings_text_internal.h"
#include "install/stack_internal.h"

#define LOCK_NAME "/default." OT_SOURCE_LOCK
#define EXPORTS_DIR ".exports"

/* What is to be said, and where. */
struct drafting {
    const struct ot_settings *settings;
    char path[PATH_MAX], key_path[PATH_MAX], ca_path[PATH_MAX];
    char base_url[1100], project[256]; /* as they are now */
    const char *values[OT_SETTING_COUNT];
    struct ot_config *config; /* as it will be */
};

static enum ot_status load_text(struct ot_config **config,
                                const struct ot_source **source, const char *path,
                                const struct ot_file_state *text, struct ot_error *err)
{
    const struct ot_config_draft draft = {path, text->data, text->len};
    enum ot_status status = ot_config_load_draft(config, &draft, err);

    *source = NULL;
    if (status == OT_OK)
        ot_config_find(*config, NULL, source, NULL);
    return status;
}

static const char *keep_text(char *buf, size_t size, const char *text)
{
    if (text == NULL)
        return NULL;
    snprintf(buf, size, "%s", text);
    return buf;
}

/* In the directory of the configuration. */
static void place_beside(char *buf, const struct drafting *draft, const char *name)
{
    int len = (int)(strrchr(draft->path, '/') - draft->path);

    if (snprintf(buf, PATH_MAX, "%.*s/%s", len, draft->path, name) >= PATH_MAX)
        buf[0] = '\0';
}

/* What is given, else what is said now. */
static enum ot_status choose_values(struct drafting *draft,
                                    const struct ot_file_state *text,
                                    struct ot_error *err)
{
    const struct ot_settings *settings = draft->settings;
    const struct ot_source *now;
    struct ot_config *config = NULL;
    enum ot_status status = load_text(&config, &now, draft->path, text, err);

    if (status != OT_OK)
        return status;
    place_beside(draft->key_path, draft, "admin.key");
    place_beside(draft->ca_path, draft, "ca.pem");
    draft->values[OT_SETTING_BASE_URL] = settings->base_url;
    draft->values[OT_SETTING_PROJECT] = settings->project;
    if (settings->key.data != NULL)
        draft->values[OT_SETTING_ADMIN_KEY_FILE] = draft->key_path;
    if (settings->ca.data != NULL)
        draft->values[OT_SETTING_CA_FILE] = draft->ca_path;
    if (now != NULL) {
        if (settings->base_url == NULL)
            draft->values[OT_SETTING_BASE_URL] =
                keep_text(draft->base_url, sizeof(draft->base_url), now->base_url);
        if (settings->project == NULL)
            draft->values[OT_SETTING_PROJECT] =
                keep_text(draft->project, sizeof(draft->project), now->project);
        if (now->admin_key_file != NULL)
            draft->values[OT_SETTING_ADMIN_KEY_FILE] =
                keep_text(draft->key_path, PATH_MAX, now->admin_key_file);
        if (settings->ca.data == NULL)
            draft->values[OT_SETTING_CA_FILE] =
                keep_text(draft->ca_path, PATH_MAX, now->ca_file);
    }
    ot_config_free(config);
    return OT_OK;
}

static void read_values(const char *values[OT_SETTING_COUNT],
                        const struct ot_source *source)
{
    bool is_said = source->base_url_origin == OT_URL_CONFIGURED;

    values[OT_SETTING_BASE_URL] = is_said ? source->base_url : NULL;
    values[OT_SETTING_ADMIN_KEY_FILE] = source->admin_key_file;
    values[OT_SETTING_CA_FILE] = source->ca_file;
    values[OT_SETTING_PROJECT] = source->project;
}

/* Of a URL the configuration makes the host lower case, and takes slashes off its end. */
static bool is_same_value(size_t setting, const char *given, const char *said)
{
    size_t len = strlen(given);

    if (setting != OT_SETTING_BASE_URL)
        return strcmp(given, said) == 0;
    while (len > 0 && given[len - 1] == '/')
        len--;
    return strlen(said) == len && strncasecmp(given, said, len) == 0;
}

/* Forgets the values that others have written already. */
static void drop_what_is_said(const char *values[OT_SETTING_COUNT],
                              const struct ot_source *source)
{
    const char *said[OT_SETTING_COUNT];

    if (source == NULL)
        return;
    read_values(said, source);
    for (size_t i = 0; i < OT_SETTING_COUNT; i++)
        if (values[i] != NULL && said[i] != NULL && is_same_value(i, values[i], said[i]))
            values[i] = NULL;
}

/* Another file that counts as well, or the environment, may say otherwise. */
static enum ot_status check_outcome(const struct drafting *draft,
                                    const struct ot_source *source, struct ot_error *err)
{
    const char *said[OT_SETTING_COUNT];

    if (source == NULL)
        return ot_error_set(err, OT_E_USAGE,
                            "what this machine is to follow is not said: give the URL of "
                            "the API, or the hosted API's admin key (--key-fd, "
                            "--key-file)");
    read_values(said, source);
    for (size_t i = 0; i < OT_SETTING_COUNT; i++)
        if (draft->values[i] != NULL &&
            (said[i] == NULL || !is_same_value(i, draft->values[i], said[i])))
            return ot_error_set(err, OT_E_CONFIG,
                                "%s would not hold: another file of the configuration, "
                                "which is read after %s, says %s = %s; take that out",
                                ot_setting_keys[i], draft->path, ot_setting_keys[i],
                                said[i] != NULL ? said[i] : "none");
    return OT_OK;
}

/* The text as it will be, and what it means. */
static enum ot_status draft_text(struct drafting *draft, struct ot_edit *edit,
                                 struct ot_error *err)
{
    const char *needed[OT_SETTING_COUNT];
    struct ot_file_state theirs = {.kind = OT_FILE_ABSENT};
    const struct ot_source *source = NULL;
    struct ot_config *config = NULL;
    bool found;
    enum ot_status status = choose_values(draft, &edit->before, err);

    if (status == OT_OK)
        status = ot_markers_strip_setup(&theirs, edit->path, &edit->before, &found, err);
    if (status == OT_OK)
        status = load_text(&config, &source, draft->path, &theirs, err);
    if (status == OT_OK) {
        memcpy(needed, draft->values, sizeof(needed));
        drop_what_is_said(needed, source);
        status = ot_settings_write(&edit->after, edit->path, &edit->before, needed, err);
    }
    ot_config_free(config);
    ot_file_state_clear(&theirs);
    if (status == OT_OK)
        status = load_text(&draft->config, &source, draft->path, &edit->after, err);
    return status == OT_OK ? check_outcome(draft, source, err) : status;
}

/* An edit by which path holds this; none if it does already. */
static enum ot_status plan_content(struct ot_stack_plan *plan, const char *path,
                                   struct ot_span content, const char *end, mode_t mode,
                                   struct ot_error *err)
{
    struct ot_edit *edit;
    char *data = NULL;
    int len;
    enum ot_status status = ot_stack_plan_edit(plan, path, &edit, err);

    if (status != OT_OK)
        return status;
    len = asprintf(&data, "%.*s%s", (int)content.len, (const char *)content.data, end);
    if (len < 0)
        return ot_error_nomem(err);
    ot_file_state_set(&edit->after, data, (size_t)len);
    edit->after.new_mode = mode;
    edit->is_secret = mode == 0600;
    if (ot_file_state_equal(&edit->before, &edit->after))
        ot_stack_plan_drop(plan);
    return OT_OK;
}

/* Where others can read the file that is there, it is not given a new key. */
static enum ot_status plan_key(struct ot_stack_plan *plan, const struct drafting *draft,
                               const struct ot_source *source, struct ot_error *err)
{
    struct ot_span key = draft->settings->key;
    struct ot_error why = OT_ERROR_INIT;
    struct ot_key now;
    bool is_same;
    enum ot_status status;

    if (key.data == NULL || source->admin_key_file == NULL)
        return OT_OK;
    status = ot_key_load(&now, source, &why);
    is_same = status == OT_OK && now.len == key.len &&
              memcmp(now.secret, key.data, key.len) == 0;
    if (status == OT_OK)
        ot_key_clear(&now);
    if (status != OT_OK && status != OT_E_CONFIG) /* not there, or empty */
        return ot_error_set(err, status, "%s", why.message);
    return is_same ? OT_OK
                   : plan_content(plan, source->admin_key_file, key, "\n", 0600, err);
}

/* The lock of the source stands for its cache, where there is none yet: it also says
 * which directories were made for that. */
static enum ot_status plan_cache(struct ot_stack_plan *plan,
                                 const struct ot_source *source, struct ot_error *err)
{
    char path[PATH_MAX];
    struct ot_edit *edit;
    enum ot_status status = ot_source_path(path, source, OT_SOURCE_LOCK, err);

    if (status == OT_OK)
        status = ot_stack_plan_edit_here(plan, path, &edit, err);
    if (status != OT_OK)
        return status;
    if (edit->before.kind != OT_FILE_ABSENT) {
        ot_stack_plan_drop(plan);
        return OT_OK;
    }
    ot_file_state_set(&edit->after, strdup(""), 0);
    edit->after.new_mode = 0600;
    return OT_OK;
}

/* The configuration last: what it names is there before it is named. */
static enum ot_status plan_text_edit(struct ot_stack_plan *plan,
                                     const struct drafting *draft,
                                     const struct ot_edit *drafted, struct ot_error *err)
{
    size_t offset, len;
    struct ot_edit *edit;
    enum ot_status status = ot_stack_plan_edit(plan, draft->path, &edit, err);

    if (status == OT_OK)
        status = ot_file_state_copy(&edit->before, &drafted->before, err);
    if (status == OT_OK)
        status = ot_file_state_copy(&edit->after, &drafted->after, err);
    if (status == OT_OK && ot_file_state_equal(&edit->before, &edit->after) &&
        !ot_markers_find_setup(&edit->after, &offset, &len))
        ot_stack_plan_drop(plan);
    return status;
}

static enum ot_status plan_files(struct ot_stack_plan *plan, struct drafting *draft,
                                 struct ot_error *err)
{
    struct ot_stack_plan aside = {.kind = OT_PLAN_READY};
    const struct ot_source *source = NULL;
    struct ot_edit *drafted;
    enum ot_status status = ot_stack_plan_edit(&aside, draft->path, &drafted, err);

    if (status == OT_OK)
        status = draft_text(draft, drafted, err);
    if (status == OT_OK)
        status = ot_config_find(draft->config, NULL, &source, err);
    if (status == OT_OK)
        status = plan_cache(plan, source, err);
    if (status == OT_OK && draft->settings->ca.data != NULL)
        status = plan_content(plan, source->ca_file, draft->settings->ca, "", 0644, err);
    if (status == OT_OK)
        status = plan_key(plan, draft, source, err);
    if (status == OT_OK)
        status = plan_text_edit(plan, draft, drafted, err);
    ot_stack_plan_clear(&aside);
    return status;
}

static enum ot_status plan_drafted(struct ot_stack_plan *plan,
                                   const struct ot_settings *settings,
                                   struct ot_config **config, struct ot_error *err)
{
    struct drafting *draft = calloc(1, sizeof(*draft));
    enum ot_status status;

    *config = NULL;
    if (draft == NULL)
        return ot_error_nomem(err);
    draft->settings = settings;
    status = ot_config_own_path(draft->path, err);
    if (status == OT_OK)
        status = plan_files(plan, draft, err);
    if (status == OT_OK)
        *config = draft->config;
    else
        ot_config_free(draft->config);
    free(draft);
    return status;
}

enum ot_status ot_settings_now(struct ot_config **config, const struct ot_source **source,
                               struct ot_error *err)
{
    struct ot_stack_plan plan = {.kind = OT_PLAN_READY};
    struct ot_edit *edit;
    char path[PATH_MAX];
    enum ot_status status = ot_config_own_path(path, err);

    if (status == OT_OK)
        status = ot_stack_plan_edit(&plan, path, &edit, err);
    if (status == OT_OK)
        status = load_text(config, source, path, &edit->before, err);
    ot_stack_plan_clear(&plan);
    return status;
}

enum ot_status ot_settings_foresee(struct ot_config **config,
                                   const struct ot_settings *settings,
                                   struct ot_error *err)
{
    struct ot_stack_plan plan = {.kind = OT_PLAN_READY};
    enum ot_status status = plan_drafted(&plan, settings, config, err);

    ot_stack_plan_clear(&plan);
    return status;
}

static enum ot_status plan_configuration(struct ot_stack_plan *plan,
                                         const struct ot_install_env *env,
                                         struct ot_error *err)
{
    struct ot_config *config;
    enum ot_status status = plan_drafted(plan, env->settings, &config, err);

    ot_config_free(config);
    return status;
}

/* What installations have put into the same file is not what was there before either. */
static enum ot_status strip_configuration(struct ot_file_state *to, const char *path,
                                          const struct ot_file_state *now, bool *found,
                                          struct ot_error *err)
{
    struct ot_file_state rest = {.kind = OT_FILE_ABSENT};
    enum ot_status status = ot_markers_strip_setup(to, path, now, found, err);
    bool is_more = true;

    while (status == OT_OK && is_more) {
        status = ot_file_state_copy(&rest, to, err);
        if (status == OT_OK)
            status = ot_markers_strip(to, path, &rest, &is_more, err);
    }
    ot_file_state_clear(&rest);
    return status;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Whether an export is written down in dir: what else is there is its lock, how the last
 * attempt ended, and what somebody who was killed has begun. */
static bool has_records(const char *dir)
{
    DIR *entries = opendir(dir);
    const struct dirent *entry;
    bool found = false;

    while (entries != NULL && !found && (entry = readdir(entries)) != NULL)
        found = entry->d_name[0] != '.' && strcmp(entry->d_name, "lock") != 0 &&
                !ends_with(entry->d_name, ".state");
    if (entries != NULL)
        closedir(entries);
    return found;
}

/* What syncs have put beside a lock that was not there before. One that still runs writes
 * nothing more: the configuration has lost its source. Records of exports that
 * others still have stay. */
static enum ot_status remove_cache(const char *lock, struct ot_error *err)
{
    static const char *const names[] = {
        "default." OT_SOURCE_SNAPSHOT,     "default." OT_SOURCE_PARTIAL,
        "default." OT_SOURCE_STATE,        "default." OT_SOURCE_OFFLINE,
        "default." OT_SOURCE_MEMORY,       "default." OT_SOURCE_NOTIFY,
        "default." OT_SOURCE_NOTIFY_STATE, "default." OT_SOURCE_NOTIFY_LOCK,
        "default." OT_SOURCE_LISTING,      "default." OT_SOURCE_REPORTED,
        "default." OT_SOURCE_LOCK,
    };
    int dir = (int)(strlen(lock) - strlen(LOCK_NAME));
    enum ot_status status = OT_OK;
    char path[PATH_MAX];

    for (size_t i = 0; status == OT_OK && i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%.*s/%s", dir, lock, names[i]);
        ot_file_reap(path);
        status = ot_file_remove(path, err);
    }
    snprintf(path, sizeof(path), "%.*s/" EXPORTS_DIR, dir, lock);
    if (status == OT_OK && !has_records(path))
        ot_dir_remove_tree(path);
    return status;
}

static enum ot_status finish_configuration(struct ot_stack_plan *plan,
                                           const struct ot_install_env *env,
                                           bool is_installed, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    (void)env;
    for (size_t i = 0; !is_installed && status == OT_OK && i < plan->count; i++)
        if (ends_with(plan->edits[i].path, LOCK_NAME))
            status = remove_cache(plan->edits[i].path, err);
    return status;
}

const struct ot_stack ot_stack_configuration = {
    .name = "configuration",
    .summary = "which organization this machine follows",
    .plan = plan_configuration,
    .strip = strip_configuration,
    .has_markers = true,
    .finish = finish_configuration,
};

#include "install/manifest_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/json.h"
#include "files/file.h"
#include "files/path.h"
#include "view/json_build.h"

#define VERSION 2
/* Version 1 had the files inside: a handful of at most OT_EDITED_BYTES_MAX. */
#define INDEX_BYTES_MAX (32u * 1024 * 1024)

/* More installations than anybody makes. */
#define IMAGES_MAX 1000000

static void clear_manifest_entry(struct ot_manifest_entry *entry)
{
    free(entry->path);
    ot_file_state_clear(&entry->before);
    for (size_t i = 0; i < entry->dir_count; i++)
        free(entry->dirs[i]);
    free(entry->dirs);
}

void ot_manifest_clear(struct ot_manifest *manifest)
{
    for (size_t i = 0; i < manifest->count; i++)
        clear_manifest_entry(&manifest->entries[i]);
    free(manifest->entries);
    *manifest = (struct ot_manifest){.entries = NULL};
}

struct ot_manifest_entry *ot_manifest_find(struct ot_manifest *manifest, const char *path)
{
    for (size_t i = 0; i < manifest->count; i++)
        if (strcmp(manifest->entries[i].path, path) == 0)
            return &manifest->entries[i];
    return NULL;
}

struct ot_manifest_entry *ot_manifest_add(struct ot_manifest *manifest, const char *path)
{
    struct ot_manifest_entry *entries, *entry;

    entries = reallocarray(manifest->entries, manifest->count + 1,
                           sizeof(manifest->entries[0]));
    if (entries == NULL)
        return NULL;
    manifest->entries = entries;
    entry = &entries[manifest->count];
    memset(entry, 0, sizeof(*entry));
    entry->path = strdup(path);
    if (entry->path == NULL)
        return NULL;
    manifest->count++;
    return entry;
}

bool ot_manifest_entry_is_ours(const struct ot_manifest_entry *entry, const char *hex)
{
    for (size_t i = 0; i < entry->ours_count; i++)
        if (strcmp(entry->ours[i], hex) == 0)
            return true;
    return false;
}

/* The index of a stack, or, with a number, an image of what was there before. The caller
 * frees *file. */
static enum ot_status manifest_path(char **file, const char *dir, const char *stack,
                                    unsigned image, struct ot_error *err)
{
    int len = image == 0 ? asprintf(file, "%s/%s.json", dir, stack)
                         : asprintf(file, "%s/%s.%u", dir, stack, image);

    if (len >= 0)
        return OT_OK;
    *file = NULL;
    return ot_error_nomem(err);
}

/* Writing. */

static enum ot_status remove_file(const char *dir, const char *stack, unsigned image,
                                  struct ot_error *err)
{
    const struct ot_file_state nothing = {.kind = OT_FILE_ABSENT};
    char *file = NULL;
    enum ot_status status = manifest_path(&file, dir, stack, image, err);

    if (status == OT_OK)
        status = ot_file_state_put(&nothing, file, err);
    free(file);
    return status;
}

static bool has_image(const struct ot_manifest *manifest, unsigned image)
{
    for (size_t i = 0; i < manifest->count; i++)
        if (manifest->entries[i].image == image)
            return true;
    return false;
}

/* Up to the highest number that may be in use. */
static enum ot_status remove_other_images(const struct ot_manifest *manifest,
                                          const char *dir, const char *stack,
                                          struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (unsigned i = 1; status == OT_OK && i <= manifest->last_image; i++)
        if (!has_image(manifest, i))
            status = remove_file(dir, stack, i, err);
    return status;
}

/* A number that no index has named: what is there, an interrupted run has left. */
static enum ot_status save_image(struct ot_manifest *manifest,
                                 struct ot_manifest_entry *entry, const char *dir,
                                 const char *stack, struct ot_error *err)
{
    struct ot_file_state image = entry->before;
    unsigned number = manifest->last_image + 1;
    char *file = NULL;
    enum ot_status status = remove_file(dir, stack, number, err);

    image.new_mode = 0600;
    if (status == OT_OK)
        status = manifest_path(&file, dir, stack, number, err);
    if (status == OT_OK)
        status = ot_file_state_put(&image, file, err);
    free(file);
    if (status == OT_OK)
        entry->image = manifest->last_image = number;
    return status;
}

static void put_strings(cJSON *array, const char *text, bool *failed)
{
    if (array == NULL || !cJSON_AddItemToArray(array, cJSON_CreateString(text)))
        *failed = true;
}

static void put_entry(cJSON *object, const struct ot_manifest_entry *entry, bool *failed)
{
    cJSON *array;

    ot_json_put_string(object, "path", entry->path, failed);
    ot_json_put_int(object, "image", entry->image, failed);
    array = ot_json_put_array(object, "ours", failed);
    for (size_t i = 0; i < entry->ours_count; i++)
        put_strings(array, entry->ours[i], failed);
    array = ot_json_put_array(object, "dirs", failed);
    for (size_t i = 0; i < entry->dir_count; i++)
        put_strings(array, entry->dirs[i], failed);
}

static enum ot_status save_index(const struct ot_manifest *manifest, const char *dir,
                                 const char *stack, struct ot_error *err)
{
    bool failed = false;
    cJSON *root = cJSON_CreateObject(), *entries;
    char *file = NULL, *text = NULL;
    enum ot_status status = manifest_path(&file, dir, stack, 0, err);

    ot_json_put_int(root, "version", VERSION, &failed);
    ot_json_put_bool(root, "finished", manifest->is_finished, &failed);
    entries = ot_json_put_array(root, "files", &failed);
    for (size_t i = 0; i < manifest->count; i++)
        put_entry(ot_json_append_object(entries, &failed), &manifest->entries[i],
                  &failed);
    if (status == OT_OK && (failed || (text = cJSON_Print(root)) == NULL))
        status = ot_error_nomem(err);
    if (status == OT_OK) {
        ot_file_reap(file);
        status = ot_file_replace(file, text, strlen(text), 0600, err);
    }
    cJSON_free(text);
    cJSON_Delete(root);
    free(file);
    return status;
}

enum ot_status ot_manifest_save(struct ot_manifest *manifest, const char *dir,
                                const char *stack, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < manifest->count; i++) {
        struct ot_manifest_entry *entry = &manifest->entries[i];

        if (entry->image == 0 && entry->before.kind != OT_FILE_ABSENT)
            status = save_image(manifest, entry, dir, stack, err);
    }
    if (status == OT_OK)
        status = save_index(manifest, dir, stack, err);
    return status == OT_OK ? remove_other_images(manifest, dir, stack, err) : status;
}

enum ot_status ot_manifest_remove(struct ot_manifest *manifest, const char *dir,
                                  const char *stack, struct ot_error *err)
{
    enum ot_status status = remove_file(dir, stack, 0, err);

    for (size_t i = 0; i < manifest->count; i++)
        manifest->entries[i].image = 0;
    return status == OT_OK ? remove_other_images(manifest, dir, stack, err) : status;
}

/* Reading. */

static enum ot_status get_before(struct ot_manifest_entry *entry, const cJSON *object,
                                 const char *path, struct ot_error *err)
{
    int64_t image = 0;
    enum ot_status status = ot_json_int(object, "image", path, &image, err);

    if (status == OT_OK && (image < 0 || image > IMAGES_MAX))
        status = ot_error_set(err, OT_E_PROTOCOL, "%s.image has no such number", path);
    if (status == OT_OK)
        entry->image = (unsigned)image;
    return status;
}

static enum ot_status get_ours(struct ot_manifest_entry *entry, const cJSON *object,
                               const char *path, struct ot_error *err)
{
    const cJSON *array, *item;
    enum ot_status status = ot_json_array(object, "ours", path, &array, err);

    if (status != OT_OK)
        return status;
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsString(item) || strlen(item->valuestring) != OT_DIGEST_HEX_LEN ||
            entry->ours_count == 2)
            return ot_error_set(err, OT_E_PROTOCOL, "%s.ours is not two digests", path);
        memcpy(entry->ours[entry->ours_count++], item->valuestring,
               OT_DIGEST_HEX_LEN + 1);
    }
    return OT_OK;
}

static enum ot_status get_dirs(struct ot_manifest_entry *entry, const cJSON *object,
                               const char *path, struct ot_error *err)
{
    const cJSON *array, *item;
    enum ot_status status = ot_json_array(object, "dirs", path, &array, err);

    if (status != OT_OK)
        return status;
    entry->dirs = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof(char *));
    if (entry->dirs == NULL)
        return ot_error_nomem(err);
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsString(item))
            return ot_error_set(err, OT_E_PROTOCOL, "%s.dirs is not paths", path);
        entry->dirs[entry->dir_count] = strdup(item->valuestring);
        if (entry->dirs[entry->dir_count++] == NULL)
            return ot_error_nomem(err);
    }
    return OT_OK;
}

static enum ot_status get_manifest_entry(struct ot_manifest *manifest,
                                         const cJSON *object, int64_t version,
                                         struct ot_error *err)
{
    char where[32];
    const char *path;
    struct ot_manifest_entry *entry;
    enum ot_status status;

    snprintf(where, sizeof(where), "files[%zu]", manifest->count);
    status = ot_json_string(object, "path", where, &path, err);
    if (status != OT_OK)
        return status;
    entry = ot_manifest_add(manifest, path);
    if (entry == NULL)
        return ot_error_nomem(err);
    status = version == 1 ? ot_manifest_before_1(&entry->before, object, where, err)
                          : get_before(entry, object, where, err);
    if (status == OT_OK)
        status = get_ours(entry, object, where, err);
    return status == OT_OK ? get_dirs(entry, object, where, err) : status;
}

static enum ot_status parse_index(struct ot_manifest *manifest,
                                  const struct ot_file_state *content,
                                  struct ot_error *err)
{
    const cJSON *files, *item;
    cJSON *root = NULL;
    int64_t version = 0;
    enum ot_status status = ot_json_parse(&root, content->data, content->len, err);

    if (status == OT_OK)
        status = ot_json_int(root, "version", "manifest", &version, err);
    if (status == OT_OK && (version < 1 || version > VERSION))
        status = ot_error_set(err, OT_E_PROTOCOL, "it has version %lld, not %d",
                              (long long)version, VERSION);
    if (status == OT_OK)
        status = ot_json_bool(root, "finished", "manifest", &manifest->is_finished, err);
    if (status == OT_OK)
        status = ot_json_array(root, "files", "manifest", &files, err);
    if (status == OT_OK)
        cJSON_ArrayForEach(item, files)
        {
            status = get_manifest_entry(manifest, item, version, err);
            if (status != OT_OK)
                break;
        }
    cJSON_Delete(root);
    return status;
}

static enum ot_status load_images(struct ot_manifest *manifest, const char *dir,
                                  const char *stack, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < manifest->count; i++) {
        struct ot_manifest_entry *entry = &manifest->entries[i];
        char *file = NULL;

        if (entry->image == 0)
            continue;
        if (entry->image > manifest->last_image)
            manifest->last_image = entry->image;
        status = manifest_path(&file, dir, stack, entry->image, err);
        if (status == OT_OK)
            status = ot_file_state_read(&entry->before, file, OT_EDITED_BYTES_MAX, err);
        if (status == OT_OK && entry->before.kind == OT_FILE_ABSENT)
            status = ot_error_set(err, OT_E_PROTOCOL, "%s, which it names, is not there",
                                  file);
        free(file);
    }
    return status;
}

/* Only what nobody but this user and root can have written. */
static enum ot_status check_safe(const char *file, bool *found, struct ot_error *err)
{
    int fd;
    enum ot_status status = ot_path_open(&fd, file, INDEX_BYTES_MAX, err);

    if (fd >= 0)
        close(fd);
    *found = status == OT_OK;
    if (status != OT_E_NOT_FOUND)
        return status;
    ot_error_clear(err);
    return OT_OK;
}

enum ot_status ot_manifest_load(struct ot_manifest *manifest, bool *found,
                                const char *dir, const char *stack, struct ot_error *err)
{
    struct ot_file_state content = {.kind = OT_FILE_ABSENT};
    char *file = NULL;
    enum ot_status status = manifest_path(&file, dir, stack, 0, err);

    *manifest = (struct ot_manifest){.entries = NULL};
    *found = false;
    if (status == OT_OK)
        status = check_safe(file, found, err);
    if (status == OT_OK && *found)
        status = ot_file_state_read(&content, file, INDEX_BYTES_MAX, err);
    if (status == OT_OK && *found) {
        status = parse_index(manifest, &content, err);
        if (status == OT_OK)
            status = load_images(manifest, dir, stack, err);
        if (status == OT_E_PROTOCOL)
            status = OT_E_CORRUPT;
        if (status != OT_OK) {
            ot_error_prefix(err, "%s is damaged, so what was there before is not known",
                            file);
            ot_manifest_clear(manifest);
        }
    }
    ot_file_state_clear(&content);
    free(file);
    return status;
}

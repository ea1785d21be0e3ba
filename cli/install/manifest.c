#include "install/manifest_internal.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/path.h"
#include "fetch/file.h"
#include "fetch/json.h"
#include "view/json_build.h"

#define VERSION 1
/* A stack has a handful of files of at most OT_EDITED_BYTES_MAX. */
#define MANIFEST_BYTES_MAX (32u * 1024 * 1024)

static const char *const kinds[] = {
    [OT_FILE_ABSENT] = "absent", [OT_FILE_REGULAR] = "file", [OT_FILE_LINK] = "link"};

static void clear_entry(struct ot_manifest_entry *entry)
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
        clear_entry(&manifest->entries[i]);
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

enum ot_status ot_file_state_digest(char hex[OT_DIGEST_HEX_LEN + 1],
                                    const struct ot_file_state *state,
                                    struct ot_error *err)
{
    const char *kind = kinds[state->kind];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    bool done = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(ctx, kind, strlen(kind) + 1) == 1 &&
                EVP_DigestUpdate(ctx, state->data, state->len) == 1 &&
                EVP_DigestFinal_ex(ctx, digest, &len) == 1;

    EVP_MD_CTX_free(ctx);
    if (!done)
        return ot_error_set(err, OT_E_INTERNAL, "OpenSSL made no SHA-256");
    for (unsigned i = 0; i < len; i++)
        snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]);
    return OT_OK;
}

bool ot_manifest_entry_is_ours(const struct ot_manifest_entry *entry, const char *hex)
{
    for (size_t i = 0; i < entry->ours_count; i++)
        if (strcmp(entry->ours[i], hex) == 0)
            return true;
    return false;
}

/* The caller frees *file. */
static enum ot_status path_of(char **file, const char *dir, const char *stack,
                              struct ot_error *err)
{
    if (asprintf(file, "%s/%s.json", dir, stack) >= 0)
        return OT_OK;
    *file = NULL;
    return ot_error_nomem(err);
}

/* Writing. */

static void put_before(cJSON *object, const struct ot_file_state *before, bool *failed)
{
    char *text = malloc((before->len + 2) / 3 * 4 + 1);

    if (text == NULL) {
        *failed = true;
        return;
    }
    text[0] = '\0';
    if (before->len > 0)
        EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)before->data,
                        (int)before->len);
    ot_json_put_string(object, "before", kinds[before->kind], failed);
    ot_json_put_int(object, "size", (int64_t)before->len, failed);
    ot_json_put_string(object, "base64", text, failed);
    ot_json_put_int(object, "mtime", before->mtime.tv_sec, failed);
    ot_json_put_int(object, "mtime_ns", before->mtime.tv_nsec, failed);
    free(text);
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
    put_before(object, &entry->before, failed);
    array = ot_json_put_array(object, "ours", failed);
    for (size_t i = 0; i < entry->ours_count; i++)
        put_strings(array, entry->ours[i], failed);
    array = ot_json_put_array(object, "dirs", failed);
    for (size_t i = 0; i < entry->dir_count; i++)
        put_strings(array, entry->dirs[i], failed);
}

enum ot_status ot_manifest_save(const struct ot_manifest *manifest, const char *dir,
                                const char *stack, struct ot_error *err)
{
    bool failed = false;
    cJSON *root = cJSON_CreateObject(), *entries;
    char *file = NULL, *text = NULL;
    enum ot_status status = path_of(&file, dir, stack, err);

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

/* Reading. */

static enum ot_status get_kind(struct ot_file_state *state, const cJSON *object,
                               const char *path, struct ot_error *err)
{
    const char *word;
    enum ot_status status = ot_json_string(object, "before", path, &word, err);

    for (int i = OT_FILE_ABSENT; status == OT_OK && i <= OT_FILE_LINK; i++)
        if (strcmp(kinds[i], word) == 0) {
            state->kind = (enum ot_file_kind)i;
            return OT_OK;
        }
    return status != OT_OK
               ? status
               : ot_error_set(err, OT_E_PROTOCOL, "%s.before is '%s'", path, word);
}

static enum ot_status get_data(struct ot_file_state *state, const cJSON *object,
                               const char *path, struct ot_error *err)
{
    const char *text;
    int64_t size;
    int len;
    enum ot_status status = ot_json_string(object, "base64", path, &text, err);

    if (status == OT_OK)
        status = ot_json_int(object, "size", path, &size, err);
    if (status != OT_OK)
        return status;
    state->data = malloc(strlen(text) + 1);
    if (state->data == NULL)
        return ot_error_nomem(err);
    len = *text == '\0' ? 0
                        : EVP_DecodeBlock((unsigned char *)state->data,
                                          (const unsigned char *)text, (int)strlen(text));
    if (size < 0 || size > len || size < len - 2)
        return ot_error_set(err, OT_E_PROTOCOL, "%s.base64 does not have its size", path);
    state->len = (size_t)size;
    state->data[state->len] = '\0';
    return OT_OK;
}

static enum ot_status get_before(struct ot_file_state *state, const cJSON *object,
                                 const char *path, struct ot_error *err)
{
    int64_t sec = 0, nsec = 0;
    enum ot_status status = get_kind(state, object, path, err);

    if (status == OT_OK)
        status = get_data(state, object, path, err);
    if (status == OT_OK)
        status = ot_json_int(object, "mtime", path, &sec, err);
    if (status == OT_OK)
        status = ot_json_int(object, "mtime_ns", path, &nsec, err);
    state->mtime = (struct timespec){.tv_sec = sec, .tv_nsec = nsec};
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

static enum ot_status get_entry(struct ot_manifest *manifest, const cJSON *object,
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
    status = get_before(&entry->before, object, where, err);
    if (status == OT_OK)
        status = get_ours(entry, object, where, err);
    return status == OT_OK ? get_dirs(entry, object, where, err) : status;
}

static enum ot_status parse(struct ot_manifest *manifest,
                            const struct ot_file_state *content, struct ot_error *err)
{
    const cJSON *files, *item;
    cJSON *root = NULL;
    int64_t version = 0;
    enum ot_status status = ot_json_parse(&root, content->data, content->len, err);

    if (status == OT_OK)
        status = ot_json_int(root, "version", "manifest", &version, err);
    if (status == OT_OK && version != VERSION)
        status = ot_error_set(err, OT_E_PROTOCOL, "it has version %lld, not %d",
                              (long long)version, VERSION);
    if (status == OT_OK)
        status = ot_json_bool(root, "finished", "manifest", &manifest->is_finished, err);
    if (status == OT_OK)
        status = ot_json_array(root, "files", "manifest", &files, err);
    if (status == OT_OK)
        cJSON_ArrayForEach(item, files)
        {
            status = get_entry(manifest, item, err);
            if (status != OT_OK)
                break;
        }
    cJSON_Delete(root);
    return status;
}

/* Only what nobody but this user and root can have written. */
static enum ot_status check_safe(const char *file, bool *found, struct ot_error *err)
{
    int fd;
    enum ot_status status = ot_path_open(&fd, file, MANIFEST_BYTES_MAX, err);

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
    enum ot_status status = path_of(&file, dir, stack, err);

    *manifest = (struct ot_manifest){.entries = NULL};
    *found = false;
    if (status == OT_OK)
        status = check_safe(file, found, err);
    if (status == OT_OK && *found)
        status = ot_file_state_read(&content, file, MANIFEST_BYTES_MAX, err);
    if (status == OT_OK && *found) {
        status = parse(manifest, &content, err);
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

enum ot_status ot_manifest_remove(const char *dir, const char *stack,
                                  struct ot_error *err)
{
    const struct ot_file_state nothing = {.kind = OT_FILE_ABSENT};
    char *file = NULL;
    enum ot_status status = path_of(&file, dir, stack, err);

    if (status == OT_OK)
        status = ot_file_state_put(&nothing, file, err);
    free(file);
    return status;
}

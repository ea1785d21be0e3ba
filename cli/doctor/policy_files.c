#include "doctor/policy_files_internal.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "export/chromium.h"
#include "export/chromium_policy.h"

static int by_bytes_of_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int keep_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static struct cJSON *parse_policy_file(const char *path)
{
    FILE *in = fopen(path, "re");
    cJSON *policies = NULL;
    char *text = NULL;
    size_t room = 0;
    ssize_t len = in != NULL ? getdelim(&text, &room, '\0', in) : -1;

    if (len > 0 && ot_json_parse(&policies, text, (size_t)len, NULL) != OT_OK)
        policies = NULL;
    if (policies != NULL && !cJSON_IsObject(policies)) {
        cJSON_Delete(policies);
        policies = NULL;
    }
    free(text);
    if (in != NULL)
        fclose(in);
    return policies;
}

enum ot_status ot_policy_files_read(struct ot_policy_files *files, const char *dir,
                                    struct ot_error *err)
{
    struct dirent **entries;
    char path[PATH_MAX];
    enum ot_status status = OT_OK;
    int count = scandir(dir, &entries, keep_visible, by_bytes_of_name);

    *files = (struct ot_policy_files){.items = NULL};
    if (count < 0)
        return OT_OK;
    files->items = calloc((size_t)count + 1, sizeof(files->items[0]));
    for (int i = 0; i < count; i++) {
        if (files->items != NULL) {
            struct ot_policy_file *file = &files->items[files->count++];

            snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
            file->name = strdup(entries[i]->d_name);
            file->policies = parse_policy_file(path);
        }
        if (files->items == NULL || files->items[i].name == NULL)
            status = ot_error_nomem(err);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static bool is_ours(const struct ot_policy_file *file)
{
    return strcmp(file->name, OT_CHROMIUM_FILE) == 0;
}

/* The last that sets a policy; NULL: none does. */
static const struct ot_policy_file *last_with(const struct ot_policy_files *files,
                                              const char *policy)
{
    const struct ot_policy_file *last = NULL;

    for (size_t i = 0; i < files->count; i++)
        if (ot_json_has(files->items[i].policies, policy))
            last = &files->items[i];
    return last;
}

static bool merges_list(const struct ot_policy_file *file, const char *list)
{
    const cJSON *names =
        cJSON_GetObjectItemCaseSensitive(file->policies, OT_CHROMIUM_MERGE);
    const cJSON *name;

    cJSON_ArrayForEach(name, names)
    {
        if (cJSON_IsString(name) &&
            (strcmp(name->valuestring, list) == 0 || strcmp(name->valuestring, "*") == 0))
            return true;
    }
    return false;
}

bool ot_policy_files_hide(const struct ot_policy_files *files, const char *list,
                          struct ot_hidden_list *hidden)
{
    const struct ot_policy_file *last = last_with(files, list);
    const struct ot_policy_file *merging = last_with(files, OT_CHROMIUM_MERGE);
    bool has_it = false;

    for (size_t i = 0; i < files->count; i++)
        if (is_ours(&files->items[i]) && ot_json_has(files->items[i].policies, list))
            has_it = true;
    if (!has_it || is_ours(last) || (merging != NULL && merges_list(merging, list)))
        return false;
    *hidden = (struct ot_hidden_list){
        .list = list,
        .from = last->name,
        .by = merging != NULL ? merging->name : last->name,
    };
    return true;
}

bool ot_policy_files_are_without_nss(const struct ot_policy_file *file)
{
    return cJSON_IsFalse(
        cJSON_GetObjectItemCaseSensitive(file->policies, "CAPlatformIntegrationEnabled"));
}

void ot_policy_files_clear(struct ot_policy_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->items[i].name);
        cJSON_Delete(files->items[i].policies);
    }
    free(files->items);
    *files = (struct ot_policy_files){.items = NULL};
}

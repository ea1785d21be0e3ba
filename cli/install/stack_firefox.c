/* Firefox: for the machine a policy that loads the module, merged into the
 * administrator's policies; for a user the module lists of the profiles. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/json.h"
#include "install/nss_list.h"
#include "install/nss_module_internal.h"
#include "install/stack_internal.h"

#define MACHINE_FILE "/etc/firefox/policies/policies.json"
#define NAME "orgtrust"

/* Where distributions and Mozilla put the program. */
static const char *const programs[] = {"/usr/lib/firefox-esr", "/usr/lib/firefox",
                                       "/usr/lib64/firefox", "/opt/firefox"};
#define PROGRAM_COUNT (sizeof(programs) / sizeof(programs[0]))

/* The file that counts: Firefox reads the machine's, and only where that is not there the
 * one beside the program. A new machine's file would hide the latter. The caller frees
 * it.
 */
static enum ot_status find_file(char **path, bool *found, struct ot_error *err)
{
    *found = access(MACHINE_FILE, F_OK) == 0;
    *path = NULL;
    for (size_t i = 0; i < PROGRAM_COUNT; i++) {
        if (access(programs[i], F_OK) != 0)
            continue;
        *found = true;
        if (access(MACHINE_FILE, F_OK) == 0)
            break;
        free(*path);
        if (asprintf(path, "%s/distribution/policies.json", programs[i]) < 0) {
            *path = NULL;
            return ot_error_nomem(err);
        }
        if (access(*path, F_OK) == 0)
            return OT_OK;
    }
    free(*path);
    *path = strdup(MACHINE_FILE);
    return *path != NULL ? OT_OK : ot_error_nomem(err);
}

/* The object at key, made where it is missing. NULL: it is something else, or no memory.
 */
static cJSON *object_at(cJSON *parent, const char *key)
{
    cJSON *object = cJSON_GetObjectItemCaseSensitive(parent, key);

    if (object == NULL)
        object = cJSON_AddObjectToObject(parent, key);
    return cJSON_IsObject(object) ? object : NULL;
}

/* Where names of modules stand: "Add", or, as it was before Firefox 114,
 * "SecurityDevices" itself, whose entries Firefox would no longer see beside an "Add". */
static cJSON *devices_of(cJSON *root)
{
    cJSON *devices = object_at(object_at(root, "policies"), "SecurityDevices");
    const cJSON *device;

    if (devices == NULL || ot_json_has(devices, "Add") || ot_json_has(devices, "Delete"))
        return object_at(devices, "Add");
    cJSON_ArrayForEach(device, devices)
    {
        if (cJSON_IsString(device))
            return devices;
    }
    return object_at(devices, "Add");
}

static bool names_us(const cJSON *devices)
{
    const cJSON *device = cJSON_GetObjectItemCaseSensitive(devices, NAME);

    return cJSON_IsString(device) && strcmp(device->valuestring, OT_PKCS11_MODULE) == 0;
}

static enum ot_status parse_policies(cJSON **root, const struct ot_file_state *text,
                                     const char *path, struct ot_error *err)
{
    enum ot_status status = text->kind == OT_FILE_ABSENT
                                ? ot_json_parse(root, "{}", 2, err)
                                : ot_json_parse(root, text->data, text->len, err);

    if (status == OT_OK)
        return OT_OK;
    ot_error_prefix(err, "%s is not as Firefox could read it; mend it first", path);
    return OT_E_CONFIG;
}

/* With two spaces for each of cJSON's tabs, as such files are written; within strings it
 * writes a tab as \t. */
static enum ot_status print_policies(struct ot_file_state *to, const cJSON *root,
                                     struct ot_error *err)
{
    char *text = cJSON_Print(root), *content = NULL;
    size_t len = 0;
    FILE *out = text == NULL ? NULL : open_memstream(&content, &len);

    for (const char *at = text; out != NULL && *at != '\0'; at++) {
        if (*at == '\t')
            fputs(at > text && at[-1] == ':' ? " " : "  ", out);
        else
            fputc(*at, out);
    }
    cJSON_free(text);
    if (out == NULL || fputc('\n', out) == EOF || fclose(out) != 0) {
        free(content);
        return ot_error_nomem(err);
    }
    ot_file_state_set(to, content, len);
    return OT_OK;
}

static enum ot_status merge_policy(struct ot_stack_plan *plan, struct ot_edit *edit,
                                   struct ot_error *err)
{
    cJSON *root, *devices;
    enum ot_status status = parse_policies(&root, &edit->before, edit->path, err);

    if (status != OT_OK)
        return status;
    devices = devices_of(root);
    if (devices == NULL)
        status = ot_error_set(err, OT_E_CONFIG,
                              "%s: its policies.SecurityDevices is not an object of "
                              "names and paths",
                              edit->path);
    else if (names_us(devices))
        ot_stack_plan_drop(plan);
    else if (ot_json_has(devices, NAME))
        status = ot_error_set(err, OT_E_CONFIG,
                              "%s gives the name " NAME " to another module: remove that",
                              edit->path);
    else if (cJSON_AddStringToObject(devices, NAME, OT_PKCS11_MODULE) == NULL)
        status = ot_error_nomem(err);
    else
        status = print_policies(&edit->after, root, err);
    cJSON_Delete(root);
    return status;
}

static enum ot_status plan_policy(struct ot_stack_plan *plan, struct ot_error *err)
{
    struct ot_edit *edit;
    char *path;
    bool found;
    enum ot_status status = find_file(&path, &found, err);

    if (status == OT_OK && !found)
        status = ot_error_set(err, OT_E_NOT_FOUND, "Firefox is not on this machine");
    if (status == OT_OK)
        status = ot_stack_plan_edit(plan, path, &edit, err);
    if (status == OT_OK)
        status = merge_policy(plan, edit, err);
    free(path);
    return status;
}

/* The module is every profile's where the machine's policy says so. */
static bool machine_has_it(void)
{
    struct ot_file_state file = {.kind = OT_FILE_ABSENT};
    cJSON *root = NULL;
    char *path = NULL;
    bool found, has = false;

    if (find_file(&path, &found, NULL) == OT_OK &&
        ot_file_state_read(&file, path, OT_EDITED_BYTES_MAX, NULL) == OT_OK &&
        file.kind == OT_FILE_REGULAR && parse_policies(&root, &file, path, NULL) == OT_OK)
        has = names_us(devices_of(root));
    cJSON_Delete(root);
    ot_file_state_clear(&file);
    free(path);
    return has;
}

static enum ot_status plan_profiles_in(struct ot_stack_plan *plan, const char *above,
                                       const char *name, bool *found,
                                       struct ot_error *err)
{
    enum ot_status status = OT_OK;
    struct dirent **entries;
    char *root, *dir;
    int count;

    if (asprintf(&root, "%s/%s", above, name) < 0)
        return ot_error_nomem(err);
    count = scandir(root, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (status == OT_OK && entries[i]->d_name[0] != '.') {
            if (asprintf(&dir, "%s/%s", root, entries[i]->d_name) < 0) {
                status = ot_error_nomem(err);
            } else {
                status = ot_nss_plan(plan, dir, found, err);
                free(dir);
            }
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    free(root);
    return status;
}

/* A Firefox that finds no .mozilla makes its profiles where the XDG specification has
 * them, as ESR 153 does; one that does goes on there. */
static enum ot_status plan_profiles(struct ot_stack_plan *plan,
                                    const struct ot_install_env *env, bool *found,
                                    struct ot_error *err)
{
    enum ot_status status =
        plan_profiles_in(plan, env->home, ".mozilla/firefox", found, err);

    return status == OT_OK
               ? plan_profiles_in(plan, env->config_home, "mozilla/firefox", found, err)
               : status;
}

static enum ot_status plan_user(struct ot_stack_plan *plan,
                                const struct ot_install_env *env, struct ot_error *err)
{
    bool found = false;
    enum ot_status status = plan_profiles(plan, env, &found, err);

    /* A policy cannot give an order. In a profile that has the module already Firefox
     * leaves it as it is. */
    if (status == OT_OK && machine_has_it())
        ot_stack_plan_note(plan, "the machine's policy has the module for every user; a "
                                 "profile's own list says that the user's word and "
                                 "Mozilla's go before it");
    else if (status == OT_OK && !found)
        status = ot_error_set(err, OT_E_NOT_FOUND,
                              "this user has no profile of Firefox; it makes one when "
                              "it first runs");
    return status;
}

static enum ot_status plan_firefox(struct ot_stack_plan *plan,
                                   const struct ot_install_env *env, struct ot_error *err)
{
    enum ot_status status = ot_install_need(OT_PKCS11_MODULE, err);

    if (status == OT_OK)
        status = env->is_root ? plan_policy(plan, err) : plan_user(plan, env, err);
    if (status == OT_OK && env->is_root && plan->count > 0)
        ot_stack_plan_note(plan, OT_FIREFOX_POLICY_MEANS);
    if (status == OT_OK && plan->count > 0)
        ot_stack_plan_note(plan, "a Firefox that runs now sees it after its next start");
    return status;
}

/* Our name out of the policies. */
static enum ot_status strip_policy(struct ot_file_state *to, const char *path,
                                   const struct ot_file_state *now, bool *found,
                                   struct ot_error *err)
{
    cJSON *root, *devices;
    enum ot_status status = parse_policies(&root, now, path, err);

    if (status != OT_OK)
        return status;
    devices = devices_of(root);
    *found = names_us(devices);
    if (*found) {
        cJSON_DeleteItemFromObjectCaseSensitive(devices, NAME);
        status = print_policies(to, root, err);
    }
    cJSON_Delete(root);
    return status;
}

static enum ot_status strip_firefox(struct ot_file_state *to, const char *path,
                                    const struct ot_file_state *now, bool *found,
                                    struct ot_error *err)
{
    size_t len = strlen(path);

    if (len > 5 && strcmp(path + len - 5, ".json") == 0)
        return strip_policy(to, path, now, found, err);
    return ot_nss_strip(to, path, now, found, err);
}

const struct ot_stack ot_stack_firefox = {
    .name = "firefox",
    .summary = "Firefox: by a policy for all its users, or in this user's profiles",
    .plan = plan_firefox,
    .strip = strip_firefox,
};

/* Firefox's policy for the machine, merged into the administrator's policies. It is for
 * who names it: by a policy the module comes before what users distrust. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/json.h"
#include "install/firefox.h"
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

bool ot_firefox_is_here(void)
{
    char *path = NULL;
    bool found = false;

    if (find_file(&path, &found, NULL) != OT_OK)
        found = false;
    free(path);
    return found;
}

bool ot_firefox_policy_has_module(void)
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

static enum ot_status plan_policy(struct ot_stack_plan *plan,
                                  const struct ot_install_env *env, struct ot_error *err)
{
    struct ot_edit *edit;
    char *path = NULL;
    bool found = false;
    enum ot_status status = ot_install_need(OT_PKCS11_MODULE, err);

    if (status == OT_OK && !env->is_root)
        status = ot_error_set(err, OT_E_NOT_FOUND,
                              "Firefox's policies are the machine's: as root; for this "
                              "user alone: orgtrust install firefox");
    if (status == OT_OK)
        status = find_file(&path, &found, err);
    if (status == OT_OK && !found)
        status = ot_error_set(err, OT_E_NOT_FOUND, OT_FIREFOX_IS_ABSENT);
    if (status == OT_OK)
        status = ot_stack_plan_edit(plan, path, &edit, err);
    if (status == OT_OK)
        status = merge_policy(plan, edit, err);
    free(path);
    if (status == OT_OK && plan->count > 0)
        ot_stack_plan_note(plan, OT_FIREFOX_POLICY_MEANS);
    if (status == OT_OK && plan->count > 0)
        ot_stack_plan_note(plan, OT_FIREFOX_SEES_IT_LATER);
    return status;
}

/* Our name out of the policies. */
enum ot_status ot_firefox_policy_strip(struct ot_file_state *to, const char *path,
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

const struct ot_stack ot_stack_firefox_policy = {
    .name = "firefox-policy",
    .summary = "Firefox by a policy, which overrules what users distrust",
    .is_only_by_name = true,
    .plan = plan_policy,
    .strip = ot_firefox_policy_strip,
};

#include "api/project.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_call_internal.h"
#include "api/json.h"
#include "config/identifier.h"

#define PROJECTS "/organization/projects"
#define PAGE_LIMIT 100
#define PATH_CHARS_MAX 32 /* "data[4294967295]" */

void ot_api_projects_clear(struct ot_api_projects *projects)
{
    for (size_t i = 0; i < projects->count; i++)
        free(projects->items[i].name);
    free(projects->items);
    *projects = (struct ot_api_projects){0};
}

/* On failure the caller clears project. */
static enum ot_status parse_project(struct ot_api_project *project, const cJSON *item,
                                    const char *path, struct ot_error *err)
{
    const char *id = NULL, *name = NULL;
    enum ot_status status =
        ot_json_literal(item, "object", path, "organization.project", err);

    if (status == OT_OK)
        status = ot_json_string(item, "id", path, &id, err);
    if (status == OT_OK && !ot_is_cert_id(id, strlen(id)))
        status = ot_error_set(err, OT_E_PROTOCOL,
                              "the field \"%s.id\" is no id: \"%.80s\"", path, id);
    if (status == OT_OK && ot_json_has(item, "name"))
        status = ot_json_string_or_null(item, "name", path, &name, err);
    if (status != OT_OK)
        return status;
    memcpy(project->id, id, strlen(id) + 1);
    project->name = name != NULL ? strdup(name) : NULL;
    return name != NULL && project->name == NULL ? ot_error_nomem(err) : OT_OK;
}

static enum ot_status parse_project_items(struct ot_api_projects *out, const cJSON *data,
                                          struct ot_error *err)
{
    size_t count = (size_t)cJSON_GetArraySize(data);
    enum ot_status status = OT_OK;
    const cJSON *item;

    out->items = calloc(count + 1, sizeof(*out->items));
    if (out->items == NULL)
        return ot_error_nomem(err);
    cJSON_ArrayForEach(item, data)
    {
        char path[PATH_CHARS_MAX];

        snprintf(path, sizeof(path), "data[%zu]", out->count);
        status = parse_project(&out->items[out->count++], item, path, err);
        if (status != OT_OK)
            return status;
    }
    return OT_OK;
}

static enum ot_status parse_projects(const struct ot_api_call *call,
                                     const struct ot_http_answer *answer,
                                     struct ot_error *err)
{
    struct ot_api_projects *out = call->out;
    const cJSON *data = NULL;
    cJSON *root = NULL;
    enum ot_status status =
        ot_json_parse(&root, answer->body != NULL ? answer->body : "", answer->len, err);

    if (status == OT_OK)
        status = ot_json_literal(root, "object", "", "list", err);
    if (status == OT_OK)
        status = ot_json_array(root, "data", "", &data, err);
    if (status == OT_OK)
        status = ot_json_bool(root, "has_more", "", &out->has_more, err);
    if (status == OT_OK)
        status = parse_project_items(out, data, err);
    if (status == OT_OK && out->has_more && out->count == 0)
        status = ot_error_set(err, OT_E_PROTOCOL,
                              "an empty page of projects says that more follow");
    if (status != OT_OK)
        ot_api_projects_clear(out);
    cJSON_Delete(root);
    return status;
}

enum ot_status ot_api_list_projects(struct ot_api *api, const char *after,
                                    struct ot_api_projects *out, struct ot_error *err)
{
    const bool first = after == NULL || after[0] == '\0';
    char path[OT_API_LIST_PATH_MAX];
    struct ot_api_call call = {
        .api = api,
        .request = {OT_HTTP_GET, path, NULL, OT_PAGE_BYTES_MAX, true},
        .what = "list the projects",
        .parse = parse_projects,
        .out = out,
    };

    memset(out, 0, sizeof(*out));
    snprintf(path, sizeof(path), PROJECTS "?limit=%d%s%s", PAGE_LIMIT,
             first ? "" : "&after=", first ? "" : after);
    return ot_api_perform(&call, err);
}

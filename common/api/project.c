#include "api/project.h"

#include <stdlib.h>
#include <string.h>

#include "api/api_call_internal.h"
#include "api/api_parse_internal.h"
#include "api/json.h"

#define PROJECTS "/organization/projects"

void ot_api_projects_clear(struct ot_api_projects *projects)
{
    for (size_t i = 0; i < projects->count; i++)
        free(projects->items[i].name);
    free(projects->items);
    *projects = (struct ot_api_projects){0};
}

static enum ot_status parse_project(void *place, const cJSON *item, const char *path,
                                    const void *arg, struct ot_error *err)
{
    struct ot_api_project *project = place;
    const char *name = NULL;
    enum ot_status status =
        ot_json_literal(item, "object", path, "organization.project", err);

    (void)arg;
    if (status == OT_OK)
        status = ot_api_parse_id(project->id, item, path, err);
    if (status == OT_OK && ot_json_has(item, "name"))
        status = ot_json_string_or_null(item, "name", path, &name, err);
    if (status != OT_OK || name == NULL)
        return status;
    project->name = strdup(name);
    return project->name != NULL ? OT_OK : ot_error_nomem(err);
}

static enum ot_status parse_projects(const struct ot_api_call *call,
                                     const struct ot_http_answer *answer,
                                     struct ot_error *err)
{
    struct ot_api_projects *out = call->out;
    struct ot_api_array array = {NULL, 0};
    cJSON *root = NULL;
    enum ot_status status = ot_api_parse_list(&array, sizeof(*out->items), &out->has_more,
                                              &root, answer, parse_project, err);

    out->items = array.items;
    out->count = array.count;
    if (status != OT_OK)
        ot_api_projects_clear(out);
    cJSON_Delete(root);
    return status;
}

enum ot_status ot_api_list_projects(struct ot_api *api, const char *after,
                                    struct ot_api_projects *out, struct ot_error *err)
{
    struct ot_api_call call = {
        .api = api,
        .what = "list the projects",
        .parse = parse_projects,
        .out = out,
    };

    memset(out, 0, sizeof(*out));
    return ot_api_perform_list(&call, PROJECTS, "", after, err);
}

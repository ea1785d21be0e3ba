/* orgtrust projects: the organization's projects, and what is active in each. */
#include <stdio.h>

#include "api/api.h"
#include "api/api_cert.h"
#include "api/cursor.h"
#include "api/project.h"
#include "commands/admin_use_internal.h"
#include "commands/commands.h"
#include "config/config.h"
#include "config/source.h"
#include "http/http.h"
#include "sync/sync_list.h"
#include "sync/sync_options.h"
#include "view/json_build.h"
#include "view/table.h"

static const char *const titles[] = {"ID", "ACTIVE", "NAME"};
#define COLUMNS (sizeof(titles) / sizeof(titles[0]))

/* What the API is asked with, and where its answers go: one of table and array is NULL.
 */
struct projects {
    struct ot_cli *cli;
    const struct ot_source *source;
    const struct ot_key *key;
    struct ot_table *table;
    cJSON *array;
};

static enum ot_status open_scope_api(struct ot_api **out, const struct projects *projects,
                                     const char *project, struct ot_error *err)
{
    struct ot_source source = *projects->source; /* owns nothing */
    enum ot_status status;

    source.project = (char *)(uintptr_t)project;
    status = ot_api_new(out, &source, projects->key, NULL, err);
    if (status == OT_OK)
        ot_http_set_stop(ot_api_http(*out), projects->cli->stop);
    return status;
}

/* In a scope's own list; project NULL: the organization. */
static enum ot_status count_active(size_t *active, const struct projects *projects,
                                   const char *project, struct ot_error *err)
{
    const struct ot_sync_options options = {.stop = projects->cli->stop};
    struct ot_listing listing = {0};
    struct ot_api *api = NULL;
    enum ot_status status = open_scope_api(&api, projects, project, err);

    *active = 0;
    if (status == OT_OK)
        status = ot_listing_fetch(&listing, api, &options, err);
    for (size_t i = 0; i < listing.count; i++)
        *active += listing.certs[i].active;
    ot_listing_clear(&listing);
    ot_api_free(api);
    return status;
}

/* id and name NULL: the organization, in which what is active is so in every project. */
static enum ot_status show_scope(const struct projects *projects, const char *id,
                                 const char *name, struct ot_error *err)
{
    char number[24];
    size_t active;
    bool failed = false;
    enum ot_status status = count_active(&active, projects, id, err);

    if (status != OT_OK)
        return status;
    snprintf(number, sizeof(number), "%zu", active);
    if (projects->table != NULL)
        return ot_table_add(projects->table,
                            (const struct ot_span[]){
                                ot_span_str(id != NULL ? id : "-"), ot_span_str(number),
                                ot_span_str(id == NULL     ? "(the organization)"
                                            : name != NULL ? name
                                                           : "")},
                            err);
    cJSON *object = ot_json_append_object(projects->array, &failed);

    ot_json_put(object, "id", id != NULL ? cJSON_CreateString(id) : cJSON_CreateNull(),
                &failed);
    ot_json_put(object, "name",
                name != NULL ? cJSON_CreateString(name) : cJSON_CreateNull(), &failed);
    ot_json_put_int(object, "active", (int64_t)active, &failed);
    return failed ? ot_error_nomem(err) : OT_OK;
}

static enum ot_status show_projects(const struct projects *projects, struct ot_error *err)
{
    struct ot_api_cursor cursor = {.pages = 0};
    struct ot_api *api = NULL;
    enum ot_status status = show_scope(projects, NULL, NULL, err);
    bool more = true;

    if (status == OT_OK)
        status = open_scope_api(&api, projects, NULL, err);
    while (status == OT_OK && more) {
        struct ot_api_projects page;

        status = ot_api_list_projects(api, cursor.after, &page, err);
        for (size_t i = 0; status == OT_OK && i < page.count; i++)
            status = show_scope(projects, page.items[i].id, page.items[i].name, err);
        more = page.has_more;
        if (status == OT_OK && more)
            status = ot_api_cursor_move(&cursor, page.items[page.count - 1].id, err);
        ot_api_projects_clear(&page);
    }
    ot_api_free(api);
    return status;
}

static enum ot_status print_projects(struct projects *projects, struct ot_error *err)
{
    enum ot_status status =
        ot_table_new(&projects->table, titles, COLUMNS, COLUMNS - 1, err);

    if (status == OT_OK)
        status = show_projects(projects, err);
    if (status == OT_OK)
        ot_table_print(projects->table, &projects->cli->out);
    ot_table_free(projects->table);
    return status;
}

static enum ot_status print_projects_json(struct projects *projects, struct ot_error *err)
{
    bool failed = false;
    cJSON *root = cJSON_CreateObject();
    enum ot_status status;

    ot_json_put_string(root, "source", projects->source->name, &failed);
    projects->array = ot_json_put_array(root, "projects", &failed);
    status = failed ? ot_error_nomem(err) : show_projects(projects, err);
    if (status == OT_OK)
        status = ot_output_json(&projects->cli->out, root, false, err);
    cJSON_Delete(root);
    return status;
}

enum ot_status ot_cmd_projects(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_admin_use use;
    enum ot_status status = ot_admin_use_source(&use, cli, err);
    struct projects projects = {.cli = cli, .source = use.source, .key = &use.key};

    if (status == OT_OK)
        status = cli->options.json ? print_projects_json(&projects, err)
                                   : print_projects(&projects, err);
    ot_admin_use_end(&use);
    return status;
}

/* The organization's projects as the API lists them. */
#ifndef OT_API_PROJECT_H
#define OT_API_PROJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/limits.h"

struct ot_api;

struct ot_api_project {
    char id[OT_ID_MAX + 1];
    char *name; /* NULL: none */
};

struct ot_api_projects {
    struct ot_api_project *items;
    size_t count;
    bool has_more; /* there are others behind the last one's id */
};

/* One page, in the API's order, without what is archived; after "" or NULL: the first. */
enum ot_status ot_api_list_projects(struct ot_api *api, const char *after,
                                    struct ot_api_projects *out, struct ot_error *err);
void ot_api_projects_clear(struct ot_api_projects *projects);

#endif

#include "command/project_command.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "audit/audit.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/option.h"
#include "base/text.h"
#include "command/action_internal.h"
#include "config/identifier.h"
#include "message/body.h"
#include "shared/limits.h"
#include "store/project.h"

static enum ot_status check_project(const struct ot_arguments *arguments,
                                    struct ot_error *err)
{
    const char *reason = "is empty";

    if (arguments->name == NULL)
        return ot_error_set(err, OT_E_USAGE,
                            "`project create` needs --name NAME; see --help");
    if (*arguments->name == '\0' || !ot_name_is_valid(arguments->name, &reason))
        return ot_error_set(err, OT_E_USAGE, "the project's name '%s' %s: choose another",
                            arguments->name, reason);
    if (arguments->id != NULL && !ot_is_cert_id(arguments->id, strlen(arguments->id)))
        return ot_error_set(err, OT_E_USAGE,
                            "--id '%s' is not 1 to %d letters, digits, '-' or '_'",
                            arguments->id, OT_ID_MAX);
    return OT_OK;
}

static enum ot_status create_project(struct ot_db *db,
                                     const struct ot_arguments *arguments,
                                     const struct ot_actor *actor, struct ot_error *err)
{
    const struct ot_project_row row = {
        .id = arguments->id,
        .name = arguments->name,
        .created_at = time(NULL),
    };
    char id[OT_ID_MAX + 1];
    enum ot_status status = ot_db_project_insert(db, &row, id, err);

    if (status == OT_OK)
        status = ot_audit_project_created(db, actor, id, row.name, err);
    if (status != OT_OK)
        return status;
    printf("%s\n", id);
    return ot_action_flush(err);
}

#define PROJECT_LINE "%-37s  %-20s  %s\n"

/* With the first row, or after none: not above a failure. */
static void print_project_titles(bool *is_begun)
{
    if (!*is_begun)
        printf(PROJECT_LINE, "ID", "CREATED", "NAME");
    *is_begun = true;
}

static void print_project(void *arg, const struct ot_project_row *row)
{
    char created[OT_ACTION_TIME_MAX], name[4 * 4 * OT_NAME_CHARS_MAX + 1];

    print_project_titles(arg);
    ot_text_escape(name, sizeof(name), row->name, strlen(row->name));
    printf(PROJECT_LINE, row->id, ot_action_time(created, row->created_at), name);
}

static enum ot_status list_projects(struct ot_db *db,
                                    const struct ot_arguments *arguments,
                                    const struct ot_actor *actor, struct ot_error *err)
{
    bool is_begun = false;
    enum ot_status status =
        ot_db_project_list(db, 0, INT64_MAX, print_project, &is_begun, err);

    (void)arguments;
    (void)actor;
    if (status != OT_OK)
        return status;
    print_project_titles(&is_begun);
    return ot_action_flush(err);
}

static const struct ot_option_info create_options[] = {
    {OT_OPTION_DB},
    {"name", "NAME", "what to call the project"},
    {"id", "ID", "the id that it gets; chosen by the server unless given"},
    {NULL, NULL, NULL},
};

static const struct ot_option_info list_options[] = {{OT_OPTION_DB}, {NULL, NULL, NULL}};

static const struct ot_action project_actions[] = {
    {"create", create_options, create_project, check_project, .creates = true},
    {"list", list_options, list_projects, .is_reading = true},
    {.name = NULL},
};

enum ot_status ot_project_command(int argc, char **argv, struct ot_error *err)
{
    return ot_action_command(project_actions, "create or list", argc, argv, err);
}

/* orgtrust list --project: what is active in a project, as the API has it now. */
#ifndef OT_CLI_COMMANDS_LIST_SCOPE_INTERNAL_H
#define OT_CLI_COMMANDS_LIST_SCOPE_INTERNAL_H

#include "view/cli.h"

/* The project that --project names, "" for the organization, with the key of the source
 * or of --key-fd. What has no name there has the label of the source's snapshot, or its
 * id where it is not in that. */
enum ot_status ot_list_scope(struct ot_cli *cli, struct ot_error *err);

#endif

/* What a command is told of an impact: which servers to try, and what it looks at before
 * it removes. */
#ifndef OT_CLI_COMMANDS_IMPACT_LOOK_INTERNAL_H
#define OT_CLI_COMMANDS_IMPACT_LOOK_INTERNAL_H

#include "impact/impact.h"
#include "view/json_build.h"

struct ot_admin_use;
struct ot_changes;
struct ot_cli;

/* Of changes to certificates of source, with the servers of --probe. only_losses as in
 * struct ot_impact_options. ot_impact_clear after success and failure. */
enum ot_status ot_impact_look(struct ot_impact *impact, const struct ot_cli *cli,
                              const struct ot_config *config,
                              const struct ot_source *source,
                              const struct ot_impact_changes *changes, bool only_losses,
                              struct ot_error *err);

/* What is planned, if it takes trust away here, by its end or by a no: since when that is
 * trusted, and what would be refused, to standard error, or into root (NULL: without
 * --json) as "impact"; to both where the command asks afterwards. What cannot be found
 * out is said, and is no failure: only OT_E_INTERRUPTED, a --probe that is no server, and
 * want of memory are. Nothing is looked at with --no-impact, nor for a program that has
 * asked for a report.
 */
enum ot_status ot_impact_look_ahead(const struct ot_cli *cli,
                                    const struct ot_admin_use *use,
                                    const struct ot_changes *changes, bool asks,
                                    cJSON *root, struct ot_error *err);

#endif

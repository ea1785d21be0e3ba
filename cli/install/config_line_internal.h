/* A line at the head of the machine's configuration, between markers: how a stack has
 * each sync do something from now on. Stacks share the file, so that a line is known by
 * its key.
 */
#ifndef OT_CLI_INSTALL_CONFIG_LINE_INTERNAL_H
#define OT_CLI_INSTALL_CONFIG_LINE_INTERNAL_H

#include "export/export.h"
#include "install/plan_internal.h"

#define OT_MACHINE_CONFIG ORGTRUST_SYSCONFDIR "/orgtrust/orgtrust.conf"

/* Adds the edit, or a note where the file says so by itself. OT_E_NOT_FOUND: there is no
 * such file yet; OT_E_CONFIG: it says something else. */
enum ot_status ot_config_line_plan(struct ot_stack_plan *plan, const char *key,
                                   const char *value, struct ot_error *err);

/* As a stack's strip, of the line with this key. */
enum ot_status ot_config_line_strip(struct ot_file_state *to, const char *key,
                                    const struct ot_file_state *now, bool *found,
                                    struct ot_error *err);

/* As a stack's finish: brings the exports to what the configuration now says, from the
 * snapshots as they are, and notes what became of those of a kind; place: where their
 * anchors are then. */
enum ot_status ot_config_line_finish(struct ot_stack_plan *plan, enum ot_export_kind kind,
                                     const char *place, struct ot_error *err);

#endif

/* What follows a sync: exports are brought up to date, and that is reported. Shared by
 * every command that syncs. */
#ifndef OT_CLI_COMMANDS_FOLLOW_INTERNAL_H
#define OT_CLI_COMMANDS_FOLLOW_INTERNAL_H

#include "export/export.h"
#include "sync/sync.h"
#include "view/cli.h"

struct ot_follow {
    struct ot_cli *cli;
    const struct ot_config *config;
    bool is_quiet; /* only failures are printed */
    bool is_log;   /* remarks instead of results: standard error */
    cJSON
        *json; /* gets the member "exports" where there are any; NULL: printed as text */
    uint64_t believe_empty; /* see ot_exports_options; ot_follow_saw fills it */
    bool any_failed;        /* a sync, which was told; ot_follow_saw fills it */
};

/* Takes note of how the sync of a source went. */
void ot_follow_saw(struct ot_follow *follow, const struct ot_source *source,
                   enum ot_status status, const struct ot_sync_result *result);

/* After all syncs, whatever came of them: an anchor may have expired meanwhile. Goes by
 * what the configuration says now, which may no longer be what was synced by. Tells
 * every failure; returns the status of the first, which says that the exports, not the
 * snapshots, are not in place. That of a command that on_change names is not among them.
 */
enum ot_status ot_follow(const struct ot_follow *follow);

#endif

/* A sync in a process of its own, for one that stays: what the sync had in its memory,
 * the key above all, and copies of it in buffers of libraries that nobody can wipe, ends
 * with it. */
#ifndef OT_CLI_COMMANDS_SYNC_APART_INTERNAL_H
#define OT_CLI_COMMANDS_SYNC_APART_INTERNAL_H

#include "sync/sync.h"

/* As ot_sync, progress coming about once a second and without its numbers. Where no
 * process can be made, ot_sync itself. The program must have one thread. */
enum ot_status ot_sync_apart(const struct ot_source *source,
                             const struct ot_sync_options *options,
                             struct ot_sync_result *result, struct ot_error *err);

#endif

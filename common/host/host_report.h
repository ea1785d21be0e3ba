/* What this host tells an API of itself: its name, the version of orgtrust, what is
 * active in each scope as the newest snapshots have it, and how its stacks stand. Sources
 * of one API (base_url) report together, by the first of them.
 *
 * NAME.reported of that source is how the last attempts went (cache/state.h). */
#ifndef OT_HOST_HOST_REPORT_H
#define OT_HOST_HOST_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ot_config;
struct ot_source;

/* A stack that is on this machine: short words of letters, digits, '_' and '-'. */
struct ot_host_stack {
    const char *name, *state;
};
#define OT_HOST_STACKS_MAX 24

/* Whether a report by this source is to be sent now: it is the first of its API that
 * says report = yes and whose cache is not a user's own, the API takes reports, and
 * a snapshot was written since the last one, whether that went well or not, a day is
 * over, or a failure is to be repeated. Reads small files. */
bool ot_host_report_is_due(const struct ot_config *config,
                           const struct ot_source *source);

/* Sends it, in OT_HOST_REPORT_MS at most, and notes how that went, so that it is not due
 * again before its time. OT_OK also where there is nothing to be said, as this machine
 * has no name. */
struct ot_host_facts {
    const char *version;
    const struct ot_host_stack *stacks;
    size_t stack_count;
    const volatile int *stop;
};
enum ot_status ot_host_report_send(const struct ot_config *config,
                                   const struct ot_source *source,
                                   const struct ot_host_facts *facts,
                                   struct ot_error *err);

#endif

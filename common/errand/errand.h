/* An orgtrust command that a plugin has carried out for somebody who gave it a key: the
 * plugin itself holds no network. The command is a process that the host does not see,
 * started as child.h says, but waited for. The key travels through a pipe, never in an
 * argument or the environment. */
#ifndef OT_ERRAND_ERRAND_H
#define OT_ERRAND_ERRAND_H

#include "base/error.h"
#include "base/limits.h"
#include "base/span.h"

struct ot_source;

#define OT_ERRAND_ARGUMENTS_MAX 12u

struct ot_errand {
    const struct ot_source *source;
    /* "delete", "--yes", "cert_abc": what follows the program's name, NULL at the end.
     * --source and the descriptors are put behind the first, the command. What comes from
     * a user stands behind a "--", or it might be taken for an option. */
    const char *arguments[OT_ERRAND_ARGUMENTS_MAX + 1];
    struct ot_span input; /* what the command reads on standard input; may be absent */
    struct ot_span key;   /* absent: the one that the configuration names */
    int timeout_ms;       /* by the monotonic clock; then OT_E_BUSY, and it runs on */
};

/* What came of it, as the command reports with --report-fd. */
struct ot_errand_result {
    /* All that was asked for is done: always so after OT_OK, and after a failure where
     * the sync that followed the change was what failed. */
    bool done;
    char
        id[OT_ID_MAX + 1]; /* of the one certificate it was about; "": none, or several */
};

/* Whether this process may send one: not in secure mode, nor where a filter of system
 * calls could kill it (confinement.h). */
bool ot_errand_is_allowed(void);

/* The key of an errand from what somebody typed as one: the word `config` stands for the
 * key that the configuration names. */
struct ot_span ot_errand_key(struct ot_span typed);

/* OT_OK only when the command has ended with success; else its status and its sentence,
 * which has the API's own words; OT_E_INTERNAL when it has ended without a report.
 * result is always set. Blocks, interrupts nothing, handles no signal, is no point of
 * cancellation; the key's and the input's bytes are in the kernel alone when this has
 * returned. In process 1 and in subreapers the child is reaped by its pid, unless it
 * outlives the time. Thread-safe. */
enum ot_status ot_errand_run(const struct ot_errand *errand,
                             struct ot_errand_result *result, struct ot_error *err);

#endif

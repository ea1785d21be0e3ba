/* An orgtrust command that a plugin has carried out for somebody who gave it a key: the
 * plugin itself holds no network. The command is a process that the host does not see,
 * started as spawn.h says, but waited for. The key travels through a pipe, never in an
 * argument or the environment. */
#ifndef OT_CACHE_ERRAND_H
#define OT_CACHE_ERRAND_H

#include "cache/bytes.h"
#include "cache/config.h"

#define OT_ERRAND_ARGUMENTS_MAX 12u

struct ot_errand {
    const struct ot_source *source;
    /* "delete", "--yes", "cert_abc": what follows the program's name, NULL at the end.
     * --source and the descriptors are added in front of what is given after "--". */
    const char *arguments[OT_ERRAND_ARGUMENTS_MAX + 1];
    struct ot_span input; /* what the command reads on standard input; may be absent */
    struct ot_span key;   /* absent: the one that the configuration names */
    int timeout_ms;       /* by the monotonic clock; then OT_E_BUSY, and it runs on */
};

/* What came of it, as the command reports with --report-fd. */
struct ot_errand_result {
    char id[OT_ID_MAX + 1]; /* of the one certificate it was about; "": none */
};

/* Whether this process may send one: not in secure mode. */
bool ot_errand_is_allowed(void);

/* OT_OK only when the command has ended with success; else its status and its sentence,
 * which has the API's own words. Blocks, interrupts nothing, handles no signal; the key's
 * and the input's bytes are in the kernel alone when this has returned. */
enum ot_status ot_errand_run(const struct ot_errand *errand,
                             struct ot_errand_result *result, struct ot_error *err);

#endif

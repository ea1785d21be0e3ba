/* The command line of one command: which options it takes, what they were given. */
#ifndef OT_CLI_VIEW_OPTIONS_H
#define OT_CLI_VIEW_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/option.h"

enum ot_option {
    OT_OPTION_SOURCE,
    OT_OPTION_JSON,
    OT_OPTION_HELP,
    OT_OPTION_ACCEPT_EMPTY,
    OT_OPTION_IF_STALE,
    OT_OPTION_QUIET,
    OT_OPTION_STATE,
    OT_OPTION_NAME,
    OT_OPTION_PEM,
    OT_OPTION_PROJECT,
    OT_OPTION_ACTIVATE,
    OT_OPTION_DEACTIVATE,
    OT_OPTION_ALL,
    OT_OPTION_PRUNE,
    OT_OPTION_DRY_RUN,
    OT_OPTION_YES,
    OT_OPTION_FORMAT,
    OT_OPTION_OUTPUT,
    OT_OPTION_ID,
    OT_OPTION_KEY_FD,
    OT_OPTION_REPORT_FD,
    OT_OPTION_BY_ID,
    OT_OPTION_AS_IS,
    OT_OPTION_LOCK_OUT,
    OT_OPTION_SINCE,
    OT_OPTION_CERT,
    OT_OPTION_PROBE,
    OT_OPTION_NO_IMPACT,
    OT_OPTION_LOCAL,
    OT_OPTION_RETRY,
    OT_OPTION_UNTIL,
    OT_OPTION_PRINT,
    OT_OPTION_EXTRACT,
    OT_OPTION_CHECK,
    OT_OPTION_EXPIRING,
    OT_OPTION_KEY_FILE,
    OT_OPTION_CA_FILE,
    OT_OPTION_CA_FINGERPRINT,
    OT_OPTION_UNDO,
    OT_OPTION_PROMETHEUS,
    OT_OPTION_PER_CERTIFICATE,
    OT_OPTION_BEHIND,
    OT_OPTION_COUNT
};

#define OT_OPTION_BIT(option) (UINT64_C(1) << (option))
/* For a program that runs the command, and has a key of its own. */
#define OT_OPTIONS_PROGRAM                                                               \
    (OT_OPTION_BIT(OT_OPTION_KEY_FD) | OT_OPTION_BIT(OT_OPTION_REPORT_FD))
/* What every command takes. */
#define OT_OPTIONS_COMMON                                                                \
    (OT_OPTION_BIT(OT_OPTION_SOURCE) | OT_OPTION_BIT(OT_OPTION_JSON) |                   \
     OT_OPTION_BIT(OT_OPTION_HELP))
/* What every command takes that changes the organization. */
#define OT_OPTIONS_ADMIN                                                                 \
    (OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_PROJECT) |                              \
     OT_OPTION_BIT(OT_OPTION_DRY_RUN) | OT_OPTION_BIT(OT_OPTION_LOCK_OUT) |              \
     OT_OPTIONS_PROGRAM)
/* What those take that show beforehand which servers would be refused. */
#define OT_OPTIONS_IMPACT                                                                \
    (OT_OPTION_BIT(OT_OPTION_PROBE) | OT_OPTION_BIT(OT_OPTION_NO_IMPACT))
/* What those take besides that may end trust. */
#define OT_OPTIONS_REMOVAL (OT_OPTIONS_IMPACT | OT_OPTION_BIT(OT_OPTION_YES))
/* What install and uninstall take: they are about no source. */
#define OT_OPTIONS_INSTALL                                                               \
    (OT_OPTION_BIT(OT_OPTION_JSON) | OT_OPTION_BIT(OT_OPTION_HELP) |                     \
     OT_OPTION_BIT(OT_OPTION_DRY_RUN) | OT_OPTION_BIT(OT_OPTION_YES) |                   \
     OT_OPTION_BIT(OT_OPTION_QUIET))

/* What setup takes: it makes the source. */
#define OT_OPTIONS_SETUP                                                                 \
    (OT_OPTION_BIT(OT_OPTION_JSON) | OT_OPTION_BIT(OT_OPTION_HELP) |                     \
     OT_OPTION_BIT(OT_OPTION_KEY_FD) | OT_OPTION_BIT(OT_OPTION_KEY_FILE) |               \
     OT_OPTION_BIT(OT_OPTION_CA_FILE) | OT_OPTION_BIT(OT_OPTION_CA_FINGERPRINT) |        \
     OT_OPTION_BIT(OT_OPTION_PROJECT) | OT_OPTION_BIT(OT_OPTION_YES) |                   \
     OT_OPTION_BIT(OT_OPTION_UNDO))

enum ot_list_state {
    OT_LIST_ALL,
    OT_LIST_ACTIVE,
    OT_LIST_INACTIVE,
    OT_LIST_QUARANTINED,
    OT_LIST_WITHHELD,
    OT_LIST_LIMITED
};

struct ot_options {
    const char *source;                        /* NULL: not given */
    const char *name;                          /* NULL: not given */
    const char *project;                       /* NULL: not given */
    const char *format;                        /* NULL: not given */
    const char *output;                        /* NULL: not given */
    const char *id;                            /* NULL: not given */
    const char *since;                         /* NULL: not given */
    const char *until;                         /* NULL: not given */
    const char *cert;                          /* NULL: not given */
    const char *expiring;                      /* NULL: not given */
    const char *key_file;                      /* NULL: not given */
    const char *ca_file, *ca_fingerprint;      /* NULL: not given */
    const char *prometheus;                    /* NULL: not given */
    int key_fd, report_fd;                     /* -1: not given */
    const char *probes[OT_IMPACT_SERVERS_MAX]; /* HOST:PORT, as they were given */
    size_t probe_count;
    enum ot_list_state state;
    bool json, help, accept_empty, if_stale, quiet, pem;
    bool activate, deactivate, all, prune, dry_run, yes, by_id, as_is;
    bool per_certificate; /* figures of each one, too */
    bool check;           /* one line, and the exit status of a monitoring check */
    bool extract;         /* certificates out of what holds more */
    bool behind;          /* of hosts those alone that are */
    bool undo;            /* take back what was set up */
    bool retry;           /* go on until it succeeds */
    bool print;           /* instead of doing it */
    bool local;           /* this machine's own memory */
    bool no_impact;       /* nobody wants to know what would be refused */
    bool locks_out;       /* changes may lock this client out */
    char **arguments;     /* what is left, in argv */
    int argument_count;
};

const struct ot_option_info *ot_option_info(enum ot_option option);

/* The words that --state takes; NULL: there are no more. */
const char *ot_list_state_word(size_t i);

/* Parses argv[1..argc) of the command named argv[0]; allowed is a set of OT_OPTION_BIT.
 * Options and arguments may be mixed, `--` ends the options, a value given twice or an
 * option that the command lacks is OT_E_USAGE. Permutes argv; points into it. Of a
 * command that takes --print the first argument ends the options: it is a program, and
 * the rest is that one's. */
enum ot_status ot_options_parse(struct ot_options *options, uint64_t allowed, int argc,
                                char **argv, struct ot_error *err);

#endif

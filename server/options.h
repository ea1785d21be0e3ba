/* The command line of `orgtrust-server --db … --listen …`. */
#ifndef OT_SERVER_OPTIONS_H
#define OT_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cache/error.h"

struct ot_options {
    const char *db, *listen;
    const char *tls_cert, *tls_key; /* both or none */
    int64_t max_certificates;
    unsigned rate_limit; /* requests a second for each key; 0: no limit */
    bool log, help, version;
};

/* The strings are those of argv. OT_E_USAGE says what is wrong. */
enum ot_status ot_options_parse(struct ot_options *options, int argc, char **argv,
                                struct ot_error *err);

/* What getopt_long returned '?' or ':' for, as an OT_E_USAGE. */
enum ot_status ot_options_unknown(int code, char **argv, struct ot_error *err);

#endif

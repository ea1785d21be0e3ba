/* The command line of `orgtrust-server --db … --listen …`. */
#ifndef OT_SERVER_COMMAND_OPTIONS_H
#define OT_SERVER_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/option.h"
#include "shared/settings.h"

struct ot_options {
    const char *db, *listen;
    const char *metrics;            /* HOST:PORT; NULL: none */
    const char *tls_cert, *tls_key; /* both or none */
    struct ot_settings settings;
    unsigned rate_limit;              /* requests a second for each key; 0: no limit */
    unsigned connections_per_address; /* 0: an eighth of all */
    bool log, help, version;
};

/* The strings are those of argv. OT_E_USAGE says what is wrong. */
enum ot_status ot_options_parse(struct ot_options *options, int argc, char **argv,
                                struct ot_error *err);

/* The options without a command; up to one without a name, as all such lists. */
extern const struct ot_option_info ot_options_of_server[];

/* getopt_long, by such a list: the number in it of the next option on the line. mode is
 * what getopt_long takes as short options. */
int ot_options_next(int argc, char **argv, const char *mode,
                    const struct ot_option_info *infos);

/* What ot_options_next returned '?' or ':' for, as an OT_E_USAGE. */
enum ot_status ot_options_unknown(int code, char **argv, struct ot_error *err);

#endif

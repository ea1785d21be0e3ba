/* What orgtrust setup writes: the configuration of the source `default`, its key, and the
 * authority that vouches for its API. It is changed and taken back as a stack is, so that
 * nothing is half-written, whenever it ends, and all of it can be as before. */
#ifndef OT_CLI_INSTALL_SETTINGS_H
#define OT_CLI_INSTALL_SETTINGS_H

#include "base/error.h"
#include "base/span.h"

/* What is NULL or absent stays as it is. */
struct ot_cli;
struct ot_config;
struct ot_source;

struct ot_settings {
    const char *base_url, *project;
    struct ot_span key; /* one line, without its end */
    struct ot_span ca;  /* PEM */
};

/* The configuration as it is, which may not be there yet, and its source `default` (NULL:
 * there is none). The caller frees it. */
enum ot_status ot_settings_now(struct ot_config **config, const struct ot_source **source,
                               struct ot_error *err);

/* The configuration as it would be, with nothing changed; or what is in the way. The
 * caller frees it. Its key and ca_file may be of files that are not there yet. */
enum ot_status ot_settings_foresee(struct ot_config **config,
                                   const struct ot_settings *settings,
                                   struct ot_error *err);

/* Show, ask, carry out, report, as orgtrust install and uninstall do. Taken back is also
 * what syncs have put into a cache that was not there before. */
enum ot_status ot_settings_install(struct ot_cli *cli, const struct ot_settings *settings,
                                   struct ot_error *err);
enum ot_status ot_settings_uninstall(struct ot_cli *cli, struct ot_error *err);

#endif

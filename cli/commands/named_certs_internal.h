/* The certificates that the arguments of a command name. */
#ifndef OT_CLI_COMMANDS_NAMED_CERTS_INTERNAL_H
#define OT_CLI_COMMANDS_NAMED_CERTS_INTERNAL_H

#include <stdlib.h>

#include "change/admin.h"
#include "view/options.h"

/* By id or name; with --by-id by its id alone, so that a program that knows one never
 * hits another certificate that somebody has named so. */
enum ot_status ot_named_cert(const struct ot_admin_cert **cert,
                             const struct ot_admin *admin,
                             const struct ot_options *options, const char *argument,
                             struct ot_error *err);

/* Each once, in the order of the arguments; all are found or none. They live until the
 * next listing. The caller frees *certs, also after a failure. */
enum ot_status ot_named_certs(const struct ot_admin_cert ***certs, size_t *count,
                              const struct ot_admin *admin,
                              const struct ot_options *options, struct ot_error *err);

#endif

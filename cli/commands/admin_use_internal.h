/* What a command that changes the organization works with: the source, the key, the scope
 * and what is there now. */
#ifndef OT_CLI_COMMANDS_ADMIN_USE_INTERNAL_H
#define OT_CLI_COMMANDS_ADMIN_USE_INTERNAL_H

#include "change/admin.h"
#include "http/key.h"
#include "view/cli.h"

struct ot_admin_use {
    struct ot_config *config;
    const struct ot_source *source;
    struct ot_key key;
    struct ot_admin_options options;
    struct ot_admin *admin; /* listed; NULL: not opened */
};

/* From the descriptor that a parent has left open for us (and that nobody needs after
 * us), else, where fd is -1, as every sync does. ot_key_clear after success. */
enum ot_status ot_admin_use_key(struct ot_key *key, const struct ot_source *source,
                                int fd, struct ot_error *err);

/* The source and its key, as the options --source and --key-fd say: no request is made.
 * ot_admin_use_end after success and failure. */
enum ot_status ot_admin_use_source(struct ot_admin_use *use, const struct ot_cli *cli,
                                   struct ot_error *err);

/* Of such a one the scope, as --project says, listed. */
enum ot_status ot_admin_use_list(struct ot_admin_use *use, const struct ot_cli *cli,
                                 struct ot_error *err);

/* Both, one after the other. ot_admin_use_end after success and
 * failure. */
enum ot_status ot_admin_use_begin(struct ot_admin_use *use, const struct ot_cli *cli,
                                  struct ot_error *err);
void ot_admin_use_end(struct ot_admin_use *use);

#endif

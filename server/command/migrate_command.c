#include "command/migrate_command.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/option.h"
#include "command/action_internal.h"
#include "command/options.h"
#include "shared/private_file.h"
#include "store/move.h"
#include "store/store.h"

struct move_ends {
    const char *from, *to; /* "": not given */
};

static const struct ot_option_info migrate_options[] = {
    {"from", "FILE", "the organization's database, a file"},
    {"to", "DATABASE", "where to: postgresql://USER@HOST/NAME"},
    {NULL, NULL, NULL},
};

static enum ot_status parse_ends(struct move_ends *ends, int argc, char **argv,
                                 struct ot_error *err)
{
    int code;

    while ((code = ot_options_next(argc, argv, ":", migrate_options)) != -1) {
        if (code == '?' || code == ':')
            return ot_options_unknown(code, argv, err);
        if (strcmp(migrate_options[code].name, "from") == 0)
            ends->from = optarg;
        else
            ends->to = optarg;
    }
    if (optind < argc || *ends->from == '\0' || ot_store_is_url(ends->from) ||
        !ot_store_is_url(ends->to))
        return ot_error_set(err, OT_E_USAGE,
                            "`migrate` takes --from FILE and --to "
                            "postgresql://USER@HOST/NAME; see --help");
    return OT_OK;
}

static enum ot_status print_moved(const struct ot_moved *moved, struct ot_error *err)
{
    printf("%" PRId64 " certificates, %" PRId64 " activations, %" PRId64
           " projects, %" PRId64 " keys and %" PRId64 " events of the audit log\n",
           moved->certificates, moved->activations, moved->projects, moved->keys,
           moved->events);
    return ot_action_flush(err);
}

static enum ot_status move_stores(struct ot_store *from, struct ot_store *to,
                                  struct ot_error *err)
{
    struct ot_db *source = ot_store_lend(from), *target = ot_store_lend(to);
    struct ot_moved moved;
    enum ot_status status = ot_db_move(source, target, &moved, err);

    ot_store_return(from, source);
    ot_store_return(to, target);
    return status == OT_OK ? print_moved(&moved, err) : status;
}

enum ot_status ot_migrate_command(int argc, char **argv, struct ot_error *err)
{
    struct move_ends ends = {"", ""};
    struct ot_store *from = NULL, *to = NULL;
    enum ot_status status = parse_ends(&ends, argc, argv, err);

    if (status == OT_OK)
        status = ot_private_become_owner(ends.from, err);
    if (status == OT_OK && access(ends.from, F_OK) != 0)
        status =
            ot_error_errno(err, OT_E_IO, errno, "cannot open database %s", ends.from);
    if (status == OT_OK)
        status = ot_store_open(&from, ends.from, 1, err);
    if (status == OT_OK)
        status = ot_store_open(&to, ends.to, 1, err);
    if (status == OT_OK)
        status = move_stores(from, to, err);
    ot_store_close(to);
    ot_store_close(from);
    return status;
}

/* orgtrust-server: an organization's certificates behind the certificates API.
 *
 * Where to start reading: http/router.c has the table of routes. A request comes in
 * through http/connection.c, is checked by auth/auth.c and carried out by a file of
 * handle/ on what store/ declares. serve.c puts these together. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/exit_status.h"
#include "command/key_command.h"
#include "command/migrate_command.h"
#include "command/options.h"
#include "command/project_command.h"
#include "serve_internal.h"
#include "shared/log.h"

static const char help_begin[] =
    "Usage: orgtrust-server --db DATABASE --listen HOST:PORT [OPTION...]\n"
    "       orgtrust-server key create [--db DATABASE] [--role admin|read] [--name "
    "NAME]\n"
    "                                  [--expires TIME]\n"
    "       orgtrust-server key list [--db DATABASE]\n"
    "       orgtrust-server key revoke [--db DATABASE] ID|NAME\n"
    "       orgtrust-server project create [--db DATABASE] --name NAME [--id ID]\n"
    "       orgtrust-server project list [--db DATABASE]\n"
    "       orgtrust-server migrate --from FILE --to postgresql://USER@HOST/NAME\n"
    "\n"
    "Serves the certificates API under /v1 from a file (SQLite) or from PostgreSQL, "
    "which\n"
    "several servers may share: DATABASE is FILE or postgresql://USER@HOST/NAME.\n"
    "\n";

static const char help_end[] =
    "\n"
    "`key create` prints the new key, once; only a hash of it is kept. The role admin\n"
    "(the default) may do everything, read only list and get. Revoking works at once.\n"
    "`project create` prints the id of the new project. Without --db both take the\n"
    "database of orgtrust-server.service. `migrate` moves all of an organization from a\n"
    "file into an empty database of PostgreSQL.\n"
    "\n"
    "Exit status: 0 success; 1 internal error; 2 usage; 3 TLS files, a database of a\n"
    "newer version or one that others may write; 4 cannot listen, or PostgreSQL cannot "
    "be\n"
    "reached; 7 no such key; 8 the name of the key, or the id of the project, is taken,\n"
    "or `migrate` finds another organization; 10 database not writable or disk full;\n"
    "11 database damaged or of another program; 13 database locked by another process;\n"
    "14 `migrate` found that what has arrived is not what was sent.\n";

static void print_help(void)
{
    fputs(help_begin, stdout);
    for (const struct ot_option_info *at = ot_options_of_server; at->name != NULL; at++) {
        char left[40];

        snprintf(left, sizeof(left), "--%s%s%s", at->name, at->argument ? " " : "",
                 at->argument ? at->argument : "");
        printf("  %-29s%s\n", left, at->help);
    }
    fputs(help_end, stdout);
}

/* Whether the words of a command do; without a command it is an option (options.h). */
static bool words_ask_for_help(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-')
        return false;
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return strcmp(argv[1], "help") == 0;
}

static enum ot_status choose_and_run(int argc, char **argv, struct ot_error *err)
{
    struct ot_options options;
    enum ot_status status;

    if (words_ask_for_help(argc, argv)) {
        print_help();
        return OT_OK;
    }
    if (argc > 1 && strcmp(argv[1], "key") == 0)
        return ot_key_command(argc - 1, argv + 1, err);
    if (argc > 1 && strcmp(argv[1], "project") == 0)
        return ot_project_command(argc - 1, argv + 1, err);
    if (argc > 1 && strcmp(argv[1], "migrate") == 0)
        return ot_migrate_command(argc - 1, argv + 1, err);
    status = ot_options_parse(&options, argc, argv, err);
    if (status != OT_OK)
        return status;
    if (options.help)
        print_help();
    else if (options.version)
        puts("orgtrust-server " ORGTRUST_VERSION);
    else
        return ot_serve(&options, err);
    return OT_OK;
}

int main(int argc, char **argv)
{
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status;

    umask(077); /* the database and what SQLite puts beside it are for this user */
    status = choose_and_run(argc, argv, &err);
    if (status != OT_OK)
        ot_log_failure(&err);
    return ot_exit_status(status);
}

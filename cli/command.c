#include "command_internal.h"

#include <string.h>

#include "commands/commands.h"
#include "doctor/doctor.h"
#include "install/install.h"
#include "setup/setup.h"

static const struct ot_command commands[] = {
    {
        .name = "setup",
        .group = OT_COMMANDS_MACHINE,
        .arguments = "[URL]",
        .summary = "from nothing to proof: configure, sync, install, doctor",
        .help =
            "Asks what is not given: the API's URL, the admin key (not shown; a relay\n"
            "needs none), the project. Nothing is written before the API has answered\n"
            "to the key. Then the configuration, shown before, a sync, install for "
            "every\n"
            "stack that is here, and doctor's verdict. Again, it changes what is not "
            "yet\n"
            "so; with --undo every file is as it was. Scripts give --key-file or\n"
            "--key-fd, --yes, and for an API that no public CA vouches for --ca-file or\n"
            "--ca-fingerprint.\n",
        .example = "orgtrust setup https://trust.corp.example:8443",
        .options = OT_OPTIONS_SETUP,
        .more_arguments = true,
        .run = ot_cmd_setup,
    },
    {
        .name = "sync",
        .group = OT_COMMANDS_MACHINE,
        .arguments = "",
        .summary = "bring the organization's certificates into the snapshot",
        .help =
            "Lists the certificates of each source and fetches the content of those "
            "that\n"
            "the snapshot lacks. A source whose sync fails keeps its snapshot and does\n"
            "not stop the others; the exit status is that of the first failure.\n",
        .example = "orgtrust sync --source lab",
        .options = OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_ACCEPT_EMPTY) |
                   OT_OPTION_BIT(OT_OPTION_IF_STALE) | OT_OPTION_BIT(OT_OPTION_QUIET) |
                   OT_OPTIONS_PROGRAM,
        .run = ot_cmd_sync,
    },
    {
        .name = "watch",
        .group = OT_COMMANDS_MACHINE,
        .arguments = "",
        .summary = "stay and sync each source at its refresh_interval",
        .help = "For a service or a sidecar: one line to standard error for each event.\n"
                "SIGTERM and SIGINT end it, SIGHUP reads the configuration again.\n",
        .example = "orgtrust watch --json",
        .options = OT_OPTIONS_COMMON,
        .run = ot_cmd_watch,
    },
    {
        .name = "status",
        .group = OT_COMMANDS_READ,
        .arguments = "",
        .summary = "how fresh each snapshot is and what in it needs attention",
        .help =
            "Needs neither key nor network. The exit status is 11 when a source has no\n"
            "usable snapshot. With --check it is 0 (OK), 1 (WARNING), 2 (CRITICAL) or 3\n"
            "(UNKNOWN), and one line says why, as Nagios and its kin expect. With\n"
            "--prometheus it is metrics for node_exporter's textfile collector, in a "
            "file\n"
            "that is replaced whole.\n",
        .example = "orgtrust status --check --expiring 14d",
        .options = OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_CHECK) |
                   OT_OPTION_BIT(OT_OPTION_EXPIRING) |
                   OT_OPTION_BIT(OT_OPTION_PROMETHEUS) |
                   OT_OPTION_BIT(OT_OPTION_PER_CERTIFICATE),
        .run = ot_cmd_status,
    },
    {
        .name = "list",
        .group = OT_COMMANDS_READ,
        .arguments = "",
        .summary = "the certificates in a snapshot",
        .help =
            "What expires soonest comes first. Of the source 'default', or of that "
            "which\n"
            "--source names; needs neither key nor network. With --project the API is\n"
            "asked what is active in that project.\n",
        .example = "orgtrust list --state active",
        .options = OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_STATE) |
                   OT_OPTION_BIT(OT_OPTION_NAME) | OT_OPTION_BIT(OT_OPTION_PROJECT) |
                   OT_OPTION_BIT(OT_OPTION_KEY_FD),
        .run = ot_cmd_list,
    },
    {
        .name = "show",
        .group = OT_COMMANDS_READ,
        .arguments = "ID|NAME",
        .summary = "one certificate in a snapshot",
        .help =
            "Without --source: of the source 'default'. Needs neither key nor network.\n"
            "A name that several certificates have is refused, with their ids.\n",
        .example = "orgtrust show \"Example Root\"",
        .options = OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_PEM),
        .argument_count = 1,
        .run = ot_cmd_show,
    },
    {
        .name = "export",
        .group = OT_COMMANDS_READ,
        .arguments = "",
        .summary = "the trust anchors in a snapshot, as a file for other programs",
        .help =
            "Active certificates that are a CA and valid now, of the source 'default'\n"
            "unless told otherwise. Needs neither key nor network.\n",
        .example = "orgtrust export --format pem --output bundle.pem",
        .options = OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_FORMAT) |
                   OT_OPTION_BIT(OT_OPTION_OUTPUT) | OT_OPTION_BIT(OT_OPTION_ID) |
                   OT_OPTION_BIT(OT_OPTION_NAME),
        .run = ot_cmd_export,
    },
    {
        .name = "upload",
        .group = OT_COMMANDS_ADMINISTER,
        .arguments = "FILE|- ...",
        .summary = "put certificates into the organization",
        .help =
            "PEM with one certificate or many, or one in DER; '-' is standard input. A\n"
            "private key, or anything else that is no certificate, is refused before\n"
            "anything is sent. A certificate that is there already is not sent again.\n"
            "With --as-is a file of several becomes one entry, whose first certificate "
            "is\n"
            "the anchor. With --extract certificates are taken out of PKCS #7, "
            "OpenSSL's\n"
            "TRUSTED CERTIFICATE and DER one behind the other, too. --until is for\n"
            "--activate: orgtrust-server ends that at that time.\n",
        .example = "orgtrust upload --activate --name \"Example Root\" root.pem",
        .options = OT_OPTIONS_ADMIN | OT_OPTION_BIT(OT_OPTION_NAME) |
                   OT_OPTION_BIT(OT_OPTION_ACTIVATE) | OT_OPTION_BIT(OT_OPTION_AS_IS) |
                   OT_OPTION_BIT(OT_OPTION_EXTRACT) | OT_OPTION_BIT(OT_OPTION_UNTIL) |
                   OT_OPTIONS_IMPACT,
        .argument_count = 1,
        .more_arguments = true,
        .run = ot_cmd_upload,
    },
    {
        .name = "rename",
        .group = OT_COMMANDS_ADMINISTER,
        .arguments = "ID|NAME NEWNAME",
        .summary = "give a certificate another name",
        .help = "The name is the organization's: all scopes see it.\n",
        .example = "orgtrust rename \"Example Root\" \"Example Root 2026\"",
        .options = OT_OPTIONS_ADMIN | OT_OPTION_BIT(OT_OPTION_BY_ID),
        .argument_count = 2,
        .run = ot_cmd_rename,
    },
    {
        .name = "activate",
        .group = OT_COMMANDS_ADMINISTER,
        .arguments = "ID|NAME ...",
        .summary = "make certificates trusted in the scope",
        .help = "With --all every certificate that is not active yet. With --until\n"
                "orgtrust-server ends it at that time; the hosted API keeps no end.\n",
        .example = "orgtrust activate \"Example Root\" --until 30d",
        .acts_on = OT_LIST_INACTIVE,
        .options = OT_OPTIONS_ADMIN | OT_OPTION_BIT(OT_OPTION_BY_ID) |
                   OT_OPTION_BIT(OT_OPTION_ALL) | OT_OPTION_BIT(OT_OPTION_UNTIL) |
                   OT_OPTIONS_IMPACT,
        .more_arguments = true,
        .run = ot_cmd_activate,
    },
    {
        .name = "deactivate",
        .group = OT_COMMANDS_ADMINISTER,
        .arguments = "ID|NAME ...",
        .summary = "end the trust in certificates in the scope",
        .help =
            "With --all every active certificate. Asks before that, and before the last\n"
            "active one of the scope goes.\n",
        .example = "orgtrust deactivate \"Example Root\" --dry-run",
        .acts_on = OT_LIST_ACTIVE,
        .options = OT_OPTIONS_ADMIN | OT_OPTION_BIT(OT_OPTION_BY_ID) |
                   OT_OPTION_BIT(OT_OPTION_ALL) | OT_OPTIONS_REMOVAL,
        .more_arguments = true,
        .run = ot_cmd_deactivate,
    },
    {
        .name = "delete",
        .group = OT_COMMANDS_ADMINISTER,
        .arguments = "ID|NAME ...",
        .summary = "remove certificates from the organization",
        .help =
            "Refused while a certificate is active in the organization or in a project;\n"
            "then it says where. Asks for a confirmation.\n",
        .example = "orgtrust delete --deactivate \"Example Root\"",
        .acts_on = OT_LIST_INACTIVE,
        .options = OT_OPTIONS_ADMIN | OT_OPTION_BIT(OT_OPTION_BY_ID) |
                   OT_OPTION_BIT(OT_OPTION_DEACTIVATE) | OT_OPTIONS_REMOVAL,
        .argument_count = 1,
        .more_arguments = true,
        .run = ot_cmd_delete,
    },
    {
        .name = "apply",
        .group = OT_COMMANDS_ADMINISTER,
        .arguments = "DIR",
        .summary = "make the certificates of a directory the active ones",
        .help =
            "Uploads and activates what is in DIR, then deactivates what is active and\n"
            "not in it. Prints the plan, and asks where something is lost. Ended at any\n"
            "moment, the next apply finishes.\n",
        .example = "orgtrust apply --dry-run roots/",
        .options = OT_OPTIONS_ADMIN | OT_OPTION_BIT(OT_OPTION_PRUNE) |
                   OT_OPTION_BIT(OT_OPTION_ACCEPT_EMPTY) | OT_OPTIONS_REMOVAL,
        .argument_count = 1,
        .run = ot_cmd_apply,
    },
    {
        .name = "impact",
        .group = OT_COMMANDS_READ,
        .arguments = "ID|NAME",
        .summary = "which servers would be refused without a certificate",
        .help =
            "Shakes hands with the servers that this machine is connected to or that "
            "are\n"
            "named, and says whose chain only this certificate of the snapshot vouches\n"
            "for; of a source that distrusts, whose chain a no to it would end. Changes\n"
            "nothing, needs no key. The exit status is 15 when a server would be "
            "refused.\n",
        .example = "orgtrust impact \"Example Root\" --probe www.corp.example:443",
        .acts_on = OT_LIST_ACTIVE,
        .options = OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_PROBE),
        .argument_count = 1,
        .run = ot_cmd_impact,
    },
    {
        .name = "log",
        .group = OT_COMMANDS_READ,
        .arguments = "",
        .summary = "who changed what in the organization",
        .help =
            "Asks the API for its audit log, the newest first, 30 days back unless told\n"
            "otherwise: when, what, by whom, in which project, to what. With --local,\n"
            "which needs neither key nor network, the last thousand changes of each\n"
            "source as this machine saw them.\n",
        .example = "orgtrust log --since 7d --cert \"Example Root\"",
        .options = OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_LOCAL) |
                   OT_OPTION_BIT(OT_OPTION_SINCE) | OT_OPTION_BIT(OT_OPTION_CERT) |
                   OT_OPTION_BIT(OT_OPTION_KEY_FD),
        .run = ot_cmd_log,
    },
    {
        .name = "notify",
        .group = OT_COMMANDS_MACHINE,
        .arguments = "",
        .summary = "tell notify_url what has changed and was not delivered yet",
        .help =
            "Each sync starts it in the background, with --retry, where there is\n"
            "something to deliver; by hand it says why nothing arrives. Needs no admin\n"
            "key.\n",
        .example = "orgtrust notify --source lab",
        .options = OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_RETRY) |
                   OT_OPTION_BIT(OT_OPTION_QUIET),
        .run = ot_cmd_notify,
    },
    {
        .name = "projects",
        .group = OT_COMMANDS_READ,
        .arguments = "",
        .summary = "the organization's projects, and how many certificates are active",
        .help =
            "Asks the API. What is active in the organization, the first line, counts\n"
            "in every project; the other numbers are of what is active in one alone.\n",
        .example = "orgtrust projects",
        .options = OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_KEY_FD),
        .run = ot_cmd_projects,
    },
    {
        .name = "hosts",
        .group = OT_COMMANDS_READ,
        .arguments = "",
        .summary = "which hosts have what is active now, and which are behind",
        .help =
            "Asks orgtrust-server, which hosts tell what they have after each change "
            "and\n"
            "once a day: when one was last seen, since when it lacks a change, how many\n"
            "of its stacks are wired. What hosts say of themselves is no proof.\n",
        .example = "orgtrust hosts --behind",
        .options = OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_BEHIND) |
                   OT_OPTION_BIT(OT_OPTION_KEY_FD),
        .run = ot_cmd_hosts,
    },
    {
        .name = "run",
        .group = OT_COMMANDS_MACHINE,
        .arguments = "[PROGRAM ...]",
        .summary = "start a program with the variables that make it follow",
        .help =
            "Sets what curl, python, node, java, Go and others read, to files of\n"
            "authorities that are kept in step; a variable that is set already\n"
            "stays. Behind 'podman run' and 'docker run' the container gets the\n"
            "variables and the files. Needs neither key nor network. The exit status\n"
            "is the program's. eval \"$(orgtrust run --print)\" sets them in a shell.\n",
        .example = "orgtrust run curl https://intranet.example/",
        .options = OT_OPTIONS_COMMON | OT_OPTION_BIT(OT_OPTION_PRINT) |
                   OT_OPTION_BIT(OT_OPTION_QUIET),
        .more_arguments = true,
        .run = ot_cmd_run,
    },
    {
        .name = "install",
        .group = OT_COMMANDS_MACHINE,
        .arguments = "[STACK ...]",
        .summary = "make the programs of this machine, or of this user, ask orgtrust",
        .help = "Stacks: openssl, p11-kit, nss, firefox, firefox-policy, java, system,\n"
                "containers, chromium, selinux, systemd; all but firefox-policy when\n"
                "none is named. Shows what it will change and asks. As root for the "
                "machine,\n"
                "as a user for the user.\n",
        .example = "orgtrust install openssl p11-kit",
        .options = OT_OPTIONS_INSTALL,
        .more_arguments = true,
        .run = ot_cmd_install,
    },
    {
        .name = "uninstall",
        .group = OT_COMMANDS_MACHINE,
        .arguments = "[STACK ...]",
        .summary = "take back what install has changed",
        .help = "Each file becomes what it was, to the byte. From one that was edited\n"
                "since only what install put there is taken out.\n",
        .example = "orgtrust uninstall --dry-run",
        .options = OT_OPTIONS_INSTALL,
        .more_arguments = true,
        .run = ot_cmd_uninstall,
    },
    {
        .name = "doctor",
        .group = OT_COMMANDS_MACHINE,
        .arguments = "[CHECK ...]",
        .summary = "try which programs of this machine follow the organization",
        .help =
            "Checks: source, openssl, p11-kit, nss, firefox, java, system, exports,\n"
            "chromium, systemd, programs, confined, limits, distrust; all of them when\n"
            "none is named. Real programs connect to a server of its own on loopback\n"
            "whose authority is not active, is active, and is not any more, in a "
            "scratch\n"
            "source that is removed afterwards; for limits its names are limited, for\n"
            "distrust it is distrusted.\n"
            "Changes nothing, needs neither key nor network. The exit status is 14 when\n"
            "something that is wired or configured fails.\n",
        .example = "orgtrust doctor openssl",
        .options = OT_OPTION_BIT(OT_OPTION_JSON) | OT_OPTION_BIT(OT_OPTION_HELP),
        .more_arguments = true,
        .run = ot_cmd_doctor,
    },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* main knows what these do. */
static const struct ot_command program_commands[] = {
    {
        .name = "help",
        .group = OT_COMMANDS_PROGRAM,
        .arguments = "[COMMAND]",
        .summary = "what there is, or a command's own text",
        .help = "The same as --help behind a command, or before it.\n",
        .example = "orgtrust help list",
    },
    {
        .name = "version",
        .group = OT_COMMANDS_PROGRAM,
        .arguments = "",
        .summary = "the version of orgtrust",
        .help = "The same as --version.\n",
        .example = "orgtrust version",
    },
};

static const char *const group_titles[OT_COMMAND_GROUPS] = {
    [OT_COMMANDS_READ] = "read",
    [OT_COMMANDS_ADMINISTER] = "administer the organization",
    [OT_COMMANDS_MACHINE] = "this machine",
    [OT_COMMANDS_PROGRAM] = "this program",
};

const struct ot_option_info ot_command_options[] = {
    {"version", NULL, "the version"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

const struct ot_command *ot_command_at(size_t i)
{
    if (i < COMMAND_COUNT)
        return &commands[i];
    i -= COMMAND_COUNT;
    return i < sizeof(program_commands) / sizeof(program_commands[0])
               ? &program_commands[i]
               : NULL;
}

const struct ot_command *ot_command_find(const char *name)
{
    const struct ot_command *command;

    for (size_t i = 0; (command = ot_command_at(i)) != NULL; i++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static void print_option(struct ot_output *out, const struct ot_option_info *info)
{
    char left[32];

    snprintf(left, sizeof(left), "--%s%s%s", info->name, info->argument ? " " : "",
             info->argument ? info->argument : "");
    ot_output_printf(out, "  %-17s  %s\n", left, info->help);
}

void ot_command_help(const struct ot_command *command, struct ot_output *out)
{
    ot_output_printf(out, "usage: orgtrust %s%s%s%s\n\n", command->name,
                     command->options != 0 ? " [option ...]" : "",
                     *command->arguments ? " " : "", command->arguments);
    ot_output_printf(out, "%s: %s.\n\n%s\nexample:\n  %s\n", command->name,
                     command->summary, command->help, command->example);
    if (command->options != 0)
        ot_output_printf(out, "\noptions:\n");
    for (int i = 0; i < OT_OPTION_COUNT; i++)
        if ((command->options & OT_OPTION_BIT(i)) != 0)
            print_option(out, ot_option_info((enum ot_option)i));
}

static void print_group(struct ot_output *out, enum ot_command_group group)
{
    const struct ot_command *command;

    ot_output_printf(out, "\n%s:\n", group_titles[group]);
    for (size_t i = 0; (command = ot_command_at(i)) != NULL; i++)
        if (command->group == group)
            ot_output_printf(out, "  %-11s %s\n", command->name, command->summary);
}

void ot_command_overview(struct ot_output *out)
{
    ot_output_printf(out,
                     "usage: orgtrust COMMAND [option ...]\n\n"
                     "An organization's certificates as the trust of this machine.\n");
    for (int group = 0; group < OT_COMMAND_GROUPS; group++)
        print_group(out, (enum ot_command_group)group);
    ot_output_printf(out, "\noptions:\n");
    for (size_t i = 0; ot_command_options[i].name != NULL; i++)
        print_option(out, &ot_command_options[i]);
    ot_output_printf(out, "\n'orgtrust help COMMAND' has its options and an example; "
                          "orgtrust(1)\n"
                          "describes configuration, output and exit statuses.\n");
}

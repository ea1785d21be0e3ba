#include "view/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "export/format.h"

static const struct ot_option_info option_infos[OT_OPTION_COUNT] = {
    [OT_OPTION_SOURCE] = {"source", "NAME", "only this source of the configuration"},
    [OT_OPTION_JSON] = {"json", NULL,
                        "machine-readable output, as orgtrust(1) describes"},
    [OT_OPTION_HELP] = {"help", NULL, "this text"},
    [OT_OPTION_ACCEPT_EMPTY] = {"accept-empty", NULL,
                                "accept that no certificate is active any more"},
    [OT_OPTION_IF_STALE] = {"if-stale", NULL,
                            "do nothing while the snapshot is fresh or a retry not due"},
    [OT_OPTION_QUIET] = {"quiet", NULL, "print errors only"},
    [OT_OPTION_STATE] = {"state", "STATE",
                         "active, inactive, quarantined, withheld, limited or all"},
    [OT_OPTION_NAME] = {"name", "TEXT", "the certificate's name, exactly"},
    [OT_OPTION_PEM] = {"pem", NULL, "the certificate itself in PEM, nothing else"},
    [OT_OPTION_PROJECT] = {"project", "PROJECT",
                           "this project instead of the source's scope"},
    [OT_OPTION_ACTIVATE] = {"activate", NULL, "and activate it"},
    [OT_OPTION_DEACTIVATE] = {"deactivate", NULL,
                              "first deactivate it wherever it is known to be active"},
    [OT_OPTION_ALL] = {"all", NULL, "every certificate of the organization"},
    [OT_OPTION_PRUNE] = {"prune", NULL, "and delete every certificate not in DIR"},
    [OT_OPTION_DRY_RUN] = {"dry-run", NULL, "only say what would be done"},
    [OT_OPTION_YES] = {"yes", NULL, "do not ask before something is lost"},
    [OT_OPTION_FORMAT] = {"format", "FORMAT", "one of " OT_FORMAT_NAMES},
    [OT_OPTION_OUTPUT] = {"output", "PATH", "where to, instead of standard output"},
    [OT_OPTION_ID] = {"id", "ID", "the certificate's id"},
    [OT_OPTION_KEY_FD] = {"key-fd", "N", "read the admin key from this descriptor"},
    [OT_OPTION_REPORT_FD] = {"report-fd", "N",
                             "tell a program on this descriptor how it ended"},
    [OT_OPTION_BY_ID] = {"by-id", NULL, "take no argument for a name"},
    [OT_OPTION_LOCK_OUT] = {"even-if-it-locks-me-out", NULL,
                            "also where the API refuses this client afterwards"},
    [OT_OPTION_SINCE] = {"since", "TIME",
                         "how long ago (12h, 30d), or a day (2026-11-29)"},
    [OT_OPTION_UNTIL] = {"until", "TIME",
                         "then deactivate it again: 12h, 30d, 2027-12-31, or never"},
    [OT_OPTION_CERT] = {"cert", "ID", "only what happened to this certificate"},
    [OT_OPTION_PROBE] = {"probe", "HOST:PORT",
                         "also try this server; may be given several times"},
    [OT_OPTION_RETRY] = {"retry", NULL,
                         "go on until it is delivered, for a quarter of an hour"},
    [OT_OPTION_PRINT] = {"print", NULL, "only say what the program would get"},
    [OT_OPTION_BEHIND] = {"behind", NULL, "only those that are behind"},
    [OT_OPTION_LOCAL] = {"local", NULL,
                         "when this machine began and ceased to trust what"},
    [OT_OPTION_NO_IMPACT] = {"no-impact", NULL,
                             "do not look which servers would be refused"},
    [OT_OPTION_EXTRACT] = {"extract", NULL,
                           "also out of PKCS #7, TRUSTED CERTIFICATE and joined DER"},
    [OT_OPTION_KEY_FILE] = {"key-file", "FILE", "read the admin key from this file"},
    [OT_OPTION_CA_FILE] = {"ca-file", "FILE",
                           "the CA certificates (PEM) that vouch for the API"},
    [OT_OPTION_CA_FINGERPRINT] =
        {"ca-fingerprint", "SHA256",
         "trust the CA of this fingerprint, which the API shows"},
    [OT_OPTION_UNDO] = {"undo", NULL, "take all back that setup has changed"},
    [OT_OPTION_AS_IS] = {"as-is", NULL, "a file is one entry, with all that is in it"},
    [OT_OPTION_CHECK] = {"check", NULL,
                         "one line, and the exit statuses of Nagios' plugins"},
    [OT_OPTION_PROMETHEUS] = {"prometheus", "FILE",
                              "write it as metrics into this file instead"},
    [OT_OPTION_PER_CERTIFICATE] = {"per-certificate", NULL,
                                   "with the end of each active certificate"},
    [OT_OPTION_EXPIRING] = {"expiring", "TIME",
                            "tell of ends that are nearer; 30d unless given"},
};

/* getopt_long returns this plus the option. */
#define FIRST_VALUE 256

/* Of a word that is no option, as much as one could be. */
#define NAME_MAX_SHOWN 32

const struct ot_option_info *ot_option_info(enum ot_option option)
{
    return &option_infos[option];
}

static const struct {
    const char *word;
    enum ot_list_state state;
} states[] = {
    {"all", OT_LIST_ALL},           {"active", OT_LIST_ACTIVE},
    {"inactive", OT_LIST_INACTIVE}, {"quarantined", OT_LIST_QUARANTINED},
    {"withheld", OT_LIST_WITHHELD}, {"limited", OT_LIST_LIMITED},
};

const char *ot_list_state_word(size_t i)
{
    return i < sizeof(states) / sizeof(states[0]) ? states[i].word : NULL;
}

static enum ot_status parse_state(enum ot_list_state *out, const char *text,
                                  struct ot_error *err)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(text, states[i].word) == 0) {
            *out = states[i].state;
            return OT_OK;
        }
    }
    return ot_error_set(err, OT_E_USAGE,
                        "--state '%s' is not one of all, active, inactive, quarantined, "
                        "withheld, limited",
                        text);
}

static enum ot_status parse_fd(int *out, enum ot_option option, const char *text,
                               struct ot_error *err)
{
    size_t len = strlen(text);

    if (len < 1 || len > 6 || strspn(text, "0123456789") != len)
        return ot_error_set(err, OT_E_USAGE, "--%s takes the number of a descriptor",
                            option_infos[option].name);
    *out = (int)strtol(text, NULL, 10);
    return OT_OK;
}

static enum ot_status add_probe(struct ot_options *options, const char *value,
                                struct ot_error *err)
{
    if (options->probe_count == OT_IMPACT_SERVERS_MAX)
        return ot_error_set(err, OT_E_USAGE, "--probe is for %d servers at most",
                            OT_IMPACT_SERVERS_MAX);
    options->probes[options->probe_count++] = value;
    return OT_OK;
}

/* What an option's value, or that it was given, becomes. */
enum field_kind { NO_FIELD, TEXT_FIELD, FLAG_FIELD, STATE_FIELD, FD_FIELD, PROBE_FIELD };
#define FIELD(name) offsetof(struct ot_options, name)

static const struct {
    enum field_kind kind;
    size_t offset;
} fields[OT_OPTION_COUNT] = {
    [OT_OPTION_SOURCE] = {TEXT_FIELD, FIELD(source)},
    [OT_OPTION_NAME] = {TEXT_FIELD, FIELD(name)},
    [OT_OPTION_PROJECT] = {TEXT_FIELD, FIELD(project)},
    [OT_OPTION_FORMAT] = {TEXT_FIELD, FIELD(format)},
    [OT_OPTION_OUTPUT] = {TEXT_FIELD, FIELD(output)},
    [OT_OPTION_ID] = {TEXT_FIELD, FIELD(id)},
    [OT_OPTION_SINCE] = {TEXT_FIELD, FIELD(since)},
    [OT_OPTION_UNTIL] = {TEXT_FIELD, FIELD(until)},
    [OT_OPTION_CERT] = {TEXT_FIELD, FIELD(cert)},
    [OT_OPTION_EXPIRING] = {TEXT_FIELD, FIELD(expiring)},
    [OT_OPTION_KEY_FILE] = {TEXT_FIELD, FIELD(key_file)},
    [OT_OPTION_CA_FILE] = {TEXT_FIELD, FIELD(ca_file)},
    [OT_OPTION_CA_FINGERPRINT] = {TEXT_FIELD, FIELD(ca_fingerprint)},
    [OT_OPTION_UNDO] = {FLAG_FIELD, FIELD(undo)},
    [OT_OPTION_PROMETHEUS] = {TEXT_FIELD, FIELD(prometheus)},
    [OT_OPTION_PER_CERTIFICATE] = {FLAG_FIELD, FIELD(per_certificate)},
    [OT_OPTION_JSON] = {FLAG_FIELD, FIELD(json)},
    [OT_OPTION_HELP] = {FLAG_FIELD, FIELD(help)},
    [OT_OPTION_ACCEPT_EMPTY] = {FLAG_FIELD, FIELD(accept_empty)},
    [OT_OPTION_IF_STALE] = {FLAG_FIELD, FIELD(if_stale)},
    [OT_OPTION_RETRY] = {FLAG_FIELD, FIELD(retry)},
    [OT_OPTION_BEHIND] = {FLAG_FIELD, FIELD(behind)},
    [OT_OPTION_LOCAL] = {FLAG_FIELD, FIELD(local)},
    [OT_OPTION_PRINT] = {FLAG_FIELD, FIELD(print)},
    [OT_OPTION_CHECK] = {FLAG_FIELD, FIELD(check)},
    [OT_OPTION_AS_IS] = {FLAG_FIELD, FIELD(as_is)},
    [OT_OPTION_EXTRACT] = {FLAG_FIELD, FIELD(extract)},
    [OT_OPTION_LOCK_OUT] = {FLAG_FIELD, FIELD(locks_out)},
    [OT_OPTION_QUIET] = {FLAG_FIELD, FIELD(quiet)},
    [OT_OPTION_PEM] = {FLAG_FIELD, FIELD(pem)},
    [OT_OPTION_NO_IMPACT] = {FLAG_FIELD, FIELD(no_impact)},
    [OT_OPTION_ACTIVATE] = {FLAG_FIELD, FIELD(activate)},
    [OT_OPTION_DEACTIVATE] = {FLAG_FIELD, FIELD(deactivate)},
    [OT_OPTION_ALL] = {FLAG_FIELD, FIELD(all)},
    [OT_OPTION_PRUNE] = {FLAG_FIELD, FIELD(prune)},
    [OT_OPTION_DRY_RUN] = {FLAG_FIELD, FIELD(dry_run)},
    [OT_OPTION_YES] = {FLAG_FIELD, FIELD(yes)},
    [OT_OPTION_BY_ID] = {FLAG_FIELD, FIELD(by_id)},
    [OT_OPTION_STATE] = {STATE_FIELD, FIELD(state)},
    [OT_OPTION_KEY_FD] = {FD_FIELD, FIELD(key_fd)},
    [OT_OPTION_REPORT_FD] = {FD_FIELD, FIELD(report_fd)},
    [OT_OPTION_PROBE] = {PROBE_FIELD, FIELD(probes)},
};

static enum ot_status apply_option(struct ot_options *options, enum ot_option option,
                                   const char *value, struct ot_error *err)
{
    void *field = (char *)options + fields[option].offset;

    switch (fields[option].kind) {
    case TEXT_FIELD:
        *(const char **)field = value;
        return OT_OK;
    case FLAG_FIELD:
        *(bool *)field = true;
        return OT_OK;
    case STATE_FIELD:
        return parse_state(field, value, err);
    case FD_FIELD:
        return parse_fd(field, option, value, err);
    case PROBE_FIELD:
        return add_probe(options, value, err);
    case NO_FIELD:
        break;
    }
    return ot_error_set(err, OT_E_INTERNAL, "--%s has no field",
                        option_infos[option].name);
}

/* The name of a long option as it was written, without a value behind `=`. */
static int written_len(const char *word)
{
    return (int)strcspn(word, "=");
}

/* The option that is there and was meant; NULL: none. */
static const char *option_meant(const char *word, int len, const struct option *there)
{
    const char *words[OT_OPTION_COUNT + 1] = {NULL};
    char name[NAME_MAX_SHOWN + 1];

    for (size_t i = 0; there[i].name != NULL; i++)
        words[i] = there[i].name;
    if (len < 2 || len > NAME_MAX_SHOWN || strncmp(word, "--", 2) != 0)
        return NULL;
    snprintf(name, sizeof(name), "%.*s", len - 2, word + 2);
    return ot_nearest(name, words);
}

static enum ot_status refuse_option(int reason, int known, const char *command,
                                    const char *word, const struct option *there,
                                    struct ot_error *err)
{
    int len = written_len(word);
    const char *meant = option_meant(word, len, there);

    if (reason == ':')
        return ot_error_set(err, OT_E_USAGE, "%.*s needs a value; see 'orgtrust help %s'",
                            len, word, command);
    if (known >= FIRST_VALUE)
        return ot_error_set(err, OT_E_USAGE,
                            "%.*s takes no value; see 'orgtrust help %s'", len, word,
                            command);
    if (meant != NULL)
        return ot_error_set(err, OT_E_USAGE,
                            "'orgtrust %s' has no option %.*s; did you mean --%s? See "
                            "'orgtrust help %s'",
                            command, len, word, meant, command);
    return ot_error_set(err, OT_E_USAGE,
                        "'orgtrust %s' has no option %.*s; see 'orgtrust help %s'",
                        command, len, word, command);
}

static void fill_long_options(struct option *table, uint64_t allowed)
{
    size_t n = 0;

    for (int i = 0; i < OT_OPTION_COUNT; i++) {
        if ((allowed & OT_OPTION_BIT(i)) == 0)
            continue;
        table[n].name = option_infos[i].name;
        table[n].has_arg = option_infos[i].argument ? required_argument : no_argument;
        table[n].flag = NULL;
        table[n].val = FIRST_VALUE + i;
        n++;
    }
    memset(&table[n], 0, sizeof(table[n]));
}

enum ot_status ot_options_parse(struct ot_options *options, uint64_t allowed, int argc,
                                char **argv, struct ot_error *err)
{
    struct option table[OT_OPTION_COUNT + 1];
    const char *letters = (allowed & OT_OPTION_BIT(OT_OPTION_PRINT)) != 0 ? "+:h" : ":h";
    uint64_t seen = 0;
    int value;

    memset(options, 0, sizeof(*options));
    options->key_fd = options->report_fd = -1;
    fill_long_options(table, allowed);
    optind = 0; /* glibc: start anew, also after an earlier parse */
    opterr = 0;
    while ((value = getopt_long(argc, argv, letters, table, NULL)) != -1) {
        enum ot_option option = OT_OPTION_HELP;
        enum ot_status status;

        if (value == ':' || value == '?') {
            /* Behind a letter getopt_long is still in its word, which may have more. */
            const char letter[] = {'-', (char)optopt, '\0'};
            bool is_letter = optopt != 0 && optopt < FIRST_VALUE;

            return refuse_option(value, optopt, argv[0],
                                 is_letter ? letter : argv[optind - 1], table, err);
        }
        if (value != 'h')
            option = (enum ot_option)(value - FIRST_VALUE);
        if (option_infos[option].argument != NULL && option != OT_OPTION_PROBE &&
            (seen & OT_OPTION_BIT(option)) != 0)
            return ot_error_set(err, OT_E_USAGE, "--%s is given twice",
                                option_infos[option].name);
        seen |= OT_OPTION_BIT(option);
        status = apply_option(options, option, optarg, err);
        if (status != OT_OK)
            return status;
    }
    options->arguments = argv + optind;
    options->argument_count = argc - optind;
    return OT_OK;
}

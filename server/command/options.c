#include "command/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "shared/limits.h"
#include "store/store.h"

#define OPTIONS_MAX 16 /* no number of one is ':' or '?' */

enum option_code {
    CODE_DB,
    CODE_LISTEN,
    CODE_TLS_CERT,
    CODE_TLS_KEY,
    CODE_MAX_CERTIFICATES,
    CODE_UPLOAD_RULES,
    CODE_RATE_LIMIT,
    CODE_CONNECTIONS,
    CODE_METRICS,
    CODE_NO_CONSOLE,
    CODE_LOG,
    CODE_HELP,
    CODE_VERSION
};

const struct ot_option_info ot_options_of_server[] = {
    [CODE_DB] = {"db", "DATABASE",
                 "the file, made where there is none, or postgresql://USER@HOST/NAME"},
    [CODE_LISTEN] = {"listen", "HOST:PORT",
                     "where to listen; port 0 takes a free one; [::1]:0 for IPv6"},
    [CODE_TLS_CERT] = {"tls-cert", "FILE",
                       "serve HTTPS with this certificate (PEM, chain behind it)"},
    [CODE_TLS_KEY] = {"tls-key", "FILE", "and its private key (PEM)"},
    [CODE_MAX_CERTIFICATES] = {"max-certificates", "N",
                               "how many the organization may hold (50)"},
    [CODE_UPLOAD_RULES] = {"upload-rules", "any|hosted",
                           "take any certificate (any), or what the hosted API takes"},
    [CODE_RATE_LIMIT] = {"rate-limit", "N/s",
                         "how many requests a second each key may send (no limit)"},
    [CODE_CONNECTIONS] = {"connections-per-address", "N",
                          "how many connections an address may have (512)"},
    [CODE_METRICS] = {"metrics", "HOST:PORT",
                      "where /metrics, /healthz and /readyz are, without a key"},
    [CODE_NO_CONSOLE] = {"no-console", NULL, "no page for people at /console/"},
    [CODE_LOG] = {"log", NULL, "a line for every request to standard error"},
    [CODE_HELP] = {"help", NULL, "this text"},
    [CODE_VERSION] = {"version", NULL, "the version"},
    {NULL, NULL, NULL},
};
_Static_assert(CODE_VERSION < OPTIONS_MAX, "each has its place");

int ot_options_next(int argc, char **argv, const char *mode,
                    const struct ot_option_info *infos)
{
    struct option table[OPTIONS_MAX + 1] = {{NULL, 0, NULL, 0}};

    opterr = 0;
    for (int i = 0; i < OPTIONS_MAX && infos[i].name != NULL; i++)
        table[i] = (struct option){
            .name = infos[i].name,
            .has_arg = infos[i].argument != NULL ? required_argument : no_argument,
            .val = i,
        };
    return getopt_long(argc, argv, mode, table, NULL);
}

enum ot_status ot_options_unknown(int code, char **argv, struct ot_error *err)
{
    const char *word = argv[optind - 1];

    if (code == ':')
        return ot_error_set(err, OT_E_USAGE, "%s needs a value; see --help", word);
    return ot_error_set(err, OT_E_USAGE, "there is no option %s; see --help", word);
}

/* A whole number from 1 to max, then nothing but suffix, which may be left out. */
static bool parse_count(int64_t *out, const char *text, const char *suffix, int64_t max)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 9 ||
        (text[digits] != '\0' && strcmp(text + digits, suffix) != 0))
        return false;
    *out = strtol(text, NULL, 10);
    return *out >= 1 && *out <= max;
}

static enum ot_status take_number(struct ot_options *options, int code,
                                  struct ot_error *err)
{
    int64_t number = 0;

    if (code == CODE_MAX_CERTIFICATES) {
        if (!parse_count(&options->settings.max_certificates, optarg, "", OT_CERTS_MAX))
            return ot_error_set(err, OT_E_USAGE,
                                "--max-certificates '%s' is not a whole number from 1 to "
                                "%u",
                                optarg, OT_CERTS_MAX);
        return OT_OK;
    }
    if (code == CODE_CONNECTIONS) {
        if (!parse_count(&number, optarg, "", OT_CONNECTIONS_LIMIT))
            return ot_error_set(err, OT_E_USAGE,
                                "--connections-per-address '%s' is not a whole number "
                                "from 1 to %u",
                                optarg, OT_CONNECTIONS_LIMIT);
        options->connections_per_address = (unsigned)number;
        return OT_OK;
    }
    if (!parse_count(&number, optarg, "/s", 1000000))
        return ot_error_set(
            err, OT_E_USAGE,
            "--rate-limit '%s' is not a number of requests a second, such "
            "as 50/s",
            optarg);
    options->rate_limit = (unsigned)number;
    return OT_OK;
}

static enum ot_status take_rules(struct ot_options *options, struct ot_error *err)
{
    options->settings.hosted_rules = strcmp(optarg, "hosted") == 0;
    if (!options->settings.hosted_rules && strcmp(optarg, "any") != 0)
        return ot_error_set(err, OT_E_USAGE,
                            "--upload-rules '%s' is neither any nor hosted", optarg);
    return OT_OK;
}

static enum ot_status take_server_option(struct ot_options *options, int code,
                                         char **argv, struct ot_error *err)
{
    switch (code) {
    case CODE_DB:
        options->db = optarg;
        return OT_OK;
    case CODE_LISTEN:
        options->listen = optarg;
        return OT_OK;
    case CODE_TLS_CERT:
        options->tls_cert = optarg;
        return OT_OK;
    case CODE_TLS_KEY:
        options->tls_key = optarg;
        return OT_OK;
    case CODE_MAX_CERTIFICATES:
    case CODE_RATE_LIMIT:
    case CODE_CONNECTIONS:
        return take_number(options, code, err);
    case CODE_UPLOAD_RULES:
        return take_rules(options, err);
    case CODE_METRICS:
        options->metrics = optarg;
        return OT_OK;
    case CODE_NO_CONSOLE:
        options->settings.no_console = true;
        return OT_OK;
    case CODE_LOG:
        options->log = true;
        return OT_OK;
    case CODE_HELP:
        options->help = true;
        return OT_OK;
    case CODE_VERSION:
        options->version = true;
        return OT_OK;
    default:
        return ot_options_unknown(code, argv, err);
    }
}

static enum ot_status check_options(const struct ot_options *options, int argc,
                                    char **argv, struct ot_error *err)
{
    if (options->help || options->version)
        return OT_OK;
    if (optind < argc)
        return ot_error_set(
            err, OT_E_USAGE,
            "'%s' is neither an option nor 'key', 'project' or 'migrate'; "
            "see --help",
            argv[optind]);
    if (options->db == NULL || options->listen == NULL)
        return ot_error_set(
            err, OT_E_USAGE,
            "both --db DATABASE and --listen HOST:PORT are needed; see --help");
    if ((options->tls_cert == NULL) != (options->tls_key == NULL))
        return ot_error_set(
            err, OT_E_USAGE,
            "--tls-cert and --tls-key belong together: give both or none");
    return ot_store_check_place(options->db, err);
}

enum ot_status ot_options_parse(struct ot_options *options, int argc, char **argv,
                                struct ot_error *err)
{
    int code;

    *options = (struct ot_options){.settings.max_certificates = OT_CERTIFICATES_DEFAULT};
    /* The leading '+' stops at the first word that is no option, ':' tells a missing
     * value from an unknown option. */
    while ((code = ot_options_next(argc, argv, "+:", ot_options_of_server)) != -1) {
        enum ot_status status = take_server_option(options, code, argv, err);

        if (status != OT_OK)
            return status;
    }
    return check_options(options, argc, argv, err);
}

/* orgtrust sync: bring the organization's certificates into the snapshot. */
#include <stdlib.h>
#include <unistd.h>

#include "commands/admin_use_internal.h"
#include "commands/commands.h"
#include "commands/follow_internal.h"
#include "commands/source_use.h"
#include "config/source.h"
#include "http/key.h"
#include "sync/sync_options.h"
#include "view/news_report.h"
#include "view/progress.h"
#include "view/sync_report.h"

static void draw_progress(void *arg, const char *phase, size_t done, size_t total)
{
    ot_progress_draw(arg, phase, done, total);
}

static void tell_wait_of_sync(void *arg, const char *holder)
{
    struct ot_progress *progress = arg;

    ot_progress_clear(progress);
    ot_output_say("source '%s': %s is at it; waiting for that to end", progress->source,
                  holder);
}

static void print_news(void *arg, const char *line)
{
    ot_output_printf(arg, "%s\n", line);
}

/* With --quiet for the journal alone: who looks there asks by fields. */
static void report_news(struct ot_cli *cli, const struct ot_source *source,
                        const struct ot_sync_result *result)
{
    const struct ot_news_report loud = {STDOUT_FILENO, print_news, &cli->out,
                                        cli->out.columns > 0};
    const struct ot_news_report quiet = {.fd = STDERR_FILENO};

    ot_news_report(cli->options.quiet ? &quiet : &loud, source, result);
}

/* One source; its failure is printed here. A key that was given (else NULL) is to be
 * proven, too: no other's result will do. */
static enum ot_status sync_and_report(struct ot_follow *follow,
                                      const struct ot_source *source,
                                      const struct ot_key *key, cJSON *sources,
                                      bool *failed)
{
    struct ot_cli *cli = follow->cli;
    struct ot_progress progress;
    struct ot_sync_options options = {
        .if_stale = cli->options.if_stale,
        .accept_empty = cli->options.accept_empty,
        .own_listing = key != NULL,
        .is_configured = true,
        .key = key,
        .stop = cli->stop,
        .progress = draw_progress,
        .waits = cli->options.quiet ? NULL : tell_wait_of_sync,
        .arg = &progress,
    };
    struct ot_sync_result result = {0};
    struct ot_error err = OT_ERROR_INIT;
    enum ot_status status;

    ot_progress_init(&progress, !cli->options.quiet);
    progress.source = source->name;
    status = ot_sync(source, &options, &result, &err);
    ot_progress_clear(&progress);
    ot_follow_saw(follow, source, status, &result);
    if (status != OT_OK) {
        /* names the source */
        ot_report_say(&cli->report, "%s%s", err.message, ot_output_remedy(&err));
    } else if (!cli->options.quiet) {
        if (result.quarantined + result.withheld > 0)
            ot_sync_report_kept_back(source);
        if (sources == NULL) {
            char line[256];

            ot_sync_report_line(line, sizeof(line), source, &result);
            ot_output_printf(&cli->out, "%s\n", line);
        }
    }
    if (status == OT_OK && sources == NULL)
        report_news(cli, source, &result);
    if (sources != NULL) {
        cJSON *object = ot_sync_report_json(source, status, &result, &err);

        if (object == NULL || !cJSON_AddItemToArray(sources, object)) {
            cJSON_Delete(object);
            *failed = true;
        }
    }
    return status;
}

/* The key of a descriptor is one API's: it is not shown to any other's. */
static enum ot_status read_key_of_one_source(struct ot_key *key, const struct ot_cli *cli,
                                             const struct ot_source *const *sources,
                                             size_t count, struct ot_error *err)
{
    if (cli->options.key_fd < 0)
        return OT_OK;
    if (cli->options.if_stale)
        return ot_error_set(err, OT_E_USAGE,
                            "--key-fd and --if-stale exclude each other: with nothing to "
                            "do, the key would not be proven");
    if (count > 1)
        return ot_error_set(err, OT_E_USAGE,
                            "--key-fd is for one source, and there are %zu: say which "
                            "with --source",
                            count);
    return ot_admin_use_key(key, sources[0], cli->options.key_fd, err);
}

enum ot_status ot_cmd_sync(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_follow follow = {.cli = cli, .is_quiet = cli->options.quiet};
    struct ot_config *config = NULL;
    const struct ot_source **sources = NULL;
    struct ot_key key = {0};
    cJSON *root = NULL, *list = NULL;
    enum ot_status status, first = OT_OK;
    bool failed = false;
    size_t count = 0;

    status = ot_config_load(&config, err);
    if (status == OT_OK)
        status = ot_command_sources(&cli->options, config, &sources, &count, err);
    if (status == OT_OK)
        status = read_key_of_one_source(&key, cli, sources, count, err);
    if (status != OT_OK)
        goto out;
    if (!cli->options.quiet)
        ot_output_advise(config);
    if (cli->options.json) {
        root = cJSON_CreateObject();
        list = root ? cJSON_AddArrayToObject(root, "sources") : NULL;
        if (list == NULL) {
            status = ot_error_nomem(err);
            goto out;
        }
    }
    follow.config = config;
    follow.json = root;
    for (size_t i = 0; i < count && !*cli->stop; i++) {
        status = sync_and_report(&follow, sources[i], key.secret != NULL ? &key : NULL,
                                 list, &failed);
        if (first == OT_OK)
            first = status;
    }
    status = *cli->stop ? OT_OK : ot_follow(&follow);
    if (first == OT_OK)
        first = status;
    status = first;
    if (*cli->stop && status == OT_OK)
        status = ot_error_set(err, OT_E_INTERRUPTED, "interrupted");
    if (failed)
        status = ot_error_nomem(err);
    else if (root != NULL) {
        enum ot_status printed = ot_output_json(&cli->out, root, false, err);

        status = status == OT_OK ? printed : status;
    }
out:
    cJSON_Delete(root);
    ot_key_clear(&key);
    free(sources);
    ot_config_free(config);
    return status;
}

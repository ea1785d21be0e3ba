/* orgtrust notify: what has changed, to whoever listens at notify_url. */
#include "commands/notify_url_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/limits.h"
#include "cache/state.h"
#include "commands/commands.h"
#include "commands/source_use.h"
#include "config/source.h"
#include "files/file_lock.h"
#include "notify/notify.h"
#include "view/json_build.h"
#include "view/signals.h"

#define ROUNDS_MAX 8

struct notifier {
    struct ot_cli *cli;
    uint64_t delivered;
    int64_t until_ms;        /* by the monotonic clock; with --retry */
    char said[OT_ERROR_MAX]; /* each reason once, however often it is met again */
};

/* No longer than there is a wait for, whatever the clock does meanwhile. */
static void wait_for_retry(const struct notifier *notifier, int64_t retry_at)
{
    int64_t wait_s = retry_at - (int64_t)time(NULL), until_ms, left_ms;

    if (wait_s > 2 * OT_NOTIFY_RETRY_LONGEST_S)
        wait_s = 2 * OT_NOTIFY_RETRY_LONGEST_S;
    until_ms = ot_clock_ms() + wait_s * 1000;
    while ((left_ms = until_ms - ot_clock_ms()) > 0 && !*notifier->cli->stop)
        ot_signals_wait(left_ms);
}

static void say_failure(struct notifier *notifier, const struct ot_error *why)
{
    if (notifier->cli->options.quiet || strcmp(notifier->said, why->message) == 0)
        return;
    memcpy(notifier->said, why->message, sizeof(notifier->said));
    ot_output_log(OT_PRIORITY_WARNING, "%s; it is tried again", why->message);
}

/* By what the configuration says now: a receiver may be away because it has moved. */
static enum ot_status deliver_once(struct notifier *notifier, const char *name,
                                   struct ot_notify_result *result, struct ot_error *err)
{
    struct ot_config *config = NULL;
    const struct ot_source *source = NULL;
    enum ot_status status = ot_config_load(&config, err);

    *result = (struct ot_notify_result){.delivered = 0};
    if (status == OT_OK)
        status = ot_config_find(config, name, &source, err);
    if (status == OT_OK && source->notify_url != NULL)
        status = ot_notify_deliver(result, source, notifier->cli->stop, err);
    notifier->delivered += result->delivered;
    ot_config_free(config);
    return status;
}

/* Under the lock, until everything is delivered, or there is no point in going on. */
static enum ot_status keep_delivering(struct notifier *notifier, const char *name,
                                      struct ot_error *err)
{
    struct ot_notify_result result = {.is_waiting = true};
    enum ot_status status = OT_OK;

    while (result.is_waiting && !*notifier->cli->stop) {
        ot_error_clear(err);
        status = deliver_once(notifier, name, &result, err);
        if (status == OT_OK)
            continue;
        if (!notifier->cli->options.retry || !result.is_waiting ||
            ot_clock_ms() > notifier->until_ms)
            return status;
        say_failure(notifier, err);
        wait_for_retry(notifier, result.retry_at);
    }
    if (result.is_waiting && *notifier->cli->stop)
        return ot_error_set(err, OT_E_INTERRUPTED,
                            "interrupted; the next sync goes on delivering");
    return status;
}

/* Looked at again without the lock: another process that found it taken has left it to
 * us. What is due all the same after some rounds waits for the next sync. */
static enum ot_status deliver_source(struct notifier *notifier,
                                     const struct ot_source *source, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    struct ot_state state = {0};
    int rounds = 0;

    do {
        int lock = -1;

        status = ot_notify_lock(&lock, source, err);
        if (status == OT_E_BUSY && notifier->cli->options.retry) {
            ot_error_clear(err);
            return OT_OK;
        }
        if (status == OT_OK && notifier->cli->options.retry &&
            ot_notify_state(&state, source, NULL) == OT_OK &&
            ot_state_holds_back(&state, (int64_t)time(NULL)))
            wait_for_retry(notifier, state.retry_at);
        if (status == OT_OK)
            status = keep_delivering(notifier, source->name, err);
        ot_file_lock_release(lock);
    } while (status == OT_OK && !*notifier->cli->stop && ++rounds < ROUNDS_MAX &&
             ot_notify_is_due(source));
    return status;
}

static void report_delivery(struct notifier *notifier, const struct ot_source *source,
                            enum ot_status status, const struct ot_error *why,
                            cJSON *list, bool *failed)
{
    struct ot_cli *cli = notifier->cli;
    unsigned long long delivered = notifier->delivered;
    cJSON *object;

    if (list != NULL) {
        object = ot_json_append_object(list, failed);
        ot_json_put_string(object, "source", source->name, failed);
        ot_json_put_string(object, "status", ot_status_word(status), failed);
        ot_json_put_int(object, "delivered", (int64_t)delivered, failed);
        ot_json_put_string(object, "error", status != OT_OK ? why->message : NULL,
                           failed);
    } else if (status != OT_OK) {
        ot_report_say(&cli->report, "%s", why->message);
    } else if (!cli->options.quiet) {
        ot_output_printf(&cli->out, "%s: %llu change%s delivered\n", source->name,
                         delivered, delivered == 1 ? "" : "s");
    }
}

static enum ot_status deliver_sources(struct ot_cli *cli,
                                      const struct ot_source *const *sources,
                                      size_t count, cJSON *list, bool *failed)
{
    enum ot_status first = OT_OK;

    for (size_t i = 0; i < count && !*cli->stop; i++) {
        struct notifier notifier = {.cli = cli,
                                    .until_ms = ot_clock_ms() + OT_NOTIFY_PROCESS_MS};
        struct ot_error why = OT_ERROR_INIT;
        enum ot_status status;

        if (sources[i]->notify_url == NULL)
            continue;
        status = deliver_source(&notifier, sources[i], &why);
        report_delivery(&notifier, sources[i], status, &why, list, failed);
        if (first == OT_OK)
            first = status;
    }
    return first;
}

enum ot_status ot_cmd_notify(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_config *config = NULL;
    const struct ot_source **sources = NULL;
    cJSON *root = NULL, *list = NULL;
    bool failed = false;
    size_t count = 0;
    enum ot_status status = ot_config_load(&config, err), printed;

    if (status == OT_OK)
        status = ot_command_sources(&cli->options, config, &sources, &count, err);
    if (status == OT_OK && cli->options.json) {
        root = cJSON_CreateObject();
        list = ot_json_put_array(root, "sources", &failed);
    }
    if (status == OT_OK && !failed)
        status = deliver_sources(cli, sources, count, list, &failed);
    if (failed)
        status = ot_error_nomem(err);
    else if (root != NULL) {
        printed = ot_output_json(&cli->out, root, false, err);
        status = status == OT_OK ? printed : status;
    }
    cJSON_Delete(root);
    free(sources);
    ot_config_free(config);
    return status;
}

static void start_notifier(const struct ot_source *source, bool is_log)
{
    const char *const argv[] = {"orgtrust", "notify",  "--source", source->name,
                                "--retry",  "--quiet", NULL};
    const char *const loud[] = {"orgtrust",   "notify",  "--source",
                                source->name, "--retry", NULL};
    struct ot_child child = {.argv = is_log ? loud : argv,
                             .fds = {-1, -1, -1, -1, -1, -1}};
    struct ot_error why = OT_ERROR_INIT;

    if (is_log) {
        child.fds[2] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, (int)OT_CHILD_FDS);
        child.fds[1] = child.fds[2];
    }
    if (ot_child_start(&child, NULL, &why) != OT_OK)
        ot_output_fail("source '%s': notify_url: %s", source->name, why.message);
    if (child.fds[2] >= 0)
        close(child.fds[2]);
}

/* Those of before, where nobody else takes them off our hands. They have sessions of
 * their own; who is of our process group is waited for by whoever has forked it. */
static void reap_notifiers(void)
{
    siginfo_t ended = {.si_pid = 0};

    while (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid != 0 && getpgid(ended.si_pid) != getpgrp())
        waitpid(ended.si_pid, NULL, WNOHANG);
}

void ot_notify_start(const struct ot_config *config, bool is_log)
{
    if (is_log && ot_child_is_adopted())
        reap_notifiers();
    for (size_t i = 0; i < ot_config_count(config); i++) {
        const struct ot_source *source = ot_config_at(config, i);

        if (source->notify_url != NULL && source->notify_secret_file == NULL)
            ot_output_say("source '%s': notify_url is told nothing without a "
                          "notify_secret_file, for what is sent there is signed",
                          source->name);
        else if (ot_notify_is_due(source))
            start_notifier(source, is_log);
    }
}

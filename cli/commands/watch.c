/* orgtrust watch: stay and sync each source at its refresh_interval, by what the
 * configuration says at the time. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/service_manager.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/follow_internal.h"
#include "commands/sync_apart_internal.h"
#include "commands/watch_status_internal.h"
#include "commands/watched_internal.h"
#include "sync/sync_options.h"
#include "view/news_report.h"
#include "view/signals.h"
#include "view/sync_report.h"

/* A wait is cut into pieces: a changed configuration is seen at the end of one; and the
 * kernel's timer stands still while the machine sleeps, the clock that says what is due
 * does not. */
#define WAIT_LONGEST_MS 10000

struct watchdog {
    int64_t interval_ms; /* 0: nobody wants to hear it */
    int64_t notified_ms;
};

static void notify_watchdog(struct watchdog *watchdog)
{
    int64_t now = ot_watch_clock_ms();

    if (watchdog->interval_ms == 0 || now - watchdog->notified_ms < watchdog->interval_ms)
        return;
    ot_notify("WATCHDOG=1");
    watchdog->notified_ms = now;
}

static void notify_in_sync(void *arg, const char *phase, size_t done, size_t total)
{
    (void)phase;
    (void)done;
    (void)total;
    notify_watchdog(arg);
}

static enum ot_status tell_json(struct ot_cli *cli, const struct ot_watched *watched,
                                enum ot_status status,
                                const struct ot_sync_result *result,
                                const struct ot_error *error, struct ot_error *err)
{
    cJSON *event = ot_sync_report_json(watched->source, status, result, error);
    enum ot_status printed;

    if (event == NULL)
        return ot_error_nomem(err);
    printed = ot_output_json(&cli->out, event, true, err);
    cJSON_Delete(event);
    if (printed == OT_OK && cli->out.first_errno != 0)
        printed = ot_output_finish(&cli->out, err);
    return printed;
}

static void say_news(void *arg, const char *line)
{
    (void)arg;
    ot_output_say("%s", line);
}

static const struct ot_news_report log_report = {.fd = STDERR_FILENO, .put = say_news};

/* What syncs of other processes have found since our last look. */
static void report_news_of_others(struct ot_watched *watched)
{
    struct ot_sync_result result = {0};

    ot_watch_take_news(watched, &result.news);
    ot_news_report(&log_report, watched->source, &result);
}

static enum ot_status
report_watched_sync(struct ot_cli *cli, const struct ot_watched *watched,
                    enum ot_status status, const struct ot_sync_result *result,
                    const struct ot_error *error, struct ot_error *err)
{
    const struct ot_source *source = watched->source;
    char line[256], span[OT_TIME_MAX];

    if (cli->options.json)
        return tell_json(cli, watched, status, result, error, err);
    ot_text_span(span, (watched->due_ms - ot_watch_clock_ms() + 999) / 1000);
    if (status != OT_OK) {
        /* The sentence names the source. */
        ot_output_log(OT_PRIORITY_WARNING, "%s; next try in %s", error->message, span);
        return OT_OK;
    }
    ot_sync_report_line(line, sizeof(line), source, result);
    ot_output_say("%s; next in %s", line, span);
    ot_news_report(&log_report, source, result);
    if (result->changed && result->quarantined + result->withheld > 0)
        ot_sync_report_kept_back(source);
    return OT_OK;
}

struct keeper {
    struct ot_cli *cli;
    struct ot_watch watch;
    struct ot_follow follow;
    struct watchdog watchdog;
    struct ot_error refused; /* why the configuration cannot be used; OT_OK: it can */
    /* The sources that were due at a moment, and what follows their syncs: one that is
     * due again before that belongs to the next round. */
    int64_t round_ms;
    bool is_ready, has_followed;
};

static enum ot_status sync_watched(struct keeper *keeper, struct ot_watched *watched,
                                   struct ot_error *err)
{
    struct ot_cli *cli = keeper->cli;
    struct ot_sync_options options = {
        .is_configured = true,
        .moment = watched->waiter.has_called ? watched->waiter.moment : NULL,
        .stop = cli->stop,
        .progress = notify_in_sync,
        .arg = &keeper->watchdog,
    };
    struct ot_sync_result result = {0};
    struct ot_error error = OT_ERROR_INIT;
    enum ot_status status;

    /* Somebody else's sync may have come before what it was called for. */
    if (!watched->waiter.has_called && ot_watch_was_refreshed(watched)) {
        ot_waiter_note_sync(&watched->waiter, OT_OK, true, ot_watch_clock_ms());
        if (!cli->options.json) /* there they come with the next event */
            report_news_of_others(watched);
        return OT_OK;
    }
    status = ot_sync_apart(watched->source, &options, &result, &error);
    if (*cli->stop)
        return OT_OK;
    ot_watch_reschedule(watched, status, &error);
    ot_waiter_note_sync(&watched->waiter, status, result.changed, ot_watch_clock_ms());
    if (status == OT_OK)
        ot_watch_take_news(watched, &result.news);
    ot_follow_saw(&keeper->follow, watched->source, status, &result);
    /* A failure of what is not to be done any more is none. */
    if (status != OT_OK && ot_config_check_source(watched->source, NULL) != OT_OK)
        return OT_OK;
    return report_watched_sync(cli, watched, status, &result, &error, err);
}

/* Each reason once, however often it is found again. */
static void refuse_new_configuration(struct keeper *keeper, const struct ot_error *why,
                                     bool is_asked)
{
    if (is_asked || strcmp(keeper->refused.message, why->message) != 0) {
        ot_output_fail(
            "nothing is synced or written until the configuration can be used: "
            "%s",
            why->message);
        ot_watch_tell_status(&keeper->watch, why->message);
    }
    keeper->refused = *why;
}

static void begin_round(struct keeper *keeper)
{
    keeper->round_ms = ot_watch_clock_ms();
    keeper->has_followed = false;
}

static bool reload_configuration(struct keeper *keeper, bool is_asked)
{
    struct ot_error why = OT_ERROR_INIT;

    if (ot_watch_reload(&keeper->watch, &keeper->cli->options, &why) != OT_OK) {
        refuse_new_configuration(keeper, &why, is_asked);
        return false;
    }
    ot_error_clear(&keeper->refused);
    keeper->follow.config = keeper->watch.config;
    keeper->follow.believe_empty = 0;
    begin_round(keeper);
    ot_output_say("configuration reloaded: %zu source%s", keeper->watch.count,
                  keeper->watch.count == 1 ? "" : "s");
    return true;
}

/* Whether there is a configuration to go by: what the files say now, not what they said
 * when this process began. */
static bool has_config(struct keeper *keeper)
{
    bool is_asked = ot_signals_take_reload(), is_good;

    if (!is_asked && keeper->refused.status == OT_OK &&
        ot_config_check(keeper->watch.config, NULL) == OT_OK)
        return true;
    if (is_asked)
        ot_notify_reloading();
    is_good = reload_configuration(keeper, is_asked);
    if (is_asked)
        ot_notify("READY=1");
    return is_good;
}

static void wait_until(struct keeper *keeper, int64_t due_ms)
{
    struct watchdog *watchdog = &keeper->watchdog;
    int64_t left_ms = due_ms - ot_watch_clock_ms();

    if (left_ms > WAIT_LONGEST_MS)
        left_ms = WAIT_LONGEST_MS;
    if (watchdog->interval_ms > 0 && left_ms > watchdog->interval_ms)
        left_ms = watchdog->interval_ms;
    if (keeper->refused.status == OT_OK)
        ot_watch_sleep(&keeper->watch, keeper->cli->stop, left_ms);
    else
        ot_signals_wait(left_ms);
    notify_watchdog(watchdog);
}

/* The exports, once for all syncs that were due together; an event of its own. */
static enum ot_status follow_all(struct ot_follow *follow, struct ot_error *err)
{
    struct ot_cli *cli = follow->cli;
    enum ot_status status = OT_OK;

    if (cli->options.json && (follow->json = cJSON_CreateObject()) == NULL)
        return ot_error_nomem(err);
    ot_follow(follow);
    if (cJSON_GetArraySize(follow->json) > 0)
        status = ot_output_json(&cli->out, follow->json, true, err);
    cJSON_Delete(follow->json);
    follow->json = NULL;
    follow->believe_empty = 0;
    follow->any_failed = false;
    return status;
}

/* A unit of which nothing is trusted any more has failed, and is to be seen as such: the
 * manager begins it again, and it is not ready before it has seen the source. Where
 * nobody would begin it again, it goes on trying. */
static enum ot_status check_expired(const struct keeper *keeper, struct ot_error *err)
{
    const struct ot_watched *expired = ot_watch_expired(&keeper->watch);

    if (expired == NULL || expired->trouble == NULL || !ot_notify_is_wanted())
        return OT_OK;
    return ot_error_set(err, OT_E_EXPIRED,
                        "%s; its last snapshot is older than max_stale, so that nothing "
                        "is trusted of it any more",
                        expired->trouble);
}

/* Every source that was due has been tried once. */
static enum ot_status end_round(struct keeper *keeper, struct ot_error *err)
{
    enum ot_status status = follow_all(&keeper->follow, err);

    notify_watchdog(&keeper->watchdog);
    keeper->has_followed = true;
    ot_watch_tell_status(&keeper->watch, NULL);
    return status == OT_OK ? check_expired(keeper, err) : status;
}

static void tell_ready(struct keeper *keeper)
{
    if (keeper->is_ready || ot_watch_expired(&keeper->watch) != NULL)
        return;
    ot_notify("READY=1");
    keeper->is_ready = true;
}

/* What comes next: a sync that is due, what follows the syncs, a wait. */
static enum ot_status take_watch_step(struct keeper *keeper, struct ot_error *err)
{
    struct ot_watched *next;
    enum ot_status status;

    ot_watch_heed_wall_clock(&keeper->watch);
    next = ot_watch_next(&keeper->watch);
    if (keeper->has_followed) {
        tell_ready(keeper);
        if (next->due_ms > ot_watch_clock_ms()) {
            wait_until(keeper, next->due_ms);
            return OT_OK;
        }
        begin_round(keeper);
    }
    if (next->due_ms > keeper->round_ms)
        return end_round(keeper, err);
    status = sync_watched(keeper, next, err);
    notify_watchdog(&keeper->watchdog);
    return status;
}

/* Until the end is asked for, or the output is lost. */
static enum ot_status keep_watch(struct keeper *keeper, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    keeper->watchdog.interval_ms = ot_notify_watchdog_ms();
    keeper->follow = (struct ot_follow){
        .cli = keeper->cli, .config = keeper->watch.config, .is_log = true};
    begin_round(keeper);
    while (status == OT_OK && !*keeper->cli->stop) {
        if (has_config(keeper))
            status = take_watch_step(keeper, err);
        else
            wait_until(keeper, ot_watch_clock_ms() + WAIT_LONGEST_MS);
    }
    ot_notify("STOPPING=1");
    return status;
}

enum ot_status ot_cmd_watch(struct ot_cli *cli, struct ot_error *err)
{
    struct keeper keeper = {.cli = cli};
    enum ot_status status;

    ot_signals_catch_reload();
    srand48((long)(ot_watch_clock_ms() ^ ((int64_t)getpid() << 16)));
    status = ot_watch_load(&keeper.watch, &cli->options, err);
    if (status != OT_OK)
        return status;
    ot_output_say("watching %zu source%s", keeper.watch.count,
                  keeper.watch.count == 1 ? "" : "s");
    status = keep_watch(&keeper, err);
    ot_watch_clear(&keeper.watch);
    if (status == OT_OK)
        ot_output_say("ended by a signal");
    return status;
}

/* orgtrust watch: stay and sync each source at its refresh_interval. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "follow.h"
#include "notify.h"
#include "signals.h"
#include "sync_apart.h"
#include "sync_report.h"
#include "watch.h"

/* A wait is cut into pieces: the kernel's timer stands still while the machine sleeps,
 * the clock that says what is due does not. */
#define WAIT_LONGEST_MS 60000

struct heart {
    int64_t interval_ms; /* 0: nobody wants to hear it */
    int64_t beaten_ms;
};

static void beat(struct heart *heart)
{
    int64_t now = ot_watch_clock_ms();

    if (heart->interval_ms == 0 || now - heart->beaten_ms < heart->interval_ms)
        return;
    ot_notify("WATCHDOG=1");
    heart->beaten_ms = now;
}

static void beat_in_sync(void *arg, const char *phase, size_t done, size_t total)
{
    (void)phase;
    (void)done;
    (void)total;
    beat(arg);
}

static enum ot_status tell_json(struct ot_cli *cli, const struct ot_watched *watched,
                                enum ot_status status,
                                const struct ot_sync_result *result,
                                const struct ot_error *error, struct ot_error *err)
{
    cJSON *event = ot_sync_report_json(watched->source, status, result, error);
    enum ot_status told;

    if (event == NULL)
        return ot_error_nomem(err);
    told = ot_output_json(&cli->out, event, true, err);
    cJSON_Delete(event);
    if (told == OT_OK && cli->out.first_errno != 0)
        told = ot_output_finish(&cli->out, err);
    return told;
}

static enum ot_status tell(struct ot_cli *cli, const struct ot_watched *watched,
                           enum ot_status status, const struct ot_sync_result *result,
                           const struct ot_error *error, struct ot_error *err)
{
    const struct ot_source *source = watched->source;
    char line[256], span[OT_TIME_MAX];

    if (cli->options.json)
        return tell_json(cli, watched, status, result, error, err);
    ot_output_duration(span, (watched->due_ms - ot_watch_clock_ms() + 999) / 1000);
    if (status != OT_OK) {
        /* The sentence names the source. */
        ot_output_say("%s; next try in %s", error->message, span);
        return OT_OK;
    }
    ot_sync_report_line(line, sizeof(line), source, result);
    ot_output_say("%s; next in %s", line, span);
    if (result->changed && result->quarantined + result->withheld > 0)
        ot_sync_report_kept_back(source);
    return OT_OK;
}

static enum ot_status sync_one(struct ot_follow *follow, struct ot_watched *watched,
                               struct heart *heart, struct ot_error *err)
{
    struct ot_cli *cli = follow->cli;
    struct ot_sync_options options = {
        .stop = cli->stop,
        .progress = beat_in_sync,
        .arg = heart,
    };
    struct ot_sync_result result = {0};
    struct ot_error error = OT_ERROR_INIT;
    enum ot_status status;

    if (ot_watch_was_refreshed(watched))
        return OT_OK;
    status = ot_sync_apart(watched->source, &options, &result, &error);
    if (*cli->stop)
        return OT_OK;
    ot_watch_reschedule(watched, status);
    ot_follow_saw(follow, watched->source, status, &result);
    return tell(cli, watched, status, &result, &error, err);
}

/* A configuration that cannot be used leaves the one that is in use. */
static void reload(struct ot_watch *watch, const struct ot_options *options)
{
    struct ot_watch fresh;
    struct ot_error err = OT_ERROR_INIT;

    ot_notify_reloading();
    if (ot_watch_load(&fresh, options, &err) == OT_OK) {
        ot_watch_clear(watch);
        *watch = fresh;
        ot_output_say("configuration reloaded: %zu source%s", watch->count,
                      watch->count == 1 ? "" : "s");
    } else {
        ot_output_say("the configuration in use stays, the new one is refused: %s",
                      err.message);
    }
    ot_notify("READY=1");
}

static void wait_until(int64_t due_ms, struct heart *heart)
{
    int64_t left_ms = due_ms - ot_watch_clock_ms();

    if (left_ms > WAIT_LONGEST_MS)
        left_ms = WAIT_LONGEST_MS;
    if (heart->interval_ms > 0 && left_ms > heart->interval_ms)
        left_ms = heart->interval_ms;
    ot_signals_wait(left_ms);
    beat(heart);
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
    return status;
}

/* Until the end is asked for, or the output is lost. */
static enum ot_status keep_watch(struct ot_cli *cli, struct ot_watch *watch,
                                 struct ot_error *err)
{
    struct ot_follow follow = {.cli = cli, .is_log = true};
    struct heart heart = {.interval_ms = ot_notify_watchdog_ms()};
    enum ot_status status = OT_OK;
    bool ready = false, has_followed = false;

    while (status == OT_OK && !*cli->stop) {
        struct ot_watched *next = ot_watch_next(watch);

        if (ot_signals_take_reload()) {
            reload(watch, &cli->options);
            has_followed = false;
            continue;
        }
        follow.config = watch->config;
        if (next->due_ms <= ot_watch_clock_ms()) {
            status = sync_one(&follow, next, &heart, err);
            beat(&heart);
            has_followed = false;
            continue;
        }
        /* Every source that was due has been tried once. */
        if (!has_followed) {
            status = follow_all(&follow, err);
            beat(&heart);
            has_followed = true;
            continue;
        }
        if (!ready)
            ot_notify("READY=1");
        ready = true;
        wait_until(next->due_ms, &heart);
    }
    ot_notify("STOPPING=1");
    return status;
}

enum ot_status ot_cmd_watch(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_watch watch;
    enum ot_status status;

    ot_signals_catch_reload();
    srand48((long)(ot_watch_clock_ms() ^ ((int64_t)getpid() << 16)));
    status = ot_watch_load(&watch, &cli->options, err);
    if (status != OT_OK)
        return status;
    ot_output_say("watching %zu source%s", watch.count, watch.count == 1 ? "" : "s");
    status = keep_watch(cli, &watch, err);
    ot_watch_clear(&watch);
    if (status == OT_OK)
        ot_output_say("ended by a signal");
    return status;
}

#include "commands/follow_internal.h"

#include <stdlib.h>
#include <string.h>

#include "commands/follow_metrics_internal.h"
#include "commands/follow_report_internal.h"
#include "commands/notify_url_internal.h"
#include "sync/sync_options.h"
#include "view/json_build.h"

#define DESCRIPTION_MAX (PATH_MAX + 32)

static const char *const outcomes[] = {
    [OT_EXPORT_UNCHANGED] = "unchanged",
    [OT_EXPORT_WRITTEN] = "written",
    [OT_EXPORT_KEPT] = "kept",
    [OT_EXPORT_FAILED] = "failed",
};

void ot_follow_saw(struct ot_follow *follow, const struct ot_source *source,
                   enum ot_status status, const struct ot_sync_result *result)
{
    follow->any_failed |= status != OT_OK;
    if (status == OT_OK && result->empty_is_sure)
        follow->believe_empty |= ot_exports_bit(follow->config, source);
}

static void tell_written(const struct ot_follow *follow, const struct ot_export *item,
                         const char *what)
{
    char line[DESCRIPTION_MAX + 64];

    if (item->kind == OT_EXPORT_ON_CHANGE)
        snprintf(line, sizeof(line), "%s: the command was run", what);
    else
        snprintf(line, sizeof(line), "%s: %zu anchor%s%s", what, item->anchors,
                 item->anchors == 1 ? "" : "s",
                 item->says_no ? ", and told what is distrusted" : "");
    if (follow->is_log)
        ot_output_say("%s", line);
    else
        ot_output_printf(&follow->cli->out, "%s\n", line);
}

/* What keeps several exports as they are is printed with the first of them. */
static bool is_same_reason(const struct ot_export *item, const struct ot_export *before)
{
    return before != NULL && before->outcome == OT_EXPORT_KEPT &&
           strcmp(before->why.message, item->why.message) == 0;
}

/* How much of a reason there is to tell: not once more why the sync failed, nor that one
 * is to be tried. */
static int untold_len(const struct ot_follow *follow, const char *why)
{
    const char *again = strstr(why, ": the last sync failed: ");

    return (int)(follow->any_failed && again != NULL ? (size_t)(again - why)
                                                     : strlen(why));
}

/* before: the one that was printed last; may be NULL. */
static void print_export(const struct ot_follow *follow, const struct ot_export *item,
                         const struct ot_export *before)
{
    const int untold = untold_len(follow, item->why.message);
    char what[DESCRIPTION_MAX];

    ot_export_describe(what, sizeof(what), item);
    if (item->outcome == OT_EXPORT_FAILED && item->kind == OT_EXPORT_ON_CHANGE)
        ot_output_fail("%s; it is tried again after the next sync", item->why.message);
    else if (item->outcome == OT_EXPORT_FAILED)
        ot_report_say(&follow->cli->report, "%s: %.*s", what, untold, item->why.message);
    else if (item->outcome == OT_EXPORT_KEPT && !follow->is_quiet &&
             !is_same_reason(item, before))
        ot_output_log(OT_PRIORITY_WARNING, "%s: %.*s", what, untold, item->why.message);
    else if (item->outcome == OT_EXPORT_WRITTEN && !follow->is_quiet &&
             follow->json == NULL)
        tell_written(follow, item, what);
}

/* Whether all of it fitted into memory. */
static bool put_json(cJSON *json, const struct ot_exports *exports)
{
    bool failed = false;
    cJSON *array = ot_json_put_array(json, "exports", &failed);

    for (size_t i = 0; i < exports->count; i++) {
        const struct ot_export *item = &exports->items[i];
        bool has_error = item->why.status != OT_OK;
        bool is_command = item->kind == OT_EXPORT_ON_CHANGE;
        cJSON *object = ot_json_append_object(array, &failed);

        ot_json_put_string(object, "kind", ot_export_word(item->kind), &failed);
        ot_json_put_string(object, "path", is_command ? NULL : item->target, &failed);
        ot_json_put_string(object, "outcome", outcomes[item->outcome], &failed);
        if (!is_command)
            ot_json_put_int(object, "anchors", (int64_t)item->anchors, &failed);
        ot_json_put_string(object, "status",
                           has_error ? ot_status_word(item->why.status) : NULL, &failed);
        ot_json_put_string(object, "error", has_error ? item->why.message : NULL,
                           &failed);
    }
    return !failed;
}

/* Who stays looks at the configuration next, and tells once what is wrong with it. */
static bool is_reported_by_watch(const struct ot_follow *follow)
{
    return follow->is_log && ot_config_check(follow->config, NULL) != OT_OK;
}

static void tell_wait_of_exports(void *arg, const char *holder)
{
    (void)arg;
    ot_output_say("exports: %s is at them; waiting for that to end", holder);
}

enum ot_status ot_follow(const struct ot_follow *follow)
{
    struct ot_exports_options options = {
        .believe_empty = follow->believe_empty,
        .accept_empty = follow->cli->options.accept_empty,
        .stop = follow->cli->stop,
        .waits = follow->is_quiet ? NULL : tell_wait_of_exports,
    };
    struct ot_error err = OT_ERROR_INIT;
    struct ot_exports *exports = NULL;
    struct ot_config *config = NULL;
    enum ot_status status = ot_config_load(&config, &err);

    if (status == OT_OK && !ot_config_equal(config, follow->config))
        options.believe_empty = 0;
    if (status == OT_OK)
        status = ot_exports_follow(&exports, &config, &options, &err);
    if (err.status != OT_OK && !is_reported_by_watch(follow))
        ot_report_say(&follow->cli->report, "%s", err.message);
    for (size_t i = 0; exports != NULL && i < exports->count; i++)
        print_export(follow, &exports->items[i], i > 0 ? &exports->items[i - 1] : NULL);
    if (exports != NULL && exports->count > 0 && follow->json != NULL &&
        !put_json(follow->json, exports) && status == OT_OK)
        status = OT_E_NOMEM;
    if (config != NULL && *follow->cli->stop == 0) {
        enum ot_status written = ot_follow_metrics(config, &follow->cli->report);

        status = status == OT_OK ? written : status;
        ot_notify_start(config, follow->is_log);
        ot_follow_report(follow->cli, config);
    }
    free(exports);
    ot_config_free(config);
    return status;
}

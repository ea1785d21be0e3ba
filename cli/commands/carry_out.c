#include "commands/carry_out_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "change/lock_out.h"
#include "commands/follow_internal.h"
#include "commands/impact_look_internal.h"
#include "config/source.h"
#include "sync/sync_options.h"
#include "view/change_report.h"
#include "view/confirm.h"
#include "view/sync_report.h"
#include "view/warn_withheld.h"

/* Whether source looks at a scope in which something was changed, or taken away. */
static bool sees_changes(const struct ot_carry_out *carry_out,
                         const struct ot_source *source, bool removals)
{
    const struct ot_changes *changes = carry_out->changes;

    if (strcmp(source->base_url, carry_out->use->source->base_url) != 0)
        return false;
    /* Also where nothing is to do: an earlier command may have come no further. */
    if (!removals &&
        ot_source_sees_scope(source, ot_admin_project(carry_out->use->admin)))
        return true;
    for (size_t i = 0; i < changes->count; i++) {
        const struct ot_change *change = &changes->items[i];

        if (ot_source_sees_scope(source, ot_admin_project(change->admin)) &&
            (!removals || (change->action >= OT_CHANGE_DEACTIVATE &&
                           change->outcome != OT_CHANGE_PLANNED)))
            return true;
    }
    return false;
}

/* The cache is another user's, as a machine's is: what was asked for is done all the
 * same, and the machine's own sync brings it here. */
static bool is_anothers_cache(enum ot_status status, const struct ot_error *err)
{
    return status != OT_OK && err->errnum == EACCES && geteuid() != 0;
}

static void say_sync_failed(const struct ot_carry_out *carry_out,
                            const struct ot_error *err)
{
    struct ot_report *report = &carry_out->cli->report;

    if (ot_changes_count(carry_out->changes, OT_CHANGE_DONE) > 0)
        ot_report_say(report,
                      "%s; the changes are made all the same, but the snapshot does not "
                      "show them yet: run orgtrust sync",
                      err->message);
    else
        ot_report_say(report, "%s", err->message);
}

static enum ot_status sync_changed_source(const struct ot_carry_out *carry_out,
                                          const struct ot_source *source,
                                          struct ot_follow *follow, cJSON *syncs,
                                          bool *is_anothers, bool *failed)
{
    bool has_its_key =
        source == carry_out->use->source || carry_out->cli->options.key_fd >= 0;
    const struct ot_sync_options options = {
        .own_listing = true,
        .is_configured = true,
        .accept_empty = sees_changes(carry_out, source, true),
        .key = has_its_key ? &carry_out->use->key : NULL,
        .stop = carry_out->cli->stop,
    };
    struct ot_error err = OT_ERROR_INIT;
    struct ot_sync_result result;
    enum ot_status status = ot_sync(source, &options, &result, &err);

    ot_follow_saw(follow, source, status, &result);
    *is_anothers = is_anothers_cache(status, &err);
    if (status != OT_OK && !*is_anothers)
        say_sync_failed(carry_out, &err);
    if (syncs != NULL) {
        cJSON *object = ot_sync_report_json(source, status, &result, &err);

        if (object == NULL || !cJSON_AddItemToArray(syncs, object)) {
            cJSON_Delete(object);
            *failed = true;
        }
    }
    return *is_anothers ? OT_OK : status;
}

/* The source that was named and all that see what was changed, then the exports. Returns
 * the first failure; each is printed here. */
static enum ot_status sync_all(const struct ot_carry_out *carry_out, cJSON *root,
                               cJSON *syncs, bool *failed)
{
    const struct ot_config *config = carry_out->use->config;
    struct ot_follow follow = {.cli = carry_out->cli, .config = config, .json = root};
    enum ot_status status, first = OT_OK;
    bool is_anothers = false, any_anothers = false;

    for (size_t i = 0; i < ot_config_count(config); i++) {
        const struct ot_source *source = ot_config_at(config, i);

        if (source != carry_out->use->source && !sees_changes(carry_out, source, false))
            continue;
        status =
            sync_changed_source(carry_out, source, &follow, syncs, &is_anothers, failed);
        any_anothers = any_anothers || is_anothers;
        first = first == OT_OK ? status : first;
    }
    if (any_anothers) {
        if (root == NULL)
            ot_output_printf(&carry_out->cli->out,
                             "done; this machine follows at its next sync\n");
        return first;
    }
    status = ot_follow(&follow);
    return first == OT_OK ? status : first;
}

/* {source, project, dry_run, changes, syncs}; NULL without --json. */
static cJSON *begin_json(const struct ot_carry_out *carry_out, bool *failed)
{
    const struct ot_options *options = &carry_out->cli->options;
    cJSON *root;

    if (!options->json)
        return NULL;
    root = cJSON_CreateObject();
    ot_json_put_string(root, "source", carry_out->use->source->name, failed);
    ot_json_put_string(root, "project", ot_admin_project(carry_out->use->admin), failed);
    ot_json_put_bool(root, "dry_run", options->dry_run, failed);
    ot_json_put_array(root, "syncs", failed);
    return root;
}

static void print_change_text(const struct ot_carry_out *carry_out,
                              enum ot_change_tense tense)
{
    struct ot_output *out = &carry_out->cli->out;

    ot_change_report_print(out, carry_out->changes, tense);
    if (tense == OT_CHANGE_WOULD && carry_out->shows_plan)
        ot_change_report_totals(out, carry_out->changes);
    ot_output_flush(out);
}

/* The whole result, which is one object. */
static enum ot_status print_json(const struct ot_carry_out *carry_out, cJSON *root,
                                 bool failed, struct ot_error *err)
{
    struct ot_output *out = &carry_out->cli->out;

    ot_change_report_json(ot_json_put_array(root, "changes", &failed), carry_out->changes,
                          &failed);
    return failed ? ot_error_nomem(err) : ot_output_json(out, root, false, err);
}

static enum ot_status ask_about_changes(const struct ot_carry_out *carry_out, cJSON *root,
                                        struct ot_error *err)
{
    bool asks = carry_out->question != NULL && !carry_out->cli->options.yes;
    struct ot_output out;
    enum ot_status status;

    if (ot_changes_count(carry_out->changes, OT_CHANGE_PLANNED) == 0)
        return OT_OK;
    ot_warn_withheld(carry_out->use->source, carry_out->changes);
    if (asks || carry_out->shows_plan) {
        ot_output_init(&out, stderr);
        ot_change_report_print(&out, carry_out->changes, OT_CHANGE_PLAN);
        if (carry_out->shows_plan)
            ot_change_report_totals(&out, carry_out->changes);
    }
    status = ot_impact_look_ahead(carry_out->cli, carry_out->use, carry_out->changes,
                                  asks, root, err);
    return status == OT_OK && asks ? ot_confirm(carry_out->question, err) : status;
}

static enum ot_status check_lock_out(const struct ot_carry_out *carry_out,
                                     struct ot_error *err)
{
    if (carry_out->cli->options.locks_out)
        return OT_OK;
    return ot_changes_check_lock_out(carry_out->changes, carry_out->use->source, err);
}

enum ot_status ot_carry_out(struct ot_carry_out *carry_out, struct ot_error *err)
{
    struct ot_cli *cli = carry_out->cli;
    bool failed = false;
    cJSON *root, *syncs;
    enum ot_status status = check_lock_out(carry_out, err), next;

    if (status != OT_OK)
        return status;
    root = begin_json(carry_out, &failed);
    syncs = cJSON_GetObjectItemCaseSensitive(root, "syncs");
    if (cli->options.dry_run) {
        status = ot_impact_look_ahead(cli, carry_out->use, carry_out->changes, false,
                                      root, err);
        if (status == OT_OK && root != NULL)
            status = print_json(carry_out, root, failed, err);
        else if (status == OT_OK)
            print_change_text(carry_out, OT_CHANGE_WOULD);
        cJSON_Delete(root);
        return status;
    }
    status = ask_about_changes(carry_out, root, err);
    if (status != OT_OK) {
        cJSON_Delete(root);
        return status;
    }
    status = ot_changes_run(carry_out->changes, cli->stop, err);
    if (status != OT_OK && carry_out->failed != NULL)
        carry_out->failed(carry_out);
    ot_report_changes(&cli->report, carry_out->changes);
    if (ot_change_report_failures(carry_out->changes))
        ot_error_clear(err);
    /* Before what follows from them. */
    if (!cli->options.json)
        print_change_text(carry_out, OT_CHANGE_PAST);
    /* Also where nothing had to be done: an earlier command may have been killed before
     * it came to this. */
    if (status == OT_OK || ot_changes_took_place(carry_out->changes)) {
        next = sync_all(carry_out, root, syncs, &failed);
        status = status == OT_OK ? next : status;
    }
    next = cli->options.json ? print_json(carry_out, root, failed, err) : OT_OK;
    cJSON_Delete(root);
    return status == OT_OK ? next : status;
}

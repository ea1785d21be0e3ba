#include "commands/impact_look_internal.h"

#include <stdlib.h>
#include <string.h>

#include "change/admin.h"
#include "change/cert_input.h"
#include "change/change.h"
#include "commands/admin_use_internal.h"
#include "config/source.h"
#include "memory/memory.h"
#include "view/cli.h"
#include "view/impact_report.h"

static enum ot_status read_probes(struct ot_endpoint *probes,
                                  const struct ot_options *options, struct ot_error *err)
{
    for (size_t i = 0; i < options->probe_count; i++) {
        const char *text = options->probes[i];
        const char *why = ot_endpoint_parse(&probes[i], text, strlen(text));

        if (why != NULL)
            return ot_error_set(err, OT_E_USAGE,
                                "--probe is a server's HOST:PORT, and \"%.100s\" %s",
                                text, why);
    }
    return OT_OK;
}

enum ot_status ot_impact_look(struct ot_impact *impact, const struct ot_cli *cli,
                              const struct ot_config *config,
                              const struct ot_source *source,
                              const struct ot_impact_changes *changes, bool only_losses,
                              struct ot_error *err)
{
    struct ot_endpoint probes[OT_IMPACT_SERVERS_MAX];
    const struct ot_impact_options options = {.probes = probes,
                                              .probe_count = cli->options.probe_count,
                                              .source = source,
                                              .only_losses = only_losses,
                                              .stop = cli->stop};
    enum ot_status status = read_probes(probes, &cli->options, err);

    *impact = (struct ot_impact){0};
    return status == OT_OK ? ot_impact_find(impact, config, changes, &options, err)
                           : status;
}

/* A change as what it does to trust; false: nothing, or it was not to be done. One that
 * may remain is deactivated by a change of its own, and elsewhere kept. */
static bool describe_change(struct ot_impact_change *out,
                            const struct ot_changes *changes, size_t i,
                            const char *base_url)
{
    const struct ot_change *change = &changes->items[i];
    bool is_removal = change->action == OT_CHANGE_DELETE && !change->may_remain;
    bool is_toggle =
        change->action == OT_CHANGE_ACTIVATE || change->action == OT_CHANGE_DEACTIVATE;

    *out = (struct ot_impact_change){.base_url = base_url,
                                     .project = ot_admin_project(change->admin),
                                     .id = change->id,
                                     .activates = change->action == OT_CHANGE_ACTIVATE,
                                     .everywhere = is_removal};
    if (change->id[0] == '\0') {
        out->id = NULL;
        out->pem = change->input != NULL ? change->input->pem : NULL;
    }
    return change->outcome == OT_CHANGE_PLANNED && (is_removal || is_toggle) &&
           (out->id != NULL || out->pem != NULL);
}

/* What is told before a removal. */
struct ahead {
    struct ot_impact impact;
    size_t count;                        /* of the losses that are named */
    int64_t since[OT_IMPACT_LOSSES_MAX]; /* of each; 0: it is not known */
};

/* The memory of a source is read once for all that follow each other. */
static void find_since(struct ahead *ahead)
{
    const struct ot_source *source = NULL;
    struct ot_memory memory = {0};

    for (size_t i = 0; i < ahead->count; i++) {
        const struct ot_impact_loss *loss = &ahead->impact.losses[i];
        const struct ot_known *known;

        if (loss->source == NULL)
            continue;
        if (loss->source != source) {
            ot_memory_clear(&memory);
            if (ot_memory_read(&memory, loss->source, NULL) != OT_OK)
                memory = (struct ot_memory){0};
            source = loss->source;
        }
        known = ot_memory_find(&memory, ot_span_str(loss->id));
        ahead->since[i] = known != NULL ? known->since : 0;
    }
    ot_memory_clear(&memory);
}

static void print_loss(struct ot_output *out, const struct ot_impact_loss *loss,
                       int64_t since)
{
    char time[OT_TIME_MAX];

    ot_output_printf(out, "%s", loss->id[0] != '\0' ? loss->id : "what is uploaded");
    if (loss->label != NULL) {
        ot_output_printf(out, " '");
        ot_output_text(out, loss->label, strlen(loss->label));
        ot_output_printf(out, "'");
    }
    if (loss->source == NULL)
        ot_output_printf(out, ": trusted by this machine without any source\n");
    else if (since != 0)
        ot_output_printf(out, ": trusted here since %s\n", ot_output_time(time, since));
    else
        ot_output_printf(out, ": trusted here; in the organization since %s\n",
                         ot_output_time(time, loss->created_at));
}

static void print_ahead(const struct ahead *ahead)
{
    struct ot_output out;

    ot_output_init(&out, stderr);
    for (size_t i = 0; i < ahead->count; i++)
        print_loss(&out, &ahead->impact.losses[i], ahead->since[i]);
    if (ahead->impact.loss_count > ahead->count)
        ot_output_printf(&out, "and %zu more certificates that are trusted here\n",
                         ahead->impact.loss_count - ahead->count);
    ot_impact_report_print(&out, &ahead->impact);
}

static void put_loss(cJSON *item, const struct ot_impact_loss *loss, bool *failed)
{
    ot_json_put_string(item, "id", loss->id[0] != '\0' ? loss->id : NULL, failed);
    ot_json_put_string(item, "source", loss->source != NULL ? loss->source->name : NULL,
                       failed);
}

static void put_ahead(cJSON *root, const struct ahead *ahead, bool *failed)
{
    cJSON *object = cJSON_AddObjectToObject(root, "impact"), *losses, *item;

    ot_impact_report_json(object, &ahead->impact, failed);
    losses = ot_json_put_array(object, "certificates", failed);
    for (size_t i = 0; i < ahead->count; i++) {
        item = ot_json_append_object(losses, failed);
        put_loss(item, &ahead->impact.losses[i], failed);
        ot_json_put_time(item, "trusted_since", ahead->since[i], failed);
    }
}

static enum ot_status tell_ahead(struct ahead *ahead, bool asks, cJSON *root,
                                 struct ot_error *err)
{
    bool failed = false;

    if (ahead->impact.loss_count == 0)
        return OT_OK;
    ahead->count = ahead->impact.loss_count < OT_IMPACT_LOSSES_MAX
                       ? ahead->impact.loss_count
                       : OT_IMPACT_LOSSES_MAX;
    find_since(ahead);
    if (root == NULL || asks)
        print_ahead(ahead);
    if (root != NULL)
        put_ahead(root, ahead, &failed);
    return failed ? ot_error_nomem(err) : OT_OK;
}

/* Nobody is kept from a removal because something else fails. */
static enum ot_status forgive_failure(enum ot_status status, struct ot_error *err)
{
    if (status == OT_OK || status == OT_E_INTERRUPTED || status == OT_E_USAGE ||
        status == OT_E_NOMEM)
        return status;
    ot_output_say("which servers would be refused is not known: %s", err->message);
    ot_error_clear(err);
    return OT_OK;
}

/* What is planned, for the caller to free. */
static enum ot_status describe_changes(struct ot_impact_changes *described,
                                       const struct ot_changes *changes,
                                       const char *base_url, struct ot_error *err)
{
    struct ot_impact_change *items = calloc(changes->count, sizeof(*items));

    if (items == NULL)
        return ot_error_nomem(err);
    described->items = items;
    for (size_t i = 0; i < changes->count; i++)
        if (describe_change(&items[described->count], changes, i, base_url))
            described->count++;
    return OT_OK;
}

enum ot_status ot_impact_look_ahead(const struct ot_cli *cli,
                                    const struct ot_admin_use *use,
                                    const struct ot_changes *changes, bool asks,
                                    cJSON *root, struct ot_error *err)
{
    struct ot_impact_changes described = {NULL, 0};
    struct ahead ahead = {.count = 0};
    enum ot_status status;
    bool is_due;

    if (cli->options.no_impact || cli->options.report_fd >= 0 || changes->count == 0)
        return OT_OK;
    status = describe_changes(&described, changes, use->source->base_url, err);
    /* Also where only a --probe is to be read, which may be none. */
    is_due = cli->options.probe_count > 0 || ot_changes_remove(changes) ||
             ot_impact_denies(use->config, &described);
    if (status == OT_OK && is_due)
        status = ot_impact_look(&ahead.impact, cli, use->config, use->source, &described,
                                true, err);
    if (status == OT_OK && is_due)
        status = tell_ahead(&ahead, asks, root, err);
    ot_impact_clear(&ahead.impact);
    free((void *)described.items);
    return forgive_failure(status, err);
}

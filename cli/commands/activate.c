/* orgtrust activate and deactivate: make certificates trusted in the scope, or end that.
 */
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "commands/carry_out_internal.h"
#include "commands/commands.h"
#include "commands/named_certs_internal.h"
#include "config/source.h"

static enum ot_status check_names_or_all(const struct ot_options *options,
                                         struct ot_error *err)
{
    if (options->all && options->argument_count > 0)
        return ot_error_set(err, OT_E_USAGE, "--all and names exclude each other");
    if (!options->all && options->argument_count == 0)
        return ot_error_set(err, OT_E_USAGE,
                            "which certificates? Give ids or names, or --all");
    return OT_OK;
}

/* What is planned of each certificate. */
struct toggles {
    bool active;
    bool has_end;    /* --until was given */
    int64_t ends_at; /* Unix seconds; 0: never */
};

/* From now, or the end of a day in UTC. */
static enum ot_status read_until(struct toggles *toggles, const char *text,
                                 struct ot_error *err)
{
    const int64_t now = time(NULL);
    int64_t in_ms;

    toggles->has_end = text != NULL;
    if (text == NULL || strcmp(text, "never") == 0)
        return OT_OK;
    in_ms = ot_text_duration_ms(text);
    if (in_ms >= 0)
        toggles->ends_at = now + in_ms / 1000;
    else if (!ot_text_day_end(&toggles->ends_at, text))
        return ot_error_set(err, OT_E_USAGE,
                            "--until is a time from now such as 12h or 30d, a day, "
                            "2027-12-31, which ends at midnight UTC, or 'never', not "
                            "\"%.40s\"",
                            text);
    if (toggles->ends_at <= now)
        return ot_error_set(err, OT_E_USAGE,
                            "--until %.40s is over: nothing has been activated", text);
    return OT_OK;
}

/* Before anything is sent: the hosted API would pass over what it does not know. */
static enum ot_status check_keeps_ends(const struct ot_source *source,
                                       const struct toggles *toggles,
                                       struct ot_error *err)
{
    if (toggles->ends_at == 0 || !ot_source_is_hosted(source))
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE,
                        "the hosted API keeps no end of an activation, so that --until "
                        "would not be carried out; nothing has been activated. Activate "
                        "without it, and deactivate when the time has come");
}

static enum ot_status plan_one(struct ot_changes *changes, struct ot_admin *admin,
                               const struct ot_admin_cert *cert,
                               const struct toggles *toggles, struct ot_error *err)
{
    if (toggles->has_end)
        return ot_changes_activate_until(changes, admin, cert, toggles->ends_at, err);
    return ot_changes_toggle(changes, admin, cert, toggles->active, err);
}

/* Of --all only those that are to change. */
static enum ot_status plan_all(struct ot_changes *changes, struct ot_admin *admin,
                               const struct toggles *toggles, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < ot_admin_count(admin); i++)
        if (ot_admin_at(admin, i)->active != toggles->active)
            status = plan_one(changes, admin, ot_admin_at(admin, i), toggles, err);
    return status;
}

static enum ot_status plan_toggles(struct ot_changes *changes, struct ot_admin *admin,
                                   const struct ot_options *options,
                                   const struct toggles *toggles, struct ot_error *err)
{
    const struct ot_admin_cert **certs = NULL;
    enum ot_status status;
    size_t count = 0;

    if (options->all)
        return plan_all(changes, admin, toggles, err);
    status = ot_named_certs(&certs, &count, admin, options, err);
    for (size_t i = 0; status == OT_OK && i < count; i++)
        status = plan_one(changes, admin, certs[i], toggles, err);
    free(certs);
    return status;
}

static enum ot_status toggle_certificates(struct ot_cli *cli, bool active,
                                          struct ot_error *err)
{
    struct toggles toggles = {.active = active};
    struct ot_changes changes = {0};
    struct ot_admin_use use = {0};
    struct ot_carry_out carry_out = {.cli = cli, .use = &use, .changes = &changes};
    enum ot_status status = check_names_or_all(&cli->options, err);

    if (status == OT_OK)
        status = read_until(&toggles, cli->options.until, err);
    if (status == OT_OK)
        status = ot_admin_use_source(&use, cli, err);
    if (status == OT_OK)
        status = check_keeps_ends(use.source, &toggles, err);
    if (status == OT_OK)
        status = ot_admin_use_list(&use, cli, err);
    if (status == OT_OK)
        status = plan_toggles(&changes, use.admin, &cli->options, &toggles, err);
    if (!active && (cli->options.all || ot_changes_leave_none(&changes)))
        carry_out.question = "Nothing will be trusted in this scope. Go on?";
    if (status == OT_OK)
        status = ot_carry_out(&carry_out, err);
    ot_changes_clear(&changes);
    ot_admin_use_end(&use);
    return status;
}

enum ot_status ot_cmd_activate(struct ot_cli *cli, struct ot_error *err)
{
    return toggle_certificates(cli, true, err);
}

enum ot_status ot_cmd_deactivate(struct ot_cli *cli, struct ot_error *err)
{
    return toggle_certificates(cli, false, err);
}

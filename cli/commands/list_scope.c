#include "commands/list_scope_internal.h"

#include <string.h>
#include <time.h>

#include "commands/admin_use_internal.h"
#include "config/source.h"
#include "view/cert_table.h"
#include "view/json_build.h"

static bool counts_in_scope(const struct ot_admin_cert *cert)
{
    return cert->active || cert->is_inherited;
}

static const char *scope_active_by(const struct ot_admin *admin,
                                   const struct ot_admin_cert *cert)
{
    if (!counts_in_scope(cert))
        return "-";
    if (ot_admin_project(admin) == NULL)
        return "organization";
    if (!cert->is_inherited)
        return "project";
    return cert->active ? "both" : "organization";
}

/* What only a look at the content tells is in a snapshot alone. */
static enum ot_status check_scope_state(const struct ot_options *options,
                                        struct ot_error *err)
{
    if (options->state <= OT_LIST_INACTIVE)
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE,
                        "--project asks the API, which knows certificates as active and "
                        "inactive; for other states list the snapshot of a source");
}

static const char *scope_label(const struct ot_admin_cert *cert)
{
    if (cert->label != NULL)
        return cert->label;
    return cert->name != NULL && *cert->name != '\0' ? cert->name : cert->id;
}

static bool is_wanted(const struct ot_options *options, const struct ot_admin_cert *cert)
{
    if (options->name != NULL && strcmp(scope_label(cert), options->name) != 0 &&
        (cert->name == NULL || strcmp(cert->name, options->name) != 0))
        return false;
    return options->state == OT_LIST_ALL ||
           counts_in_scope(cert) == (options->state == OT_LIST_ACTIVE);
}

static enum ot_status print_scope(struct ot_cli *cli, const struct ot_admin *admin,
                                  struct ot_error *err)
{
    struct ot_cert_table table;
    enum ot_status status = ot_cert_table_init(&table, ot_admin_count(admin), err);

    for (size_t i = 0; status == OT_OK && i < ot_admin_count(admin); i++) {
        const struct ot_admin_cert *cert = ot_admin_at(admin, i);
        const struct ot_cert_row row = {
            .id = ot_span_str(cert->id),
            .label = ot_span_str(scope_label(cert)),
            .state = counts_in_scope(cert) ? "active" : "inactive",
            .by = ot_admin_project(admin) != NULL ? scope_active_by(admin, cert) : NULL,
            .expires_at = cert->expires_at,
            .ends_at = cert->ends_at,
            .is_shown = is_wanted(&cli->options, cert),
        };

        status = ot_cert_table_add(&table, &row, err);
    }
    if (status == OT_OK)
        status = ot_cert_table_print(&table, &cli->out, time(NULL), err);
    ot_cert_table_clear(&table);
    return status;
}

static void put_scope_cert(cJSON *array, const struct ot_admin *admin,
                           const struct ot_admin_cert *cert, bool *failed)
{
    cJSON *object = ot_json_append_object(array, failed), *by;
    bool by_project = cert->active && ot_admin_project(admin) != NULL;

    ot_json_put_string(object, "id", cert->id, failed);
    ot_json_put_string(object, "name", cert->name, failed);
    ot_json_put_string(object, "label", scope_label(cert), failed);
    ot_json_put_string(object, "state", counts_in_scope(cert) ? "active" : "inactive",
                       failed);
    ot_json_put_bool(object, "active", counts_in_scope(cert), failed);
    ot_json_put_time(object, "until", cert->ends_at, failed);
    ot_json_put_time(object, "expires_at", cert->expires_at, failed);
    by = ot_json_put_array(object, "active_by", failed);
    if (by_project)
        ot_json_append_string(by, "project", failed);
    if (counts_in_scope(cert) && (!by_project || cert->is_inherited))
        ot_json_append_string(by, "organization", failed);
}

static enum ot_status print_scope_json(struct ot_cli *cli, const struct ot_admin_use *use,
                                       struct ot_error *err)
{
    cJSON *root = cJSON_CreateObject(), *array;
    bool failed = false;
    enum ot_status status;

    ot_json_put_string(root, "source", use->source->name, &failed);
    ot_json_put_string(root, "project", ot_admin_project(use->admin), &failed);
    array = ot_json_put_array(root, "certificates", &failed);
    for (size_t i = 0; i < ot_admin_count(use->admin); i++)
        if (is_wanted(&cli->options, ot_admin_at(use->admin, i)))
            put_scope_cert(array, use->admin, ot_admin_at(use->admin, i), &failed);
    status = failed ? ot_error_nomem(err) : ot_output_json(&cli->out, root, false, err);
    cJSON_Delete(root);
    return status;
}

enum ot_status ot_list_scope(struct ot_cli *cli, struct ot_error *err)
{
    struct ot_admin_use use = {0};
    enum ot_status status = check_scope_state(&cli->options, err);

    if (status == OT_OK)
        status = ot_admin_use_begin(&use, cli, err);
    if (status == OT_OK)
        status = cli->options.json ? print_scope_json(cli, &use, err)
                                   : print_scope(cli, use.admin, err);
    ot_admin_use_end(&use);
    return status;
}

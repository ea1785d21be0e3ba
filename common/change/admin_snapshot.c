/* What the source's own snapshot knows of the certificates that are administered. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "change/admin.h"
#include "change/admin_internal.h"
#include "config/source_path.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"

/* What the snapshot cannot say is asked for; that it is not there is no failure. */
struct ot_snapshot *ot_admin_snapshot(const struct ot_admin *admin)
{
    struct ot_snapshot *snapshot = NULL;
    char *scope = ot_source_scope(admin->configured);
    char path[PATH_MAX];

    if (scope != NULL &&
        ot_source_path(path, admin->configured, OT_SOURCE_SNAPSHOT, NULL) == OT_OK)
        ot_snapshot_open(&snapshot, path, scope, NULL);
    free(scope);
    return snapshot;
}

/* The label of the snapshot's record, if that has the certificate by the same name. */
static struct ot_span known_label(struct ot_snapshot *snapshot,
                                  const struct ot_admin_cert *cert)
{
    const bool has_name = cert->name != NULL && *cert->name != '\0';
    struct ot_record record;
    struct ot_span name;
    bool found;

    if (ot_snapshot_find_id(snapshot, ot_span_str(cert->id), &record, &found, NULL) !=
            OT_OK ||
        !found)
        return OT_SPAN_ABSENT;
    name = record.field[OT_FIELD_NAME];
    if (has_name ? ot_span_equal(name, ot_span_str(cert->name)) : name.len == 0)
        return record.field[OT_FIELD_LABEL];
    return OT_SPAN_ABSENT;
}

enum ot_status ot_admin_label(struct ot_admin *admin, struct ot_error *err)
{
    struct ot_snapshot *snapshot = ot_admin_snapshot(admin);
    enum ot_status status = OT_OK;

    for (size_t i = 0; snapshot != NULL && status == OT_OK && i < admin->count; i++) {
        const struct ot_span label = known_label(snapshot, &admin->certs[i]);

        if (label.data == NULL)
            continue;
        admin->certs[i].label = strndup((const char *)label.data, label.len);
        if (admin->certs[i].label == NULL)
            status = ot_error_nomem(err);
    }
    ot_snapshot_unref(snapshot);
    return status;
}

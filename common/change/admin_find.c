/* The certificate that a person means: by its id, its name, the label that a list shows,
 * or the beginning of its id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/span.h"
#include "change/admin.h"
#include "change/admin_internal.h"
#include "config/identifier.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"

#define IDS_SHOWN 12 /* that fit into one message */

/* Those that a word may mean. */
struct meant {
    const struct ot_admin_cert *first; /* NULL: none */
    size_t count;
    char ids[IDS_SHOWN * 40];
};

static void add_meant(struct meant *meant, const struct ot_admin_cert *cert)
{
    size_t len = strlen(meant->ids);

    if (meant->count == 0)
        meant->first = cert;
    if (meant->count++ < IDS_SHOWN)
        snprintf(meant->ids + len, sizeof(meant->ids) - len, "%s%s", len > 0 ? ", " : "",
                 cert->id);
}

/* Without a list there is none, whatever its count. */
static size_t count_known(const struct ot_admin *admin)
{
    return admin->certs != NULL ? admin->count : 0;
}

static const struct ot_admin_cert *find_id(const struct ot_admin *admin,
                                           struct ot_span id)
{
    for (size_t i = 0; i < count_known(admin); i++)
        if (ot_span_equal(ot_span_str(admin->certs[i].id), id))
            return &admin->certs[i];
    return NULL;
}

/* Which certificate has this label in the snapshot, also if it is called otherwise by
 * now; one that is not there any more is none. */
static const struct ot_admin_cert *find_label(const struct ot_admin *admin,
                                              const char *label)
{
    struct ot_snapshot *snapshot = ot_admin_snapshot(admin);
    const struct ot_admin_cert *found = NULL;
    struct ot_positions same = {.count = 0};
    struct ot_record record;

    if (snapshot == NULL)
        return NULL;
    if (ot_snapshot_find(snapshot, OT_INDEX_LABEL, ot_span_str(label), OT_SPAN_ABSENT,
                         &same, NULL) != OT_OK)
        same.count = 0;
    for (uint32_t i = 0; i < same.count && found == NULL; i++)
        if (ot_snapshot_record(snapshot, &same, i, &record, NULL) == OT_OK &&
            ot_span_equal(record.field[OT_FIELD_LABEL], ot_span_str(label)))
            found = find_id(admin, record.field[OT_FIELD_ID]);
    ot_snapshot_unref(snapshot);
    return found;
}

static bool cert_has_name(const struct ot_admin_cert *cert, const char *name)
{
    return cert->name != NULL && strcmp(cert->name, name) == 0;
}

static bool cert_has_label(const struct ot_admin_cert *cert, const char *label)
{
    return cert->label != NULL && strcmp(cert->label, label) == 0;
}

static void find_by_name(struct meant *meant, const struct ot_admin *admin,
                         const char *name)
{
    for (size_t i = 0; i < count_known(admin); i++)
        if (cert_has_name(&admin->certs[i], name) ||
            cert_has_label(&admin->certs[i], name))
            add_meant(meant, &admin->certs[i]);
}

static void find_id_begun(struct meant *meant, const struct ot_admin *admin,
                          const char *begin)
{
    for (size_t i = 0; i < count_known(admin); i++)
        if (ot_begins_cert_id(begin, admin->certs[i].id, strlen(admin->certs[i].id)))
            add_meant(meant, &admin->certs[i]);
}

static enum ot_status refuse_several(const struct meant *meant, const char *what,
                                     bool by_name, struct ot_error *err)
{
    return ot_error_set(
        err, OT_E_USAGE, "%zu certificates %s '%.200s'; name one by its id: %s%s",
        meant->count, by_name ? "are named" : "have an id that begins with", what,
        meant->ids, meant->count > IDS_SHOWN ? ", …" : "");
}

enum ot_status ot_admin_find(const struct ot_admin *admin, const char *what,
                             const struct ot_admin_cert **out, struct ot_error *err)
{
    struct meant meant = {.count = 0};
    bool by_name;

    *out = find_id(admin, ot_span_str(what));
    if (*out != NULL)
        return OT_OK;
    find_by_name(&meant, admin, what);
    by_name = meant.count > 0;
    if (!by_name && (*out = find_label(admin, what)) != NULL)
        return OT_OK;
    if (!by_name)
        find_id_begun(&meant, admin, what);
    if (meant.count > 1)
        return refuse_several(&meant, what, by_name, err);
    *out = meant.first;
    if (*out != NULL)
        return OT_OK;
    return ot_error_set(err, OT_E_NOT_FOUND,
                        "the organization has no certificate with the id or name "
                        "'%.200s'; run orgtrust sync, then orgtrust list",
                        what);
}

const struct ot_admin_cert *ot_admin_called(const struct ot_admin *admin,
                                            const char *name,
                                            const struct ot_admin_cert *except)
{
    for (size_t i = 0; i < count_known(admin); i++) {
        const struct ot_admin_cert *cert = &admin->certs[i];

        if (cert != except && (cert_has_name(cert, name) || cert_has_label(cert, name)))
            return cert;
    }
    return NULL;
}

#include "change/change.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/api_cert.h"
#include "change/admin.h"

/* The API's own bound. */
#define BATCH_MAX 10

void ot_changes_clear(struct ot_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        free(changes->items[i].name);
        free(changes->items[i].label);
        free(changes->items[i].before);
        free(changes->items[i].why);
    }
    free(changes->items);
    *changes = (struct ot_changes){0};
}

size_t ot_changes_count(const struct ot_changes *changes, enum ot_change_outcome outcome)
{
    size_t count = 0;

    for (size_t i = 0; i < changes->count; i++)
        count += changes->items[i].outcome == outcome;
    return count;
}

static bool takes_away(const struct ot_change *change)
{
    return change->action == OT_CHANGE_DEACTIVATE || change->action == OT_CHANGE_DELETE;
}

bool ot_changes_remove(const struct ot_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        if (takes_away(&changes->items[i]) &&
            changes->items[i].outcome == OT_CHANGE_PLANNED)
            return true;
    return false;
}

static bool is_planned(const struct ot_changes *changes, const struct ot_admin *admin,
                       enum ot_change_action action, const char *id)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct ot_change *change = &changes->items[i];

        if (change->admin == admin && change->action == action &&
            change->outcome == OT_CHANGE_PLANNED &&
            (id == NULL || strcmp(change->id, id) == 0))
            return true;
    }
    return false;
}

static bool keeps_any_active(const struct ot_changes *changes,
                             const struct ot_admin *admin)
{
    for (size_t i = 0; i < ot_admin_count(admin); i++) {
        const struct ot_admin_cert *cert = ot_admin_at(admin, i);

        if (cert->is_inherited ||
            (cert->active && !is_planned(changes, admin, OT_CHANGE_DEACTIVATE, cert->id)))
            return true;
    }
    return is_planned(changes, admin, OT_CHANGE_ACTIVATE, NULL);
}

bool ot_changes_leave_none(const struct ot_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct ot_change *change = &changes->items[i];

        if (change->action == OT_CHANGE_DEACTIVATE &&
            change->outcome == OT_CHANGE_PLANNED &&
            !keeps_any_active(changes, change->admin))
            return true;
    }
    return false;
}

bool ot_changes_took_place(const struct ot_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct ot_change *change = &changes->items[i];

        if (change->outcome == OT_CHANGE_DONE || ot_admin_is_unclear(change->status))
            return true;
    }
    return false;
}

bool ot_change_has_failed(const struct ot_change *change)
{
    return change->outcome == OT_CHANGE_FAILED || change->outcome == OT_CHANGE_UNKNOWN;
}

static bool is_toggle(const struct ot_change *change)
{
    return change->action == OT_CHANGE_ACTIVATE || change->action == OT_CHANGE_DEACTIVATE;
}

/* An answer that could be read leaves nothing open: that of a server which keeps no end
 * of an activation is OT_E_PROTOCOL, too, and no status of HTTP became an error. */
static bool is_open_whether_done(const struct ot_change *change)
{
    return ot_admin_is_unclear(change->status) &&
           (change->status != OT_E_PROTOCOL ||
            ot_api_last_status(ot_admin_api(change->admin)) != 0);
}

static void set_change_outcome(struct ot_change *change, enum ot_status status,
                               const struct ot_error *why)
{
    change->status = status;
    change->outcome = status == OT_OK                ? OT_CHANGE_DONE
                      : is_open_whether_done(change) ? OT_CHANGE_UNKNOWN
                                                     : OT_CHANGE_FAILED;
    if (status == OT_E_REFUSED && change->may_remain)
        change->outcome = OT_CHANGE_KEPT;
    if (status != OT_OK)
        change->why = strdup(why->message); /* NULL: the caller has it in err, too */
}

static enum ot_status perform_change(struct ot_change *change, struct ot_error *err)
{
    struct ot_api *api = ot_admin_api(change->admin);
    struct ot_api_cert cert = {0};
    enum ot_status status;

    if (change->action == OT_CHANGE_UPLOAD)
        return ot_admin_upload(change->admin, change->input, change->name, change->id,
                               err);
    if (change->action == OT_CHANGE_DELETE)
        return ot_api_delete(api, change->id, err);
    status = ot_api_rename(api, change->id, change->name, &cert, err);
    ot_api_cert_clear(&cert);
    return status;
}

/* The id that an upload has given; false: that upload has failed. */
static bool take_uploaded_id(struct ot_changes *changes, struct ot_change *change)
{
    const struct ot_change *upload;

    if (change->upload == OT_CHANGE_NONE || change->id[0] != '\0')
        return true;
    upload = &changes->items[change->upload];
    if (upload->outcome != OT_CHANGE_DONE)
        return false;
    memcpy(change->id, upload->id, sizeof(change->id));
    return true;
}

/* The changes from *next on that go with the first of them into one request, at most
 * BATCH_MAX; *next is behind the last. */
static size_t gather_batch(struct ot_changes *changes, size_t *next,
                           struct ot_change *batch[BATCH_MAX])
{
    const struct ot_change *first = NULL;
    size_t count = 0, i;

    for (i = *next; i < changes->count && count < BATCH_MAX; i++) {
        struct ot_change *change = &changes->items[i];

        if (change->outcome != OT_CHANGE_PLANNED || !take_uploaded_id(changes, change))
            continue;
        if (first != NULL &&
            (!is_toggle(change) || change->action != first->action ||
             change->admin != first->admin || change->ends_at != first->ends_at))
            break;
        batch[count++] = change;
        first = change;
        if (!is_toggle(change)) {
            i++;
            break;
        }
    }
    *next = i;
    return count;
}

static enum ot_status perform_batch(struct ot_change *const batch[BATCH_MAX],
                                    size_t count, struct ot_error *err)
{
    struct ot_api *api = ot_admin_api(batch[0]->admin);
    const char *ids[BATCH_MAX] = {NULL};

    if (!is_toggle(batch[0]))
        return perform_change(batch[0], err);
    for (size_t i = 0; i < count; i++)
        ids[i] = batch[i]->id;
    if (batch[0]->ends_at != 0)
        return ot_api_activate_until(api, ids, count, batch[0]->ends_at, err);
    return batch[0]->action == OT_CHANGE_ACTIVATE
               ? ot_api_activate(api, ids, count, NULL, err)
               : ot_api_deactivate(api, ids, count, NULL, err);
}

static bool ends_all(enum ot_status status)
{
    return status != OT_OK && status != OT_E_REFUSED && status != OT_E_LIMIT &&
           status != OT_E_NOT_FOUND;
}

enum ot_status ot_changes_run(struct ot_changes *changes, const volatile int *stop,
                              struct ot_error *err)
{
    struct ot_change *batch[BATCH_MAX];
    enum ot_status first = OT_OK;
    bool lacks_addition = false;
    size_t next = 0, count;

    while ((count = gather_batch(changes, &next, batch)) > 0) {
        struct ot_error why = OT_ERROR_INIT;
        enum ot_status status;

        if (lacks_addition && takes_away(batch[0]))
            break;
        if (stop != NULL && *stop != 0)
            return first != OT_OK
                       ? first
                       : ot_error_set(err, OT_E_INTERRUPTED,
                                      "interrupted; run the command again to finish");
        ot_admin_begin_time(batch[0]->admin);
        status = perform_batch(batch, count, &why);
        for (size_t i = 0; i < count; i++)
            set_change_outcome(batch[i], status, &why);
        if (status != OT_OK && !takes_away(batch[0]))
            lacks_addition = true;
        if (ot_change_has_failed(batch[0]) && first == OT_OK) {
            first = status;
            if (err != NULL)
                *err = why;
        }
        if (ends_all(status))
            break;
    }
    return first;
}

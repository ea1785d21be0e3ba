#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "change/admin.h"
#include "change/cert_input.h"
#include "change/change.h"

/* The next change, empty but for its session; NULL: out of memory. */
static struct ot_change *append_change(struct ot_changes *changes, struct ot_admin *admin,
                                       enum ot_change_action action)
{
    struct ot_change *change;

    if (changes->count == changes->capacity) {
        size_t capacity = changes->capacity ? 2 * changes->capacity : 16;
        struct ot_change *items =
            reallocarray(changes->items, capacity, sizeof(*changes->items));

        if (items == NULL)
            return NULL;
        changes->items = items;
        changes->capacity = capacity;
    }
    change = &changes->items[changes->count++];
    *change =
        (struct ot_change){.admin = admin, .action = action, .upload = OT_CHANGE_NONE};
    return change;
}

static enum ot_status copy_text(char **field, const char *text, struct ot_error *err)
{
    if (text == NULL)
        return OT_OK;
    *field = strdup(text);
    return *field != NULL ? OT_OK : ot_error_nomem(err);
}

/* A change of a certificate that is there. */
static enum ot_status add_change(struct ot_changes *changes, struct ot_admin *admin,
                                 enum ot_change_action action,
                                 const struct ot_admin_cert *cert, struct ot_change **out,
                                 struct ot_error *err)
{
    struct ot_change *change = append_change(changes, admin, action);

    *out = change;
    if (change == NULL)
        return ot_error_nomem(err);
    memcpy(change->id, cert->id, sizeof(change->id));
    if (copy_text(&change->label, cert->label, err) != OT_OK)
        return err->status;
    return copy_text(&change->name, cert->name, err);
}

enum ot_status ot_changes_toggle(struct ot_changes *changes, struct ot_admin *admin,
                                 const struct ot_admin_cert *cert, bool active,
                                 struct ot_error *err)
{
    struct ot_change *change;
    enum ot_status status =
        add_change(changes, admin, active ? OT_CHANGE_ACTIVATE : OT_CHANGE_DEACTIVATE,
                   cert, &change, err);

    if (status == OT_OK && cert->active == active)
        change->outcome = OT_CHANGE_UNCHANGED;
    return status;
}

enum ot_status ot_changes_activate(struct ot_changes *changes, struct ot_admin *admin,
                                   const struct ot_admin_cert *cert,
                                   const struct ot_activation *activation,
                                   struct ot_error *err)
{
    struct ot_change *change;
    enum ot_status status;

    if (!activation->has_end)
        return ot_changes_toggle(changes, admin, cert, true, err);
    status = add_change(changes, admin, OT_CHANGE_ACTIVATE, cert, &change, err);
    if (status == OT_OK)
        change->ends_at = activation->ends_at;
    return status;
}

enum ot_status ot_changes_delete(struct ot_changes *changes, struct ot_admin *admin,
                                 const struct ot_admin_cert *cert, bool may_remain,
                                 struct ot_error *err)
{
    struct ot_change *change;
    enum ot_status status =
        add_change(changes, admin, OT_CHANGE_DELETE, cert, &change, err);

    if (status == OT_OK)
        change->may_remain = may_remain;
    return status;
}

enum ot_status ot_changes_rename(struct ot_changes *changes, struct ot_admin *admin,
                                 const struct ot_admin_cert *cert, const char *name,
                                 struct ot_error *err)
{
    struct ot_change *change;
    enum ot_status status =
        add_change(changes, admin, OT_CHANGE_RENAME, cert, &change, err);

    if (status != OT_OK)
        return status;
    if (cert->name != NULL && strcmp(cert->name, name) == 0)
        change->outcome = OT_CHANGE_UNCHANGED;
    change->before = change->name;
    change->name = NULL;
    return copy_text(&change->name, name, err);
}

static enum ot_status add_upload(struct ot_changes *changes, struct ot_admin *admin,
                                 const struct ot_cert_input *input, const char *name,
                                 struct ot_error *err)
{
    struct ot_change *change = append_change(changes, admin, OT_CHANGE_UPLOAD);

    if (change == NULL)
        return ot_error_nomem(err);
    change->input = input;
    return copy_text(&change->name, name, err);
}

/* The activation of what the change at index upload makes. */
static enum ot_status add_activation(struct ot_changes *changes, struct ot_admin *admin,
                                     size_t upload, int64_t ends_at, struct ot_error *err)
{
    struct ot_change *change = append_change(changes, admin, OT_CHANGE_ACTIVATE);

    if (change == NULL)
        return ot_error_nomem(err);
    change->upload = upload;
    change->ends_at = ends_at;
    change->input = changes->items[upload].input;
    return copy_text(&change->name, changes->items[upload].name, err);
}

static enum ot_status add_there(struct ot_changes *changes, struct ot_admin *admin,
                                const struct ot_cert_input *input,
                                const struct ot_admin_cert *there, struct ot_error *err)
{
    struct ot_change *change;
    enum ot_status status =
        add_change(changes, admin, OT_CHANGE_UPLOAD, there, &change, err);

    if (status != OT_OK)
        return status;
    change->input = input;
    change->outcome = OT_CHANGE_UNCHANGED;
    return OT_OK;
}

enum ot_status ot_changes_upload(struct ot_changes *changes, struct ot_admin *admin,
                                 const struct ot_cert_inputs *inputs, const char *name,
                                 const struct ot_activation *activation,
                                 struct ot_error *err)
{
    const struct ot_admin_cert *there;
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < inputs->count; i++) {
        const struct ot_cert_input *input = &inputs->items[i];

        there = ot_admin_find_sha256(admin, input->sha256);
        status = there != NULL ? add_there(changes, admin, input, there, err)
                               : add_upload(changes, admin, input, name, err);
    }
    for (size_t i = 0; status == OT_OK && activation != NULL && i < inputs->count; i++) {
        there = ot_admin_find_sha256(admin, inputs->items[i].sha256);
        status = there != NULL
                     ? ot_changes_activate(changes, admin, there, activation, err)
                     : add_activation(changes, admin, i, activation->ends_at, err);
    }
    return status;
}

/* "dir/Example Root.pem" is "Example Root"; of several in one file each has a number. The
 * caller frees it; NULL: out of memory. */
static char *name_from_input(const struct ot_cert_input *input)
{
    static const char *const endings[] = {".pem", ".crt", ".cer", ".der"};
    const char *slash = strrchr(input->file, '/');
    const char *base = slash != NULL ? slash + 1 : input->file;
    size_t len = strlen(base);
    char *name;

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (len > 4 && strcmp(base + len - 4, endings[i]) == 0) {
            len -= 4;
            break;
        }
    if (input->of == 1)
        return strndup(base, len);
    return asprintf(&name, "%.*s %u", (int)len, base, input->number) < 0 ? NULL : name;
}

static enum ot_status plan_uploads(struct ot_changes *changes, struct ot_admin *admin,
                                   const struct ot_cert_inputs *inputs,
                                   struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < inputs->count; i++) {
        const struct ot_cert_input *input = &inputs->items[i];
        char *name;

        if (ot_admin_find_sha256(admin, input->sha256) != NULL)
            continue;
        name = name_from_input(input);
        status = name == NULL ? ot_error_nomem(err)
                              : add_upload(changes, admin, input, name, err);
        free(name);
    }
    return status;
}

static enum ot_status plan_activations(struct ot_changes *changes, struct ot_admin *admin,
                                       const struct ot_cert_inputs *inputs,
                                       struct ot_error *err)
{
    size_t uploads = changes->count;
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < uploads; i++)
        status = add_activation(changes, admin, i, 0, err);
    for (size_t i = 0; status == OT_OK && i < inputs->count; i++) {
        const struct ot_admin_cert *there =
            ot_admin_find_sha256(admin, inputs->items[i].sha256);

        if (there != NULL && !there->active)
            status = ot_changes_toggle(changes, admin, there, true, err);
    }
    return status;
}

static bool is_in_inputs(const struct ot_admin_cert *cert,
                         const struct ot_cert_inputs *inputs)
{
    return cert->has_sha256 && ot_cert_inputs_find(inputs, cert->sha256) != NULL;
}

enum ot_status ot_changes_apply(struct ot_changes *changes, struct ot_admin *admin,
                                const struct ot_cert_inputs *inputs, bool prune,
                                struct ot_error *err)
{
    size_t count = ot_admin_count(admin);
    enum ot_status status = plan_uploads(changes, admin, inputs, err);

    if (status == OT_OK)
        status = plan_activations(changes, admin, inputs, err);
    for (size_t i = 0; status == OT_OK && i < count; i++) {
        const struct ot_admin_cert *cert = ot_admin_at(admin, i);

        if (cert->active && !is_in_inputs(cert, inputs))
            status = ot_changes_toggle(changes, admin, cert, false, err);
    }
    for (size_t i = 0; status == OT_OK && prune && i < count; i++) {
        const struct ot_admin_cert *cert = ot_admin_at(admin, i);

        if (!is_in_inputs(cert, inputs))
            status = ot_changes_delete(changes, admin, cert, true, err);
    }
    return status;
}

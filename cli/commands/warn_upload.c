#include "commands/warn_upload_internal.h"

#include <string.h>
#include <time.h>

#include "change/admin.h"
#include "change/cert_input.h"
#include "change/change.h"
#include "view/cert_table.h"
#include "view/output.h"

static void warn_fitness(const struct ot_cert_input *input, int64_t now)
{
    char ends[OT_TIME_MAX];
    const char *when = ot_cert_expiry(ends, input->expires_at, now);

    if (!input->is_ca)
        ot_output_warn("%s is no authority (CA): no program will trust what it "
                       "has signed; the certificate of its issuer is what belongs here",
                       input->file);
    if (input->expires_at <= now)
        ot_output_warn("%s expired %s: it will not be trusted", input->file, when);
    else if (input->expires_at - now < OT_EXPIRES_SOON_S)
        ot_output_warn("%s expires %s", input->file, when);
    if (input->valid_at > now)
        ot_output_warn("%s is not valid before %s: until then it will not be "
                       "trusted",
                       input->file, ot_output_time(ends, input->valid_at));
}

void ot_warn_taken(const struct ot_admin *admin, const char *name,
                   const struct ot_admin_cert *renamed, const char *what)
{
    const struct ot_admin_cert *other =
        name != NULL ? ot_admin_called(admin, name, renamed) : NULL;

    if (other != NULL)
        ot_output_warn("%s is called '%s' already, which is to be the name of %s; "
                       "by that name alone neither can be meant any more",
                       other->id, name, what);
}

static void warn_unused_name(const struct ot_change *change, const char *name)
{
    if (name == NULL || (change->name != NULL && strcmp(change->name, name) == 0))
        return;
    if (change->name == NULL || *change->name == '\0')
        ot_output_warn("%s is there already as %s without a name, and --name does not "
                       "change that; 'orgtrust rename' does",
                       change->input->file, change->id);
    else
        ot_output_warn("%s is there already as %s '%s', and --name does not change "
                       "that; 'orgtrust rename' does",
                       change->input->file, change->id, change->name);
}

void ot_warn_upload(const struct ot_admin *admin, const struct ot_changes *changes,
                    const char *name)
{
    int64_t now = time(NULL);

    for (size_t i = 0; i < changes->count; i++) {
        const struct ot_change *change = &changes->items[i];

        if (change->action != OT_CHANGE_UPLOAD)
            continue;
        warn_fitness(change->input, now);
        if (change->outcome == OT_CHANGE_UNCHANGED)
            warn_unused_name(change, name);
        else
            ot_warn_taken(admin, change->name, NULL, change->input->file);
    }
}

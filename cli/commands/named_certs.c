#include "commands/named_certs_internal.h"

#include <string.h>

static bool is_among(const struct ot_admin_cert *const *certs, size_t count,
                     const struct ot_admin_cert *cert)
{
    for (size_t i = 0; i < count; i++)
        if (certs[i] == cert)
            return true;
    return false;
}

enum ot_status ot_named_cert(const struct ot_admin_cert **cert,
                             const struct ot_admin *admin,
                             const struct ot_options *options, const char *argument,
                             struct ot_error *err)
{
    enum ot_status status = ot_admin_find(admin, argument, cert, err);

    if (!options->by_id || (status == OT_OK && strcmp((*cert)->id, argument) == 0))
        return status;
    *cert = NULL;
    return ot_error_set(err, OT_E_NOT_FOUND,
                        "the organization has no certificate with the id '%.200s'",
                        argument);
}

enum ot_status ot_named_certs(const struct ot_admin_cert ***certs, size_t *count,
                              const struct ot_admin *admin,
                              const struct ot_options *options, struct ot_error *err)
{
    size_t arguments = (size_t)options->argument_count;

    *count = 0;
    *certs = calloc(arguments > 0 ? arguments : 1, sizeof(struct ot_admin_cert *));
    if (*certs == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; i < arguments; i++) {
        const struct ot_admin_cert *cert;
        enum ot_status status =
            ot_named_cert(&cert, admin, options, options->arguments[i], err);

        if (status != OT_OK)
            return status;
        if (!is_among(*certs, *count, cert))
            (*certs)[(*count)++] = cert;
    }
    return OT_OK;
}

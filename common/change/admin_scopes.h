/* The scopes of one organization that a configuration knows of: a certificate that is
 * active in any scope cannot be deleted. */
#ifndef OT_CHANGE_ADMIN_SCOPES_H
#define OT_CHANGE_ADMIN_SCOPES_H

#include <stddef.h>

#include "base/error.h"
#include "base/limits.h"

struct ot_admin;
struct ot_admin_cert;
struct ot_admin_options;
struct ot_config;
struct ot_source;

/* Zeroed: empty. */
struct ot_admin_scopes {
    struct ot_admin *items[OT_SOURCES_MAX + 2];
    size_t count;
};

/* Opens and lists, with the options of an administration of source: project ("" or NULL:
 * none in particular), the organization, and the projects of all sources of the same
 * base_url. One of these that cannot be listed is left out, project's own excepted. */
enum ot_status ot_admin_scopes_open(struct ot_admin_scopes *scopes,
                                    const struct ot_config *config,
                                    const struct ot_source *source, const char *project,
                                    const struct ot_admin_options *options,
                                    struct ot_error *err);
void ot_admin_scopes_close(struct ot_admin_scopes *scopes);

/* "the organization, project proj_a": where the certificate is active; "" for nowhere. */
void ot_admin_scopes_name(char *text, size_t size, const struct ot_admin_scopes *scopes,
                          const char *id);

/* The certificate as this scope has it, NULL if it does not. */
const struct ot_admin_cert *ot_admin_scope_cert(const struct ot_admin *admin,
                                                const char *id);

#endif

/* Writing the audit log: one function for each kind of change. Each is called in the
 * transaction of the change, so that neither is ever without the other. The names of the
 * events and of their members are the API's. */
#ifndef OT_SERVER_AUDIT_AUDIT_H
#define OT_SERVER_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "message/buffer.h"
#include "shared/limits.h"

struct ot_db;

/* Whose change it is. */
struct ot_actor {
    const char *id; /* of the key, or a user of the server's machine */
    bool is_key;
    const char *address; /* NULL: none; the command line, or an end that had come */
    const char *scope;   /* "": the organization, else a project's id */
};

enum ot_status ot_audit_key_created(struct ot_db *db, const struct ot_actor *actor,
                                    const char *id, const char *role,
                                    struct ot_error *err);
enum ot_status ot_audit_key_deleted(struct ot_db *db, const struct ot_actor *actor,
                                    const char *id, struct ot_error *err);
enum ot_status ot_audit_project_created(struct ot_db *db, const struct ot_actor *actor,
                                        const char *id, const char *name,
                                        struct ot_error *err);

/* name NULL: none. */
enum ot_status ot_audit_cert_created(struct ot_db *db, const struct ot_actor *actor,
                                     const char *id, const char *name,
                                     struct ot_error *err);
enum ot_status ot_audit_cert_updated(struct ot_db *db, const struct ot_actor *actor,
                                     const char *id, const char *name,
                                     struct ot_error *err);
enum ot_status ot_audit_cert_deleted(struct ot_db *db, const struct ot_actor *actor,
                                     const char *id, const char *name, const char *pem,
                                     struct ot_error *err);

/* Certificates that were activated or deactivated together. */
struct ot_audit_toggled {
    struct ot_buffer detail;
    const char *ids[OT_TOGGLE_MAX];
    unsigned count;
};
void ot_audit_toggled_init(struct ot_audit_toggled *toggled);
void ot_audit_toggled_clear(struct ot_audit_toggled *toggled);
/* Adds one, OT_TOGGLE_MAX at most. id lives as long as toggled does. */
void ot_audit_toggled_add(struct ot_audit_toggled *toggled, const char *id,
                          const char *name);
/* Where none was added nothing has changed, and nothing is written. end_at: when what was
 * activated is to be deactivated, or what was deactivated was to be; 0: nobody said. */
enum ot_status ot_audit_toggled_write(struct ot_db *db, const struct ot_actor *actor,
                                      struct ot_audit_toggled *toggled, bool active,
                                      int64_t end_at, struct ot_error *err);

#endif

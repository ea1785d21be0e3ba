/* The audit log: what was changed, when, and by whose hand. Rows are written in the
 * transaction of the change, and never changed or deleted. */
#ifndef OT_SERVER_STORE_AUDIT_H
#define OT_SERVER_STORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ot_db;

/* "audit_log-" and 32 hexadecimal digits, NUL. */
#define OT_AUDIT_ID_MAX 48

struct ot_audit_row {
    const char *id; /* of the row; chosen when it is written */
    const char *type;
    int64_t effective_at;
    const char *project, *project_name; /* NULL: the organization */
    const char *actor;
    bool actor_is_key;   /* else a user of the server's machine */
    const char *address; /* NULL: it came over no network */
    const char *detail;  /* a JSON object */
};

/* The name of the project is looked up. resources: ids of what was changed. */
enum ot_status ot_db_audit_insert(struct ot_db *db, const struct ot_audit_row *row,
                                  const char *const *resources, size_t count,
                                  struct ot_error *err);

/* Which rows a reader wants: each of the filters is a JSON array of strings, of which one
 * must fit, or NULL. */
struct ot_audit_range {
    const char *types, *projects, *actors, *resources;
    int64_t from, until;   /* Unix seconds, both included */
    int64_t above, below;  /* places of rows, both left out: those between are wanted */
    bool nearest_to_above; /* of too many, the oldest are taken, else the newest */
    int64_t limit;         /* of rows */
    int64_t len;           /* of all details, in characters: none begins behind it */
};

/* Where a row is in the order of all; OT_E_NOT_FOUND (no message). */
enum ot_status ot_db_audit_place(struct ot_db *db, const char *id, int64_t *place,
                                 struct ot_error *err);

/* The newest first; found: how many there are, at most one more than the limit. The row's
 * strings live until the callback returns. */
typedef void ot_audit_seen(void *arg, const struct ot_audit_row *row, int64_t found);
enum ot_status ot_db_audit_list(struct ot_db *db, const struct ot_audit_range *range,
                                ot_audit_seen *seen, void *arg, struct ot_error *err);

#endif

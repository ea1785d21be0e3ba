/* Projects. Certificates are active in the organization and in any of these. */
#ifndef OT_SERVER_STORE_PROJECT_H
#define OT_SERVER_STORE_PROJECT_H

#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"

struct ot_db;

struct ot_project_row {
    int64_t seq; /* in the order of creation */
    const char *id, *name;
    int64_t created_at;
};
/* The row's strings live until the callback returns. */
typedef void ot_project_seen(void *arg, const struct ot_project_row *row);

/* Stores a project under row->id, or, where that is NULL, under an id of its own; id gets
 * it. OT_E_REFUSED: there is one with this id. */
enum ot_status ot_db_project_insert(struct ot_db *db, const struct ot_project_row *row,
                                    char id[OT_ID_MAX + 1], struct ot_error *err);

/* Calls seen, which may be NULL, once; OT_E_NOT_FOUND (no message): no such project. */
enum ot_status ot_db_project_get(struct ot_db *db, const char *id, ot_project_seen *seen,
                                 void *arg, struct ot_error *err);

/* Those that were made after the one with this seq (0: all), the oldest first. */
enum ot_status ot_db_project_list(struct ot_db *db, int64_t after, int64_t limit,
                                  ot_project_seen *seen, void *arg, struct ot_error *err);

#endif

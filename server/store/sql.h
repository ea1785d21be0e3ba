/* The texts of the statements that every database understands. A driver has those of its
 * own beside them: what it alone needs, and what it says in another way. */
#ifndef OT_SERVER_STORE_SQL_H
#define OT_SERVER_STORE_SQL_H

#include "store/driver.h"

/* $1 is the first value. Where a database cannot know of what type one is, it is cast.
 * NULL: a text of each driver's own. */
extern const char *const ot_sql_texts[OT_SQL_COUNT];

/* A row of the audit log. */
#define OT_SQL_AUDIT_COLUMNS                                                             \
    "id, type, effective_at, project, project_name, actor, actor_is_key, address, "      \
    "detail"

#endif

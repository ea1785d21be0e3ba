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

/* The newest first of those that are wanted, $9 - 1 rows at most and none that begins
 * behind $10 characters of details; and how many there are, up to $9. order: which are
 * taken of too many, "" the oldest, " DESC" the newest. */
#define OT_SQL_AUDIT_PAGE(wanted, order)                                                 \
    ("SELECT " OT_SQL_AUDIT_COLUMNS ", found FROM"                                       \
     " (SELECT seq, " OT_SQL_AUDIT_COLUMNS ", count(*) OVER () AS found,"                \
     "  row_number() OVER (ORDER BY seq" order ") AS place,"                             \
     "  sum(length(detail)) OVER (ORDER BY seq" order ") - length(detail) AS begins"     \
     "  FROM (SELECT seq, " OT_SQL_AUDIT_COLUMNS wanted "   ORDER BY seq" order          \
     " LIMIT $9) AS taken) AS page"                                                      \
     " WHERE place < $9 AND begins < $10 ORDER BY seq DESC")

#endif

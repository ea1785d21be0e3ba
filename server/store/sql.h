/* The texts of the statements that every database understands. A driver has those of its
 * own beside them: what it alone needs, and what it says in another way. */
#ifndef OT_SERVER_STORE_SQL_H
#define OT_SERVER_STORE_SQL_H

#include "store/driver.h"

/* $1 is the first value. Where a database cannot know of what type one is, it is cast.
 * NULL: a text of each driver's own. */
extern const char *const ot_sql_texts[OT_SQL_COUNT];

/* What the databases say in one way but for what is filled in. meta is that table, of
 * which PostgreSQL names the row, so that no more is locked than this. */

/* access: what PostgreSQL has beside the revision; one: which row of meta. */
#define OT_SQL_OPENING_OF(access, one)                                                   \
    ("SELECT m.revision, " access ","                                                    \
     " (SELECT ends_at FROM activations WHERE ends_at IS NOT NULL"                       \
     "  ORDER BY ends_at LIMIT 1),"                                                      \
     " EXISTS (SELECT 1 FROM projects WHERE id = $2),"                                   \
     " k.seq, k.id, k.name, k.role, k.created_at, k.last_used_at, k.expires_at,"         \
     " k.hash, c.id, c.name, c.created_at, c.valid_at, c.expires_at, 0, NULL"            \
     " FROM meta m LEFT JOIN keys k ON k.id = $1"                                        \
     " LEFT JOIN certificates c ON c.id = $3" one)

/* revision: what the list was read of, or NULL; beyond, order: "> ($2, $3)" and "", or
 * "< ($2, $3)" and " DESC". */
#define OT_SQL_LIST_OF(revision, beyond, order)                                          \
    ("SELECT c.id, c.name, c.created_at, c.valid_at, c.expires_at,"                      \
     " a.certificate IS NOT NULL, a.ends_at,"                                            \
     " " revision " FROM certificates c"                                                 \
     " LEFT JOIN activations a"                                                          \
     " ON a.scope = $1 AND a.certificate = c.seq"                                        \
     " WHERE (c.created_at, c.seq) " beyond " ORDER BY c.created_at" order               \
     ", c.seq" order " LIMIT $4")

#define OT_SQL_SUMMARY_OF(meta)                                                          \
    ("SELECT (SELECT certificates FROM " meta "), count(*),"                             \
     " count(*) FILTER (WHERE expires_at <= $1),"                                        \
     " min(expires_at) FILTER (WHERE expires_at > $1)"                                   \
     " FROM certificates WHERE seq IN (SELECT certificate FROM activations)")

/* bytes: of all contents. */
#define OT_SQL_TALLY_OF(bytes, meta)                                                     \
    ("SELECT (SELECT count(*) FROM certificates), (SELECT count(*) FROM activations),"   \
     " (SELECT count(*) FROM projects), (SELECT count(*) FROM keys),"                    \
     " (SELECT count(*) FROM audit), (SELECT count(*) FROM contents),"                   \
     " (SELECT count(*) FROM audit_resources),"                                          \
     " (SELECT count(*) FROM lists), (SELECT count(*) FROM hosts),"                      \
     " (SELECT count(*) FROM host_scopes),"                                              \
     " (SELECT " bytes " FROM contents),"                                                \
     " (SELECT certificates FROM meta), (SELECT revision FROM " meta ")")

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

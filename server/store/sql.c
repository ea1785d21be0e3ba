#include "store/sql.h"

#define KEY_SELECT                                                                       \
    "SELECT seq, id, name, role, created_at, last_used_at, expires_at, hash FROM keys"

const char *const ot_sql_texts[OT_SQL_COUNT] = {
    [OT_SQL_CERT_INSERT] =
        ("INSERT INTO certificates (id, name, created_at, valid_at, expires_at)"
         " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING"),
    [OT_SQL_CONTENT_INSERT] = ("INSERT INTO contents (certificate, pem)"
                               " SELECT seq, $2 FROM certificates WHERE id = $1"),
    [OT_SQL_CERT_GET] = ("SELECT id, name, created_at, valid_at, expires_at, 0, NULL"
                         " FROM certificates WHERE id = $1"),
    [OT_SQL_CERT_CONTENT] =
        ("SELECT pem FROM contents"
         " WHERE certificate = (SELECT seq FROM certificates WHERE id = $1)"),
    [OT_SQL_CERT_IN_SCOPE] =
        ("SELECT c.id, c.name, c.created_at, c.valid_at, c.expires_at,"
         " a.certificate IS NOT NULL, a.ends_at FROM certificates c"
         " LEFT JOIN activations a ON a.scope = $1 AND a.certificate = c.seq"
         " WHERE c.id = $2"),
    [OT_SQL_CERT_RENAME] = "UPDATE certificates SET name = $2 WHERE id = $1",
    [OT_SQL_CERT_DELETE] = "DELETE FROM certificates WHERE id = $1",
    [OT_SQL_CERT_CURSOR] = "SELECT created_at, seq FROM certificates WHERE id = $1",

    [OT_SQL_ACTIVATE] =
        ("INSERT INTO activations (scope, certificate, ends_at, ends_by)"
         " SELECT $1, seq, CAST($3 AS bigint), $4 FROM certificates WHERE id = $2"
         " ON CONFLICT (scope, certificate) DO UPDATE"
         " SET ends_at = excluded.ends_at, ends_by = excluded.ends_by"
         " WHERE activations.ends_at IS DISTINCT FROM excluded.ends_at"),
    [OT_SQL_DEACTIVATE] =
        ("DELETE FROM activations WHERE scope = $1"
         " AND certificate = (SELECT seq FROM certificates WHERE id = $2)"),
    [OT_SQL_ENDED_ANY] = "SELECT EXISTS (SELECT 1 FROM activations WHERE ends_at <= $1)",
    [OT_SQL_ENDED] = ("SELECT a.scope, a.ends_at, a.ends_by, c.id, c.name"
                      " FROM activations a JOIN certificates c ON c.seq = a.certificate"
                      " WHERE a.ends_at <= $1"
                      " ORDER BY a.ends_at, a.scope, a.ends_by, c.seq LIMIT $2"),
    [OT_SQL_SCOPES] = ("SELECT a.scope, a.ends_at FROM activations a"
                       " JOIN certificates c ON c.seq = a.certificate"
                       " WHERE c.id = $1 ORDER BY a.scope"),

    [OT_SQL_PROJECT_INSERT] = ("INSERT INTO projects (id, name, created_at)"
                               " VALUES ($1, $2, $3)"),
    [OT_SQL_PROJECT_GET] = "SELECT seq, id, name, created_at FROM projects WHERE id = $1",
    [OT_SQL_PROJECT_LIST] = ("SELECT seq, id, name, created_at FROM projects"
                             " WHERE seq > $1 ORDER BY seq LIMIT $2"),

    [OT_SQL_AUDIT_INSERT] =
        ("INSERT INTO audit (" OT_SQL_AUDIT_COLUMNS ") VALUES ($1, $2, $3, $4,"
         " (SELECT name FROM projects WHERE id = $4), $5, $6, $7, $8)"),
    [OT_SQL_AUDIT_RESOURCE] = ("INSERT INTO audit_resources (resource, event)"
                               " SELECT $1, seq FROM audit WHERE id = $2"),
    [OT_SQL_AUDIT_PLACE] = "SELECT seq FROM audit WHERE id = $1",

    [OT_SQL_KEY_INSERT] =
        ("INSERT INTO keys (id, hash, role, name, created_at, expires_at)"
         " VALUES ($1, $2, $3, $4, $5, $6)"),
    [OT_SQL_KEY_GET] = (KEY_SELECT " WHERE id = $1"),
    [OT_SQL_KEY_NAMED] = (KEY_SELECT " WHERE id = $1 OR name = $1"),
    [OT_SQL_KEY_TOUCH] = "UPDATE keys SET last_used_at = $2 WHERE seq = $1",
    [OT_SQL_KEY_LIST] = (KEY_SELECT " WHERE seq > $1 ORDER BY seq LIMIT $2"),
    [OT_SQL_KEY_LIST_DESC] = (KEY_SELECT " WHERE seq < $1 ORDER BY seq DESC LIMIT $2"),
    [OT_SQL_KEY_DELETE] = "DELETE FROM keys WHERE id = $1",

    [OT_SQL_LIST_UNTAGGED] =
        ("SELECT scope FROM lists WHERE tag IS NULL ORDER BY scope LIMIT $1"),
    [OT_SQL_LIST_ACTIVE] = ("SELECT c.id FROM activations a"
                            " JOIN certificates c ON c.seq = a.certificate"
                            " WHERE a.scope = $1 ORDER BY c.id"),
    [OT_SQL_LIST_TAG] = "UPDATE lists SET tag = $2 WHERE scope = $1",
    /* What was taken back is as it was. */
    [OT_SQL_HOSTS_CAUGHT_UP] =
        ("UPDATE host_scopes SET behind_since = NULL"
         " WHERE scope = $1 AND tag = $2 AND behind_since IS NOT NULL"),
    [OT_SQL_HOST_SEEN] = ("UPDATE hosts SET key = $2, version = $3, stacks = $4,"
                          " seen_at = $5 WHERE name = $1"),
    [OT_SQL_HOSTS_FORGET] =
        ("DELETE FROM hosts WHERE seen_at < $1 OR seen_at < $2"
         " AND NOT EXISTS (SELECT 1 FROM keys WHERE keys.seq = hosts.key)"),
    [OT_SQL_HOST_INSERT] = ("INSERT INTO hosts (name, key, version, stacks, seen_at)"
                            " VALUES ($1, $2, $3, $4, $5)"),
    /* A scope where nothing was ever active has no row in lists: its tag is $4. */
    [OT_SQL_HOST_SCOPE] =
        ("INSERT INTO host_scopes AS s (host, scope, tag, behind_since)"
         " SELECT h.seq, CAST($2 AS text), CAST($3 AS text),"
         " CASE WHEN coalesce(l.tag, $4) = $3 THEN NULL"
         " ELSE coalesce(l.changed_at, $5) END"
         " FROM hosts h LEFT JOIN lists l ON l.scope = $2 WHERE h.name = $1"
         " ON CONFLICT (host, scope) DO UPDATE SET tag = excluded.tag, behind_since ="
         " CASE WHEN excluded.behind_since IS NULL THEN NULL"
         " ELSE coalesce(s.behind_since, excluded.behind_since) END"),
    [OT_SQL_HOST_BEHIND] =
        ("SELECT EXISTS (SELECT 1 FROM host_scopes WHERE behind_since IS NOT NULL"
         " AND host = (SELECT seq FROM hosts WHERE name = $1))"),
    [OT_SQL_HOST_LIST] =
        ("SELECT h.name, h.version, h.stacks, h.seen_at, s.scope, s.tag, s.behind_since"
         " FROM (SELECT seq, name, version, stacks, seen_at FROM hosts"
         "  WHERE name > $1 AND seen_at >= $2 AND (CAST($3 AS bigint) = 0 OR EXISTS"
         "   (SELECT 1 FROM host_scopes b"
         "    WHERE b.host = hosts.seq AND b.behind_since IS NOT NULL))"
         "  ORDER BY name LIMIT $4) AS h"
         " LEFT JOIN host_scopes s ON s.host = h.seq ORDER BY h.name, s.scope"),
    [OT_SQL_HOST_COUNT] =
        ("SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM host_scopes b"
         " WHERE b.host = hosts.seq AND b.behind_since IS NOT NULL))"
         " FROM hosts WHERE seen_at >= $1"),
};

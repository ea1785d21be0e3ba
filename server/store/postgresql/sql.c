#include "store/postgresql/postgresql_internal.h"

#define KEY_SELECT                                                                       \
    "SELECT seq, id, name, role, created_at, last_used_at, expires_at, hash FROM keys"

/* What a filter leaves. */
#define AUDIT_WANTED                                                                     \
    " FROM audit WHERE effective_at BETWEEN $1 AND $2 AND seq > $3 AND seq < $4"         \
    " AND ($5::text IS NULL OR type IN (SELECT "                                         \
    "json_array_elements_text($5::text::json)))"                                         \
    " AND ($6::text IS NULL OR project IN (SELECT "                                      \
    "json_array_elements_text($6::text::json)))"                                         \
    " AND ($7::text IS NULL OR actor IN (SELECT "                                        \
    "json_array_elements_text($7::text::json)))"                                         \
    " AND ($8::text IS NULL OR seq IN (SELECT event FROM audit_resources"                \
    "  WHERE resource IN (SELECT json_array_elements_text($8::text::json))))"
#define AUDIT_COLUMNS                                                                    \
    "id, type, effective_at, project, project_name, actor, actor_is_key, address, "      \
    "detail"

const char *const ot_pg_sql[OT_PG_COUNT] = {
    [OT_PG_BEGIN] = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE",
    /* Before the first statement that looks at a row: what it sees is as of behind this
     * one. Nobody else locks this table, neither readers nor pg_dump wait for it. */
    [OT_PG_QUEUE_UP] = "LOCK TABLE writers IN EXCLUSIVE MODE",
    [OT_PG_QUEUE_UP_NOW] = "LOCK TABLE writers IN EXCLUSIVE MODE NOWAIT",
    [OT_PG_COMMIT] = "COMMIT",
    [OT_PG_ROLLBACK] = "ROLLBACK",

    [OT_SQL_OPENING] =
        "SELECT m.revision, m.access,"
        " (SELECT ends_at FROM activations WHERE ends_at IS NOT NULL"
        "  ORDER BY ends_at LIMIT 1),"
        " EXISTS (SELECT 1 FROM projects WHERE id = $2),"
        " k.seq, k.id, k.name, k.role, k.created_at, k.last_used_at, k.expires_at,"
        " k.hash, c.id, c.name, c.created_at, c.valid_at, c.expires_at, 0, NULL"
        " FROM meta m LEFT JOIN keys k ON k.id = $1"
        " LEFT JOIN certificates c ON c.id = $3 WHERE m.one = 1",
    [OT_SQL_STAMP] = "SELECT revision, access FROM meta WHERE one = 1",
    [OT_SQL_REVISION_NEXT] =
        "WITH changed AS (UPDATE meta SET revision = uuid_send(gen_random_uuid())"
        " WHERE one = 1 RETURNING one)"
        " SELECT pg_notify('" OT_PG_CHANNEL "', '') FROM changed",

    [OT_SQL_CERT_COUNT] = "SELECT certificates FROM meta WHERE one = 1",
    [OT_SQL_CERT_INSERT] =
        "INSERT INTO certificates (id, name, created_at, valid_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
    [OT_SQL_CONTENT_INSERT] = "INSERT INTO contents (certificate, pem)"
                              " SELECT seq, $2 FROM certificates WHERE id = $1",
    [OT_SQL_CERT_GET] = "SELECT id, name, created_at, valid_at, expires_at, 0, NULL"
                        " FROM certificates WHERE id = $1",
    [OT_SQL_CERT_CONTENT] =
        "SELECT pem FROM contents"
        " WHERE certificate = (SELECT seq FROM certificates WHERE id = $1)",
    [OT_SQL_CERT_CONTENTS] =
        "SELECT id, name, created_at, valid_at, expires_at, 0, NULL, pem"
        " FROM certificates JOIN contents ON certificate = seq"
        " WHERE id = ANY (ARRAY(SELECT json_array_elements_text($1::text::json)))"
        " ORDER BY seq",
    [OT_SQL_CERT_IN_SCOPE] =
        "SELECT c.id, c.name, c.created_at, c.valid_at, c.expires_at,"
        " a.certificate IS NOT NULL, a.ends_at FROM certificates c"
        " LEFT JOIN activations a ON a.scope = $1 AND a.certificate = c.seq"
        " WHERE c.id = $2",
    [OT_SQL_CERT_RENAME] = "UPDATE certificates SET name = $2 WHERE id = $1",
    [OT_SQL_CERT_DELETE] = "DELETE FROM certificates WHERE id = $1",
    [OT_SQL_CERT_CURSOR] = "SELECT created_at, seq FROM certificates WHERE id = $1",
    [OT_SQL_LIST_ASC] = "SELECT c.id, c.name, c.created_at, c.valid_at, c.expires_at,"
                        " a.certificate IS NOT NULL, a.ends_at,"
                        " (SELECT revision FROM meta WHERE one = 1) FROM certificates c"
                        " LEFT JOIN activations a"
                        " ON a.scope = $1 AND a.certificate = c.seq"
                        " WHERE (c.created_at, c.seq) > ($2, $3)"
                        " ORDER BY c.created_at, c.seq LIMIT $4",
    [OT_SQL_LIST_DESC] = "SELECT c.id, c.name, c.created_at, c.valid_at, c.expires_at,"
                         " a.certificate IS NOT NULL, a.ends_at,"
                         " (SELECT revision FROM meta WHERE one = 1) FROM certificates c"
                         " LEFT JOIN activations a"
                         " ON a.scope = $1 AND a.certificate = c.seq"
                         " WHERE (c.created_at, c.seq) < ($2, $3)"
                         " ORDER BY c.created_at DESC, c.seq DESC LIMIT $4",

    [OT_SQL_ACTIVATE] = "INSERT INTO activations (scope, certificate, ends_at, ends_by)"
                        " SELECT $1, seq, $3::bigint, $4 FROM certificates WHERE id = $2"
                        " ON CONFLICT (scope, certificate) DO UPDATE"
                        " SET ends_at = excluded.ends_at, ends_by = excluded.ends_by"
                        " WHERE activations.ends_at IS DISTINCT FROM excluded.ends_at",
    [OT_SQL_DEACTIVATE] =
        "DELETE FROM activations WHERE scope = $1"
        " AND certificate = (SELECT seq FROM certificates WHERE id = $2)",
    [OT_SQL_ENDED_ANY] = "SELECT EXISTS (SELECT 1 FROM activations WHERE ends_at <= $1)",
    [OT_SQL_ENDED] = "SELECT a.scope, a.ends_at, a.ends_by, c.id, c.name"
                     " FROM activations a JOIN certificates c ON c.seq = a.certificate"
                     " WHERE a.ends_at <= $1"
                     " ORDER BY a.ends_at, a.scope, a.ends_by, c.seq LIMIT $2",
    [OT_SQL_SCOPES] = "SELECT a.scope, a.ends_at FROM activations a"
                      " JOIN certificates c ON c.seq = a.certificate"
                      " WHERE c.id = $1 ORDER BY a.scope",
    [OT_SQL_SUMMARY] =
        "SELECT (SELECT certificates FROM meta WHERE one = 1), count(*),"
        " count(*) FILTER (WHERE expires_at <= $1),"
        " min(expires_at) FILTER (WHERE expires_at > $1)"
        " FROM certificates WHERE seq IN (SELECT certificate FROM activations)",

    [OT_SQL_PROJECT_INSERT] = "INSERT INTO projects (id, name, created_at)"
                              " VALUES ($1, $2, $3)",
    [OT_SQL_PROJECT_GET] = "SELECT seq, id, name, created_at FROM projects WHERE id = $1",
    [OT_SQL_PROJECT_LIST] = "SELECT seq, id, name, created_at FROM projects"
                            " WHERE seq > $1 ORDER BY seq LIMIT $2",

    [OT_SQL_AUDIT_INSERT] =
        "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES ($1, $2, $3, $4,"
        " (SELECT name FROM projects WHERE id = $4), $5, $6, $7, $8)",
    [OT_SQL_AUDIT_RESOURCE] = "INSERT INTO audit_resources (resource, event)"
                              " SELECT $1, seq FROM audit WHERE id = $2",
    [OT_SQL_AUDIT_PLACE] = "SELECT seq FROM audit WHERE id = $1",
    [OT_SQL_AUDIT_LIST] =
        "SELECT " AUDIT_COLUMNS ", count(*) OVER () FROM"
        " (SELECT seq, " AUDIT_COLUMNS AUDIT_WANTED " ORDER BY seq DESC LIMIT $9) AS page"
        " ORDER BY seq DESC",
    [OT_SQL_AUDIT_LIST_UP] =
        "SELECT " AUDIT_COLUMNS ", count(*) OVER () FROM"
        " (SELECT seq, " AUDIT_COLUMNS AUDIT_WANTED " ORDER BY seq LIMIT $9) AS page"
        " ORDER BY seq DESC",

    [OT_SQL_KEY_INSERT] =
        "INSERT INTO keys (id, hash, role, name, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
    [OT_SQL_KEY_GET] = KEY_SELECT " WHERE id = $1",
    [OT_SQL_KEY_NAMED] = KEY_SELECT " WHERE id = $1 OR name = $1",
    [OT_SQL_KEY_TOUCH] = "UPDATE keys SET last_used_at = $2 WHERE seq = $1",
    [OT_SQL_KEY_LIST] = KEY_SELECT " WHERE seq > $1 ORDER BY seq LIMIT $2",
    [OT_SQL_KEY_LIST_DESC] = KEY_SELECT " WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
    [OT_SQL_KEY_DELETE] = "DELETE FROM keys WHERE id = $1",

    [OT_SQL_LIST_UNTAGGED] =
        "SELECT scope FROM lists WHERE tag IS NULL ORDER BY scope LIMIT $1",
    [OT_SQL_LIST_ACTIVE] = "SELECT c.id FROM activations a"
                           " JOIN certificates c ON c.seq = a.certificate"
                           " WHERE a.scope = $1 ORDER BY c.id",
    [OT_SQL_LIST_TAG] = "UPDATE lists SET tag = $2 WHERE scope = $1",
    /* What was taken back is as it was. */
    [OT_SQL_HOSTS_CAUGHT_UP] =
        "UPDATE host_scopes SET behind_since = NULL"
        " WHERE scope = $1 AND tag = $2 AND behind_since IS NOT NULL",
    [OT_SQL_HOST_SEEN] = "UPDATE hosts SET key = $2, version = $3, stacks = $4,"
                         " seen_at = $5 WHERE name = $1",
    [OT_SQL_HOSTS_FORGET] =
        "DELETE FROM hosts WHERE seen_at < $1 OR seen_at < $2"
        " AND NOT EXISTS (SELECT 1 FROM keys WHERE keys.seq = hosts.key)",
    [OT_SQL_HOSTS_OF_KEY] = "SELECT count(*) FROM (SELECT 1 FROM hosts WHERE key = $1 "
                            "LIMIT $2) AS hosts_of_key",
    [OT_SQL_HOST_INSERT] = "INSERT INTO hosts (name, key, version, stacks, seen_at)"
                           " VALUES ($1, $2, $3, $4, $5)",
    /* A scope where nothing was ever active has no row in lists: its tag is $4. */
    [OT_SQL_HOST_SCOPE] =
        "INSERT INTO host_scopes AS s (host, scope, tag, behind_since)"
        " SELECT h.seq, $2::text, $3::text,"
        " CASE WHEN coalesce(l.tag, $4::text) = $3::text THEN NULL"
        " ELSE coalesce(l.changed_at, $5::bigint) END"
        " FROM hosts h LEFT JOIN lists l ON l.scope = $2::text WHERE h.name = $1::text"
        " ON CONFLICT (host, scope) DO UPDATE SET tag = excluded.tag, behind_since ="
        " CASE WHEN excluded.behind_since IS NULL THEN NULL"
        " ELSE coalesce(s.behind_since, excluded.behind_since) END",
    [OT_SQL_HOST_SCOPES_ELSE] =
        "DELETE FROM host_scopes WHERE host = (SELECT seq FROM hosts WHERE name = $1)"
        " AND scope NOT IN (SELECT json_array_elements_text($2::text::json))",
    [OT_SQL_HOST_BEHIND] =
        "SELECT EXISTS (SELECT 1 FROM host_scopes WHERE behind_since IS NOT NULL"
        " AND host = (SELECT seq FROM hosts WHERE name = $1))",
    [OT_SQL_HOST_LIST] =
        "SELECT h.name, h.version, h.stacks, h.seen_at, s.scope, s.tag, s.behind_since"
        " FROM (SELECT seq, name, version, stacks, seen_at FROM hosts"
        "  WHERE name > $1 AND seen_at >= $2 AND ($3::bigint = 0 OR EXISTS"
        "   (SELECT 1 FROM host_scopes b"
        "    WHERE b.host = hosts.seq AND b.behind_since IS NOT NULL))"
        "  ORDER BY name LIMIT $4) AS h"
        " LEFT JOIN host_scopes s ON s.host = h.seq ORDER BY h.name, s.scope",
    [OT_SQL_HOST_COUNT] =
        "SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM host_scopes b"
        " WHERE b.host = hosts.seq AND b.behind_since IS NOT NULL))"
        " FROM hosts WHERE seen_at >= $1",

    [OT_SQL_TALLY] =
        "SELECT (SELECT count(*) FROM certificates), (SELECT count(*) FROM activations),"
        " (SELECT count(*) FROM projects), (SELECT count(*) FROM keys),"
        " (SELECT count(*) FROM audit), (SELECT count(*) FROM contents),"
        " (SELECT count(*) FROM audit_resources),"
        " (SELECT count(*) FROM lists), (SELECT count(*) FROM hosts),"
        " (SELECT count(*) FROM host_scopes),"
        " (SELECT coalesce(sum(length(pem)), 0)::bigint FROM contents),"
        " (SELECT certificates FROM meta), (SELECT revision FROM meta WHERE one = 1)",
    /* Either nothing is there, or what a move has left, as it was left. */
    [OT_SQL_MAY_MOVE] =
        "SELECT NOT EXISTS (SELECT 1 FROM certificates)"
        " AND NOT EXISTS (SELECT 1 FROM keys) AND NOT EXISTS (SELECT 1 FROM audit)"
        " OR EXISTS (SELECT 1 FROM moved JOIN meta USING (revision)"
        " WHERE moved.event IS NOT DISTINCT FROM (SELECT max(seq) FROM audit))",
    [OT_SQL_EMPTY] =
        "TRUNCATE audit_resources, audit, activations, contents, certificates,"
        " keys, projects, lists, host_scopes, hosts",
    /* Row by row that would take time with the square of their number. */
    [OT_SQL_STOP_COUNTING] = "ALTER TABLE certificates DISABLE TRIGGER USER",
    [OT_SQL_PUT_PROJECT] = "INSERT INTO projects (seq, id, name, created_at)"
                           " VALUES ($1, $2, $3, $4)",
    [OT_SQL_PUT_CERTIFICATE] =
        "INSERT INTO certificates (seq, id, name, created_at, valid_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
    [OT_SQL_PUT_CONTENT] = "INSERT INTO contents (certificate, pem) VALUES ($1, $2)",
    [OT_SQL_PUT_ACTIVATION] =
        "INSERT INTO activations (scope, certificate, ends_at, ends_by)"
        " VALUES ($1, $2, $3, $4)",
    [OT_SQL_PUT_KEY] =
        "INSERT INTO keys (seq, id, hash, role, name, created_at, last_used_at,"
        " expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    [OT_SQL_PUT_AUDIT] = "INSERT INTO audit (seq, " AUDIT_COLUMNS ")"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    [OT_SQL_PUT_RESOURCE] =
        "INSERT INTO audit_resources (resource, event) VALUES ($1, $2)",
    [OT_SQL_PUT_SEQUENCE] =
        "SELECT setval(pg_get_serial_sequence('orgtrust.' || $1::text, 'seq'), $2)",
    /* The activations that were put before have made a row. */
    [OT_SQL_PUT_LIST] = "INSERT INTO lists (scope, tag, changed_at) VALUES ($1, $2, $3)"
                        " ON CONFLICT (scope) DO UPDATE"
                        " SET tag = excluded.tag, changed_at = excluded.changed_at",
    [OT_SQL_PUT_HOST] = "INSERT INTO hosts (seq, name, key, version, stacks, seen_at)"
                        " VALUES ($1, $2, $3, $4, $5, $6)",
    [OT_SQL_PUT_HOST_SCOPE] = "INSERT INTO host_scopes (host, scope, tag, behind_since)"
                              " VALUES ($1, $2, $3, $4)",
    [OT_SQL_GO_ON_COUNTING] = "ALTER TABLE certificates ENABLE TRIGGER USER",
    [OT_SQL_PUT_META] = "UPDATE meta SET revision = $1, certificates = $2 WHERE one = 1",
    [OT_SQL_FORGET_MOVE] = "DELETE FROM moved",
    [OT_SQL_NOTE_MOVE] = "INSERT INTO moved SELECT 1, revision,"
                         " (SELECT max(seq) FROM audit) FROM meta",
};

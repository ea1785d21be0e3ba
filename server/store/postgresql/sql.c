#include "store/postgresql/postgresql_internal.h"

#define META "meta WHERE one = 1"
#define REVISION "(SELECT revision FROM " META ")"

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

const char *const ot_pg_sql[OT_PG_COUNT] = {
    [OT_PG_BEGIN] = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE",
    /* Before the first statement that looks at a row: what it sees is as of behind this
     * one. Nobody else locks this table, neither readers nor pg_dump wait for it. */
    [OT_PG_QUEUE_UP] = "LOCK TABLE writers IN EXCLUSIVE MODE",
    [OT_PG_QUEUE_UP_NOW] = "LOCK TABLE writers IN EXCLUSIVE MODE NOWAIT",
    [OT_PG_COMMIT] = "COMMIT",
    [OT_PG_ROLLBACK] = "ROLLBACK",

    [OT_SQL_OPENING] = OT_SQL_OPENING_OF("m.access", " WHERE m.one = 1"),
    [OT_SQL_STAMP] = "SELECT revision, access FROM meta WHERE one = 1",
    [OT_SQL_REVISION_NEXT] =
        ("WITH changed AS (UPDATE meta SET revision = uuid_send(gen_random_uuid())"
         " WHERE one = 1 RETURNING one)"
         " SELECT pg_notify('" OT_PG_CHANNEL "', '') FROM changed"),

    [OT_SQL_CERT_COUNT] = "SELECT certificates FROM meta WHERE one = 1",
    [OT_SQL_CERT_CONTENTS] =
        ("SELECT id, name, created_at, valid_at, expires_at, 0, NULL, pem"
         " FROM certificates JOIN contents ON certificate = seq"
         " WHERE id = ANY (ARRAY(SELECT json_array_elements_text($1::text::json)))"
         " ORDER BY seq"),
    [OT_SQL_LIST_ASC] = OT_SQL_LIST_OF(REVISION, "> ($2, $3)", ""),
    [OT_SQL_LIST_DESC] = OT_SQL_LIST_OF(REVISION, "< ($2, $3)", " DESC"),
    [OT_SQL_SUMMARY] = OT_SQL_SUMMARY_OF(META),
    [OT_SQL_AUDIT_LIST] = OT_SQL_AUDIT_PAGE(AUDIT_WANTED, " DESC"),
    [OT_SQL_AUDIT_LIST_UP] = OT_SQL_AUDIT_PAGE(AUDIT_WANTED, ""),
    [OT_SQL_HOSTS_OF_KEY] = ("SELECT count(*) FROM (SELECT 1 FROM hosts WHERE key = $1 "
                             "LIMIT $2) AS hosts_of_key"),
    [OT_SQL_HOST_SCOPES_ELSE] =
        ("DELETE FROM host_scopes WHERE host = (SELECT seq FROM hosts WHERE name = $1)"
         " AND scope NOT IN (SELECT json_array_elements_text($2::text::json))"),

    [OT_SQL_TALLY] = OT_SQL_TALLY_OF("coalesce(sum(length(pem)), 0)::bigint", META),
    /* Either nothing is there, or what a move has left, as it was left. */
    [OT_SQL_MAY_MOVE] =
        ("SELECT NOT EXISTS (SELECT 1 FROM certificates)"
         " AND NOT EXISTS (SELECT 1 FROM keys) AND NOT EXISTS (SELECT 1 FROM audit)"
         " OR EXISTS (SELECT 1 FROM moved JOIN meta USING (revision)"
         " WHERE moved.event IS NOT DISTINCT FROM (SELECT max(seq) FROM audit))"),
    [OT_SQL_EMPTY] =
        ("TRUNCATE audit_resources, audit, activations, contents, certificates,"
         " keys, projects, lists, host_scopes, hosts"),
    /* Row by row that would take time with the square of their number. */
    [OT_SQL_STOP_COUNTING] = "ALTER TABLE certificates DISABLE TRIGGER USER",
    [OT_SQL_PUT_PROJECT] = ("INSERT INTO projects (seq, id, name, created_at)"
                            " VALUES ($1, $2, $3, $4)"),
    [OT_SQL_PUT_CERTIFICATE] =
        ("INSERT INTO certificates (seq, id, name, created_at, valid_at, expires_at)"
         " VALUES ($1, $2, $3, $4, $5, $6)"),
    [OT_SQL_PUT_CONTENT] = "INSERT INTO contents (certificate, pem) VALUES ($1, $2)",
    [OT_SQL_PUT_ACTIVATION] =
        ("INSERT INTO activations (scope, certificate, ends_at, ends_by)"
         " VALUES ($1, $2, $3, $4)"),
    [OT_SQL_PUT_KEY] =
        ("INSERT INTO keys (seq, id, hash, role, name, created_at, last_used_at,"
         " expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
    [OT_SQL_PUT_AUDIT] = ("INSERT INTO audit (seq, " OT_SQL_AUDIT_COLUMNS ")"
                          " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
    [OT_SQL_PUT_RESOURCE] =
        ("INSERT INTO audit_resources (resource, event) VALUES ($1, $2)"),
    [OT_SQL_PUT_SEQUENCE] =
        ("SELECT setval(pg_get_serial_sequence('orgtrust.' || $1::text, 'seq'), $2)"),
    /* The activations that were put before have made a row. */
    [OT_SQL_PUT_LIST] = ("INSERT INTO lists (scope, tag, changed_at) VALUES ($1, $2, $3)"
                         " ON CONFLICT (scope) DO UPDATE"
                         " SET tag = excluded.tag, changed_at = excluded.changed_at"),
    [OT_SQL_PUT_HOST] = ("INSERT INTO hosts (seq, name, key, version, stacks, seen_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6)"),
    [OT_SQL_PUT_HOST_SCOPE] = ("INSERT INTO host_scopes (host, scope, tag, behind_since)"
                               " VALUES ($1, $2, $3, $4)"),
    [OT_SQL_GO_ON_COUNTING] = "ALTER TABLE certificates ENABLE TRIGGER USER",
    [OT_SQL_PUT_META] = "UPDATE meta SET revision = $1, certificates = $2 WHERE one = 1",
    [OT_SQL_FORGET_MOVE] = "DELETE FROM moved",
    [OT_SQL_NOTE_MOVE] = ("INSERT INTO moved SELECT 1, revision,"
                          " (SELECT max(seq) FROM audit) FROM meta"),
};

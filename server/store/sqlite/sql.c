#include "store/sqlite/sqlite_internal.h"

/* What a filter leaves. */
#define AUDIT_WANTED                                                                     \
    " FROM audit WHERE effective_at BETWEEN $1 AND $2 AND seq > $3 AND seq < $4"         \
    " AND ($5 IS NULL OR type IN (SELECT value FROM json_each($5)))"                     \
    " AND ($6 IS NULL OR project IN (SELECT value FROM json_each($6)))"                  \
    " AND ($7 IS NULL OR actor IN (SELECT value FROM json_each($7)))"                    \
    " AND ($8 IS NULL OR seq IN (SELECT event FROM audit_resources"                      \
    "  WHERE resource IN (SELECT value FROM json_each($8))))"

const char *const ot_sqlite_sql[OT_SQL_COUNT] = {
    [OT_SQL_OPENING] =
        ("SELECT m.revision, NULL,"
         " (SELECT ends_at FROM activations WHERE ends_at IS NOT NULL"
         "  ORDER BY ends_at LIMIT 1),"
         " EXISTS (SELECT 1 FROM projects WHERE id = $2),"
         " k.seq, k.id, k.name, k.role, k.created_at, k.last_used_at, k.expires_at,"
         " k.hash, c.id, c.name, c.created_at, c.valid_at, c.expires_at, 0, NULL"
         " FROM meta m LEFT JOIN keys k ON k.id = $1"
         " LEFT JOIN certificates c ON c.id = $3"),
    [OT_SQL_REVISION_NEXT] = "UPDATE meta SET revision = randomblob(16)",

    [OT_SQL_CERT_COUNT] = "SELECT certificates FROM meta",
    [OT_SQL_CERT_CONTENTS] =
        ("SELECT id, name, created_at, valid_at, expires_at, 0, NULL, pem"
         " FROM certificates JOIN contents ON certificate = seq"
         " WHERE id IN (SELECT value FROM json_each($1)) ORDER BY seq"),
    [OT_SQL_LIST_ASC] = ("SELECT c.id, c.name, c.created_at, c.valid_at, c.expires_at,"
                         " a.certificate IS NOT NULL, a.ends_at,"
                         " NULL FROM certificates c"
                         " LEFT JOIN activations a"
                         " ON a.scope = $1 AND a.certificate = c.seq"
                         " WHERE (c.created_at, c.seq) > ($2, $3)"
                         " ORDER BY c.created_at, c.seq LIMIT $4"),
    [OT_SQL_LIST_DESC] = ("SELECT c.id, c.name, c.created_at, c.valid_at, c.expires_at,"
                          " a.certificate IS NOT NULL, a.ends_at,"
                          " NULL FROM certificates c"
                          " LEFT JOIN activations a"
                          " ON a.scope = $1 AND a.certificate = c.seq"
                          " WHERE (c.created_at, c.seq) < ($2, $3)"
                          " ORDER BY c.created_at DESC, c.seq DESC LIMIT $4"),
    [OT_SQL_SUMMARY] =
        ("SELECT (SELECT certificates FROM meta), count(*),"
         " count(*) FILTER (WHERE expires_at <= $1),"
         " min(expires_at) FILTER (WHERE expires_at > $1)"
         " FROM certificates WHERE seq IN (SELECT certificate FROM activations)"),
    [OT_SQL_AUDIT_LIST] = OT_SQL_AUDIT_PAGE(AUDIT_WANTED, " DESC"),
    [OT_SQL_AUDIT_LIST_UP] = OT_SQL_AUDIT_PAGE(AUDIT_WANTED, ""),
    /* All of them SQLite counts by the page; of fewer than that no key can have as many.
     */
    [OT_SQL_HOSTS_OF_KEY] =
        ("SELECT CASE WHEN (SELECT count(*) FROM hosts) < $2 THEN 0 ELSE"
         " (SELECT count(*) FROM (SELECT 1 FROM hosts WHERE key = $1 LIMIT $2)) END"),
    [OT_SQL_HOST_SCOPES_ELSE] =
        ("DELETE FROM host_scopes WHERE host = (SELECT seq FROM hosts WHERE name = $1)"
         " AND scope NOT IN (SELECT value FROM json_each($2))"),

    [OT_SQL_TALLY] =
        ("SELECT (SELECT count(*) FROM certificates), (SELECT count(*) FROM activations),"
         " (SELECT count(*) FROM projects), (SELECT count(*) FROM keys),"
         " (SELECT count(*) FROM audit), (SELECT count(*) FROM contents),"
         " (SELECT count(*) FROM audit_resources),"
         " (SELECT count(*) FROM lists), (SELECT count(*) FROM hosts),"
         " (SELECT count(*) FROM host_scopes),"
         " (SELECT coalesce(sum(length(pem)), 0) FROM contents),"
         " (SELECT certificates FROM meta), (SELECT revision FROM meta)"),
    [OT_SQL_READ_PROJECTS] = "SELECT seq, id, name, created_at FROM projects",
    [OT_SQL_READ_CERTIFICATES] =
        ("SELECT seq, id, name, created_at, valid_at, expires_at FROM certificates"),
    [OT_SQL_READ_CONTENTS] = "SELECT certificate, pem FROM contents",
    [OT_SQL_READ_ACTIVATIONS] =
        ("SELECT scope, certificate, ends_at, ends_by FROM activations"),
    [OT_SQL_READ_KEYS] = ("SELECT seq, id, hash, role, name, created_at, last_used_at, "
                          "expires_at FROM keys"),
    [OT_SQL_READ_AUDIT] = ("SELECT seq, " OT_SQL_AUDIT_COLUMNS " FROM audit"),
    [OT_SQL_READ_RESOURCES] = "SELECT resource, event FROM audit_resources",
    [OT_SQL_READ_LISTS] = "SELECT scope, tag, changed_at FROM lists",
    [OT_SQL_READ_HOSTS] = "SELECT seq, name, key, version, stacks, seen_at FROM hosts",
    [OT_SQL_READ_HOST_SCOPES] = "SELECT host, scope, tag, behind_since FROM host_scopes",
    /* The highest number that was ever given out, which never comes again. */
    [OT_SQL_READ_SEQUENCES] = "SELECT name, seq FROM sqlite_sequence WHERE seq > 0",
};

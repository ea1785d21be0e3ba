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
    [OT_SQL_OPENING] = OT_SQL_OPENING_OF("NULL", ""),
    [OT_SQL_REVISION_NEXT] = "UPDATE meta SET revision = randomblob(16)",

    [OT_SQL_CERT_COUNT] = "SELECT certificates FROM meta",
    [OT_SQL_CERT_CONTENTS] =
        ("SELECT id, name, created_at, valid_at, expires_at, 0, NULL, pem"
         " FROM certificates JOIN contents ON certificate = seq"
         " WHERE id IN (SELECT value FROM json_each($1)) ORDER BY seq"),
    [OT_SQL_LIST_ASC] = OT_SQL_LIST_OF("NULL", "> ($2, $3)", ""),
    [OT_SQL_LIST_DESC] = OT_SQL_LIST_OF("NULL", "< ($2, $3)", " DESC"),
    [OT_SQL_SUMMARY] = OT_SQL_SUMMARY_OF("meta"),
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

    [OT_SQL_TALLY] = OT_SQL_TALLY_OF("coalesce(sum(length(pem)), 0)", "meta"),
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

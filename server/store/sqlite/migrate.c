#include "base/error.h"
#include "store/sqlite/sqlite_internal.h"

#include <stdio.h>

/* PRAGMA application_id, "OTrs": file(1) and we tell our databases from others by it. */
#define APPLICATION_ID 0x4f547273

/* Step i leads from user_version i to i + 1. Steps that were released are never edited.
 *
 * certificates is narrow, its contents apart, so that a page of a list is a few database
 * pages. meta.certificates counts the rows, since counting them takes time in proportion.
 * scope '' is the organization, else a project's id. keys.hash: auth/apikey.h. */
static const char *const steps[] = {
    "CREATE TABLE meta ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  revision BLOB NOT NULL,"
    "  certificates INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO meta VALUES (1, randomblob(16), 0);"
    "CREATE TABLE certificates ("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE,"
    "  name TEXT,"
    "  created_at INTEGER NOT NULL,"
    "  valid_at INTEGER NOT NULL,"
    "  expires_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX certificates_by_time ON certificates (created_at, seq);"
    "CREATE TRIGGER certificates_more AFTER INSERT ON certificates BEGIN"
    "  UPDATE meta SET certificates = certificates + 1; END;"
    "CREATE TRIGGER certificates_less AFTER DELETE ON certificates BEGIN"
    "  UPDATE meta SET certificates = certificates - 1; END;"
    "CREATE TABLE contents ("
    "  certificate INTEGER PRIMARY KEY REFERENCES certificates (seq) ON DELETE CASCADE,"
    "  pem TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE activations ("
    "  scope TEXT NOT NULL,"
    "  certificate INTEGER NOT NULL REFERENCES certificates (seq) ON DELETE RESTRICT,"
    "  PRIMARY KEY (scope, certificate)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX activations_by_certificate ON activations (certificate, scope);"
    "CREATE TABLE keys ("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE,"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32),"
    "  role TEXT NOT NULL CHECK (role IN ('admin', 'read')),"
    "  name TEXT UNIQUE,"
    "  created_at INTEGER NOT NULL,"
    "  last_used_at INTEGER"
    ") STRICT;",

    /* Before there were projects, each came into being with its first activation. */
    "CREATE TABLE projects ("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE,"
    "  name TEXT NOT NULL,"
    "  created_at INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO projects (id, name, created_at)"
    " SELECT scope, scope, CAST(strftime('%s', 'now') AS INTEGER)"
    " FROM activations WHERE scope <> '' GROUP BY scope ORDER BY scope;",

    "ALTER TABLE keys ADD COLUMN expires_at INTEGER;",

    "CREATE TABLE audit ("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE,"
    "  type TEXT NOT NULL,"
    "  effective_at INTEGER NOT NULL,"
    "  project TEXT,"
    "  project_name TEXT,"
    "  actor TEXT NOT NULL,"
    "  actor_is_key INTEGER NOT NULL,"
    "  address TEXT,"
    "  detail TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE audit_resources ("
    "  resource TEXT NOT NULL,"
    "  event INTEGER NOT NULL REFERENCES audit (seq),"
    "  PRIMARY KEY (resource, event)"
    ") STRICT, WITHOUT ROWID;",

    /* NULL: it has no end. ends_by is the id of a key, which may be gone by then. */
    "ALTER TABLE activations ADD COLUMN ends_at INTEGER;"
    "ALTER TABLE activations ADD COLUMN ends_by TEXT;"
    "CREATE INDEX activations_by_end ON activations (ends_at)"
    " WHERE ends_at IS NOT NULL;",

    /* lists.tag is the tag of what is active in the scope (cert/list_tag.h), NULL until
     * somebody works it out. Triggers see each change, also those of a server of before
     * this step. behind_since NULL: the host has what is active there now. */
    "CREATE TABLE lists ("
    "  scope TEXT PRIMARY KEY NOT NULL,"
    "  tag TEXT,"
    "  changed_at INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "INSERT INTO lists (scope, changed_at)"
    " SELECT DISTINCT scope, CAST(strftime('%s', 'now') AS INTEGER) FROM activations;"
    "CREATE TABLE hosts ("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  name TEXT NOT NULL UNIQUE,"
    "  key INTEGER NOT NULL,"
    "  version TEXT NOT NULL,"
    "  stacks TEXT NOT NULL,"
    "  seen_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX hosts_by_sight ON hosts (seen_at);"
    "CREATE INDEX hosts_by_key ON hosts (key);"
    "CREATE TABLE host_scopes ("
    "  host INTEGER NOT NULL REFERENCES hosts (seq) ON DELETE CASCADE,"
    "  scope TEXT NOT NULL,"
    "  tag TEXT NOT NULL,"
    "  behind_since INTEGER,"
    "  PRIMARY KEY (host, scope)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX host_scopes_current ON host_scopes (scope)"
    " WHERE behind_since IS NULL;"
    "CREATE TRIGGER activations_more AFTER INSERT ON activations BEGIN"
    "  INSERT INTO lists (scope, changed_at)"
    "   VALUES (NEW.scope, CAST(strftime('%s', 'now') AS INTEGER))"
    "   ON CONFLICT (scope) DO UPDATE"
    "   SET tag = NULL, changed_at = excluded.changed_at;"
    "  UPDATE host_scopes SET behind_since = CAST(strftime('%s', 'now') AS INTEGER)"
    "   WHERE scope = NEW.scope AND behind_since IS NULL; END;"
    "CREATE TRIGGER activations_less AFTER DELETE ON activations BEGIN"
    "  UPDATE lists SET tag = NULL, changed_at = CAST(strftime('%s', 'now') AS INTEGER)"
    "   WHERE scope = OLD.scope;"
    "  UPDATE host_scopes SET behind_since = CAST(strftime('%s', 'now') AS INTEGER)"
    "   WHERE scope = OLD.scope AND behind_since IS NULL; END;",
};
#define STEPS ((sqlite3_int64)(sizeof(steps) / sizeof(steps[0])))

static enum ot_status number_from(sqlite3 *handle, const char *sql, sqlite3_int64 *out,
                                  struct ot_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum ot_status status = OT_OK;

    if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        status = ot_sqlite_fail(handle, "read its version", err);
    else
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

static enum ot_status check_owner(sqlite3 *handle, struct ot_error *err)
{
    sqlite3_int64 application = 0, objects = 0;
    enum ot_status status =
        number_from(handle, "PRAGMA application_id", &application, err);

    if (status == OT_OK)
        status = number_from(handle, "SELECT count(*) FROM sqlite_schema", &objects, err);
    if (status == OT_OK && application != APPLICATION_ID &&
        (application != 0 || objects != 0))
        return ot_error_set(err, OT_E_CORRUPT,
                            "%s is not an orgtrust database: it belongs to another "
                            "program; name another file with --db",
                            sqlite3_db_filename(handle, "main"));
    return status;
}

static enum ot_status take_step(sqlite3 *handle, sqlite3_int64 version,
                                struct ot_error *err)
{
    char pragmas[128];

    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA application_id = %d; PRAGMA user_version = %lld", APPLICATION_ID,
             (long long)version + 1);
    if (sqlite3_exec(handle, steps[version], NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(handle, pragmas, NULL, NULL, NULL) != SQLITE_OK)
        return ot_sqlite_fail(handle, "bring its tables up to date", err);
    return OT_OK;
}

static enum ot_status read_version(sqlite3 *handle, sqlite3_int64 *version,
                                   struct ot_error *err)
{
    enum ot_status status = check_owner(handle, err);

    if (status == OT_OK)
        status = number_from(handle, "PRAGMA user_version", version, err);
    if (status == OT_OK && (*version > STEPS || *version < 0))
        return ot_error_set(err, OT_E_CONFIG,
                            "database %s has version %lld and this orgtrust-server knows "
                            "up to %lld: use the newer orgtrust-server that made it",
                            sqlite3_db_filename(handle, "main"), (long long)*version,
                            (long long)STEPS);
    return status;
}

enum ot_status ot_sqlite_check(sqlite3 *handle, struct ot_error *err)
{
    sqlite3_int64 version = 0;

    return read_version(handle, &version, err);
}

enum ot_status ot_sqlite_migrate(sqlite3 *handle, struct ot_error *err)
{
    sqlite3_int64 version = 0;
    enum ot_status status = read_version(handle, &version, err);

    for (; status == OT_OK && version < STEPS; version++)
        status = take_step(handle, version, err);
    return status;
}

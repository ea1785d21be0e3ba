/* What SQLite says went wrong, as a status and a sentence with the way out. */
#include "base/error.h"
#include "store/sqlite/sqlite_internal.h"

static enum ot_status status_of_result(int result)
{
    if (result == SQLITE_CONSTRAINT_UNIQUE)
        return OT_E_REFUSED;
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return OT_E_BUSY;
    case SQLITE_FULL:
        return OT_E_NO_SPACE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return OT_E_CORRUPT;
    case SQLITE_NOMEM:
        return OT_E_NOMEM;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return OT_E_IO;
    default:
        return OT_E_INTERNAL;
    }
}

static const char *advice_for_file(enum ot_status status)
{
    switch (status) {
    case OT_E_BUSY:
        return "; another process keeps it locked: end that one or try again";
    case OT_E_NO_SPACE:
        return "; make room on its disk";
    case OT_E_CORRUPT:
        return "; restore it from a copy, or name another file with --db";
    case OT_E_IO:
        return "; this user must be able to write the file and its directory";
    default:
        return "";
    }
}

enum ot_status ot_sqlite_fail(sqlite3 *handle, const char *what, struct ot_error *err)
{
    enum ot_status status = status_of_result(sqlite3_extended_errcode(handle));
    const char *path = sqlite3_db_filename(handle, "main");

    if ((sqlite3_extended_errcode(handle) & 0xff) == SQLITE_NOTADB)
        return ot_error_set(err, status,
                            "%s is not an orgtrust database, nor one of SQLite's at all; "
                            "name another file with --db, or restore it from a copy",
                            path != NULL ? path : "the file");
    return ot_error_set(err, status, "cannot %s: database %s: %s%s", what,
                        path != NULL ? path : "", sqlite3_errmsg(handle),
                        advice_for_file(status));
}

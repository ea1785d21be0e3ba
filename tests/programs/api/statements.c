/* For LD_PRELOAD: a line on standard error for each statement that SQLite carries out,
 * with how many rows of whole tables it went through. */
#include <dlfcn.h>
#include <sqlite3.h>
#include <stdio.h>

static int tell(unsigned kind, void *arg, void *statement, void *nanoseconds)
{
    (void)kind;
    (void)arg;
    (void)nanoseconds;
    fprintf(stderr, "STATEMENT %d %s\n",
            sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1),
            sqlite3_sql(statement));
    return 0;
}

__attribute__((visibility("default"))) int
sqlite3_open_v2(const char *path, sqlite3 **out, int flags, const char *vfs)
{
    int (*real)(const char *, sqlite3 **, int, const char *) =
        (int (*)(const char *, sqlite3 **, int, const char *))dlsym(RTLD_NEXT,
                                                                    "sqlite3_open_v2");
    int result = real(path, out, flags, vfs);

    if (result == SQLITE_OK)
        sqlite3_trace_v2(*out, SQLITE_TRACE_PROFILE, tell, NULL);
    return result;
}

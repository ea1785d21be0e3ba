#include "store/db.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "shared/limits.h"
#include "store/audit.h"
#include "store/driver.h"

enum ot_status ot_db_begin(struct ot_db *db, enum ot_transaction kind,
                           struct ot_error *err)
{
    db->is_given_back = false;
    db->is_in_doubt = false;
    db->evidence[0] = '\0';
    return db->driver->begin(db, kind, err);
}

enum ot_status ot_db_commit(struct ot_db *db, struct ot_error *err)
{
    return db->driver->commit(db, err);
}

void ot_db_rollback(struct ot_db *db)
{
    db->driver->rollback(db);
}

const char *ot_db_event(const struct ot_db *db)
{
    return db->evidence;
}

static enum ot_status write_once(struct ot_db *db, enum ot_transaction kind,
                                 ot_db_work *work, void *arg, struct ot_error *err)
{
    enum ot_status status = ot_db_begin(db, kind, err);

    if (status == OT_OK)
        status = work(db, arg, err);
    if (status == OT_OK)
        status = ot_db_commit(db, err);
    ot_db_rollback(db);
    return status;
}

static void pause_between_tries(int ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};

    nanosleep(&pause, NULL);
}

/* Whether the transaction that left the evidence has happened: asked where no other one
 * can still be about to happen, that is behind its place among the writers. */
static enum ot_status look_for_evidence(struct ot_db *db, const char *evidence,
                                        struct ot_error *err)
{
    int64_t place = 0;
    enum ot_status status = ot_db_begin(db, OT_WRITING, err);

    if (status == OT_OK)
        status = ot_db_audit_place(db, evidence, &place, err);
    ot_db_rollback(db);
    return status;
}

/* After the connection broke at a commit. OT_E_NOT_FOUND: it has not happened. */
static enum ot_status resolve_doubt(struct ot_db *db, struct ot_error *err)
{
    char evidence[OT_EVIDENCE_MAX];
    const int64_t until_ms = ot_clock_ms() + OT_DB_DOUBT_MS;
    enum ot_status status = OT_E_NETWORK;

    memcpy(evidence, db->evidence, sizeof(evidence));
    if (evidence[0] == '\0') /* nothing that could be done twice */
        return OT_E_NOT_FOUND;
    while (ot_clock_ms() < until_ms) {
        status = look_for_evidence(db, evidence, err);
        if (status == OT_OK)
            memcpy(db->evidence, evidence, sizeof(evidence));
        if (status == OT_OK || status == OT_E_NOT_FOUND)
            return status;
        pause_between_tries(OT_DB_DOUBT_STEP_MS);
    }
    return ot_error_set(err, OT_E_SERVER,
                        "the connection to the database broke while it confirmed a "
                        "change, and it has not come back to say whether it has "
                        "happened: the audit log shows it, by the time of this line");
}

enum ot_status ot_db_write(struct ot_db *db, enum ot_transaction kind, ot_db_work *work,
                           void *arg, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (int tries = 1; tries <= OT_DB_TRIES; tries++) {
        status = write_once(db, kind, work, arg, err);
        if (db->is_in_doubt) {
            status = resolve_doubt(db, err);
            if (status != OT_E_NOT_FOUND)
                return status;
            status = ot_error_set(err, OT_E_NETWORK,
                                  "the connection to the database broke, and the change "
                                  "has not happened");
        } else if (status == OT_OK || !db->is_given_back || kind == OT_WRITING_NOW) {
            return status;
        }
        if (tries < OT_DB_TRIES)
            pause_between_tries(tries * tries * OT_DB_TRY_STEP_MS);
    }
    return status;
}

enum ot_status ot_db_revision_next(struct ot_db *db, struct ot_error *err)
{
    const struct ot_query query = {.sql = OT_SQL_REVISION_NEXT,
                                   .what = "change its revision"};

    return ot_db_ask(db, &query, NULL, err);
}

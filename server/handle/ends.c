#include "handle/ends.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "audit/change_line.h"
#include "auth/apikey.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "shared/limits.h"
#include "store/active.h"
#include "store/cert.h"
#include "store/db.h"

/* What becomes one event: of one scope, one end and one key. */
struct ended {
    char scope[OT_ID_MAX + 1];
    char by[OT_APIKEY_ID_MAX];
    int64_t at;
    char ids[OT_TOGGLE_MAX][OT_CERT_ID_MAX];
    struct ot_audit_toggled toggled;
};

/* Takes the first, and those that go with it. */
static void take_ended(void *arg, const char *scope, const struct ot_active_end *end,
                       const char *id, const char *name)
{
    struct ended *ended = arg;
    char *kept = ended->ids[ended->toggled.count];

    if (ended->toggled.count == 0) {
        snprintf(ended->scope, sizeof(ended->scope), "%s", scope);
        snprintf(ended->by, sizeof(ended->by), "%s", end->by != NULL ? end->by : "");
        ended->at = end->at;
    } else if (ended->at != end->at || strcmp(ended->scope, scope) != 0 ||
               end->by == NULL || strcmp(ended->by, end->by) != 0) {
        return;
    }
    snprintf(kept, OT_CERT_ID_MAX, "%s", id);
    ot_audit_toggled_add(&ended->toggled, kept, name);
}

/* All of them, in one transaction. */
struct ending {
    int64_t now;
    char *lines; /* of the log, once that is confirmed */
    size_t lines_len;
};

static enum ot_status write_ended(struct ot_db *db, struct ended *ended, FILE *lines,
                                  struct ot_error *err)
{
    const struct ot_actor actor = {
        .id = ended->by, .is_key = true, .scope = ended->scope};
    enum ot_status status = OT_OK;
    bool changed = false;

    for (unsigned i = 0; status == OT_OK && i < ended->toggled.count; i++)
        status = ot_db_deactivate(db, ended->scope, ended->ids[i], &changed, err);
    if (status == OT_OK && !changed)
        return ot_error_set(err, OT_E_INTERNAL,
                            "activations that have ended do not become inactive");
    if (status == OT_OK)
        status =
            ot_audit_toggled_write(db, &actor, &ended->toggled, false, ended->at, err);
    if (status == OT_OK)
        ot_change_line_print(lines, &(struct ot_change_line){
                                        .event = "certificates.deactivated",
                                        .ids = ended->toggled.ids,
                                        .count = ended->toggled.count,
                                        .are_known = true,
                                        .actor = &actor,
                                        .outcome = "done",
                                        .row = ot_db_event(db),
                                    });
    return status;
}

/* One event's; *more: there was any. */
static enum ot_status end_some(struct ot_db *db, int64_t now, FILE *lines, bool *more,
                               struct ot_error *err)
{
    struct ended ended = {.at = 0};
    enum ot_status status;

    ot_audit_toggled_init(&ended.toggled);
    status = ot_db_active_ended(db, now, OT_TOGGLE_MAX, take_ended, &ended, err);
    *more = ended.toggled.count != 0;
    if (status == OT_OK && *more)
        status = write_ended(db, &ended, lines, err);
    ot_audit_toggled_clear(&ended.toggled);
    return status;
}

/* In the transaction. There may be nothing left: another has been here since the look. */
static enum ot_status end_all(struct ot_db *db, void *arg, struct ot_error *err)
{
    struct ending *ending = arg;
    bool more = true, changed = false;
    enum ot_status status = OT_OK;
    FILE *lines;

    free(ending->lines); /* of a transaction that was given back */
    ending->lines = NULL;
    lines = open_memstream(&ending->lines, &ending->lines_len);
    if (lines == NULL)
        return ot_error_nomem(err);
    while (status == OT_OK && more) {
        status = end_some(db, ending->now, lines, &more, err);
        changed |= more;
    }
    fclose(lines);
    if (status == OT_OK && changed)
        status = ot_db_revision_next(db, err);
    return status;
}

enum ot_status ot_ends_carry_out(struct ot_db *db, enum ot_transaction kind,
                                 struct ot_error *err)
{
    struct ending ending = {.now = ot_clock_unix_s()};
    bool due = false;
    enum ot_status status = ot_db_active_due(db, ending.now, &due, err);

    if (status != OT_OK || !due)
        return status;
    status = ot_db_write(db, kind, end_all, &ending, err);
    if (status == OT_OK && ending.lines != NULL)
        fputs(ending.lines, stderr);
    free(ending.lines);
    return status;
}

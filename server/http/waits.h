/* Requests that are held until something changes: `wait` of a list (docs/server.md).
 *
 * What is held is a connection and what its request consists of, and no thread: the
 * library passes over it until it is released. It is then answered from the beginning, as
 * if it had come at that moment. Thread-safe. */
#ifndef OT_SERVER_HTTP_WAITS_H
#define OT_SERVER_HTTP_WAITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"
#include "message/etag.h"

struct MHD_Connection;
struct ot_db;

struct ot_waits;

/* Of one request, which owns it; in no list once it is released. */
struct ot_wait {
    TAILQ_ENTRY(ot_wait) in_all;
    struct MHD_Connection *connection;
    int fd; /* its socket */
    int64_t until_us;
    char etag[OT_ETAG_MAX]; /* of the moment that is to end */
};

/* max: how many there may be at a time; 0: none, and nobody is told that they may wait.
 */
enum ot_status ot_waits_new(struct ot_waits **out, unsigned max, struct ot_error *err);
/* All are released. */
void ot_waits_free(struct ot_waits *waits);

bool ot_waits_are_taken(struct ot_waits *waits);
unsigned ot_waits_count(struct ot_waits *waits);

/* How often something was, or may have been, changed: to be asked for before the database
 * is. */
unsigned ot_waits_turn(struct ot_waits *waits);

/* From within the access handler, which is called again for the connection once the wait
 * is released. etag: of a page as it was at some turn; where that is over by now, the
 * caller looks (ot_waits_look), for nobody else may. false: it is not held, for the
 * server ends, or there are too many. now_us: the monotonic clock. */
bool ot_waits_hold(struct ot_waits *waits, struct ot_wait *wait,
                   struct MHD_Connection *connection, const char *etag, int64_t now_us);

/* Something may have been changed from here, and db, which is in no transaction, says
 * whether. */
void ot_waits_note_change(struct ot_waits *waits, struct ot_db *db);
/* Releases those whose moment is over by what the database says, whoever ended it. */
enum ot_status ot_waits_look(struct ot_waits *waits, struct ot_db *db,
                             struct ot_error *err);
/* Releases those whose time is over, and those who are gone, which the library does not
 * see meanwhile; to be called each second or so. */
void ot_waits_sweep(struct ot_waits *waits, int64_t now_us);

void ot_waits_release_all(struct ot_waits *waits);
/* The same, and from now on none is held. */
void ot_waits_close(struct ot_waits *waits);

#endif

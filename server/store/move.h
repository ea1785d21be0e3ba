/* All of an organization, from one database into another one. */
#ifndef OT_SERVER_STORE_MOVE_H
#define OT_SERVER_STORE_MOVE_H

#include <stdint.h>

#include "base/error.h"

struct ot_db;

/* How many there are of each; in both databases the same. */
struct ot_moved {
    int64_t certificates, activations, projects, keys, events;
};

/* from is SQLite's, to PostgreSQL's. Whoever reads `from` meanwhile is answered, whoever
 * writes waits. `to` holds all of it afterwards or is as it was: what it holds is
 * compared with `from` before it is confirmed. What an earlier move has left in `to` is
 * replaced. OT_E_REFUSED: `to` has an organization that came from elsewhere, or that has
 * changed since it was moved; OT_E_BROKEN: the two differ, and `to` is as it was. */
enum ot_status ot_db_move(struct ot_db *from, struct ot_db *to, struct ot_moved *moved,
                          struct ot_error *err);

#endif

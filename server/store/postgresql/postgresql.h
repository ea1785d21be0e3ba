/* PostgreSQL 15 or later, by libpq: any number of servers share one database.
 *
 * Writers queue up for the lock of a table that is there for nothing else, so that each
 * finds what the one before has left; their transactions are serializable beyond that,
 * against whoever else writes into the tables. A reader's statements are each of their
 * own. A statement whose answer nobody waits for travels with the next one, as do the
 * beginning of a transaction and, where it is of no interest, its end. */
#ifndef OT_SERVER_STORE_POSTGRESQL_POSTGRESQL_H
#define OT_SERVER_STORE_POSTGRESQL_POSTGRESQL_H

#include "store/driver.h"

extern const struct ot_driver ot_postgresql_driver;

#endif

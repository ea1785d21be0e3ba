/* SQLite in WAL mode: readers never wait, and one writer at a time. synchronous=FULL: a
 * commit is on the disk when it is confirmed, as is the directory's entry of a new file,
 * so it survives the end of this process and the loss of power. */
#ifndef OT_SERVER_STORE_SQLITE_SQLITE_H
#define OT_SERVER_STORE_SQLITE_SQLITE_H

#include "store/driver.h"

extern const struct ot_driver ot_sqlite_driver;

#endif

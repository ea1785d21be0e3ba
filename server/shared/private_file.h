/* Files that must be this user's alone: the database, which has the keys' hashes and
 * decides what is trusted, what SQLite keeps beside it, and the TLS key. One rule for
 * every command: reached through directories that nobody else can change (files/place.h),
 * and neither another's nor open to others. */
#ifndef OT_SERVER_SHARED_PRIVATE_FILE_H
#define OT_SERVER_SHARED_PRIVATE_FILE_H

#include <stdbool.h>

#include "base/error.h"

/* Where path leads, its links resolved, once it and what lies beside it pass; made with
 * mode 0600 where it is absent. The caller frees *resolved. OT_E_UNSAFE names what is
 * wrong, and the chmod or chown; OT_E_IO. */
enum ot_status ot_private_database(char **resolved, const char *path,
                                   struct ot_error *err);

/* Opens a private key to read. A group may read what is root's: that is how Debian gives
 * keys to services (ssl-cert). *fd is the caller's to close. */
enum ot_status ot_private_key(int *fd, const char *path, struct ot_error *err);

/* For root, who makes a key for a service that runs as another user: becomes the owner of
 * the database's directory, so that nothing which that user put there can make root do
 * what he himself could not. Else, and for root's own, does nothing. */
enum ot_status ot_private_become_owner(const char *path, struct ot_error *err);

/* For root, who does the same in a database of PostgreSQL, which tells users by their
 * names: becomes that user. Else, and where there is none of that name, does nothing. */
enum ot_status ot_private_become_user(const char *name, struct ot_error *err);

#endif

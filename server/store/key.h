/* Keys to this server, as they are stored: of the key itself only a hash. */
#ifndef OT_SERVER_STORE_KEY_H
#define OT_SERVER_STORE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ot_db;

#define OT_KEY_HASH_LEN 32

struct ot_key_row {
    int64_t seq;
    const char *id, *name; /* name NULL: none */
    const char *role;
    int64_t created_at, expires_at, last_used_at; /* 0: never */
    const unsigned char *hash; /* OT_KEY_HASH_LEN bytes; NULL: damaged */
};
/* That of a statement's row (driver.h), from a column on. */
struct ot_row;
#define OT_KEY_COLUMNS 8
struct ot_key_row ot_key_row_of(const struct ot_row *row, int column);

/* What row points to lives until the callback returns. */
typedef void ot_key_seen(void *arg, const struct ot_key_row *row);

/* OT_E_REFUSED: another key has the name. */
enum ot_status ot_db_key_insert(struct ot_db *db, const struct ot_key_row *row,
                                struct ot_error *err);

/* Calls seen once; OT_E_NOT_FOUND (no message) when there is no such key. */
enum ot_status ot_db_key_get(struct ot_db *db, const char *id, ot_key_seen *seen,
                             void *arg, struct ot_error *err);
/* The same by id or by name. */
enum ot_status ot_db_key_named(struct ot_db *db, const char *id_or_name,
                               ot_key_seen *seen, void *arg, struct ot_error *err);

struct ot_key_range {
    bool descending; /* the newest first */
    int64_t after;   /* seq of the key before the first; 0: from the start */
    int64_t limit;
};
enum ot_status ot_db_key_list(struct ot_db *db, const struct ot_key_range *range,
                              ot_key_seen *seen, void *arg, struct ot_error *err);

/* Notes that a key was used at Unix time now. */
enum ot_status ot_db_key_touch(struct ot_db *db, int64_t seq, int64_t now,
                               struct ot_error *err);

/* OT_E_NOT_FOUND as above. */
enum ot_status ot_db_key_delete(struct ot_db *db, const char *id, struct ot_error *err);

#endif

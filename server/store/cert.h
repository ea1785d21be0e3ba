/* Certificates in the database. */
#ifndef OT_SERVER_STORE_CERT_H
#define OT_SERVER_STORE_CERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ot_db;

#define OT_CERT_ID_MAX 40 /* "cert_" and 32 hexadecimal digits, NUL */

struct ot_cert_row {
    const char *id;
    const char *name; /* NULL: none */
    int64_t created_at, valid_at, expires_at;
    bool active;     /* in the scope that was asked for */
    int64_t ends_at; /* of that activation, Unix seconds; 0: it has no end */
};
/* That of a statement's row (driver.h), from a column on. */
struct ot_row;
#define OT_CERT_COLUMNS 7
struct ot_cert_row ot_cert_row_of(const struct ot_row *row, int column);

/* The row's strings live until the callback returns. */
typedef void ot_cert_seen(void *arg, const struct ot_cert_row *row);

/* scope: "" is the organization, else a project's id. */

enum ot_status ot_db_cert_count(struct ot_db *db, int64_t *out, struct ot_error *err);

/* Stores a certificate under an id of its own, which goes to id. */
enum ot_status ot_db_cert_insert(struct ot_db *db, const struct ot_cert_row *row,
                                 const char *pem, char id[OT_CERT_ID_MAX],
                                 struct ot_error *err);

/* Calls seen once; OT_E_NOT_FOUND (no message) when there is no such certificate. */
enum ot_status ot_db_cert_get(struct ot_db *db, const char *id, ot_cert_seen *seen,
                              void *arg, struct ot_error *err);
enum ot_status ot_db_cert_in_scope(struct ot_db *db, const char *scope, const char *id,
                                   ot_cert_seen *seen, void *arg, struct ot_error *err);
/* The content as PEM, which the caller frees; OT_E_NOT_FOUND as above. */
enum ot_status ot_db_cert_content(struct ot_db *db, const char *id, char **pem,
                                  struct ot_error *err);

/* The certificates with these ids, a JSON array, in the order in which they came. */
typedef void ot_content_seen(void *arg, const struct ot_cert_row *row, const char *pem);
enum ot_status ot_db_cert_contents(struct ot_db *db, const char *ids,
                                   ot_content_seen *seen, void *arg,
                                   struct ot_error *err);

/* Both OT_E_NOT_FOUND as above. name NULL: none. */
enum ot_status ot_db_cert_rename(struct ot_db *db, const char *id, const char *name,
                                 struct ot_error *err);
enum ot_status ot_db_cert_delete(struct ot_db *db, const char *id, struct ot_error *err);

/* A place in the order of creation; two uploads of one second keep their sequence. */
struct ot_cert_cursor {
    int64_t created_at, seq;
};
enum ot_status ot_db_cert_cursor(struct ot_db *db, const char *id,
                                 struct ot_cert_cursor *out, struct ot_error *err);

struct ot_cert_range {
    const char *scope;
    bool descending;
    const struct ot_cert_cursor *after; /* NULL: from the start */
    unsigned limit;
};
/* revision (db.h): becomes that of the rows, where it may have changed since the caller
 * asked for it. */
enum ot_status ot_db_cert_list(struct ot_db *db, const struct ot_cert_range *range,
                               ot_cert_seen *seen, void *arg, unsigned char *revision,
                               struct ot_error *err);

#endif

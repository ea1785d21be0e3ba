/* What is asked first for every request, in one question: whose key it came with, and
 * what an answer depends on that the asker has already. */
#ifndef OT_SERVER_STORE_OPENING_H
#define OT_SERVER_STORE_OPENING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ot_cert_row;
struct ot_db;
struct ot_key_row;

struct ot_question {
    const char *key_id;
    const char *scope;   /* "" is the organization, else a project's id */
    const char *cert_id; /* NULL: of none */
};

struct ot_opening {
    int64_t next_end;              /* of activations, Unix seconds; 0: none has one */
    bool has_project;              /* there is one whose id is the scope */
    const unsigned char *revision; /* OT_REVISION_LEN bytes (db.h); NULL: damaged */
    /* The same for keys and projects, for who keeps them; NULL where nobody does. */
    const unsigned char *access;
    const struct ot_key_row *key;   /* NULL: there is none with the id */
    const struct ot_cert_row *cert; /* the same; active in no scope */
};
/* What opening points to lives until the callback returns. */
typedef void ot_opening_seen(void *arg, const struct ot_opening *opening);

enum ot_status ot_db_opening(struct ot_db *db, const struct ot_question *question,
                             ot_opening_seen *seen, void *arg, struct ot_error *err);

#endif

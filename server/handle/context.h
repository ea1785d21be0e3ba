/* What an operation works with. */
#ifndef OT_SERVER_HANDLE_CONTEXT_H
#define OT_SERVER_HANDLE_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/apikey.h"
#include "store/cert.h"
#include "store/db.h"

struct ot_answers;
struct ot_openings;
struct ot_reply;
struct ot_request;
struct ot_settings;

/* Its reply is 200 unless an operation says otherwise. */
struct ot_context {
    const struct ot_settings *settings;
    struct ot_request *request;
    struct ot_reply *reply;
    struct ot_answers *answers;   /* NULL: none are kept */
    struct ot_openings *openings; /* the same */
    struct ot_db *db;    /* reading routes: inside a transaction; writing ones begin it */
    int64_t tls_ends_at; /* of the server's own certificate, Unix seconds; 0: no TLS */
    struct ot_caller caller;
    const char *cert_id; /* of the path; well-formed */
    const char *key_id;  /* of the path; well-formed */
    const char *scope;   /* project id of the path, well-formed, else "" */
    /* What the database said at first (store/opening.h). */
    bool is_due, has_project, has_cert;
    bool has_revision; /* else it is damaged */
    unsigned char revision[OT_REVISION_LEN];
    struct ot_cert_row cert; /* of the path, where there is one */
};

#endif

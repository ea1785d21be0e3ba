/* What an operation works with. */
#ifndef OT_SERVER_HANDLE_CONTEXT_H
#define OT_SERVER_HANDLE_CONTEXT_H

#include "auth/apikey.h"

struct ot_db;
struct ot_reply;
struct ot_request;
struct ot_settings;

/* Its reply is 200 unless an operation says otherwise. */
struct ot_context {
    const struct ot_settings *settings;
    struct ot_request *request;
    struct ot_reply *reply;
    struct ot_db *db; /* reading routes: inside a transaction; writing ones begin it */
    struct ot_caller caller;
    const char *cert_id; /* of the path; well-formed */
    const char *key_id;  /* of the path; well-formed */
    const char *scope;   /* project id of the path, well-formed, else "" */
};

#endif

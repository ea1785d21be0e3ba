/* From a request to its reply: the table of routes, and what they have in common. */
#ifndef OT_SERVER_ROUTER_H
#define OT_SERVER_ROUTER_H

#include "auth.h"
#include "server.h"

/* Everything a handler works with. Its reply is 200 unless it says otherwise. */
struct ot_context {
    struct ot_server *server;
    struct ot_request *request;
    struct ot_reply *reply;
    struct ot_db *db; /* reading routes: inside a transaction; writing ones begin it */
    struct ot_caller caller;
    const char *cert_id; /* of the path; well-formed */
    const char *scope;   /* project id of the path, well-formed, else "" */
};

/* What can be refused before a body is read, so that strangers cannot make us keep any:
 * no such route or method, no key or the wrong role, not JSON. true: send the body. */
bool ot_router_admit(struct ot_server *server, struct ot_request *request,
                     struct ot_reply *reply);

/* Answers the complete request. caller's id is for the log, "-" when unknown. */
void ot_router_run(struct ot_server *server, struct ot_request *request,
                   struct ot_reply *reply, char caller[OT_APIKEY_ID_MAX]);

#endif

/* From a request to its reply: the table of routes, and what they have in common. */
#ifndef OT_SERVER_HTTP_ROUTER_INTERNAL_H
#define OT_SERVER_HTTP_ROUTER_INTERNAL_H

#include "auth/apikey.h"

struct ot_reply;
struct ot_request;
struct ot_server;

/* What can be refused before a body is read, so that strangers cannot make us keep any:
 * no such route or method, no key or the wrong role, not JSON. true: send the body. */
bool ot_router_admit(struct ot_server *server, struct ot_request *request,
                     struct ot_reply *reply);

/* Answers the complete request. caller's id is for the log, "-" when unknown. */
void ot_router_run(struct ot_server *server, struct ot_request *request,
                   struct ot_reply *reply, char caller[OT_APIKEY_ID_MAX]);

#endif

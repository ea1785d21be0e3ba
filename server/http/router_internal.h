/* From a request to its reply: the table of routes, and what they have in common. */
#ifndef OT_SERVER_HTTP_ROUTER_INTERNAL_H
#define OT_SERVER_HTTP_ROUTER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

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

/* The routes' numbers, for who counts: that of a request's path, 0 where there is none.
 */
#define OT_ROUTES_MAX 32
size_t ot_router_number(const struct ot_request *request);

/* The route of a number as "/v1/organization/certificates/{cert}", that of 0 as "other".
 * false: there are no more. */
#define OT_ROUTE_NAME_MAX 96
bool ot_router_name(size_t number, char name[OT_ROUTE_NAME_MAX]);

#endif

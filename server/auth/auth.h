/* Who is asking, and may they. */
#ifndef OT_SERVER_AUTH_AUTH_H
#define OT_SERVER_AUTH_AUTH_H

#include <stdbool.h>

struct ot_caller;
struct ot_claim;
struct ot_db;
struct ot_reply;
struct ot_request;
struct ot_wrong_keys;

/* Takes the key out of the Authorization header. false: there is none, reply says 401. */
bool ot_auth_claim(struct ot_claim *claim, const struct ot_request *request,
                   struct ot_reply *reply);

/* Once it is compared. false: reply says 401, or 429 where too many wrong keys come from
 * the address. */
bool ot_auth_accepts(const struct ot_claim *claim, struct ot_wrong_keys *wrong_keys,
                     const struct ot_request *request, struct ot_reply *reply);

/* What an operation asks of the key. */
enum ot_need {
    OT_NEED_NOTHING,   /* not even a key: it is the same for everybody */
    OT_NEED_READ,      /* any */
    OT_NEED_OVERSIGHT, /* the role admin, to see keys and who did what */
    OT_NEED_WRITE      /* the role admin, to change something */
};
/* false: reply says 403. */
bool ot_auth_permits(const struct ot_caller *caller, enum ot_need need,
                     const struct ot_request *request, struct ot_reply *reply);

/* Notes the use, unless that was done a moment ago. What goes wrong is of no consequence
 * to the request and is not reported. Outside of a transaction. True: it was noted. */
bool ot_auth_note_use(struct ot_db *db, const struct ot_caller *caller);

#endif

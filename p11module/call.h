/* How a call about a session begins and ends: it enters the module, and takes the
 * session. */
#ifndef OT_P11_CALL_H
#define OT_P11_CALL_H

#include "cryptoki_3.h"

struct ot_session;

/* The session for this thread alone, until it is dropped; till then the thread is inside
 * the module. CKR_CRYPTOKI_NOT_INITIALIZED, CKR_SESSION_HANDLE_INVALID or
 * CKR_GENERAL_ERROR (a mutex of the application's fails). */
CK_RV ot_session_take(CK_SESSION_HANDLE handle, struct ot_session **out);
void ot_session_drop(struct ot_session *session);

/* The same without taking it. */
CK_RV ot_session_check(CK_SESSION_HANDLE handle);

#endif

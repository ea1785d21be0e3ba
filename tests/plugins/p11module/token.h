/* The module under test as an application has it: loaded, its newest function list. The
 * machine around it is the one of the provider's tests (world.h). */
#ifndef OT_TESTS_P11_TOKEN_H
#define OT_TESTS_P11_TOKEN_H

#include <stdbool.h>

#include "functions_internal.h"
#include "world.h"

#define TOKEN_OBJECTS_MAX 4096

/* Loads the module, afresh if it was unloaded; aborts the test when that fails. What
 * follows is about it, until the other one is loaded: the module for administration. */
const struct ot_functions *token_load(void);
const struct ot_functions *token_load_admin(void);
void token_unload(void);

/* Loads, initialises with nothing, and opens a session on slot 1. */
const struct ot_functions *token_start(CK_SESSION_HANDLE *session);
/* Finalises. */
void token_stop(void);

CK_SESSION_HANDLE token_session(CK_SLOT_ID slot);

/* A search from beginning to end: how many were found, and which. */
CK_ULONG token_find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count,
                    CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX]);
/* The same for objects of a class (all: -1), and the first of them. */
CK_ULONG token_count(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class);
CK_OBJECT_HANDLE token_first(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class);

/* Labels of certificates in the order found, each followed by ";". In a static buffer. */
const char *token_labels(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template,
                         CK_ULONG count);

/* One attribute; aborts unless it is there. The value is in a static buffer. */
struct token_value {
    const unsigned char *data;
    CK_ULONG len;
};
struct token_value token_get(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                             CK_ATTRIBUTE_TYPE type);
CK_ULONG token_number(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                      CK_ATTRIBUTE_TYPE type);
bool token_truth(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                 CK_ATTRIBUTE_TYPE type);

/* What the module has sent to the system's log since this was asked last: lines, each
 * ended by a newline. token.c stands in for sendto(2). */
const char *token_log(void);

#endif

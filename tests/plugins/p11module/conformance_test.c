/* Every call in every state, with every argument missing in turn: the codes that the
 * specification names, in its order of checks. */
#include <limits.h>
#include <string.h>

#include "token.h"
#include "unit.h"

static const struct ot_functions *f;
static CK_SESSION_HANDLE session;

static void begin(void)
{
    world_configure("");
    world_write_roots("default", "Root", 3);
    f = token_start(&session);
}

/* What the calls below are given. */
static CK_BYTE byte[8];
static CK_ULONG len;
static CK_MECHANISM mechanism;
static CK_OBJECT_HANDLE object;
static CK_ATTRIBUTE attribute;
static CK_INFO info;
static CK_SLOT_INFO slot_info;
static CK_TOKEN_INFO token_info;
static CK_MECHANISM_INFO mechanism_info;
static CK_SESSION_INFO session_info;
static CK_FLAGS flags;
static CK_ASYNC_DATA async;

/* Calls on a session that refuse: the call, its code, and the same with one argument
 * missing. `s` is the session. */
#define CALLS(X)                                                                         \
    X(C_GetOperationState(s, byte, &len), CKR_OPERATION_NOT_INITIALIZED,                 \
      C_GetOperationState(s, byte, NULL))                                                \
    X(C_SetOperationState(s, byte, 1, 0, 0), CKR_SAVED_STATE_INVALID,                    \
      C_SetOperationState(s, NULL, 1, 0, 0))                                             \
    X(C_Login(s, CKU_USER, byte, 1), CKR_USER_PIN_NOT_INITIALIZED,                       \
      C_Login(s, CKU_USER, NULL, 1))                                                     \
    X(C_Login(s, CKU_SO, byte, 1), CKR_SESSION_READ_ONLY_EXISTS,                         \
      C_Login(s, CKU_SO, NULL, 1))                                                       \
    X(C_Login(s, CKU_CONTEXT_SPECIFIC, byte, 1), CKR_OPERATION_NOT_INITIALIZED,          \
      C_Login(s, CKU_CONTEXT_SPECIFIC, NULL, 1))                                         \
    X(C_Login(s, 77, byte, 1), CKR_USER_TYPE_INVALID, C_Login(s, 77, NULL, 1))           \
    X(C_LoginUser(s, CKU_USER, byte, 1, byte, 1), CKR_USER_PIN_NOT_INITIALIZED,          \
      C_LoginUser(s, CKU_USER, byte, 1, NULL, 1))                                        \
    X(C_InitPIN(s, byte, 1), CKR_USER_NOT_LOGGED_IN, C_InitPIN(s, NULL, 1))              \
    X(C_SetPIN(s, byte, 1, byte, 1), CKR_SESSION_READ_ONLY,                              \
      C_SetPIN(s, byte, 1, NULL, 1))                                                     \
    X(C_CreateObject(s, &attribute, 1, &object), CKR_TOKEN_WRITE_PROTECTED,              \
      C_CreateObject(s, NULL, 1, &object))                                               \
    X(C_CopyObject(s, object, &attribute, 1, &object), CKR_ACTION_PROHIBITED,            \
      C_CopyObject(s, object, &attribute, 1, NULL))                                      \
    X(C_SetAttributeValue(s, object, &attribute, 1), CKR_SESSION_READ_ONLY,              \
      C_SetAttributeValue(s, object, NULL, 1))                                           \
    X(C_EncryptInit(s, &mechanism, 0), CKR_MECHANISM_INVALID, C_EncryptInit(s, NULL, 0)) \
    X(C_Encrypt(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,                  \
      C_Encrypt(s, NULL, 1, byte, &len))                                                 \
    X(C_EncryptUpdate(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,            \
      C_EncryptUpdate(s, byte, 1, byte, NULL))                                           \
    X(C_EncryptFinal(s, byte, &len), CKR_OPERATION_NOT_INITIALIZED,                      \
      C_EncryptFinal(s, byte, NULL))                                                     \
    X(C_DecryptInit(s, &mechanism, 0), CKR_MECHANISM_INVALID, C_DecryptInit(s, NULL, 0)) \
    X(C_Decrypt(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,                  \
      C_Decrypt(s, NULL, 1, byte, &len))                                                 \
    X(C_DecryptUpdate(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,            \
      C_DecryptUpdate(s, byte, 1, byte, NULL))                                           \
    X(C_DecryptFinal(s, byte, &len), CKR_OPERATION_NOT_INITIALIZED,                      \
      C_DecryptFinal(s, byte, NULL))                                                     \
    X(C_DigestInit(s, &mechanism), CKR_MECHANISM_INVALID, C_DigestInit(s, NULL))         \
    X(C_Digest(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,                   \
      C_Digest(s, byte, 1, byte, NULL))                                                  \
    X(C_DigestUpdate(s, byte, 1), CKR_OPERATION_NOT_INITIALIZED,                         \
      C_DigestUpdate(s, NULL, 1))                                                        \
    X(C_DigestFinal(s, byte, &len), CKR_OPERATION_NOT_INITIALIZED,                       \
      C_DigestFinal(s, byte, NULL))                                                      \
    X(C_SignInit(s, &mechanism, 0), CKR_MECHANISM_INVALID, C_SignInit(s, NULL, 0))       \
    X(C_Sign(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,                     \
      C_Sign(s, byte, 1, byte, NULL))                                                    \
    X(C_SignUpdate(s, byte, 1), CKR_OPERATION_NOT_INITIALIZED, C_SignUpdate(s, NULL, 1)) \
    X(C_SignFinal(s, byte, &len), CKR_OPERATION_NOT_INITIALIZED,                         \
      C_SignFinal(s, byte, NULL))                                                        \
    X(C_SignRecoverInit(s, &mechanism, 0), CKR_MECHANISM_INVALID,                        \
      C_SignRecoverInit(s, NULL, 0))                                                     \
    X(C_SignRecover(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,              \
      C_SignRecover(s, byte, 1, byte, NULL))                                             \
    X(C_VerifyInit(s, &mechanism, 0), CKR_MECHANISM_INVALID, C_VerifyInit(s, NULL, 0))   \
    X(C_Verify(s, byte, 1, byte, 1), CKR_OPERATION_NOT_INITIALIZED,                      \
      C_Verify(s, byte, 1, NULL, 1))                                                     \
    X(C_VerifyUpdate(s, byte, 1), CKR_OPERATION_NOT_INITIALIZED,                         \
      C_VerifyUpdate(s, NULL, 1))                                                        \
    X(C_VerifyFinal(s, byte, 1), CKR_OPERATION_NOT_INITIALIZED,                          \
      C_VerifyFinal(s, NULL, 1))                                                         \
    X(C_VerifyRecoverInit(s, &mechanism, 0), CKR_MECHANISM_INVALID,                      \
      C_VerifyRecoverInit(s, NULL, 0))                                                   \
    X(C_VerifyRecover(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,            \
      C_VerifyRecover(s, byte, 1, byte, NULL))                                           \
    X(C_DigestEncryptUpdate(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,      \
      C_DigestEncryptUpdate(s, byte, 1, byte, NULL))                                     \
    X(C_DecryptDigestUpdate(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,      \
      C_DecryptDigestUpdate(s, byte, 1, byte, NULL))                                     \
    X(C_SignEncryptUpdate(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,        \
      C_SignEncryptUpdate(s, byte, 1, byte, NULL))                                       \
    X(C_DecryptVerifyUpdate(s, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,      \
      C_DecryptVerifyUpdate(s, byte, 1, byte, NULL))                                     \
    X(C_GenerateKey(s, &mechanism, &attribute, 1, &object), CKR_MECHANISM_INVALID,       \
      C_GenerateKey(s, &mechanism, &attribute, 1, NULL))                                 \
    X(C_GenerateKeyPair(s, &mechanism, &attribute, 1, &attribute, 1, &object, &object),  \
      CKR_MECHANISM_INVALID,                                                             \
      C_GenerateKeyPair(s, &mechanism, &attribute, 1, NULL, 1, &object, &object))        \
    X(C_WrapKey(s, &mechanism, 0, 0, byte, &len), CKR_MECHANISM_INVALID,                 \
      C_WrapKey(s, NULL, 0, 0, byte, &len))                                              \
    X(C_UnwrapKey(s, &mechanism, 0, byte, 1, &attribute, 1, &object),                    \
      CKR_MECHANISM_INVALID,                                                             \
      C_UnwrapKey(s, &mechanism, 0, NULL, 1, &attribute, 1, &object))                    \
    X(C_DeriveKey(s, &mechanism, 0, &attribute, 1, &object), CKR_MECHANISM_INVALID,      \
      C_DeriveKey(s, &mechanism, 0, NULL, 1, &object))                                   \
    X(C_SeedRandom(s, byte, 1), CKR_RANDOM_NO_RNG, C_SeedRandom(s, NULL, 1))             \
    X(C_GenerateRandom(s, byte, 1), CKR_RANDOM_NO_RNG, C_GenerateRandom(s, NULL, 1))     \
    X(C_MessageEncryptInit(s, &mechanism, 0), CKR_MECHANISM_INVALID,                     \
      C_MessageEncryptInit(s, NULL, 0))                                                  \
    X(C_EncryptMessage(s, byte, 1, byte, 1, byte, 1, byte, &len),                        \
      CKR_OPERATION_NOT_INITIALIZED,                                                     \
      C_EncryptMessage(s, byte, 1, NULL, 1, byte, 1, byte, &len))                        \
    X(C_EncryptMessageBegin(s, byte, 1, byte, 1), CKR_OPERATION_NOT_INITIALIZED,         \
      C_EncryptMessageBegin(s, byte, 1, NULL, 1))                                        \
    X(C_EncryptMessageNext(s, byte, 1, byte, 1, byte, &len, 0),                          \
      CKR_OPERATION_NOT_INITIALIZED,                                                     \
      C_EncryptMessageNext(s, byte, 1, byte, 1, byte, NULL, 0))                          \
    X(C_MessageDecryptInit(s, &mechanism, 0), CKR_MECHANISM_INVALID,                     \
      C_MessageDecryptInit(s, NULL, 0))                                                  \
    X(C_DecryptMessage(s, byte, 1, byte, 1, byte, 1, byte, &len),                        \
      CKR_OPERATION_NOT_INITIALIZED,                                                     \
      C_DecryptMessage(s, byte, 1, byte, 1, NULL, 1, byte, &len))                        \
    X(C_DecryptMessageBegin(s, byte, 1, byte, 1), CKR_OPERATION_NOT_INITIALIZED,         \
      C_DecryptMessageBegin(s, byte, 1, NULL, 1))                                        \
    X(C_DecryptMessageNext(s, byte, 1, byte, 1, byte, &len, 0),                          \
      CKR_OPERATION_NOT_INITIALIZED,                                                     \
      C_DecryptMessageNext(s, byte, 1, byte, 1, byte, NULL, 0))                          \
    X(C_MessageSignInit(s, &mechanism, 0), CKR_MECHANISM_INVALID,                        \
      C_MessageSignInit(s, NULL, 0))                                                     \
    X(C_SignMessage(s, byte, 1, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED,     \
      C_SignMessage(s, byte, 1, byte, 1, byte, NULL))                                    \
    X(C_SignMessageNext(s, byte, 1, byte, 1, byte, &len), CKR_OPERATION_NOT_INITIALIZED, \
      C_SignMessageNext(s, byte, 1, NULL, 1, byte, &len))                                \
    X(C_MessageVerifyInit(s, &mechanism, 0), CKR_MECHANISM_INVALID,                      \
      C_MessageVerifyInit(s, NULL, 0))                                                   \
    X(C_VerifyMessage(s, byte, 1, byte, 1, byte, 1), CKR_OPERATION_NOT_INITIALIZED,      \
      C_VerifyMessage(s, byte, 1, byte, 1, NULL, 1))                                     \
    X(C_VerifyMessageNext(s, byte, 1, byte, 1, byte, 1), CKR_OPERATION_NOT_INITIALIZED,  \
      C_VerifyMessageNext(s, byte, 1, NULL, 1, byte, 1))                                 \
    X(C_EncapsulateKey(s, &mechanism, 0, &attribute, 1, byte, &len, &object),            \
      CKR_MECHANISM_INVALID,                                                             \
      C_EncapsulateKey(s, &mechanism, 0, &attribute, 1, byte, NULL, &object))            \
    X(C_DecapsulateKey(s, &mechanism, 0, &attribute, 1, byte, 1, &object),               \
      CKR_MECHANISM_INVALID,                                                             \
      C_DecapsulateKey(s, &mechanism, 0, &attribute, 1, byte, 1, NULL))                  \
    X(C_WrapKeyAuthenticated(s, &mechanism, 0, 0, byte, 1, byte, &len),                  \
      CKR_MECHANISM_INVALID,                                                             \
      C_WrapKeyAuthenticated(s, &mechanism, 0, 0, NULL, 1, byte, &len))                  \
    X(C_UnwrapKeyAuthenticated(s, &mechanism, 0, byte, 1, &attribute, 1, byte, 1,        \
                               &object),                                                 \
      CKR_MECHANISM_INVALID,                                                             \
      C_UnwrapKeyAuthenticated(s, NULL, 0, byte, 1, &attribute, 1, byte, 1, &object))    \
    X(C_VerifySignatureInit(s, &mechanism, 0, byte, 1), CKR_MECHANISM_INVALID,           \
      C_VerifySignatureInit(s, &mechanism, 0, NULL, 1))                                  \
    X(C_VerifySignature(s, byte, 1), CKR_OPERATION_NOT_INITIALIZED,                      \
      C_VerifySignature(s, NULL, 1))                                                     \
    X(C_VerifySignatureUpdate(s, byte, 1), CKR_OPERATION_NOT_INITIALIZED,                \
      C_VerifySignatureUpdate(s, NULL, 1))                                               \
    X(C_AsyncComplete(s, byte, &async), CKR_SESSION_ASYNC_NOT_SUPPORTED,                 \
      C_AsyncComplete(s, byte, NULL))                                                    \
    X(C_AsyncGetID(s, byte, &len), CKR_SESSION_ASYNC_NOT_SUPPORTED,                      \
      C_AsyncGetID(s, byte, NULL))                                                       \
    X(C_AsyncJoin(s, byte, 0, byte, 1), CKR_SESSION_ASYNC_NOT_SUPPORTED,                 \
      C_AsyncJoin(s, NULL, 0, byte, 1))                                                  \
    X(C_GetSessionValidationFlags(s, CKS_LAST_VALIDATION_OK, &flags), CKR_OK,            \
      C_GetSessionValidationFlags(s, CKS_LAST_VALIDATION_OK, NULL))                      \
    X(C_GetSessionInfo(s, &session_info), CKR_OK, C_GetSessionInfo(s, NULL))             \
    X(C_GetObjectSize(s, object, &len), CKR_OK, C_GetObjectSize(s, object, NULL))        \
    X(C_GetAttributeValue(s, object, &attribute, 1), CKR_OK,                             \
      C_GetAttributeValue(s, object, NULL, 1))                                           \
    X(C_FindObjects(s, &object, 1, &len), CKR_OPERATION_NOT_INITIALIZED,                 \
      C_FindObjects(s, NULL, 1, &len))                                                   \
    X(C_FindObjects(s, &object, 1, &len), CKR_OPERATION_NOT_INITIALIZED,                 \
      C_FindObjects(s, &object, 1, NULL))

/* Calls that take nothing but the session. */
#define PLAIN_CALLS(X)                                                                   \
    X(C_Logout(s), CKR_USER_NOT_LOGGED_IN)                                               \
    X(C_DigestKey(s, 0), CKR_OPERATION_NOT_INITIALIZED)                                  \
    X(C_GetFunctionStatus(s), CKR_FUNCTION_NOT_PARALLEL)                                 \
    X(C_CancelFunction(s), CKR_FUNCTION_NOT_PARALLEL)                                    \
    X(C_MessageEncryptFinal(s), CKR_OPERATION_NOT_INITIALIZED)                           \
    X(C_MessageDecryptFinal(s), CKR_OPERATION_NOT_INITIALIZED)                           \
    X(C_SignMessageBegin(s, byte, 1), CKR_OPERATION_NOT_INITIALIZED)                     \
    X(C_MessageSignFinal(s), CKR_OPERATION_NOT_INITIALIZED)                              \
    X(C_VerifyMessageBegin(s, byte, 1), CKR_OPERATION_NOT_INITIALIZED)                   \
    X(C_MessageVerifyFinal(s), CKR_OPERATION_NOT_INITIALIZED)                            \
    X(C_VerifySignatureFinal(s), CKR_OPERATION_NOT_INITIALIZED)                          \
    X(C_FindObjectsFinal(s), CKR_OPERATION_NOT_INITIALIZED)                              \
    X(C_SessionCancel(s, CKF_FIND_OBJECTS), CKR_OK)                                      \
    X(C_DestroyObject(s, object), CKR_SESSION_READ_ONLY)

#define EXPECT(call, code) CU_ASSERT_EQUAL(f->call, code);
#define RUN_GOOD(call, code, bad) EXPECT(call, code)
#define RUN_BAD(call, code, bad) EXPECT(bad, CKR_ARGUMENTS_BAD)
#define RUN_UNKNOWN(call, code, bad)                                                     \
    EXPECT(call, CKR_SESSION_HANDLE_INVALID) EXPECT(bad, CKR_SESSION_HANDLE_INVALID)
#define RUN_OFF(call, code, bad)                                                         \
    EXPECT(call, CKR_CRYPTOKI_NOT_INITIALIZED) EXPECT(bad, CKR_CRYPTOKI_NOT_INITIALIZED)
#define PLAIN_UNKNOWN(call, code) EXPECT(call, CKR_SESSION_HANDLE_INVALID)
#define PLAIN_OFF(call, code) EXPECT(call, CKR_CRYPTOKI_NOT_INITIALIZED)

static void get_ready(void)
{
    object = token_first(session, CKO_CERTIFICATE);
    attribute = (CK_ATTRIBUTE){CKA_TRUSTED, byte, sizeof(byte)};
}

static void fault_53_each_call_on_a_session_has_its_code(void)
{
    CK_SESSION_HANDLE s;

    begin();
    s = session;
    get_ready();
    CALLS(RUN_GOOD)
    PLAIN_CALLS(EXPECT)
    CU_ASSERT_EQUAL(f->C_GetSessionValidationFlags(s, 99, &flags), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(flags, 0);
    token_stop();
}

static void fault_53_a_missing_argument_is_told(void)
{
    CK_SESSION_HANDLE s;

    begin();
    s = session;
    get_ready();
    CALLS(RUN_BAD)
    token_stop();
}

static void fault_53_an_unknown_session_is_told_first(void)
{
    const CK_SESSION_HANDLE unknown[] = {0, 1, 7, session + 1, ~session, ULONG_MAX};
    CK_SESSION_HANDLE s;
    size_t i;

    begin();
    get_ready();
    for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        s = unknown[i] == session ? 0 : unknown[i];
        CALLS(RUN_UNKNOWN)
        PLAIN_CALLS(PLAIN_UNKNOWN)
        CU_ASSERT_EQUAL(f->C_CloseSession(s), CKR_SESSION_HANDLE_INVALID);
        CU_ASSERT_EQUAL(f->C_FindObjectsInit(s, NULL, 0), CKR_SESSION_HANDLE_INVALID);
    }
    s = token_session(1);
    CU_ASSERT_EQUAL(f->C_CloseSession(s), CKR_OK);
    CALLS(RUN_UNKNOWN)
    PLAIN_CALLS(PLAIN_UNKNOWN)
    token_stop();
}

static void fault_53_without_initialisation_nothing_else_is_told(void)
{
    CK_SESSION_HANDLE s;

    begin();
    s = session;
    token_stop();
    CALLS(RUN_OFF)
    PLAIN_CALLS(PLAIN_OFF)
    CU_ASSERT_EQUAL(f->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_GetInfo(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_GetSlotList(CK_FALSE, NULL, &len), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_GetSlotInfo(1, &slot_info), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_GetTokenInfo(1, &token_info), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_GetMechanismList(1, NULL, &len), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_GetMechanismInfo(1, 0, &mechanism_info),
                    CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &len, NULL),
                    CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_InitToken(1, byte, 1, byte), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s),
                    CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_CloseSession(s), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_CloseAllSessions(1), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(s, NULL, 0), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void fault_53_slots_and_their_codes(void)
{
    const CK_SLOT_ID unknown[] = {0, 2, ULONG_MAX};
    CK_SLOT_ID id = 0;
    CK_SESSION_HANDLE s;
    size_t i;

    begin();
    for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        CU_ASSERT_EQUAL(f->C_GetSlotInfo(unknown[i], &slot_info), CKR_SLOT_ID_INVALID);
        CU_ASSERT_EQUAL(f->C_GetTokenInfo(unknown[i], &token_info), CKR_SLOT_ID_INVALID);
        CU_ASSERT_EQUAL(f->C_GetMechanismList(unknown[i], NULL, &len),
                        CKR_SLOT_ID_INVALID);
        CU_ASSERT_EQUAL(f->C_GetMechanismInfo(unknown[i], 0, &mechanism_info),
                        CKR_SLOT_ID_INVALID);
        CU_ASSERT_EQUAL(f->C_InitToken(unknown[i], byte, 1, byte), CKR_SLOT_ID_INVALID);
        CU_ASSERT_EQUAL(f->C_CloseAllSessions(unknown[i]), CKR_SLOT_ID_INVALID);
        CU_ASSERT_EQUAL(f->C_OpenSession(unknown[i], CKF_SERIAL_SESSION, NULL, NULL, &s),
                        CKR_SLOT_ID_INVALID);
    }
    CU_ASSERT_EQUAL(f->C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_GetSlotInfo(1, NULL), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_GetTokenInfo(1, NULL), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_GetMechanismList(1, NULL, NULL), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_GetMechanismInfo(1, 0, NULL), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_GetMechanismInfo(1, 0, &mechanism_info), CKR_MECHANISM_INVALID);
    CU_ASSERT_EQUAL(f->C_GetSlotList(CK_TRUE, NULL, NULL), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_GetSlotList(CK_TRUE, NULL, &len), CKR_OK);
    CU_ASSERT_EQUAL(len, 1);
    len = 0;
    CU_ASSERT_EQUAL(f->C_GetSlotList(CK_TRUE, &id, &len), CKR_BUFFER_TOO_SMALL);
    CU_ASSERT_EQUAL(len, 1);
    CU_ASSERT_EQUAL(id, 0);
    CU_ASSERT_EQUAL(f->C_GetSlotList(CK_FALSE, &id, &len), CKR_OK);
    CU_ASSERT_EQUAL(id, 1);
    CU_ASSERT_EQUAL(f->C_GetMechanismList(1, NULL, &len), CKR_OK);
    CU_ASSERT_EQUAL(len, 0);
    CU_ASSERT_EQUAL(f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL), CKR_NO_EVENT);
    CU_ASSERT_EQUAL(f->C_WaitForSlotEvent(0, &id, NULL), CKR_FUNCTION_NOT_SUPPORTED);
    CU_ASSERT_EQUAL(f->C_WaitForSlotEvent(0, NULL, NULL), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, byte), CKR_ARGUMENTS_BAD);
    token_stop();
}

static void fault_53_sessions_are_read_only_and_serial(void)
{
    CK_SESSION_HANDLE s, other;

    begin();
    CU_ASSERT_EQUAL(f->C_OpenSession(1, 0, NULL, NULL, &s),
                    CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    CU_ASSERT_EQUAL(
        f->C_OpenSession(1, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s),
        CKR_TOKEN_WRITE_PROTECTED);
    CU_ASSERT_EQUAL(
        f->C_OpenSession(1, CKF_SERIAL_SESSION | CKF_ASYNC_SESSION, NULL, NULL, &s),
        CKR_SESSION_ASYNC_NOT_SUPPORTED);
    CU_ASSERT_EQUAL(f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, NULL),
                    CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_InitToken(1, byte, 1, byte), CKR_SESSION_EXISTS);
    CU_ASSERT_EQUAL(f->C_InitToken(1, NULL, 1, byte), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_GetSessionInfo(session, &session_info), CKR_OK);
    CU_ASSERT_EQUAL(session_info.slotID, 1);
    CU_ASSERT_EQUAL(session_info.state, CKS_RO_PUBLIC_SESSION);
    CU_ASSERT_EQUAL(session_info.flags, CKF_SERIAL_SESSION);
    other = token_session(1);
    CU_ASSERT_NOT_EQUAL(other, session);
    CU_ASSERT_EQUAL(f->C_GetTokenInfo(1, &token_info), CKR_OK);
    CU_ASSERT_EQUAL(token_info.ulSessionCount, 2);
    CU_ASSERT_EQUAL(f->C_CloseAllSessions(1), CKR_OK);
    CU_ASSERT_EQUAL(f->C_GetSessionInfo(other, &session_info),
                    CKR_SESSION_HANDLE_INVALID);
    CU_ASSERT_EQUAL(f->C_GetTokenInfo(1, &token_info), CKR_OK);
    CU_ASSERT_EQUAL(token_info.ulSessionCount, 0);
    CU_ASSERT_EQUAL(f->C_InitToken(1, byte, 1, byte), CKR_TOKEN_WRITE_PROTECTED);
    token_stop();
}

static void fault_53_sessions_have_an_end(void)
{
    static CK_SESSION_HANDLE open[1u << 17];
    CK_SESSION_HANDLE s = 0;
    CK_ULONG n = 0, again;
    CK_RV rv;

    begin();
    do
        rv = f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &open[n]);
    while (rv == CKR_OK && ++n < sizeof(open) / sizeof(open[0]));
    CU_ASSERT_EQUAL(rv, CKR_SESSION_COUNT);
    CU_ASSERT_TRUE(n > 60000);
    CU_ASSERT_EQUAL(f->C_CloseSession(open[n / 2]), CKR_OK);
    /* the place that became free is used again, under another handle */
    for (again = 0, rv = CKR_SESSION_COUNT; rv != CKR_OK && again < 8; again++)
        rv = f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s);
    CU_ASSERT_EQUAL(rv, CKR_OK);
    CU_ASSERT_NOT_EQUAL(s, open[n / 2]);
    CU_ASSERT_EQUAL(f->C_GetSessionInfo(open[n / 2], &session_info),
                    CKR_SESSION_HANDLE_INVALID);
    CU_ASSERT_EQUAL(f->C_CloseAllSessions(1), CKR_OK);
    token_stop();
}

/* §5.4.1 would have CKR_CRYPTOKI_ALREADY_INITIALIZED. But two libraries of one program
 * (NSS, GnuTLS) do not know of each other: with that answer NSS drops the module without
 * a word. p11-kit's own trust module counts, too. */
static void fault_60_initialised_twice_it_counts(void)
{
    CK_SESSION_INFO state;

    begin();
    CU_ASSERT_EQUAL(f->C_Initialize(NULL), CKR_OK);
    CU_ASSERT_EQUAL(f->C_Finalize(byte), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_OK);
    CU_ASSERT_EQUAL(f->C_GetSessionInfo(session, &state), CKR_OK); /* the other's */
    CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_OK);
    CU_ASSERT_EQUAL(f->C_GetSessionInfo(session, &state), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_Finalize(byte), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void fault_53_initialised_with_half_a_set_of_mutexes(void)
{
    CK_C_INITIALIZE_ARGS args = {.flags = 0};

    f = token_load();
    args.LockMutex = (CK_LOCKMUTEX)(void *)byte; /* never to be called */
    CU_ASSERT_EQUAL(f->C_Initialize(&args), CKR_ARGUMENTS_BAD);
    args.flags = CKF_OS_LOCKING_OK;
    CU_ASSERT_EQUAL(f->C_Initialize(&args), CKR_ARGUMENTS_BAD);
    args.LockMutex = NULL;
    args.pReserved = (void *)1; /* what pkcs11test passes */
    args.flags |= CKF_LIBRARY_CANT_CREATE_OS_THREADS;
    CU_ASSERT_EQUAL(f->C_Initialize(&args), CKR_OK);
    args.LockMutex = (CK_LOCKMUTEX)(void *)byte;
    CU_ASSERT_EQUAL(f->C_Initialize(&args), CKR_ARGUMENTS_BAD); /* nor as the second */
    CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_OK);
    CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void fault_53_attributes_are_answered_one_by_one(void)
{
    unsigned char big[4096], small[4], untouched[8] = "untouch";
    CK_ATTRIBUTE t[] = {{CKA_LABEL, NULL, 77},
                        {CKA_VALUE, small, sizeof(small)},
                        {CKA_MODULUS, big, sizeof(big)},
                        {CKA_SUBJECT, big, sizeof(big)},
                        {CKA_URL, NULL, 5}};

    begin();
    object = token_first(session, CKO_CERTIFICATE);
    memset(small, 0x55, sizeof(small));
    CU_ASSERT_NOT_EQUAL(f->C_GetAttributeValue(session, object, t, 5), CKR_OK);
    CU_ASSERT_EQUAL(t[0].ulValueLen, strlen("Root 0"));
    CU_ASSERT_EQUAL(t[1].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    CU_ASSERT_EQUAL(small[0], 0x55);
    CU_ASSERT_EQUAL(t[2].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    CU_ASSERT_TRUE(t[3].ulValueLen > 10 && t[3].ulValueLen < 100);
    CU_ASSERT_EQUAL(big[0], 0x30);
    CU_ASSERT_EQUAL(t[4].ulValueLen, 0);
    t[1].ulValueLen = sizeof(small);
    CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, object, &t[1], 1),
                    CKR_BUFFER_TOO_SMALL);
    CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, object, &t[2], 1),
                    CKR_ATTRIBUTE_TYPE_INVALID);
    CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, object, NULL, 0), CKR_OK);
    CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, object, t, ULONG_MAX),
                    CKR_ARGUMENTS_BAD);
    t[0] = (CK_ATTRIBUTE){CKA_LABEL, untouched, strlen("Root 0")};
    CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, object, t, 1), CKR_OK);
    CU_ASSERT_EQUAL(memcmp(untouched, "Root 0h", 7), 0); /* no terminator is added */
    token_stop();
}

static void fault_53_unknown_objects(void)
{
    const CK_OBJECT_HANDLE unknown[] = {0, 1, 2, 3, 5, ULONG_MAX};
    size_t i;

    begin();
    token_first(session, CKO_CERTIFICATE);
    attribute = (CK_ATTRIBUTE){CKA_TRUSTED, byte, sizeof(byte)};
    for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, unknown[i], &attribute, 1),
                        CKR_OBJECT_HANDLE_INVALID);
        CU_ASSERT_EQUAL(f->C_GetObjectSize(session, unknown[i], &len),
                        CKR_OBJECT_HANDLE_INVALID);
        CU_ASSERT_EQUAL(f->C_DestroyObject(session, unknown[i]),
                        CKR_OBJECT_HANDLE_INVALID);
        CU_ASSERT_EQUAL(f->C_CopyObject(session, unknown[i], &attribute, 1, &object),
                        CKR_OBJECT_HANDLE_INVALID);
        CU_ASSERT_EQUAL(f->C_SetAttributeValue(session, unknown[i], &attribute, 1),
                        CKR_OBJECT_HANDLE_INVALID);
    }
    token_stop();
}

static void fault_53_searches_begin_and_end_once(void)
{
    CK_ATTRIBUTE bad = {CKA_LABEL, NULL, 7};

    begin();
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, NULL, 1), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, &bad, ULONG_MAX), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, &bad, 1), CKR_ATTRIBUTE_VALUE_INVALID);
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, NULL, 0), CKR_OK);
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, NULL, 0), CKR_OPERATION_ACTIVE);
    CU_ASSERT_EQUAL(f->C_FindObjects(session, NULL, 0, &len), CKR_OK);
    CU_ASSERT_EQUAL(len, 0);
    CU_ASSERT_EQUAL(f->C_FindObjects(session, &object, 1, &len), CKR_OK);
    CU_ASSERT_EQUAL(len, 1);
    CU_ASSERT_EQUAL(f->C_FindObjectsFinal(session), CKR_OK);
    CU_ASSERT_EQUAL(f->C_FindObjects(session, &object, 1, &len),
                    CKR_OPERATION_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, NULL, 0), CKR_OK);
    CU_ASSERT_EQUAL(f->C_SessionCancel(session, 0), CKR_OK);
    CU_ASSERT_EQUAL(f->C_FindObjects(session, &object, 1, &len), CKR_OK);
    CU_ASSERT_EQUAL(f->C_SessionCancel(session, CKF_FIND_OBJECTS), CKR_OK);
    CU_ASSERT_EQUAL(f->C_FindObjectsFinal(session), CKR_OPERATION_NOT_INITIALIZED);
    token_stop();
}

static void an_object_for_the_token_needs_another_session(void)
{
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE t = {CKA_TOKEN, &yes, sizeof(yes)};

    begin();
    CU_ASSERT_EQUAL(f->C_CreateObject(session, &t, 1, &object), CKR_SESSION_READ_ONLY);
    CU_ASSERT_EQUAL(f->C_CreateObject(session, &t, ULONG_MAX, &object),
                    CKR_ARGUMENTS_BAD);
    token_stop();
}

/* Who asks for which. */
static void every_client_gets_its_interface(void)
{
    CK_VERSION v2 = {2, 40}, v30 = {3, 0}, v32 = {3, 2}, v31 = {3, 1};
    CK_UTF8CHAR *name = (CK_UTF8CHAR *)"PKCS 11",
                *nss = (CK_UTF8CHAR *)"Vendor NSS FIPS Interface";
    CK_INTERFACE list[3], *interface;
    CK_FUNCTION_LIST *old;
    CK_ULONG count = 0;

    begin();
    CU_ASSERT_EQUAL(f->C_GetFunctionList(NULL), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_GetFunctionList(&old), CKR_OK);
    CU_ASSERT_EQUAL(old->version.major, 2);
    CU_ASSERT_EQUAL(old->version.minor, 40);
    CU_ASSERT_EQUAL(old->C_GetInfo(&info), CKR_OK);
    CU_ASSERT_EQUAL(info.cryptokiVersion.major, 2);
    CU_ASSERT_EQUAL(info.cryptokiVersion.minor, 40);
    CU_ASSERT_EQUAL(info.flags, 0);
    CU_ASSERT_EQUAL(memcmp(info.manufacturerID, "orgtrust                        ", 32),
                    0);
    CU_ASSERT_EQUAL(f->C_GetInterfaceList(NULL, NULL), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_GetInterfaceList(NULL, &count), CKR_OK);
    CU_ASSERT_EQUAL_FATAL(count, 3);
    count = 2;
    CU_ASSERT_EQUAL(f->C_GetInterfaceList(list, &count), CKR_BUFFER_TOO_SMALL);
    CU_ASSERT_EQUAL(f->C_GetInterfaceList(list, &count), CKR_OK);
    CU_ASSERT_EQUAL(f->C_GetInterface(name, NULL, NULL, 0), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_GetInterface(name, &v32, &interface, 0), CKR_OK);
    CU_ASSERT_PTR_EQUAL(interface->pFunctionList, list[0].pFunctionList);
    CU_ASSERT_EQUAL(f->C_GetInterface(name, &v30, &interface, 0), CKR_OK);
    CU_ASSERT_PTR_EQUAL(interface->pFunctionList, list[1].pFunctionList);
    CU_ASSERT_EQUAL(
        ((const struct ot_functions *)interface->pFunctionList)->C_GetInfo(&info),
        CKR_OK);
    CU_ASSERT_EQUAL(info.cryptokiVersion.major, 3);
    CU_ASSERT_EQUAL(info.cryptokiVersion.minor, 0);
    CU_ASSERT_EQUAL(f->C_GetInterface(name, &v2, &interface, 0), CKR_OK);
    CU_ASSERT_PTR_EQUAL(interface->pFunctionList, old);
    CU_ASSERT_EQUAL(f->C_GetInterface(name, NULL, &interface, 0), CKR_OK);
    CU_ASSERT_STRING_EQUAL(interface->pInterfaceName, "PKCS 11");
    CU_ASSERT_EQUAL(((CK_VERSION *)interface->pFunctionList)->minor, 2);
    CU_ASSERT_EQUAL(f->C_GetInterface(name, NULL, &interface, CKF_INTERFACE_FORK_SAFE),
                    CKR_FUNCTION_FAILED);
    CU_ASSERT_EQUAL(f->C_GetInterface(name, &v31, &interface, 0), CKR_FUNCTION_FAILED);
    CU_ASSERT_EQUAL(f->C_GetInterface(nss, NULL, &interface, 0), CKR_FUNCTION_FAILED);
    token_stop();
}

static void no_function_is_missing(void)
{
#define IS_THERE(name) CU_ASSERT_PTR_NOT_NULL(f->name);
    begin();
    OT_FUNCTIONS_2_40(IS_THERE, IS_THERE(C_GetInfo))
    OT_FUNCTIONS_3_0(IS_THERE)
    OT_FUNCTIONS_3_2(IS_THERE)
    CU_ASSERT_EQUAL(sizeof(*f), sizeof(CK_VERSION) +
                                    (sizeof(void *) - sizeof(CK_VERSION)) +
                                    104 * sizeof(void *));
    token_stop();
}

static const struct unit_case cases[] = {
    {"fault_53_each_call_on_a_session_has_its_code",
     fault_53_each_call_on_a_session_has_its_code},
    {"fault_53_a_missing_argument_is_told", fault_53_a_missing_argument_is_told},
    {"fault_53_an_unknown_session_is_told_first",
     fault_53_an_unknown_session_is_told_first},
    {"fault_53_without_initialisation_nothing_else_is_told",
     fault_53_without_initialisation_nothing_else_is_told},
    {"fault_53_slots_and_their_codes", fault_53_slots_and_their_codes},
    {"fault_53_sessions_are_read_only_and_serial",
     fault_53_sessions_are_read_only_and_serial},
    {"fault_53_sessions_have_an_end", fault_53_sessions_have_an_end},
    {"fault_60_initialised_twice_it_counts", fault_60_initialised_twice_it_counts},
    {"fault_53_initialised_with_half_a_set_of_mutexes",
     fault_53_initialised_with_half_a_set_of_mutexes},
    {"fault_53_attributes_are_answered_one_by_one",
     fault_53_attributes_are_answered_one_by_one},
    {"fault_53_unknown_objects", fault_53_unknown_objects},
    {"fault_53_searches_begin_and_end_once", fault_53_searches_begin_and_end_once},
    {"an_object_for_the_token_needs_another_session",
     an_object_for_the_token_needs_another_session},
    {"every_client_gets_its_interface", every_client_gets_its_interface},
    {"no_function_is_missing", no_function_is_missing},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 conformance", cases, argc, argv);
}

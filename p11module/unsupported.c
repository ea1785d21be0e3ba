/* What a token without keys, mechanisms and random numbers does not do: one line for each
 * call, with the arguments that must be there and the code that the specification names
 * for it. Checked in this order: not initialised, session, arguments, refusal.
 *
 * An operation is never in progress, because each of its beginnings is refused. */
#include "call.h"

#include "cryptoki_3.h"
#include <stdbool.h>

/* A parameter that nothing looks at, unless its presence is checked. */
#define ANY __attribute__((unused))

/* Names of parameters cannot stand in parentheses.
 * NOLINTBEGIN(bugprone-macro-parentheses) */
#define HANDLE CK_SESSION_HANDLE session
#define MECHANISM CK_MECHANISM *mechanism
#define OBJECT(name) ANY CK_OBJECT_HANDLE name
#define NEW_OBJECT(name) ANY CK_OBJECT_HANDLE *name
#define IN(name) ANY CK_BYTE *name, ANY CK_ULONG name##_len
#define OUT(name) ANY CK_BYTE *name, ANY CK_ULONG *name##_len
#define PARAMETER ANY void *parameter, ANY CK_ULONG parameter_len
#define TEMPLATE(name) CK_ATTRIBUTE *name, CK_ULONG name##_count
/* NOLINTEND(bugprone-macro-parentheses) */

/* Whether a value of a length, and a place for a length, are there. */
#define HAS(name) ((name) != NULL || name##_len == 0)
#define HAS_ROOM(name) (name##_len != NULL)
#define HAS_TEMPLATE(name) ((name) != NULL || name##_count == 0)

#define REFUSE(name, parameters, are_arguments_good, refusal)                            \
    CK_RV name parameters                                                                \
    {                                                                                    \
        CK_RV rv = ot_session_check(session);                                            \
                                                                                         \
        if (rv != CKR_OK)                                                                \
            return rv;                                                                   \
        return (are_arguments_good) ? (refusal) : CKR_ARGUMENTS_BAD;                     \
    }

#define NO_MECHANISM CKR_MECHANISM_INVALID
#define NO_OPERATION CKR_OPERATION_NOT_INITIALIZED
#define IS_GIVEN (mechanism != NULL)

/* clang-format off */

/* §5.6 operation state */
REFUSE(C_GetOperationState, (HANDLE, OUT(state)), HAS_ROOM(state), NO_OPERATION)
REFUSE(C_SetOperationState, (HANDLE, IN(state), OBJECT(encryption_key), OBJECT(signing_key)),
       HAS(state), CKR_SAVED_STATE_INVALID)

/* §5.8 encryption */
REFUSE(C_EncryptInit, (HANDLE, MECHANISM, OBJECT(key)), IS_GIVEN, NO_MECHANISM)
REFUSE(C_Encrypt, (HANDLE, IN(plain), OUT(cipher)), HAS(plain) && HAS_ROOM(cipher),
       NO_OPERATION)
REFUSE(C_EncryptUpdate, (HANDLE, IN(plain), OUT(cipher)), HAS(plain) && HAS_ROOM(cipher),
       NO_OPERATION)
REFUSE(C_EncryptFinal, (HANDLE, OUT(cipher)), HAS_ROOM(cipher), NO_OPERATION)

/* §5.9 message-based encryption */
REFUSE(C_MessageEncryptInit, (HANDLE, MECHANISM, OBJECT(key)), IS_GIVEN, NO_MECHANISM)
REFUSE(C_EncryptMessage, (HANDLE, PARAMETER, IN(associated), IN(plain), OUT(cipher)),
       HAS(associated) && HAS(plain) && HAS_ROOM(cipher), NO_OPERATION)
REFUSE(C_EncryptMessageBegin, (HANDLE, PARAMETER, IN(associated)), HAS(associated),
       NO_OPERATION)
REFUSE(C_EncryptMessageNext, (HANDLE, PARAMETER, IN(plain), OUT(cipher), ANY CK_FLAGS flags),
       HAS(plain) && HAS_ROOM(cipher), NO_OPERATION)
REFUSE(C_MessageEncryptFinal, (HANDLE), true, NO_OPERATION)

/* §5.10 decryption */
REFUSE(C_DecryptInit, (HANDLE, MECHANISM, OBJECT(key)), IS_GIVEN, NO_MECHANISM)
REFUSE(C_Decrypt, (HANDLE, IN(cipher), OUT(plain)), HAS(cipher) && HAS_ROOM(plain),
       NO_OPERATION)
REFUSE(C_DecryptUpdate, (HANDLE, IN(cipher), OUT(plain)), HAS(cipher) && HAS_ROOM(plain),
       NO_OPERATION)
REFUSE(C_DecryptFinal, (HANDLE, OUT(plain)), HAS_ROOM(plain), NO_OPERATION)

/* §5.11 message-based decryption */
REFUSE(C_MessageDecryptInit, (HANDLE, MECHANISM, OBJECT(key)), IS_GIVEN, NO_MECHANISM)
REFUSE(C_DecryptMessage, (HANDLE, PARAMETER, IN(associated), IN(cipher), OUT(plain)),
       HAS(associated) && HAS(cipher) && HAS_ROOM(plain), NO_OPERATION)
REFUSE(C_DecryptMessageBegin, (HANDLE, PARAMETER, IN(associated)), HAS(associated),
       NO_OPERATION)
REFUSE(C_DecryptMessageNext, (HANDLE, PARAMETER, IN(cipher), OUT(plain), ANY CK_FLAGS flags),
       HAS(cipher) && HAS_ROOM(plain), NO_OPERATION)
REFUSE(C_MessageDecryptFinal, (HANDLE), true, NO_OPERATION)

/* §5.12 digests */
REFUSE(C_DigestInit, (HANDLE, MECHANISM), IS_GIVEN, NO_MECHANISM)
REFUSE(C_Digest, (HANDLE, IN(data), OUT(digest)), HAS(data) && HAS_ROOM(digest),
       NO_OPERATION)
REFUSE(C_DigestUpdate, (HANDLE, IN(part)), HAS(part), NO_OPERATION)
REFUSE(C_DigestKey, (HANDLE, OBJECT(key)), true, NO_OPERATION)
REFUSE(C_DigestFinal, (HANDLE, OUT(digest)), HAS_ROOM(digest), NO_OPERATION)

/* §5.13 signing */
REFUSE(C_SignInit, (HANDLE, MECHANISM, OBJECT(key)), IS_GIVEN, NO_MECHANISM)
REFUSE(C_Sign, (HANDLE, IN(data), OUT(signature)), HAS(data) && HAS_ROOM(signature),
       NO_OPERATION)
REFUSE(C_SignUpdate, (HANDLE, IN(part)), HAS(part), NO_OPERATION)
REFUSE(C_SignFinal, (HANDLE, OUT(signature)), HAS_ROOM(signature), NO_OPERATION)
REFUSE(C_SignRecoverInit, (HANDLE, MECHANISM, OBJECT(key)), IS_GIVEN, NO_MECHANISM)
REFUSE(C_SignRecover, (HANDLE, IN(data), OUT(signature)), HAS(data) && HAS_ROOM(signature),
       NO_OPERATION)

/* §5.14 message-based signing */
REFUSE(C_MessageSignInit, (HANDLE, MECHANISM, OBJECT(key)), IS_GIVEN, NO_MECHANISM)
REFUSE(C_SignMessage, (HANDLE, PARAMETER, IN(data), OUT(signature)),
       HAS(data) && HAS_ROOM(signature), NO_OPERATION)
REFUSE(C_SignMessageBegin, (HANDLE, PARAMETER), true, NO_OPERATION)
REFUSE(C_SignMessageNext, (HANDLE, PARAMETER, IN(data), OUT(signature)), HAS(data),
       NO_OPERATION)
REFUSE(C_MessageSignFinal, (HANDLE), true, NO_OPERATION)

/* §5.15 verifying */
REFUSE(C_VerifyInit, (HANDLE, MECHANISM, OBJECT(key)), IS_GIVEN, NO_MECHANISM)
REFUSE(C_Verify, (HANDLE, IN(data), IN(signature)), HAS(data) && HAS(signature),
       NO_OPERATION)
REFUSE(C_VerifyUpdate, (HANDLE, IN(part)), HAS(part), NO_OPERATION)
REFUSE(C_VerifyFinal, (HANDLE, IN(signature)), HAS(signature), NO_OPERATION)
REFUSE(C_VerifyRecoverInit, (HANDLE, MECHANISM, OBJECT(key)), IS_GIVEN, NO_MECHANISM)
REFUSE(C_VerifyRecover, (HANDLE, IN(signature), OUT(data)), HAS(signature) && HAS_ROOM(data),
       NO_OPERATION)
REFUSE(C_VerifySignatureInit, (HANDLE, MECHANISM, OBJECT(key), IN(signature)),
       IS_GIVEN && HAS(signature), NO_MECHANISM)
REFUSE(C_VerifySignature, (HANDLE, IN(data)), HAS(data), NO_OPERATION)
REFUSE(C_VerifySignatureUpdate, (HANDLE, IN(part)), HAS(part), NO_OPERATION)
REFUSE(C_VerifySignatureFinal, (HANDLE), true, NO_OPERATION)

/* §5.16 message-based verifying */
REFUSE(C_MessageVerifyInit, (HANDLE, MECHANISM, OBJECT(key)), IS_GIVEN, NO_MECHANISM)
REFUSE(C_VerifyMessage, (HANDLE, PARAMETER, IN(data), IN(signature)),
       HAS(data) && HAS(signature), NO_OPERATION)
REFUSE(C_VerifyMessageBegin, (HANDLE, PARAMETER), true, NO_OPERATION)
REFUSE(C_VerifyMessageNext, (HANDLE, PARAMETER, IN(data), IN(signature)),
       HAS(data) && HAS(signature), NO_OPERATION)
REFUSE(C_MessageVerifyFinal, (HANDLE), true, NO_OPERATION)

/* §5.17 two operations at once */
REFUSE(C_DigestEncryptUpdate, (HANDLE, IN(part), OUT(cipher)), HAS(part) && HAS_ROOM(cipher),
       NO_OPERATION)
REFUSE(C_DecryptDigestUpdate, (HANDLE, IN(cipher), OUT(part)), HAS(cipher) && HAS_ROOM(part),
       NO_OPERATION)
REFUSE(C_SignEncryptUpdate, (HANDLE, IN(part), OUT(cipher)), HAS(part) && HAS_ROOM(cipher),
       NO_OPERATION)
REFUSE(C_DecryptVerifyUpdate, (HANDLE, IN(cipher), OUT(part)), HAS(cipher) && HAS_ROOM(part),
       NO_OPERATION)

/* §5.18 keys */
REFUSE(C_GenerateKey, (HANDLE, MECHANISM, TEMPLATE(attributes), NEW_OBJECT(key)),
       IS_GIVEN && HAS_TEMPLATE(attributes) && key != NULL, NO_MECHANISM)
REFUSE(C_GenerateKeyPair, (HANDLE, MECHANISM, TEMPLATE(public_key), TEMPLATE(private_key),
                           NEW_OBJECT(public_handle), NEW_OBJECT(private_handle)),
       IS_GIVEN && HAS_TEMPLATE(public_key) && HAS_TEMPLATE(private_key) &&
       public_handle != NULL && private_handle != NULL, NO_MECHANISM)
REFUSE(C_WrapKey, (HANDLE, MECHANISM, OBJECT(wrapping_key), OBJECT(key), OUT(wrapped)),
       IS_GIVEN && HAS_ROOM(wrapped), NO_MECHANISM)
REFUSE(C_UnwrapKey, (HANDLE, MECHANISM, OBJECT(unwrapping_key), IN(wrapped),
                     TEMPLATE(attributes), NEW_OBJECT(key)),
       IS_GIVEN && HAS(wrapped) && HAS_TEMPLATE(attributes) && key != NULL, NO_MECHANISM)
REFUSE(C_DeriveKey, (HANDLE, MECHANISM, OBJECT(base_key), TEMPLATE(attributes),
                     NEW_OBJECT(key)),
       IS_GIVEN && HAS_TEMPLATE(attributes), NO_MECHANISM) /* TLS mechanisms: key NULL */
REFUSE(C_EncapsulateKey, (HANDLE, MECHANISM, OBJECT(public_key), TEMPLATE(attributes),
                          OUT(cipher), NEW_OBJECT(key)),
       IS_GIVEN && HAS_TEMPLATE(attributes) && HAS_ROOM(cipher), NO_MECHANISM)
REFUSE(C_DecapsulateKey, (HANDLE, MECHANISM, OBJECT(private_key), TEMPLATE(attributes),
                          IN(cipher), NEW_OBJECT(key)),
       IS_GIVEN && HAS_TEMPLATE(attributes) && HAS(cipher) && key != NULL, NO_MECHANISM)
REFUSE(C_WrapKeyAuthenticated, (HANDLE, MECHANISM, OBJECT(wrapping_key), OBJECT(key),
                                IN(associated), OUT(wrapped)),
       IS_GIVEN && HAS(associated) && HAS_ROOM(wrapped), NO_MECHANISM)
REFUSE(C_UnwrapKeyAuthenticated, (HANDLE, MECHANISM, OBJECT(unwrapping_key), IN(wrapped),
                                  TEMPLATE(attributes), IN(associated), NEW_OBJECT(key)),
       IS_GIVEN && HAS(wrapped) && HAS_TEMPLATE(attributes) && HAS(associated) && key != NULL,
       NO_MECHANISM)

/* §5.19 random numbers */
REFUSE(C_SeedRandom, (HANDLE, IN(seed)), HAS(seed), CKR_RANDOM_NO_RNG)
REFUSE(C_GenerateRandom, (HANDLE, IN(random)), HAS(random), CKR_RANDOM_NO_RNG)

/* §5.20 parallel functions: legacy, always this code */
REFUSE(C_GetFunctionStatus, (HANDLE), true, CKR_FUNCTION_NOT_PARALLEL)
REFUSE(C_CancelFunction, (HANDLE), true, CKR_FUNCTION_NOT_PARALLEL)

/* §5.21 asynchronous functions: no session is of that kind */
REFUSE(C_AsyncComplete, (HANDLE, CK_UTF8CHAR *function, CK_ASYNC_DATA *result),
       function != NULL && result != NULL, CKR_SESSION_ASYNC_NOT_SUPPORTED)
REFUSE(C_AsyncGetID, (HANDLE, CK_UTF8CHAR *function, CK_ULONG *id),
       function != NULL && id != NULL, CKR_SESSION_ASYNC_NOT_SUPPORTED)
REFUSE(C_AsyncJoin, (HANDLE, CK_UTF8CHAR *function, ANY CK_ULONG id, IN(data)),
       function != NULL && HAS(data), CKR_SESSION_ASYNC_NOT_SUPPORTED)

/* clang-format on */

/* §5.6.9: no operation was ever validated, as this token validates none. */
CK_RV C_GetSessionValidationFlags(CK_SESSION_HANDLE session,
                                  CK_SESSION_VALIDATION_FLAGS_TYPE type, CK_FLAGS *flags)
{
    CK_RV rv = ot_session_check(session);

    if (rv != CKR_OK)
        return rv;
    if (flags == NULL || type != CKS_LAST_VALIDATION_OK)
        return CKR_ARGUMENTS_BAD;
    *flags = 0;
    return CKR_OK;
}

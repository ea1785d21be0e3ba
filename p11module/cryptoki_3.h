/* Cryptoki as this module speaks it: the header that p11-kit installs, and what that
 * lacks. Debian 12's is of version 2.40, Debian 13's of 3.0; section numbers are those of
 * the OASIS specification, version 3.2.
 *
 * Names that begin with OT_ are values of NSS, of p11-kit and of 3.2's trust objects:
 * headers disagree on which of these the plain name stands for. */
#ifndef OT_P11_CRYPTOKI_3_H
#define OT_P11_CRYPTOKI_3_H

#include <p11-kit/pkcs11.h>

#if CRYPTOKI_VERSION_MAJOR < 3

/* §3.1 general information: interfaces */
typedef struct CK_INTERFACE {
    char *pInterfaceName;
    void *pFunctionList;
    CK_FLAGS flags;
} CK_INTERFACE;
#define CKF_INTERFACE_FORK_SAFE 1UL

/* §4.3 profile objects, §4.4 storage objects; the profiles are in the Profiles
 * specification, §2 */
#define CKO_PROFILE 9UL
#define CKA_PROFILE_ID 0x601UL
#define CKP_PUBLIC_CERTIFICATES_TOKEN 4UL

/* §5.6 session management: what C_SessionCancel can name, of what we have */
#define CKF_FIND_OBJECTS (1UL << 6)

/* §5.4 general purpose functions */
CK_RV C_GetInterfaceList(CK_INTERFACE *interfaces, CK_ULONG *count);
CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface,
                     CK_FLAGS flags);
/* §5.6 session management functions */
CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_UTF8CHAR *pin,
                  CK_ULONG pin_len, CK_UTF8CHAR *name, CK_ULONG name_len);
CK_RV C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags);
/* §5.9 message-based encryption functions */
CK_RV C_MessageEncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                           CK_OBJECT_HANDLE key);
CK_RV C_EncryptMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                       CK_BYTE *associated, CK_ULONG associated_len, CK_BYTE *plain,
                       CK_ULONG plain_len, CK_BYTE *cipher, CK_ULONG *cipher_len);
CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE session, void *parameter,
                            CK_ULONG parameter_len, CK_BYTE *associated,
                            CK_ULONG associated_len);
CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE session, void *parameter,
                           CK_ULONG parameter_len, CK_BYTE *plain, CK_ULONG plain_len,
                           CK_BYTE *cipher, CK_ULONG *cipher_len, CK_FLAGS flags);
CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE session);
/* §5.11 message-based decryption functions */
CK_RV C_MessageDecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                           CK_OBJECT_HANDLE key);
CK_RV C_DecryptMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                       CK_BYTE *associated, CK_ULONG associated_len, CK_BYTE *cipher,
                       CK_ULONG cipher_len, CK_BYTE *plain, CK_ULONG *plain_len);
CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE session, void *parameter,
                            CK_ULONG parameter_len, CK_BYTE *associated,
                            CK_ULONG associated_len);
CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE session, void *parameter,
                           CK_ULONG parameter_len, CK_BYTE *cipher, CK_ULONG cipher_len,
                           CK_BYTE *plain, CK_ULONG *plain_len, CK_FLAGS flags);
CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE session);
/* §5.14 message-based signing and MACing functions */
CK_RV C_MessageSignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                        CK_OBJECT_HANDLE key);
CK_RV C_SignMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                    CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
                    CK_ULONG *signature_len);
CK_RV C_SignMessageBegin(CK_SESSION_HANDLE session, void *parameter,
                         CK_ULONG parameter_len);
CK_RV C_SignMessageNext(CK_SESSION_HANDLE session, void *parameter,
                        CK_ULONG parameter_len, CK_BYTE *data, CK_ULONG data_len,
                        CK_BYTE *signature, CK_ULONG *signature_len);
CK_RV C_MessageSignFinal(CK_SESSION_HANDLE session);
/* §5.16 message-based functions for verifying signatures and MACs */
CK_RV C_MessageVerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                          CK_OBJECT_HANDLE key);
CK_RV C_VerifyMessage(CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
                      CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
                      CK_ULONG signature_len);
CK_RV C_VerifyMessageBegin(CK_SESSION_HANDLE session, void *parameter,
                           CK_ULONG parameter_len);
CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE session, void *parameter,
                          CK_ULONG parameter_len, CK_BYTE *data, CK_ULONG data_len,
                          CK_BYTE *signature, CK_ULONG signature_len);
CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE session);

#endif /* before 3.0 */

/* §4.4 storage objects: 3.0, which p11-kit's header of that version passed over */
#ifndef CKA_UNIQUE_ID
#define CKA_UNIQUE_ID 4UL
#endif

#if CRYPTOKI_VERSION_MAJOR < 3 ||                                                        \
    (CRYPTOKI_VERSION_MAJOR == 3 && CRYPTOKI_VERSION_MINOR < 2)

/* §3.4 session types, §5.1 return values: sessions whose calls end later */
#define CKF_ASYNC_SESSION (1UL << 3)
#define CKR_SESSION_ASYNC_NOT_SUPPORTED 0x205UL

/* §5.6 session management functions: validation flags */
typedef CK_ULONG CK_SESSION_VALIDATION_FLAGS_TYPE;
#define CKS_LAST_VALIDATION_OK 1UL

/* §5.21 asynchronous functions */
typedef struct CK_ASYNC_DATA {
    CK_ULONG ulVersion;
    CK_BYTE *pValue;
    CK_ULONG ulValue;
    CK_OBJECT_HANDLE hObject;
    CK_OBJECT_HANDLE hAdditionalObject;
} CK_ASYNC_DATA;

/* §5.18 key management functions */
CK_RV C_EncapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                       CK_OBJECT_HANDLE public_key, CK_ATTRIBUTE *attributes,
                       CK_ULONG count, CK_BYTE *cipher, CK_ULONG *cipher_len,
                       CK_OBJECT_HANDLE *key);
CK_RV C_DecapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                       CK_OBJECT_HANDLE private_key, CK_ATTRIBUTE *attributes,
                       CK_ULONG count, CK_BYTE *cipher, CK_ULONG cipher_len,
                       CK_OBJECT_HANDLE *key);
CK_RV C_WrapKeyAuthenticated(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                             CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key,
                             CK_BYTE *associated, CK_ULONG associated_len,
                             CK_BYTE *wrapped, CK_ULONG *wrapped_len);
CK_RV C_UnwrapKeyAuthenticated(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                               CK_OBJECT_HANDLE unwrapping_key, CK_BYTE *wrapped,
                               CK_ULONG wrapped_len, CK_ATTRIBUTE *attributes,
                               CK_ULONG count, CK_BYTE *associated,
                               CK_ULONG associated_len, CK_OBJECT_HANDLE *key);
/* §5.15 functions for verifying signatures and MACs */
CK_RV C_VerifySignatureInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                            CK_OBJECT_HANDLE key, CK_BYTE *signature,
                            CK_ULONG signature_len);
CK_RV C_VerifySignature(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len);
CK_RV C_VerifySignatureUpdate(CK_SESSION_HANDLE session, CK_BYTE *part,
                              CK_ULONG part_len);
CK_RV C_VerifySignatureFinal(CK_SESSION_HANDLE session);
CK_RV C_GetSessionValidationFlags(CK_SESSION_HANDLE session,
                                  CK_SESSION_VALIDATION_FLAGS_TYPE type, CK_FLAGS *flags);
CK_RV C_AsyncComplete(CK_SESSION_HANDLE session, CK_UTF8CHAR *function,
                      CK_ASYNC_DATA *result);
CK_RV C_AsyncGetID(CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ULONG *id);
CK_RV C_AsyncJoin(CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ULONG id,
                  CK_BYTE *data, CK_ULONG data_len);

#endif /* before 3.2 */

/* §4.7 trust objects (3.2) */
#define OT_CKO_TRUST 0xbUL
#define OT_CKA_TRUST_SERVER_AUTH 0x62cUL
#define OT_CKA_TRUST_CLIENT_AUTH 0x62dUL
#define OT_CKA_TRUST_CODE_SIGNING 0x62eUL
#define OT_CKA_TRUST_EMAIL_PROTECTION 0x62fUL
#define OT_CKA_TRUST_IPSEC_IKE 0x630UL
#define OT_CKA_TRUST_TIME_STAMPING 0x631UL
#define OT_CKA_TRUST_OCSP_SIGNING 0x632UL
#define OT_CKA_HASH_OF_CERTIFICATE 0x635UL
#define OT_CKT_TRUST_UNKNOWN 0UL
#define OT_CKT_TRUST_ANCHOR 2UL
#define OT_CKT_NOT_TRUSTED 3UL
#define OT_CKT_TRUST_MUST_VERIFY 4UL

/* §4.6.3 X.509 public key certificate objects: what CKA_CERTIFICATE_CATEGORY and
 * CKA_JAVA_MIDP_SECURITY_DOMAIN hold */
#define OT_CK_CERTIFICATE_CATEGORY_UNSPECIFIED 0UL
#define OT_CK_CERTIFICATE_CATEGORY_AUTHORITY 2UL
#define OT_CK_SECURITY_DOMAIN_UNSPECIFIED 0UL

/* NSS: pkcs11n.h */
#define OT_CKO_NSS_TRUST 0xce534353UL
#define OT_CKA_NSS_TRUST_SERVER_AUTH 0xce536358UL
#define OT_CKA_NSS_TRUST_CLIENT_AUTH 0xce536359UL
#define OT_CKA_NSS_TRUST_CODE_SIGNING 0xce53635aUL
#define OT_CKA_NSS_TRUST_EMAIL_PROTECTION 0xce53635bUL
#define OT_CKA_NSS_TRUST_IPSEC_END_SYSTEM 0xce53635cUL
#define OT_CKA_NSS_TRUST_IPSEC_TUNNEL 0xce53635dUL
#define OT_CKA_NSS_TRUST_IPSEC_USER 0xce53635eUL
#define OT_CKA_NSS_TRUST_TIME_STAMPING 0xce53635fUL
#define OT_CKA_NSS_TRUST_STEP_UP_APPROVED 0xce536360UL
#define OT_CKA_NSS_CERT_SHA1_HASH 0xce5363b4UL
#define OT_CKA_NSS_CERT_MD5_HASH 0xce5363b5UL
#define OT_CKT_NSS_TRUSTED_DELEGATOR 0xce534352UL
#define OT_CKT_NSS_MUST_VERIFY 0xce534353UL
#define OT_CKT_NSS_UNKNOWN 0xce534355UL
#define OT_CKT_NSS_NOT_TRUSTED 0xce53435aUL

/* p11-kit: pkcs11x.h */
#define OT_CKA_X_DISTRUSTED 0xd8444764UL
#define OT_CKO_X_CERTIFICATE_EXTENSION 0xd84447c8UL

#endif

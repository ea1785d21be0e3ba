/* What OpenSSL 4's headers demand and those of OpenSSL 3 let pass: included before each
 * of our sources by `tests/run --only lint`, so that neither release gains a warning.
 * With OpenSSL 4's own headers it adds nothing. */
#ifndef ORGTRUST_TESTS_OPENSSL4_H
#define ORGTRUST_TESTS_OPENSSL4_H

#include <openssl/opensslv.h>
#if OPENSSL_VERSION_MAJOR < 4

/* ASN1_STRING is opaque: its fields go to a structure of another name. */
#include <openssl/types.h>
#define asn1_string_st openssl4_asn1_string_st
#include <openssl/asn1.h>
#undef asn1_string_st

#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/store.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* What belongs to a certificate cannot be written in place. */
#define X509_get_subject_name(x) ((const X509_NAME *)X509_get_subject_name(x))
#define X509_get_issuer_name(x) ((const X509_NAME *)X509_get_issuer_name(x))
#define X509_get_X509_PUBKEY(x) ((const X509_PUBKEY *)X509_get_X509_PUBKEY(x))
#define X509_get_ext(x, at) ((const X509_EXTENSION *)X509_get_ext(x, at))
#define X509v3_get_ext(x, at) ((const X509_EXTENSION *)X509v3_get_ext(x, at))
#define X509_EXTENSION_get_object(x) ((const ASN1_OBJECT *)X509_EXTENSION_get_object(x))
#define X509_EXTENSION_get_data(x) ((const ASN1_OCTET_STRING *)X509_EXTENSION_get_data(x))
#define X509_NAME_get_entry(x, at) ((const X509_NAME_ENTRY *)X509_NAME_get_entry(x, at))
#define X509_NAME_ENTRY_get_object(x) ((const ASN1_OBJECT *)X509_NAME_ENTRY_get_object(x))
#define X509_NAME_ENTRY_get_data(x) ((const ASN1_STRING *)X509_NAME_ENTRY_get_data(x))
#define OSSL_STORE_SEARCH_get0_name(x) ((const X509_NAME *)OSSL_STORE_SEARCH_get0_name(x))

/* Deprecated, for they cut what they give, or cannot say that they failed. */
#pragma GCC poison X509_NAME_get_text_by_NID X509_NAME_get_text_by_OBJ
#pragma GCC poison X509_cmp_time X509_cmp_current_time X509_cmp_timeframe
#pragma GCC poison SSL_set1_host SSL_add1_host

#endif
#endif

/* A machine for the provider's tests: a configuration, snapshots, library contexts.
 * What cannot be made aborts the test program. */
#ifndef OT_TESTS_PROVIDER_WORLD_H
#define OT_TESTS_PROVIDER_WORLD_H

#include <openssl/store.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define AGE_FRESH 0

/* One certificate of an organization. x509 is signed (by certs_key) and freed when it is
 * written. */
struct world_cert {
    const char *id, *name; /* name NULL: none */
    X509 *x509;
    bool active;
};

/* Writes the configuration file that ORGTRUST_CONF then names: a `default` source without
 * refresh and a cache directory of its own, then `more`. */
void world_configure(const char *more);
/* The file as a whole. */
void world_configure_raw(const char *text);

/* The path of a source's file: kind is "snapshot" or "state". In one of several
 * static buffers. */
const char *world_path(const char *source, const char *kind);

/* Puts a source's snapshot in place, as if its organization had been seen age_s ago. */
void world_write(const char *source, struct world_cert *certs, size_t count,
                 int64_t age_s);
/* Of the certificate with this id (NULL: none) world_write leaves the last byte out: no
 * OpenSSL reads what is left, and the record is sound. */
void world_refuse(const char *id);
/* The same with n active CAs "CN=prefix 0" … */
void world_write_roots(const char *source, const char *prefix, size_t n);

/* Replaces a source's snapshot by a copy with the bytes of `what` inverted wherever they
 * occur; returns how often that was. */
int world_damage(const char *source, const void *what, size_t len);

/* A CA; a certificate that CN=issuer signs. For the test to change before it is written
 * or given to world_sign. */
X509 *world_ca(const char *cn);
X509 *world_leaf(const char *issuer, const char *cn);
void world_rename(X509 *x509, X509_NAME *name); /* subject and issuer; consumes name */
X509 *world_sign(X509 *x509);

/* A library context with the provider under test, and OpenSSL's default one beside it. */
OSSL_LIB_CTX *world_context(void);
void world_context_free(OSSL_LIB_CTX *libctx);

/* Hosts that any system call ends which reading does not need, before they load the
 * plugin or after, read the stale snapshot of "default", then nothing where there is
 * none, and live; without a sync, which they may not start. Configures auto_refresh. */
void world_hosts_survive(void (*load)(void), bool (*reads)(bool has_snapshot));

/* The certificate's last common name, "" when it has none. */
void world_common_name(const X509 *x509, char *text, size_t size);

/* What a walk through a store gave. */
struct walk {
    bool opened;
    unsigned count, errors;
    unsigned long code; /* the first error's */
    char names[4096];   /* common names, each followed by ";", as far as they fit */
    char message[2048]; /* of the first error: "reason: data" */
    int still_queued;   /* errors on the queue that no one asked for */
};

/* Opens uri, expects (0: nothing), searches (NULL: all; consumed), walks to the end. */
const struct walk *world_walk(OSSL_LIB_CTX *libctx, const char *uri, int expect,
                              OSSL_STORE_SEARCH *search);
/* The names alone: world_walk with certificates expected. */
const char *world_list(OSSL_LIB_CTX *libctx, const char *uri, OSSL_STORE_SEARCH *search);

/* Parses "CN=a,O=b"; more than one attribute of an RDN are joined by "+". */
X509_NAME *world_name(const char *text, int type);

/* Verifies x509 against uri alone; purpose 0: none. Returns X509_V_… . */
int world_verify(OSSL_LIB_CTX *libctx, const char *uri, X509 *x509, int purpose);

#endif

/* TLS handshakes with many servers at once, to see the chain that each shows.
 *
 * Nothing is verified here and nothing is asked of a server: what it shows is looked at,
 * and the connection closed. All is bounded, whatever a server does: time by one deadline
 * for all, its certificates by OT_IMPACT_CHAIN_BYTES_MAX, and nothing that they name is
 * fetched. OpenSSL's configuration, in which our own provider may stand, does not count:
 * the library context is the caller's. SIGPIPE must be ignored. */
#ifndef OT_IMPACT_HANDSHAKE_INTERNAL_H
#define OT_IMPACT_HANDSHAKE_INTERNAL_H

#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "impact/resolve_internal.h"

enum ot_handshake_outcome {
    OT_HANDSHAKE_SHOWN,       /* a chain */
    OT_HANDSHAKE_SILENT,      /* neither yes nor no in time */
    OT_HANDSHAKE_UNREACHABLE, /* no connection */
    OT_HANDSHAKE_NOT_TLS,     /* what it answered, or that it left, is not TLS */
    OT_HANDSHAKE_ENDED        /* it speaks TLS, and not so with us */
};

#define OT_HANDSHAKE_WHY_MAX 200

struct ot_handshake {
    const char *name; /* to ask for by SNI; NULL: none is known */
    struct ot_addresses addresses;

    enum ot_handshake_outcome outcome;
    char why[OT_HANDSHAKE_WHY_MAX]; /* in words, where there is no chain */
    STACK_OF(X509) * chain;         /* the server's own first; NULL unless shown */
};

/* Connects to each that has an address, and fills outcome, why and chain of all, which
 * the caller frees with ot_handshake_clear. At until_ms (of ot_clock_ms) who has not
 * answered is silent. A server that cannot be reached is no failure; OT_E_INTERRUPTED
 * once *stop, which may be NULL, is not zero. */
enum ot_status ot_handshakes_make(struct ot_handshake *items, size_t count,
                                  OSSL_LIB_CTX *library, int64_t until_ms,
                                  const volatile int *stop, struct ot_error *err);
void ot_handshake_clear(struct ot_handshake *item);

#endif

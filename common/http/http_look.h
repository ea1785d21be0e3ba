/* What the server of a source shows of itself, before anybody trusts it. */
#ifndef OT_HTTP_HTTP_LOOK_H
#define OT_HTTP_HTTP_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"

struct ot_source;

struct ot_shown_cert {
    uint8_t *der;
    size_t len;
    uint8_t sha256[OT_SHA256_LEN];
};

/* Over plain HTTP none. */
struct ot_shown_chain {
    struct ot_shown_cert *certs; /* in the order that it sent them, its own first */
    size_t count;
    /* Nobody whom the source trusts (ca_file, or the machine without orgtrust) vouches
     * for it. Only that: its name and time are not looked at. */
    bool is_unknown;
};

/* Shakes hands, by the source's proxy and within its timeouts, and sends nothing else: no
 * key, not even a request. OT_E_NETWORK where nobody answers by TLS. ot_shown_chain_clear
 * after success and failure. */
enum ot_status ot_http_look(struct ot_shown_chain *chain, const struct ot_source *source,
                            struct ot_error *err);
void ot_shown_chain_clear(struct ot_shown_chain *chain);

#endif

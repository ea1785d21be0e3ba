/* Certificates that are re-wrapped. */
#ifndef OT_TESTS_REWRAPS_H
#define OT_TESTS_REWRAPS_H

#include <openssl/x509.h>

#include "base/span.h"

#define REWRAP_TEXT_MAX 2048

/* A CA named "root" with name constraints as x509v3_config(5) has them; "": none. */
X509 *rewraps_authority(const char *own);

/* Signed; x509 is freed. The caller drops it. */
struct ot_span rewraps_finish(X509 *x509);

/* With limits on it: names (NULL: none) as the configuration has them. */
struct ot_span rewraps_make(struct ot_span der, const char *names, int64_t not_after);

X509 *rewraps_read(struct ot_span der);
void rewraps_drop(struct ot_span der);

#endif

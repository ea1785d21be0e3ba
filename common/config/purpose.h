/* A source's purposes (enum ot_purpose) as both plugins tell them to who trusts by them:
 * the provider in OpenSSL's auxiliary trust, the PKCS#11 module in an extended key usage.
 * Both have to limit the same anchors to the same purposes. */
#ifndef OT_CONFIG_PURPOSE_H
#define OT_CONFIG_PURPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OT_PURPOSE_OID_LEN 10u
#define OT_PURPOSE_OIDS_MAX (4u * OT_PURPOSE_OID_LEN)

/* Whether an anchor has to be limited. Those for both ends of TLS stay plain: limited
 * ones are refused where a program verifies without naming a purpose, as `openssl verify`
 * does. */
bool ot_purposes_are_limited(unsigned purposes);

/* As the configuration has them: "server, email". */
#define OT_PURPOSES_TEXT_MAX 40u
const char *ot_purposes_text(char buf[OT_PURPOSES_TEXT_MAX], unsigned purposes);

/* What a sentence about a no ends in: " for server, email", or nothing where it is one to
 * all purposes. */
const char *ot_purposes_denied_text(char buf[OT_PURPOSES_TEXT_MAX], unsigned denied);

/* The OBJECT IDENTIFIERs (RFC 5280 §4.2.1.12) in DER, one after the other: how many
 * bytes. */
size_t ot_purposes_put(unsigned purposes, uint8_t out[OT_PURPOSE_OIDS_MAX]);

#endif

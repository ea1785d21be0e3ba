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

/* The OBJECT IDENTIFIERs (RFC 5280 §4.2.1.12) in DER, one after the other: how many
 * bytes. */
size_t ot_purposes_put(unsigned purposes, uint8_t out[OT_PURPOSE_OIDS_MAX]);

#endif

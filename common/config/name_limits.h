/* The names that a source's anchors may vouch for, as the configuration has them:
 *
 *     corp.example, *.internal, 10.0.0.0/8, fd00::/8, @corp.example
 *
 * are the name corp.example and all below it, all below internal (not internal itself),
 * two blocks of addresses, and the mailboxes at corp.example. An address without a prefix
 * length is that address alone; @*.corp.example are the mailboxes at every host below
 * corp.example. What is not named is not permitted. */
#ifndef OT_CONFIG_NAME_LIMITS_H
#define OT_CONFIG_NAME_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum ot_name_kind { OT_NAME_DNS, OT_NAME_ADDRESS, OT_NAME_MAIL, OT_NAME_KINDS };

/* The longest DNS name (RFC 1035 §2.3.4) in letters, and a dot in front. */
#define OT_NAME_BASE_MAX 254

/* The base of a subtree as a name constraint has it (RFC 5280 §4.2.1.10): a DNS name or a
 * mail host in lower case, with a dot in front where only what is below is meant; or an
 * address and its mask, 8 or 32 bytes. */
struct ot_name_limit {
    enum ot_name_kind kind;
    size_t len;
    uint8_t base[OT_NAME_BASE_MAX];
};

struct ot_name_limits {
    size_t count;
    struct ot_name_limit *items; /* in the order of kinds, each once */
    char *text; /* the one text that all ways to write the same limits have */
};

/* OT_E_CONFIG says which item, by its number, is wrong, and how to write it; the value
 * itself is never shown. ot_name_limits_clear is safe after a failure. */
enum ot_status ot_name_limits_parse(struct ot_name_limits *limits, const char *text,
                                    struct ot_error *err);
void ot_name_limits_clear(struct ot_name_limits *limits);

/* The text of these items, which the caller frees. NULL: out of memory. */
char *ot_name_limits_text(const struct ot_name_limits *limits);

#endif

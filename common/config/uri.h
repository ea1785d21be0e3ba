/* orgtrust:///, orgtrust://SOURCE/, orgtrust://SOURCE/cert_abc and the query
 * ?state=active|inactive|all&name=…&original=yes|no (RFC 3986 §2.1 percent-encoding). */
#ifndef OT_CONFIG_URI_H
#define OT_CONFIG_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/state_filter.h"

struct ot_uri {
    char source[OT_SOURCE_NAME_MAX + 1]; /* "" : default */
    char id[OT_ID_MAX + 1];              /* "" : all */
    char name[OT_NAME_MAX + 1];
    size_t name_len;
    bool has_name;
    bool original; /* certificates as the API has them, without the source's limits */
    enum ot_state_filter state; /* active unless said otherwise, also with an id */
};

/* OT_E_USAGE says what is wrong and gives a right example. Also accepts `orgtrust:`,
 * which OpenSSL documents as a form of ours, as `orgtrust:///`. */
enum ot_status ot_uri_parse(struct ot_uri *uri, const char *text, struct ot_error *err);

#endif

/* What a table has of a certificate. */
#ifndef OT_CLI_VIEW_CERT_ROW_H
#define OT_CLI_VIEW_CERT_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct ot_cert_row {
    struct ot_span id, label;
    const char *state;
    const char *by;     /* where it is active; NULL: the table has no such column */
    int64_t expires_at; /* Unix seconds; 0: that is not known */
    int64_t ends_at;    /* of what is active: when that ends by itself; 0: it does not */
    bool is_shown;      /* else it only counts where an id is to be unique */
};

#endif

/* Certificates in a table for people: the name first, what expires soonest on top. */
#ifndef OT_CLI_VIEW_CERT_TABLE_H
#define OT_CLI_VIEW_CERT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "view/output.h"

struct ot_cert_row {
    struct ot_span id, label;
    const char *state;
    const char *by;     /* where it is active; NULL: the table has no such column */
    int64_t expires_at; /* Unix seconds; 0: that is not known */
    int64_t ends_at;    /* of what is active: when that ends by itself; 0: it does not */
    bool is_shown;      /* else it only counts where an id is to be unique */
};

/* Zeroed: empty. The text of the rows is borrowed. */
struct ot_cert_table {
    struct ot_cert_row *rows;
    size_t count, capacity;
};
enum ot_status ot_cert_table_add(struct ot_cert_table *table,
                                 const struct ot_cert_row *row, struct ot_error *err);
void ot_cert_table_clear(struct ot_cert_table *table);

/* Prints what is shown, nothing where that is nothing; sorts the rows. On a terminal
 * names are cut to fit, ids have as many characters as tell them apart, and below 72
 * columns it is left out where a certificate is active, and of "active until 2026-12-29"
 * the first word. now: Unix seconds. */
enum ot_status ot_cert_table_print(struct ot_cert_table *table, struct ot_output *out,
                                   int64_t now, struct ot_error *err);

/* A state, and of one that is active when that ends (ends_at not 0): "active until
 * 2026-12-29", "limited, active until 2026-12-29". end is the day or the time. */
#define OT_CERT_STATE_MAX (2 * OT_TIME_MAX)
const char *ot_cert_state(char buf[OT_CERT_STATE_MAX], const char *state,
                          const char *end);

/* "2026-12-11 in 12 days", "2026-11-01 28 days ago"; buf has OT_TIME_MAX bytes. */
const char *ot_cert_expiry(char *buf, int64_t expires_at, int64_t now);

#endif

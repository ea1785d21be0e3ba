/* Certificates in a table for people: the name first, what expires soonest on top. */
#ifndef OT_CLI_VIEW_CERT_TABLE_H
#define OT_CLI_VIEW_CERT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/cert_row.h"
#include "view/output.h"
#include "view/texts.h"

/* Zeroed: empty. */
struct ot_cert_table {
    struct ot_cert_row *rows;
    size_t count;
    struct ot_texts texts; /* what id and label of the rows point into */
};

/* Has room for so many. */
enum ot_status ot_cert_table_init(struct ot_cert_table *table, size_t most,
                                  struct ot_error *err);
/* One of these. Id and label are copied, state and by are borrowed. */
enum ot_status ot_cert_table_add(struct ot_cert_table *table,
                                 const struct ot_cert_row *row, struct ot_error *err);
void ot_cert_table_clear(struct ot_cert_table *table); /* also of what is only zeroed */

/* Prints what is shown, nothing where that is nothing; sorts the rows. On a terminal
 * names are cut to fit, ids have as many characters as tell them apart, and below 72
 * columns it is left out where a certificate is active, and of "active until 2026-12-29"
 * the first word. now: Unix seconds. */
enum ot_status ot_cert_table_print(struct ot_cert_table *certs, struct ot_output *out,
                                   int64_t now, struct ot_error *err);

/* A state, and of one that is active when that ends (ends_at not 0): "active until
 * 2026-12-29", "limited, active until 2026-12-29". end is the day or the time. */
#define OT_CERT_STATE_MAX (2 * OT_TIME_MAX)
const char *ot_cert_state(char buf[OT_CERT_STATE_MAX], const char *state,
                          const char *end);

/* "2026-12-11 in 12 days", "2026-11-01 28 days ago"; buf has OT_TIME_MAX bytes. */
const char *ot_cert_expiry(char *buf, int64_t expires_at, int64_t now);

#endif

/* In which order people are shown certificates: what expires soonest first, of one time
 * by label, what has no end that is known last. */
#ifndef OT_CLI_VIEW_CERT_ORDER_INTERNAL_H
#define OT_CLI_VIEW_CERT_ORDER_INTERNAL_H

#include <stddef.h>

#include "base/error.h"
#include "view/cert_row.h"

/* The numbers of those rows that are shown, in that order; the caller frees *order,
 * after success and failure. Rows that are alike in both keep the order that they have.
 */
enum ot_status ot_cert_order(uint32_t **order, size_t *shown,
                             const struct ot_cert_row *rows, size_t count,
                             struct ot_error *err);

#endif

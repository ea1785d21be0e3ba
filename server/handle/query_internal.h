/* Parameters of a query that several operations have. Each function returns false where
 * the value is none, and the reply says so. */
#ifndef OT_SERVER_HANDLE_QUERY_INTERNAL_H
#define OT_SERVER_HANDLE_QUERY_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ot_cert_cursor;
struct ot_cert_range;
struct ot_context;

/* A parameter that may be given once; *value is NULL where it is absent. */
bool ot_query_value(struct ot_context *context, const char *name, const char **value);

/* `limit`: from 1 to OT_PAGE_LIMIT_MAX. */
bool ot_query_limit(struct ot_context *context, unsigned *limit);

/* `order`: asc or desc. */
bool ot_query_order(struct ot_context *context, bool descending_unless_given,
                    bool *descending);

/* A parameter that is true or false; false where it is absent. */
bool ot_query_flag(struct ot_context *context, const char *name, bool *value);

/* A whole number, which may be negative, of at most 18 digits. */
bool ot_query_integer(struct ot_context *context, const char *name, int64_t *number,
                      bool *is_given);

/* Whether looking a cursor up, of which status and err say how it went, found one of the
 * things that are listed, `what`. */
bool ot_query_found_cursor(struct ot_context *context, const char *name, const char *what,
                           enum ot_status status, const struct ot_error *err);

/* `after` of a list of certificates, into id; NULL: it is not given. With one the range
 * begins behind it, at *cursor, which lives as long as the range. */
bool ot_query_cert_after(struct ot_context *context, struct ot_cert_range *range,
                         struct ot_cert_cursor *cursor, const char **id);

#endif

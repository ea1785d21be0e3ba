/* What of the whole organization is a number. */
#ifndef OT_SERVER_STORE_SUMMARY_H
#define OT_SERVER_STORE_SUMMARY_H

#include <stdint.h>

#include "base/error.h"

struct ot_db;

struct ot_summary {
    int64_t total;
    int64_t active;       /* in the organization or in a project */
    int64_t expired;      /* of the active ones */
    int64_t earliest_end; /* of those active ones that are not, Unix seconds; 0: none */
};

/* As of Unix time now; one statement, outside a transaction. */
enum ot_status ot_db_summary(struct ot_db *db, int64_t now, struct ot_summary *summary,
                             struct ot_error *err);

#endif

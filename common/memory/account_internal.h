/* An account in the making. */
#ifndef OT_MEMORY_ACCOUNT_INTERNAL_H
#define OT_MEMORY_ACCOUNT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "memory/memory.h"

struct ot_snapshot;
struct ot_source;

struct ot_account {
    const struct ot_source *source;
    struct ot_snapshot *snapshot;
    int64_t now;
    bool is_first;                  /* there was neither memory nor snapshot */
    struct ot_memory before, after; /* after.known is there when they are compared, and
                                       after.news has what is new alone */
};

/* Fills after.news, up to OT_NEWS_KEPT_MAX, and counts all of them in after.next. */
enum ot_status ot_account_compare(struct ot_account *account, struct ot_error *err);

#endif

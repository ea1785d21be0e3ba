/* How far notify_url is told: NAME.notify. */
#ifndef OT_NOTIFY_PROGRESS_INTERNAL_H
#define OT_NOTIFY_PROGRESS_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "memory/memory.h"

struct ot_source;

#define OT_NOTIFY_ID_MAX 40 /* "ntf_", 32 digits, the terminator */

struct ot_notify_progress {
    bool is_there;
    struct ot_mark from; /* everything before is delivered, or given up */
    /* What is being delivered; id "" for nothing. */
    char id[OT_NOTIFY_ID_MAX];
    struct ot_mark to;
    int64_t began_at; /* Unix seconds, of its first attempt */
};

/* An absent file is OT_OK and no progress, as is one that cannot be understood. */
enum ot_status ot_notify_progress_read(struct ot_notify_progress *progress,
                                       const struct ot_source *source,
                                       struct ot_error *err);
enum ot_status ot_notify_progress_write(const struct ot_notify_progress *progress,
                                        const struct ot_source *source,
                                        struct ot_error *err);

#endif

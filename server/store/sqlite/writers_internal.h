/* Who of this process writes to the file: one at a time, the others wait for their turn
 * beside it, so that SQLite's own lock is waited for by one. */
#ifndef OT_SERVER_STORE_SQLITE_WRITERS_INTERNAL_H
#define OT_SERVER_STORE_SQLITE_WRITERS_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct ot_writers {
    pthread_mutex_t lock;
    pthread_cond_t is_free;
    bool is_taken;
};

void ot_writers_init(struct ot_writers *writers);
void ot_writers_destroy(struct ot_writers *writers);

/* false: it was not free until then, in milliseconds of base/clock.h; 0: is not now. */
bool ot_writers_take(struct ot_writers *writers, int64_t until_ms);
void ot_writers_give(struct ot_writers *writers);

#endif

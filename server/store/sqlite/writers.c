#include "store/sqlite/writers_internal.h"

#include <time.h>

void ot_writers_init(struct ot_writers *writers)
{
    pthread_condattr_t attributes;

    *writers = (struct ot_writers){.is_taken = false};
    pthread_mutex_init(&writers->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&writers->is_free, &attributes);
    pthread_condattr_destroy(&attributes);
}

void ot_writers_destroy(struct ot_writers *writers)
{
    pthread_cond_destroy(&writers->is_free);
    pthread_mutex_destroy(&writers->lock);
}

bool ot_writers_take(struct ot_writers *writers, int64_t until_ms)
{
    const struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000L};
    bool is_mine;

    pthread_mutex_lock(&writers->lock);
    while (writers->is_taken && until_ms != 0 &&
           pthread_cond_timedwait(&writers->is_free, &writers->lock, &until) == 0)
        continue;
    is_mine = !writers->is_taken;
    writers->is_taken = true;
    pthread_mutex_unlock(&writers->lock);
    return is_mine;
}

void ot_writers_give(struct ot_writers *writers)
{
    pthread_mutex_lock(&writers->lock);
    writers->is_taken = false;
    pthread_cond_signal(&writers->is_free);
    pthread_mutex_unlock(&writers->lock);
}

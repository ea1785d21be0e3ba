#include "auth/rate.h"

#include <pthread.h>
#include <stdlib.h>

/* Keys are few; chains stay short. A revoked key's bucket stays behind, 32 bytes. */
#define CHAINS 256
#define SECOND_US 1000000

struct bucket {
    struct bucket *next;
    int64_t key;
    int64_t credit_us; /* a request costs SECOND_US / per_second; full at SECOND_US */
    int64_t seen_us;
};

struct ot_rate {
    pthread_mutex_t lock;
    int64_t cost_us;
    struct bucket *chains[CHAINS];
};

enum ot_status ot_rate_new(struct ot_rate **out, unsigned per_second,
                           struct ot_error *err)
{
    *out = NULL;
    if (per_second == 0)
        return OT_OK;
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    pthread_mutex_init(&(*out)->lock, NULL);
    (*out)->cost_us = SECOND_US / per_second;
    return OT_OK;
}

void ot_rate_free(struct ot_rate *rate)
{
    if (rate == NULL)
        return;
    for (size_t i = 0; i < CHAINS; i++) {
        while (rate->chains[i] != NULL) {
            struct bucket *bucket = rate->chains[i];

            rate->chains[i] = bucket->next;
            free(bucket);
        }
    }
    pthread_mutex_destroy(&rate->lock);
    free(rate);
}

static struct bucket *find_bucket(struct ot_rate *rate, int64_t key, int64_t now_us)
{
    struct bucket **chain = &rate->chains[(uint64_t)key % CHAINS];
    struct bucket *bucket;

    for (bucket = *chain; bucket != NULL; bucket = bucket->next)
        if (bucket->key == key)
            return bucket;
    bucket = calloc(1, sizeof(*bucket));
    if (bucket == NULL)
        return NULL;
    *bucket = (struct bucket){*chain, key, SECOND_US, now_us};
    *chain = bucket;
    return bucket;
}

unsigned ot_rate_take(struct ot_rate *rate, int64_t key, int64_t now_us)
{
    struct bucket *bucket;
    unsigned wait_s = 0;

    if (rate == NULL)
        return 0;
    pthread_mutex_lock(&rate->lock);
    bucket = find_bucket(rate, key, now_us);
    if (bucket == NULL) {
        wait_s = 1;
    } else {
        int64_t gained = now_us - bucket->seen_us;

        bucket->seen_us = now_us;
        bucket->credit_us += gained < SECOND_US ? gained : SECOND_US;
        if (bucket->credit_us > SECOND_US)
            bucket->credit_us = SECOND_US;
        if (bucket->credit_us >= rate->cost_us)
            bucket->credit_us -= rate->cost_us;
        else
            wait_s = 1; /* a token takes a second at the lowest rate that there is */
    }
    pthread_mutex_unlock(&rate->lock);
    return wait_s;
}

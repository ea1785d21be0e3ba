#include "auth/wrong_keys.h"

#include <pthread.h>
#include <stdlib.h>

#include "shared/address.h"
#include "shared/limits.h"

/* Of the addresses that share a set, the one is forgotten whose time began first. */
#define SETS 1024u
#define WAYS 4u
#define SECOND_US INT64_C(1000000)
#define WINDOW_US (OT_WRONG_KEYS_WINDOW_S * SECOND_US)

struct row {
    struct ot_address address;
    int64_t began_us; /* 0: a row of nobody's */
    unsigned count;
};

struct ot_wrong_keys {
    pthread_mutex_t lock;
    struct row rows[SETS][WAYS];
};

enum ot_status ot_wrong_keys_new(struct ot_wrong_keys **out, struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    pthread_mutex_init(&(*out)->lock, NULL);
    return OT_OK;
}

void ot_wrong_keys_free(struct ot_wrong_keys *table)
{
    if (table == NULL)
        return;
    pthread_mutex_destroy(&table->lock);
    free(table);
}

static struct row *find_row(struct ot_wrong_keys *table, const struct ot_address *address)
{
    struct row *set = table->rows[ot_address_hash(address) % SETS];
    struct row *oldest = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].began_us != 0 && ot_address_equal(&set[i].address, address))
            return &set[i];
        if (set[i].began_us < oldest->began_us)
            oldest = &set[i];
    }
    *oldest = (struct row){.address = *address};
    return oldest;
}

unsigned ot_wrong_keys_note(struct ot_wrong_keys *table, const struct ot_address *address,
                            int64_t now_us, unsigned *count)
{
    unsigned wait_s = 0;
    struct row *row;

    pthread_mutex_lock(&table->lock);
    row = find_row(table, address);
    if (row->began_us == 0 || now_us - row->began_us >= WINDOW_US) {
        row->began_us = now_us;
        row->count = 0;
    }
    if (row->count <= OT_WRONG_KEYS_MAX + 1) /* one more is enough to tell */
        row->count++;
    if (row->count > OT_WRONG_KEYS_MAX)
        wait_s = (unsigned)((row->began_us + WINDOW_US - now_us) / SECOND_US) + 1;
    *count = row->count;
    pthread_mutex_unlock(&table->lock);
    return wait_s;
}

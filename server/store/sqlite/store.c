#include "store/store.h"

#include <stdlib.h>

#include "base/error.h"
#include "shared/private_file.h"
#include "store/sqlite/sqlite_internal.h"

struct ot_store {
    struct ot_db **idle; /* the first idle_count are at home */
    size_t count, idle_count;
    pthread_mutex_t lock, writers;
    pthread_cond_t returned;
};

static struct ot_store *store_new(unsigned connections)
{
    struct ot_store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return NULL;
    store->idle = calloc(connections, sizeof(struct ot_db *));
    if (store->idle == NULL) {
        free(store);
        return NULL;
    }
    pthread_mutex_init(&store->lock, NULL);
    pthread_mutex_init(&store->writers, NULL);
    pthread_cond_init(&store->returned, NULL);
    return store;
}

/* Nothing is written before the file is known to be ours. */
static enum ot_status prepare_tables(struct ot_db *db, struct ot_error *err)
{
    enum ot_status status = ot_migrate_check(db, err);

    if (status == OT_OK)
        status = ot_db_use_log(db, err);
    return status == OT_OK ? ot_migrate(db, err) : status;
}

static enum ot_status open_connections(struct ot_store *store, const char *path,
                                       unsigned connections, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    while (status == OT_OK && store->count < connections) {
        struct ot_db *db;

        status = ot_db_open(&db, path, &store->writers, err);
        if (status == OT_OK) {
            store->idle[store->count++] = db;
            store->idle_count = store->count;
        }
        if (status == OT_OK && store->count == 1)
            status = prepare_tables(db, err);
    }
    return status;
}

enum ot_status ot_store_open(struct ot_store **out, const char *path,
                             unsigned connections, struct ot_error *err)
{
    char *resolved = NULL;
    enum ot_status status = ot_private_database(&resolved, path, err);
    struct ot_store *store = NULL;

    *out = NULL;
    if (status == OT_OK) {
        store = store_new(connections);
        status = store != NULL ? open_connections(store, resolved, connections, err)
                               : ot_error_nomem(err);
    }
    free(resolved);
    if (status != OT_OK) {
        ot_store_close(store);
        return status;
    }
    *out = store;
    return OT_OK;
}

void ot_store_close(struct ot_store *store)
{
    if (store == NULL)
        return;
    /* With its last connection, SQLite writes the log back and removes it. */
    for (size_t i = 0; i < store->idle_count; i++)
        ot_db_close(store->idle[i]);
    pthread_cond_destroy(&store->returned);
    pthread_mutex_destroy(&store->writers);
    pthread_mutex_destroy(&store->lock);
    free(store->idle);
    free(store);
}

struct ot_db *ot_store_lend(struct ot_store *store)
{
    struct ot_db *db;

    pthread_mutex_lock(&store->lock);
    while (store->idle_count == 0)
        pthread_cond_wait(&store->returned, &store->lock);
    db = store->idle[--store->idle_count];
    pthread_mutex_unlock(&store->lock);
    return db;
}

void ot_store_return(struct ot_store *store, struct ot_db *db)
{
    pthread_mutex_lock(&store->lock);
    store->idle[store->idle_count++] = db;
    pthread_cond_signal(&store->returned);
    pthread_mutex_unlock(&store->lock);
}

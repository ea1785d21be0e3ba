#include "store/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "store/driver.h"
#include "store/postgresql/postgresql.h"
#include "store/sqlite/sqlite.h"

struct ot_store {
    const struct ot_driver *driver;
    struct ot_database *database;
    struct ot_db **idle; /* the first idle_count are at home */
    size_t count, idle_count;
    pthread_mutex_t lock;
    pthread_cond_t returned;
};

bool ot_store_is_url(const char *where)
{
    return strncmp(where, "postgresql://", 13) == 0 ||
           strncmp(where, "postgres://", 11) == 0;
}

/* As psql takes it, with another scheme, or with a slip: no file is called that. */
enum ot_status ot_store_check_place(const char *where, struct ot_error *err)
{
    if (ot_store_is_url(where) ||
        (strstr(where, "://") == NULL && strstr(where, "dbname=") == NULL &&
         strncasecmp(where, "postgresql:", 11) != 0 &&
         strncasecmp(where, "postgres:", 9) != 0))
        return OT_OK;
    /* It is not repeated: there may be a password in it. */
    return ot_error_set(err, OT_E_USAGE,
                        "--db is neither the name of a file nor "
                        "postgresql://USER@HOST/DATABASE");
}

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
    pthread_cond_init(&store->returned, NULL);
    return store;
}

static enum ot_status open_connections(struct ot_store *store, const char *where,
                                       unsigned connections, struct ot_error *err)
{
    enum ot_status status = store->driver->open(&store->database, where, err);

    while (status == OT_OK && store->count < connections) {
        struct ot_db *db;

        status = store->driver->connect(&db, store->database, err);
        if (status == OT_OK) {
            store->idle[store->count++] = db;
            store->idle_count = store->count;
        }
    }
    return status;
}

enum ot_status ot_store_open(struct ot_store **out, const char *where,
                             unsigned connections, struct ot_error *err)
{
    struct ot_store *store = store_new(connections);
    enum ot_status status;

    *out = NULL;
    if (store == NULL)
        return ot_error_nomem(err);
    store->driver = ot_store_is_url(where) ? &ot_postgresql_driver : &ot_sqlite_driver;
    status = open_connections(store, where, connections, err);
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
    for (size_t i = 0; i < store->idle_count; i++)
        store->driver->disconnect(store->idle[i]);
    store->driver->close(store->database);
    pthread_cond_destroy(&store->returned);
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

bool ot_store_tells(const struct ot_store *store)
{
    return store->driver->hear != NULL;
}

bool ot_store_hear(struct ot_store *store, struct ot_hearing **hearing, int stop)
{
    return store->driver->hear(store->database, hearing, stop);
}

void ot_store_hear_end(struct ot_store *store, struct ot_hearing *hearing)
{
    store->driver->hear_end(hearing);
}

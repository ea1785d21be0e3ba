#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migrate.h"

struct ot_store {
    struct ot_db **idle; /* the first idle_count are at home */
    size_t count, idle_count;
    pthread_mutex_t lock, writers;
    pthread_cond_t returned;
};

static enum ot_status check_file(const char *path, int fd, struct ot_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read database %s", path);
    if (!S_ISREG(st.st_mode))
        return ot_error_set(err, OT_E_UNSAFE,
                            "database %s is not a regular file; name another with --db",
                            path);
    /* Who may write the file may add a key to it. */
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return ot_error_set(err, OT_E_UNSAFE,
                            "database %s can be written by others (mode %03o): chmod 600 "
                            "it after checking its keys with `key list`",
                            path, (unsigned)st.st_mode & 0777u);
    return OT_OK;
}

/* The file, with a mode that SQLite then gives its log files, too. */
static enum ot_status make_file(const char *path, struct ot_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    enum ot_status status;

    if (fd < 0)
        return ot_error_errno(err, OT_E_IO, errno,
                              "cannot open database %s (its directory must exist and "
                              "both be writable for this user)",
                              path);
    status = check_file(path, fd, err);
    close(fd);
    return status;
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
    pthread_mutex_init(&store->writers, NULL);
    pthread_cond_init(&store->returned, NULL);
    return store;
}

/* Nothing is written before the file is known to be ours. */
static enum ot_status prepare(struct ot_db *db, struct ot_error *err)
{
    enum ot_status status = ot_migrate_check(db, err);

    if (status == OT_OK)
        status = ot_db_use_log(db, err);
    return status == OT_OK ? ot_migrate(db, err) : status;
}

enum ot_status ot_store_open(struct ot_store **out, const char *path,
                             unsigned connections, struct ot_error *err)
{
    enum ot_status status = make_file(path, err);
    struct ot_store *store;

    *out = NULL;
    if (status != OT_OK)
        return status;
    store = store_new(connections);
    if (store == NULL)
        return ot_error_nomem(err);
    while (status == OT_OK && store->count < connections) {
        struct ot_db *db;

        status = ot_db_open(&db, path, &store->writers, err);
        if (status == OT_OK) {
            store->idle[store->count++] = db;
            store->idle_count = store->count;
        }
        if (status == OT_OK && store->count == 1)
            status = prepare(db, err);
    }
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

#include "http/hearer.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http/server.h"
#include "http/waits.h"
#include "store/store.h"

struct ot_hearer {
    pthread_t thread;
    struct ot_server *server;
    int stop; /* an eventfd */
};

static void *hear_all(void *cls)
{
    struct ot_hearer *hearer = cls;
    struct ot_store *store = hearer->server->store;
    struct ot_hearing *hearing = NULL;

    while (ot_store_hear(store, &hearing, hearer->stop)) {
        struct ot_db *db = ot_store_lend(store);

        ot_waits_note_change(hearer->server->waits, db);
        ot_store_return(store, db);
    }
    ot_store_hear_end(store, hearing);
    return NULL;
}

enum ot_status ot_hearer_start(struct ot_hearer **out, struct ot_server *server,
                               struct ot_error *err)
{
    struct ot_hearer *hearer;

    *out = NULL;
    if (!ot_store_tells(server->store))
        return OT_OK;
    hearer = calloc(1, sizeof(*hearer));
    if (hearer == NULL)
        return ot_error_nomem(err);
    hearer->server = server;
    hearer->stop = eventfd(0, EFD_CLOEXEC);
    if (hearer->stop < 0 ||
        pthread_create(&hearer->thread, NULL, hear_all, hearer) != 0) {
        if (hearer->stop >= 0)
            close(hearer->stop);
        free(hearer);
        return ot_error_set(err, OT_E_INTERNAL,
                            "cannot start the thread that hears of changes");
    }
    *out = hearer;
    return OT_OK;
}

void ot_hearer_stop(struct ot_hearer *hearer)
{
    if (hearer == NULL)
        return;
    eventfd_write(hearer->stop, 1);
    pthread_join(hearer->thread, NULL);
    close(hearer->stop);
    free(hearer);
}

#include "http/waits.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "shared/limits.h"
#include "shared/log.h"
#include "store/db.h"
#include "store/opening.h"

#define SECOND_US INT64_C(1000000)

/* Of those who are gone so many are taken at a time. */
#define GONE_MAX 64

TAILQ_HEAD(wait_list, ot_wait);

struct ot_waits {
    pthread_mutex_t lock;
    struct wait_list held;  /* the one whose time is over first, first */
    char etag[OT_ETAG_MAX]; /* of all who are held; "": of not all, or nobody knows */
    int gone; /* an epoll set that tells which sockets were closed; -1: none does */
    unsigned count, max;
    atomic_uint turn; /* changed under the lock */
    bool is_closed;
};

enum ot_status ot_waits_new(struct ot_waits **out, unsigned max, struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    pthread_mutex_init(&(*out)->lock, NULL);
    TAILQ_INIT(&(*out)->held);
    (*out)->max = max;
    (*out)->gone = epoll_create1(EPOLL_CLOEXEC);
    return OT_OK;
}

void ot_waits_free(struct ot_waits *waits)
{
    if (waits == NULL)
        return;
    if (waits->gone >= 0)
        close(waits->gone);
    pthread_mutex_destroy(&waits->lock);
    free(waits);
}

bool ot_waits_are_taken(struct ot_waits *waits)
{
    return waits->max != 0; /* which never changes */
}

unsigned ot_waits_count(struct ot_waits *waits)
{
    unsigned count;

    pthread_mutex_lock(&waits->lock);
    count = waits->count;
    pthread_mutex_unlock(&waits->lock);
    return count;
}

unsigned ot_waits_turn(struct ot_waits *waits)
{
    return atomic_load(&waits->turn);
}

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info != NULL ? info->connect_fd : -1;
}

/* Where that is not possible, it is held until its time is over. */
static void look_after(struct ot_waits *waits, struct ot_wait *wait)
{
    struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = wait};

    wait->fd = socket_of(wait->connection);
    epoll_ctl(waits->gone, EPOLL_CTL_ADD, wait->fd, &event);
}

/* Who releases it finds it suspended: both happen under the lock. */
bool ot_waits_hold(struct ot_waits *waits, struct ot_wait *wait,
                   struct MHD_Connection *connection, const char *etag, int64_t now_us)
{
    bool is_held;

    pthread_mutex_lock(&waits->lock);
    is_held = !waits->is_closed && waits->count < waits->max;
    if (is_held) {
        wait->connection = connection;
        wait->until_us = now_us + OT_WAIT_S * SECOND_US;
        strcpy(wait->etag, etag);
        /* The next look finds it, also where that sees what the last one has seen. */
        if (!ot_etag_is_of_same_moment(etag, waits->etag))
            waits->etag[0] = '\0';
        TAILQ_INSERT_TAIL(&waits->held, wait, in_all);
        waits->count++;
        look_after(waits, wait);
        MHD_suspend_connection(connection);
    }
    pthread_mutex_unlock(&waits->lock);
    return is_held;
}

/* From here on the wait may be gone. */
static void release_wait(struct ot_waits *waits, struct ot_wait *wait)
{
    TAILQ_REMOVE(&waits->held, wait, in_all);
    waits->count--;
    epoll_ctl(waits->gone, EPOLL_CTL_DEL, wait->fd, NULL);
    MHD_resume_connection(wait->connection);
}

static void release_gone(struct ot_waits *waits)
{
    struct epoll_event events[GONE_MAX];
    int count;

    do {
        count = epoll_wait(waits->gone, events, GONE_MAX, 0);
        for (int i = 0; i < count; i++)
            release_wait(waits, events[i].data.ptr);
    } while (count == GONE_MAX);
}

void ot_waits_sweep(struct ot_waits *waits, int64_t now_us)
{
    struct ot_wait *at;

    pthread_mutex_lock(&waits->lock);
    while ((at = TAILQ_FIRST(&waits->held)) != NULL && at->until_us <= now_us)
        release_wait(waits, at);
    release_gone(waits);
    pthread_mutex_unlock(&waits->lock);
}

/* Those of another moment than etag's. Whoever has asked before this look and is held
 * behind it looks again, by the turn. */
static void release_former(struct ot_waits *waits, const char *etag)
{
    struct ot_wait *at, *next;
    bool is_new;

    pthread_mutex_lock(&waits->lock);
    is_new = strcmp(waits->etag, etag) != 0;
    atomic_fetch_add(&waits->turn, is_new);
    strcpy(waits->etag, etag);
    for (at = is_new ? TAILQ_FIRST(&waits->held) : NULL; at != NULL; at = next) {
        next = TAILQ_NEXT(at, in_all);
        if (!ot_etag_is_of_same_moment(at->etag, etag))
            release_wait(waits, at);
    }
    pthread_mutex_unlock(&waits->lock);
}

static void see_moment(void *arg, const struct ot_opening *opening)
{
    const struct ot_etag_part part = {opening->revision, OT_REVISION_LEN};

    if (opening->revision != NULL)
        ot_etag_make_page(arg, &part, 1);
}

/* An entity tag of the moment that it is; "" where the database is damaged. */
static enum ot_status ask_moment(struct ot_db *db, char etag[OT_ETAG_MAX],
                                 struct ot_error *err)
{
    const struct ot_question question = {.key_id = "", .scope = ""};
    enum ot_status status = ot_db_begin(db, OT_READING, err);

    etag[0] = '\0';
    if (status == OT_OK)
        status = ot_db_opening(db, &question, see_moment, etag, err);
    ot_db_rollback(db);
    return status;
}

enum ot_status ot_waits_look(struct ot_waits *waits, struct ot_db *db,
                             struct ot_error *err)
{
    char etag[OT_ETAG_MAX];
    enum ot_status status;

    if (ot_waits_count(waits) == 0)
        return OT_OK;
    status = ask_moment(db, etag, err);
    /* Of a damaged database those who wait hear when they ask again. */
    if (status == OT_OK)
        release_former(waits, etag);
    return status;
}

void ot_waits_note_change(struct ot_waits *waits, struct ot_db *db)
{
    pthread_mutex_lock(&waits->lock);
    atomic_fetch_add(&waits->turn, 1);
    pthread_mutex_unlock(&waits->lock);
    /* Where the database does not answer, it is looked at again in a second. */
    (void)ot_waits_look(waits, db, NULL);
}

void ot_waits_release_all(struct ot_waits *waits)
{
    ot_waits_sweep(waits, INT64_MAX);
}

void ot_waits_close(struct ot_waits *waits)
{
    pthread_mutex_lock(&waits->lock);
    waits->is_closed = true;
    pthread_mutex_unlock(&waits->lock);
    ot_waits_release_all(waits);
}

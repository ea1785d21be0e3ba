#include "http/guests.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "shared/address.h"
#include "shared/limits.h"

#define CHAINS 1024u
#define SECOND_US INT64_C(1000000)

TAILQ_HEAD(guest_list, ot_guest);

/* An address with connections. */
struct house {
    struct house *next;
    struct ot_address address;
    struct guest_list waited; /* the one that is waited for longest first */
    unsigned count, held;
};

struct ot_guest {
    TAILQ_ENTRY(ot_guest) in_all, in_house; /* unless it is held */
    struct house *house;
    struct ot_address address;
    int64_t came_us, since_us;
    enum ot_guest_phase phase;
    int fd;
    bool ended; /* in no list any more */
    bool is_held;
};

/* One that was accepted, and that no worker has taken over. */
struct arrival {
    TAILQ_ENTRY(arrival) in_all;
    int64_t since_us;
    int fd;
};

struct ot_guests {
    pthread_mutex_t lock;
    struct ot_guest_limits limits;
    unsigned count, held;
    struct guest_list waited; /* by since_us, as each house's */
    TAILQ_HEAD(arrival_list, arrival) arriving;
    struct house *chains[CHAINS];
};

static const int64_t allowed_s[OT_GUEST_PHASES] = {
    [OT_GUEST_HEAD] = OT_HEAD_TIMEOUT_S,   [OT_GUEST_BODY] = OT_BODY_TIMEOUT_S,
    [OT_GUEST_WORK] = INT64_MAX,           [OT_GUEST_WAIT] = INT64_MAX,
    [OT_GUEST_REPLY] = OT_REPLY_TIMEOUT_S, [OT_GUEST_IDLE] = OT_IDLE_TIMEOUT_S,
};

enum ot_status ot_guests_new(struct ot_guests **out, const struct ot_guest_limits *limits,
                             struct ot_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return ot_error_nomem(err);
    pthread_mutex_init(&(*out)->lock, NULL);
    TAILQ_INIT(&(*out)->waited);
    TAILQ_INIT(&(*out)->arriving);
    (*out)->limits = *limits;
    if (limits->per_address > limits->max)
        (*out)->limits.per_address = limits->max;
    return OT_OK;
}

void ot_guests_free(struct ot_guests *guests)
{
    struct arrival *at;

    if (guests == NULL)
        return;
    while ((at = TAILQ_FIRST(&guests->arriving)) != NULL) {
        TAILQ_REMOVE(&guests->arriving, at, in_all);
        free(at);
    }
    pthread_mutex_destroy(&guests->lock);
    free(guests); /* with the library's end, each connection was given back */
}

static struct house **find_house(struct ot_guests *guests,
                                 const struct ot_address *address)
{
    struct house **at = &guests->chains[ot_address_hash(address) % CHAINS];

    while (*at != NULL && !ot_address_equal(&(*at)->address, address))
        at = &(*at)->next;
    return at;
}

static struct house *need_house(struct ot_guests *guests,
                                const struct ot_address *address)
{
    struct house **at = find_house(guests, address);

    if (*at != NULL)
        return *at;
    *at = calloc(1, sizeof(**at));
    if (*at != NULL) {
        (*at)->address = *address;
        TAILQ_INIT(&(*at)->waited);
    }
    return *at;
}

/* Of those that are held nothing is expected for a while: nobody looks at them. */
static bool is_listed(enum ot_guest_phase phase)
{
    return phase != OT_GUEST_WAIT;
}

/* Workers take connections over in another order than they came in, so that one may
 * belong before the last. */
static void list_guest(struct ot_guests *guests, struct ot_guest *guest)
{
    struct ot_guest *at = TAILQ_LAST(&guests->waited, guest_list);

    if (!is_listed(guest->phase))
        return;
    while (at != NULL && at->since_us > guest->since_us)
        at = TAILQ_PREV(at, guest_list, in_all);
    if (at != NULL)
        TAILQ_INSERT_AFTER(&guests->waited, at, guest, in_all);
    else
        TAILQ_INSERT_HEAD(&guests->waited, guest, in_all);
    at = TAILQ_LAST(&guest->house->waited, guest_list);
    while (at != NULL && at->since_us > guest->since_us)
        at = TAILQ_PREV(at, guest_list, in_house);
    if (at != NULL)
        TAILQ_INSERT_AFTER(&guest->house->waited, at, guest, in_house);
    else
        TAILQ_INSERT_HEAD(&guest->house->waited, guest, in_house);
}

static void unlist_guest(struct ot_guests *guests, struct ot_guest *guest)
{
    if (!is_listed(guest->phase))
        return;
    TAILQ_REMOVE(&guests->waited, guest, in_all);
    TAILQ_REMOVE(&guest->house->waited, guest, in_house);
}

/* The guest counts no more; its house goes with the last. */
static void leave_house(struct ot_guests *guests, struct ot_guest *guest)
{
    struct house *house = guest->house;

    unlist_guest(guests, guest);
    guest->house = NULL;
    if (guest->is_held) {
        guests->held--;
        house->held--;
    } else {
        guests->count--;
        house->count--;
    }
    if (house->count > 0 || house->held > 0)
        return;
    *find_house(guests, &house->address) = house->next;
    free(house);
}

/* Its socket is open: it is given back before that is closed. */
static void end_guest(struct ot_guests *guests, struct ot_guest *guest)
{
    leave_house(guests, guest);
    guest->ended = true;
    shutdown(guest->fd, SHUT_RDWR);
}

static bool is_waited_for(const struct ot_guest *guest)
{
    return guest->phase != OT_GUEST_WORK && !guest->is_held;
}

static void end_the_longest(struct ot_guests *guests, struct house *house)
{
    struct ot_guest *at = NULL;

    if (house->count > guests->limits.per_address) {
        TAILQ_FOREACH(at, &house->waited, in_house)
        if (is_waited_for(at))
            break;
    } else if (guests->count > guests->limits.max) {
        TAILQ_FOREACH(at, &guests->waited, in_all)
        if (is_waited_for(at))
            break;
    }
    if (at != NULL)
        end_guest(guests, at);
}

/* When it came; now_us where that is not known. */
static int64_t take_arrival(struct ot_guests *guests, int fd, int64_t now_us)
{
    struct arrival *at = TAILQ_FIRST(&guests->arriving);
    int64_t since_us = now_us;

    while (at != NULL && at->fd != fd)
        at = TAILQ_NEXT(at, in_all);
    if (at == NULL)
        return since_us;
    since_us = at->since_us;
    TAILQ_REMOVE(&guests->arriving, at, in_all);
    free(at);
    return since_us;
}

void ot_guests_arrive(struct ot_guests *guests, int fd, int64_t now_us)
{
    struct arrival *arrival = malloc(sizeof(*arrival));

    if (arrival == NULL)
        return; /* it counts from when a worker takes it over */
    *arrival = (struct arrival){.since_us = now_us, .fd = fd};
    pthread_mutex_lock(&guests->lock);
    (void)take_arrival(guests, fd, now_us); /* of one that the library gave up */
    TAILQ_INSERT_TAIL(&guests->arriving, arrival, in_all);
    pthread_mutex_unlock(&guests->lock);
}

void ot_guests_turn_away(struct ot_guests *guests, int fd)
{
    pthread_mutex_lock(&guests->lock);
    (void)take_arrival(guests, fd, 0);
    pthread_mutex_unlock(&guests->lock);
}

struct ot_guest *ot_guests_open(struct ot_guests *guests, const struct sockaddr *from,
                                int fd, int64_t now_us)
{
    struct ot_guest *guest = calloc(1, sizeof(*guest));

    if (guest == NULL) {
        ot_guests_turn_away(guests, fd);
        shutdown(fd, SHUT_RDWR);
        return NULL;
    }
    ot_address_of(&guest->address, from);
    guest->fd = fd;
    pthread_mutex_lock(&guests->lock);
    guest->since_us = guest->came_us = take_arrival(guests, fd, now_us);
    guest->house = need_house(guests, &guest->address);
    if (guest->house == NULL) {
        guest->ended = true;
        shutdown(fd, SHUT_RDWR);
    } else {
        guest->house->count++;
        guests->count++;
        list_guest(guests, guest);
        end_the_longest(guests, guest->house);
    }
    pthread_mutex_unlock(&guests->lock);
    return guest;
}

void ot_guests_close(struct ot_guests *guests, struct ot_guest *guest)
{
    if (guest == NULL)
        return;
    pthread_mutex_lock(&guests->lock);
    if (!guest->ended)
        leave_house(guests, guest);
    pthread_mutex_unlock(&guests->lock);
    free(guest);
}

void ot_guests_enter(struct ot_guests *guests, struct ot_guest *guest,
                     enum ot_guest_phase phase, int64_t now_us)
{
    if (guest == NULL)
        return;
    pthread_mutex_lock(&guests->lock);
    if (!guest->ended && guest->phase != phase) {
        unlist_guest(guests, guest);
        guest->phase = phase;
        guest->since_us = now_us;
        list_guest(guests, guest);
    }
    pthread_mutex_unlock(&guests->lock);
}

bool ot_guests_hold(struct ot_guests *guests, struct ot_guest *guest, int64_t now_us)
{
    const struct ot_guest_limits *limits = &guests->limits;
    bool is_held;

    if (guest == NULL)
        return false;
    pthread_mutex_lock(&guests->lock);
    if (!guest->ended && !guest->is_held && guests->held < limits->held_max &&
        guest->house->held < limits->held_per_address) {
        guest->is_held = true;
        guests->count--;
        guests->held++;
        guest->house->count--;
        guest->house->held++;
    }
    is_held = guest->is_held && !guest->ended;
    pthread_mutex_unlock(&guests->lock);
    if (is_held)
        ot_guests_enter(guests, guest, OT_GUEST_WAIT, now_us);
    return is_held;
}

void ot_guests_sweep(struct ot_guests *guests, int64_t now_us)
{
    struct ot_guest *at, *next;

    pthread_mutex_lock(&guests->lock);
    for (at = TAILQ_FIRST(&guests->waited); at != NULL; at = next) {
        next = TAILQ_NEXT(at, in_all);
        if ((now_us - at->since_us) / SECOND_US >= allowed_s[at->phase])
            end_guest(guests, at);
    }
    pthread_mutex_unlock(&guests->lock);
}

bool ot_guests_expect(struct ot_guests *guests, int64_t since_us)
{
    const struct ot_guest *at;
    bool is_expected;

    pthread_mutex_lock(&guests->lock);
    TAILQ_FOREACH(at, &guests->waited, in_all)
    if (at->phase == OT_GUEST_HEAD && at->since_us >= since_us)
        break;
    is_expected = at != NULL || !TAILQ_EMPTY(&guests->arriving);
    pthread_mutex_unlock(&guests->lock);
    return is_expected;
}

const struct ot_address *ot_guest_address(const struct ot_guest *guest)
{
    static const struct ot_address unknown = {.is_v4 = false};

    return guest != NULL ? &guest->address : &unknown;
}

int64_t ot_guest_came_us(const struct ot_guest *guest)
{
    return guest != NULL ? guest->came_us : INT64_MAX;
}

/* The connections that there are, by address and by how long each has been waited for.
 *
 * The library ends a connection on which nothing happens; one on which a byte comes now
 * and then it keeps for ever. Here each phase of a request has a time in all, an address
 * has a number of connections, and there is a number of all: beyond one of these the
 * connection is ended that has been waited for longest, of that address or of all. So who
 * holds many loses his own, and who comes new is answered. Those on which a request is
 * held count apart, and none of them is ended for another.
 *
 * Ended is a socket by shutdown(); its worker then finds it closed. Thread-safe. */
#ifndef OT_SERVER_HTTP_GUESTS_H
#define OT_SERVER_HTTP_GUESTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"

struct ot_address;

struct ot_guests;
struct ot_guest;

enum ot_guest_phase {
    OT_GUEST_HEAD,  /* it is new, or its request line has come */
    OT_GUEST_BODY,  /* the head has come */
    OT_GUEST_WORK,  /* we have the whole request, and are the ones who take time */
    OT_GUEST_WAIT,  /* it is held until something changes (waits.h) */
    OT_GUEST_REPLY, /* it reads */
    OT_GUEST_IDLE,  /* it has had its answer */
    OT_GUEST_PHASES
};

/* Of how many there may be of one address and in all; held, of those that are held. */
struct ot_guest_limits {
    unsigned per_address, max;
    unsigned held_per_address, held_max;
};
enum ot_status ot_guests_new(struct ot_guests **out, const struct ot_guest_limits *limits,
                             struct ot_error *err);
void ot_guests_free(struct ot_guests *guests);

/* A connection was accepted; from now on it is waited for, in the order of these calls,
 * whichever worker takes it over first. To be turned away if none is to get it. */
void ot_guests_arrive(struct ot_guests *guests, int fd, int64_t now_us);
void ot_guests_turn_away(struct ot_guests *guests, int fd);

/* A worker takes it over; NULL: no memory for it, and it is shut down. To be given back
 * before its socket is closed. now_us: the monotonic clock. */
struct ot_guest *ot_guests_open(struct ot_guests *guests, const struct sockaddr *from,
                                int fd, int64_t now_us);
void ot_guests_close(struct ot_guests *guests, struct ot_guest *guest);

/* guest may be NULL. The time of a phase that lasts does not begin again. */
void ot_guests_enter(struct ot_guests *guests, struct ot_guest *guest,
                     enum ot_guest_phase phase, int64_t now_us);

/* From now on up to its end it is one of those that are held, and no longer one of the
 * others; it enters OT_GUEST_WAIT. false: there are too many. */
bool ot_guests_hold(struct ot_guests *guests, struct ot_guest *guest, int64_t now_us);

/* Whether one arrives, or there is one that is new, or whose request is coming, since
 * then or later. */
bool ot_guests_expect(struct ot_guests *guests, int64_t since_us);

/* Ends those whose phase has lasted too long. */
void ot_guests_sweep(struct ot_guests *guests, int64_t now_us);

const struct ot_address *ot_guest_address(const struct ot_guest *guest);
/* When it came, on the monotonic clock; INT64_MAX where guest is NULL. */
int64_t ot_guest_came_us(const struct ot_guest *guest);

#endif

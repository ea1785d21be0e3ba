#include "impact/resolve_internal.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "config/endpoint.h"

/* How long a sleep lasts at most: stop is looked at in between. */
#define SLEEP_MS 200

/* What the resolver works with in a thread of its own, and keeps where it cannot be ended
 * in time. */
struct question {
    struct gaicb request; /* first: the resolver's pointer is this one's */
    struct addrinfo hints;
    struct ot_endpoint endpoint;
    char port[8];
};

static void take_addresses(struct ot_addresses *addresses, const struct addrinfo *found)
{
    for (; found != NULL && addresses->count < OT_ADDRESSES_MAX; found = found->ai_next) {
        struct ot_address *address = &addresses->items[addresses->count];

        if (found->ai_addrlen > sizeof(address->storage))
            continue;
        memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
        address->len = found->ai_addrlen;
        addresses->count++;
    }
}

static struct question *new_question(const struct ot_endpoint *endpoint)
{
    struct question *question = calloc(1, sizeof(*question));

    if (question == NULL)
        return NULL;
    question->endpoint = *endpoint;
    snprintf(question->port, sizeof(question->port), "%u", endpoint->port);
    question->hints.ai_socktype = SOCK_STREAM;
    question->hints.ai_flags = AI_NUMERICSERV;
    question->request.ar_name = question->endpoint.host;
    question->request.ar_service = question->port;
    question->request.ar_request = &question->hints;
    return question;
}

/* Whether the host is an address already. */
static bool resolve_numeric(struct ot_addresses *addresses,
                            const struct question *question)
{
    struct addrinfo hints = question->hints, *found = NULL;

    hints.ai_flags |= AI_NUMERICHOST;
    if (getaddrinfo(question->endpoint.host, question->port, &hints, &found) != 0)
        return false;
    take_addresses(addresses, found);
    freeaddrinfo(found);
    return true;
}

bool ot_address_endpoint(struct ot_endpoint *endpoint, const struct ot_address *address)
{
    char port[8];

    if (getnameinfo((const struct sockaddr *)&address->storage, address->len,
                    endpoint->host, sizeof(endpoint->host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    endpoint->port = (uint16_t)strtoul(port, NULL, 10);
    return true;
}

static bool is_any_open(struct gaicb *const *requests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (requests[i] != NULL && gai_error(requests[i]) == EAI_INPROGRESS)
            return true;
    return false;
}

static enum ot_status wait_for_answers(struct gaicb *const *requests, size_t count,
                                       int64_t until_ms, const volatile int *stop,
                                       struct ot_error *err)
{
    while (is_any_open(requests, count)) {
        int64_t left = until_ms - ot_clock_ms();
        int64_t sleep_ms = left < SLEEP_MS ? left : SLEEP_MS;
        struct timespec timeout = {.tv_nsec = (long)sleep_ms * 1000000};

        if (stop != NULL && *stop != 0)
            return ot_error_set(err, OT_E_INTERRUPTED, "interrupted");
        if (left <= 0)
            break;
        gai_suspend((const struct gaicb *const *)requests, (int)count, &timeout);
    }
    return OT_OK;
}

/* Takes what came of a question, and frees it unless the resolver has it still. */
static void take_answer(struct ot_addresses *addresses, struct gaicb *request)
{
    bool is_free =
        gai_error(request) != EAI_INPROGRESS || gai_cancel(request) != EAI_NOTCANCELED;
    int rc = is_free ? gai_error(request) : EAI_INPROGRESS;

    if (rc == 0) {
        take_addresses(addresses, request->ar_result);
        if (request->ar_result != NULL)
            freeaddrinfo(request->ar_result);
    }
    if (addresses->count == 0)
        snprintf(addresses->why, sizeof(addresses->why), "%s",
                 rc == EAI_INPROGRESS || rc == EAI_CANCELED
                     ? "its name was not found in time"
                     : gai_strerror(rc));
    if (is_free)
        free(request);
}

enum ot_status ot_endpoints_resolve(struct ot_addresses *const *addresses,
                                    const struct ot_endpoint *const *endpoints,
                                    size_t count, int64_t until_ms,
                                    const volatile int *stop, struct ot_error *err)
{
    struct gaicb **requests = calloc(count + 1, sizeof(struct gaicb *));
    enum ot_status status = OT_OK;

    if (requests == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; status == OT_OK && i < count; i++) {
        struct question *question = new_question(endpoints[i]);

        *addresses[i] = (struct ot_addresses){.count = 0};
        if (question == NULL)
            status = ot_error_nomem(err);
        else if (resolve_numeric(addresses[i], question))
            free(question);
        else if (getaddrinfo_a(GAI_NOWAIT, (struct gaicb *[]){&question->request}, 1,
                               NULL) == 0)
            requests[i] = &question->request;
        else {
            free(question);
            status = ot_error_nomem(err);
        }
    }
    if (status == OT_OK)
        status = wait_for_answers(requests, count, until_ms, stop, err);
    for (size_t i = 0; i < count; i++)
        if (requests[i] != NULL)
            take_answer(addresses[i], requests[i]);
    free(requests);
    return status;
}

/* An HTTP peer that misbehaves on request: one thread on 127.0.0.1 that takes
 * connections, reads requests and answers each with what a script says, byte for byte. */
#ifndef OT_TESTS_PEER_H
#define OT_TESTS_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct peer;

/* What becomes of one request. */
struct peer_answer {
    const char *bytes; /* the raw answer; NULL: peer_options.handler makes it */
    size_t len;        /* of bytes; 0: up to its end as a string */
    int delay_ms;      /* before the first byte */
    int drip_ms;       /* between single bytes; 0: all at once */
    bool close;        /* then close the connection */
    bool reset;        /* then reset it (RST) */
    bool hang;         /* never answer */
};

/* A request as it came. */
struct peer_request {
    char *head; /* with the empty line */
    char *body;
    unsigned connection; /* 0, 1, … in the order of accept */
    long long at_ms;     /* monotonic */
};

struct peer_options {
    const struct peer_answer *script; /* the i-th request gets the i-th answer, and all */
    size_t script_len;                /* beyond the last one the last */
    /* Instead of a script: makes an answer in memory that peer frees; NULL: closes. */
    char *(*handler)(void *arg, const struct peer_request *request, size_t *len);
    void *arg;
    const char *tls_cert, *tls_key; /* PEM files: TLS */
    int answer_delay_ms;            /* for every handler's answer */
};

struct peer *peer_start(const struct peer_options *options);
void peer_stop(struct peer *peer); /* NULL is fine */

/* Waits until no request is being answered: a process that forks then copies no memory of
 * peer's threads that only they could free. */
void peer_settle(struct peer *peer);

unsigned peer_port(const struct peer *peer);
const char *peer_url(const struct peer *peer); /* "http://127.0.0.1:PORT/v1" */

/* Of what has come so far; a request lives until peer_stop. */
size_t peer_requests(struct peer *peer);
const struct peer_request *peer_request(struct peer *peer, size_t i);
unsigned peer_connections(struct peer *peer);
unsigned peer_open_max(struct peer *peer); /* most connections open at once */

/* "HTTP/1.1 STATUS x" with Content-Type application/json, headers (each line with CRLF,
 * or ""), Content-Length and body, in memory that the caller frees. */
char *peer_format(int status, const char *headers, const char *body, size_t *len);

#endif

#include "impact/handshake_internal.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"

/* How long a sleep lasts at most: stop is looked at in between. */
#define SLEEP_MS 200
/* A name may have an address that swallows everything: then the next one has its turn. */
#define NEXT_ADDRESS_MS 1000

/* One server on its way. */
struct attempt {
    struct ot_handshake *item;
    size_t address;      /* which of the item's comes next */
    int64_t patience_ms; /* until when the connection has to be there */
    int fd;              /* -1: done */
    SSL *ssl;            /* NULL: not connected yet */
    short events;        /* what it waits for */
};

static void say_why(struct ot_handshake *item, enum ot_handshake_outcome outcome,
                    const char *why)
{
    item->outcome = outcome;
    ot_text_escape(item->why, sizeof(item->why), why, strlen(why));
}

static void end_attempt(struct attempt *attempt)
{
    SSL_free(attempt->ssl);
    attempt->ssl = NULL;
    if (attempt->fd >= 0)
        close(attempt->fd);
    attempt->fd = -1;
}

/* To the next address that can be tried; with none left the last reason stands. */
static void try_next_address(struct attempt *attempt)
{
    struct ot_addresses *addresses = &attempt->item->addresses;

    end_attempt(attempt);
    while (attempt->address < addresses->count) {
        const struct ot_address *to = &addresses->items[attempt->address++];
        int fd =
            socket(to->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd >= 0 &&
            (connect(fd, (const struct sockaddr *)&to->storage, to->len) == 0 ||
             errno == EINPROGRESS)) {
            attempt->fd = fd;
            attempt->events = POLLOUT;
            attempt->patience_ms = attempt->address < addresses->count
                                       ? ot_clock_ms() + NEXT_ADDRESS_MS
                                       : INT64_MAX;
            return;
        }
        say_why(attempt->item, OT_HANDSHAKE_UNREACHABLE, strerror(errno));
        if (fd >= 0)
            close(fd);
    }
}

static bool begin_tls(struct attempt *attempt, SSL_CTX *tls)
{
    attempt->ssl = SSL_new(tls);
    if (attempt->ssl == NULL)
        return false;
    SSL_certs_clear(attempt->ssl); /* of OpenSSL's configuration for all programs */
    return SSL_set_fd(attempt->ssl, attempt->fd) == 1 &&
           (attempt->item->name == NULL ||
            SSL_set_tlsext_host_name(attempt->ssl, attempt->item->name) == 1);
}

/* What the first error of a handshake says of the other side. */
static void explain_failure(struct attempt *attempt, int kind)
{
    unsigned long first = ERR_peek_error();
    int reason = ERR_GET_REASON(first);
    const char *words = ERR_reason_error_string(first);
    bool has_left = kind == SSL_ERROR_SYSCALL || kind == SSL_ERROR_ZERO_RETURN ||
                    reason == SSL_R_UNEXPECTED_EOF_WHILE_READING;

    /* What is not TLS at all is taken for a record of an absurd version or length. */
    if (has_left && BIO_number_read(SSL_get_rbio(attempt->ssl)) == 0)
        say_why(attempt->item, OT_HANDSHAKE_NOT_TLS,
                "closed the connection without a word of TLS");
    else if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
             reason == SSL_R_PACKET_LENGTH_TOO_LONG)
        say_why(attempt->item, OT_HANDSHAKE_NOT_TLS, "does not speak TLS at once");
    else
        say_why(attempt->item, OT_HANDSHAKE_ENDED,
                words != NULL ? words : "the connection ended");
}

/* The chain counts also where the server then wants a certificate of ours. */
static void finish_handshake(struct attempt *attempt, int kind)
{
    STACK_OF(X509) *shown = SSL_get_peer_cert_chain(attempt->ssl);

    if (shown != NULL && sk_X509_num(shown) > 0) {
        attempt->item->chain = X509_chain_up_ref(shown);
        attempt->item->outcome = OT_HANDSHAKE_SHOWN;
        attempt->item->why[0] = '\0';
    } else {
        explain_failure(attempt, kind);
    }
    if (kind == SSL_ERROR_NONE)
        SSL_shutdown(attempt->ssl);
    ERR_clear_error();
    end_attempt(attempt);
}

static void go_on_with_tls(struct attempt *attempt)
{
    int rc, kind;

    ERR_clear_error();
    rc = SSL_connect(attempt->ssl);
    kind = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(attempt->ssl, rc);
    if (kind == SSL_ERROR_WANT_READ)
        attempt->events = POLLIN;
    else if (kind == SSL_ERROR_WANT_WRITE)
        attempt->events = POLLOUT;
    else
        finish_handshake(attempt, kind);
}

/* Something has happened to its socket. */
static enum ot_status go_on(struct attempt *attempt, SSL_CTX *tls, struct ot_error *err)
{
    int errnum = 0;
    socklen_t len = sizeof(errnum);

    if (attempt->ssl == NULL) {
        if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &errnum, &len) != 0)
            errnum = errno;
        if (errnum != 0) {
            say_why(attempt->item, OT_HANDSHAKE_UNREACHABLE, strerror(errnum));
            try_next_address(attempt);
            return OT_OK;
        }
        if (!begin_tls(attempt, tls))
            return ot_error_nomem(err);
    }
    go_on_with_tls(attempt);
    return OT_OK;
}

/* Sleeps until something happens to one of those that are on their way. How many these
 * are; -1: poll has failed. */
static int wait_for_any(const struct attempt *attempts, struct pollfd *fds, size_t count,
                        int64_t until_ms)
{
    int64_t left = until_ms - ot_clock_ms();
    int open = 0;

    for (size_t i = 0; i < count; i++) {
        /* A descriptor below zero is passed over. */
        fds[i] = (struct pollfd){.fd = attempts[i].fd, .events = attempts[i].events};
        open += attempts[i].fd >= 0;
    }
    if (open == 0 || left <= 0)
        return open;
    if (poll(fds, (nfds_t)count, left < SLEEP_MS ? (int)left : SLEEP_MS) < 0) {
        if (errno != EINTR)
            return -1;
        for (size_t i = 0; i < count; i++)
            fds[i].revents = 0;
    }
    return open;
}

static enum ot_status run_attempts(struct attempt *attempts, struct pollfd *fds,
                                   size_t count, SSL_CTX *tls, int64_t until_ms,
                                   const volatile int *stop, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    int open;

    while (status == OT_OK &&
           (open = wait_for_any(attempts, fds, count, until_ms)) != 0) {
        int64_t now = ot_clock_ms();

        if (stop != NULL && *stop != 0)
            return ot_error_set(err, OT_E_INTERRUPTED, "interrupted");
        if (open < 0)
            return ot_error_errno(err, OT_E_NETWORK, errno, "cannot wait for servers");
        if (now >= until_ms)
            break;
        for (size_t i = 0; status == OT_OK && i < count; i++)
            if (attempts[i].fd >= 0 && fds[i].revents != 0)
                status = go_on(&attempts[i], tls, err);
            else if (attempts[i].ssl == NULL && now >= attempts[i].patience_ms)
                try_next_address(&attempts[i]);
    }
    return status;
}

/* Every chain is taken as it is: what it is worth is decided elsewhere. */
static int accept_any_chain(X509_STORE_CTX *context, void *arg)
{
    (void)context;
    (void)arg;
    return 1;
}

/* As wide as OpenSSL can be: nothing secret goes over the connection, and an old server
 * is refused by who used to accept it all the same. */
static SSL_CTX *new_client(OSSL_LIB_CTX *library)
{
    SSL_CTX *tls = SSL_CTX_new_ex(library, NULL, TLS_client_method());

    if (tls == NULL)
        return NULL;
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(tls, accept_any_chain, NULL);
    SSL_CTX_set_max_cert_list(tls, OT_IMPACT_CHAIN_BYTES_MAX);
    SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                 SSL_OP_LEGACY_SERVER_CONNECT);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(tls, 0) != 1 ||
        SSL_CTX_set_max_proto_version(tls, 0) != 1 ||
        SSL_CTX_set_cipher_list(tls, "ALL:!aNULL:@SECLEVEL=0") != 1) {
        SSL_CTX_free(tls);
        return NULL;
    }
    return tls;
}

enum ot_status ot_handshakes_make(struct ot_handshake *items, size_t count,
                                  OSSL_LIB_CTX *library, int64_t until_ms,
                                  const volatile int *stop, struct ot_error *err)
{
    struct attempt *attempts = calloc(count + 1, sizeof(*attempts));
    struct pollfd *fds = calloc(count + 1, sizeof(*fds));
    SSL_CTX *tls = new_client(library);
    enum ot_status status = OT_OK;

    if (attempts == NULL || fds == NULL)
        status = ot_error_nomem(err);
    else if (tls == NULL)
        status = ot_error_set(err, OT_E_INTERNAL, "OpenSSL cannot be a TLS client here");
    for (size_t i = 0; status == OT_OK && attempts != NULL && i < count; i++) {
        attempts[i] = (struct attempt){.item = &items[i], .fd = -1};
        if (items[i].addresses.count == 0) {
            say_why(&items[i], OT_HANDSHAKE_UNREACHABLE, items[i].addresses.why);
            continue;
        }
        say_why(&items[i], OT_HANDSHAKE_SILENT, "no answer in time");
        try_next_address(&attempts[i]);
    }
    if (status == OT_OK)
        status = run_attempts(attempts, fds, count, tls, until_ms, stop, err);
    for (size_t i = 0; attempts != NULL && i < count && attempts[i].item != NULL; i++) {
        if (attempts[i].fd >= 0)
            say_why(&items[i], OT_HANDSHAKE_SILENT, "no answer in time");
        end_attempt(&attempts[i]);
    }
    ERR_clear_error();
    SSL_CTX_free(tls);
    free(fds);
    free(attempts);
    return status;
}

void ot_handshake_clear(struct ot_handshake *item)
{
    sk_X509_pop_free(item->chain, X509_free);
    item->chain = NULL;
}

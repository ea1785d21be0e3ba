#include "doctor/tls_server_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "doctor/authority_internal.h"

/* Longer than a client is given: who is still connected then is none of ours. */
#define CONNECTION_MS 30000
#define TAKE_MS 60000
#define BACKLOG 64

#define ANSWER_HEAD                                                                      \
    "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"

struct ot_tls_server {
    SSL_CTX *ctx;
    char *answer; /* with a list of revocations, which Java's keytool comes to read */
    int listening, end; /* end: readable once it is to stop */
    unsigned port;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t passed;
    struct ot_tls_seen seen;
    unsigned marker; /* the port that a take comes from; 0: it has been dealt with */
};

/* For events on fd, until the deadline; false then, or when the server is to stop. */
static bool wait_until_ready(const struct ot_tls_server *server, int fd, short events,
                             int64_t until_ms)
{
    struct pollfd wanted[] = {{.fd = fd, .events = events},
                              {.fd = server->end, .events = POLLIN}};

    for (;;) {
        int64_t left = until_ms - ot_clock_ms();
        int n = poll(wanted, 2, left > 0 ? (int)left : 0);

        if (n == 0 || wanted[1].revents != 0)
            return false;
        if (n > 0)
            return true;
        if (errno != EINTR)
            return false;
    }
}

/* What an operation of the library's that returned rc waits for; false: it has failed. */
static bool wait_again(const struct ot_tls_server *server, const SSL *ssl, int rc,
                       int64_t until_ms)
{
    switch (SSL_get_error(ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return wait_until_ready(server, SSL_get_fd(ssl), POLLIN, until_ms);
    case SSL_ERROR_WANT_WRITE:
        return wait_until_ready(server, SSL_get_fd(ssl), POLLOUT, until_ms);
    default:
        return false;
    }
}

static bool shake_hands(const struct ot_tls_server *server, SSL *ssl, int64_t until_ms)
{
    int rc;

    do {
        ERR_clear_error();
        rc = SSL_accept(ssl);
    } while (rc != 1 && wait_again(server, ssl, rc, until_ms));
    return rc == 1;
}

/* Whatever is asked, the answer is the same; a client that asks nothing closes. */
static bool answer_request(const struct ot_tls_server *server, SSL *ssl, int64_t until_ms)
{
    char request[4096];
    int rc;

    do {
        ERR_clear_error();
        rc = SSL_read(ssl, request, sizeof(request));
    } while (rc <= 0 && wait_again(server, ssl, rc, until_ms));
    if (rc <= 0)
        return false;
    do {
        ERR_clear_error();
        rc = SSL_write(ssl, server->answer, (int)strlen(server->answer));
    } while (rc <= 0 && wait_again(server, ssl, rc, until_ms));
    SSL_shutdown(ssl);
    return true;
}

static void serve_client(struct ot_tls_server *server, int fd)
{
    const int64_t until = ot_clock_ms() + CONNECTION_MS;
    SSL *ssl = SSL_new(server->ctx);
    bool begun, completed = false, asked = false;

    begun = ssl != NULL && SSL_set_fd(ssl, fd) == 1 &&
            wait_until_ready(server, fd, POLLIN, until) &&
            recv(fd, &(char){0}, 1, MSG_PEEK) == 1;
    if (begun)
        completed = shake_hands(server, ssl, until);
    if (completed)
        asked = answer_request(server, ssl, until);
    SSL_free(ssl);
    ERR_clear_error();
    pthread_mutex_lock(&server->lock);
    server->seen.begun += begun;
    server->seen.completed += completed;
    server->seen.asked += asked;
    pthread_mutex_unlock(&server->lock);
}

static bool is_marker(struct ot_tls_server *server, const struct sockaddr_in *peer)
{
    bool is;

    pthread_mutex_lock(&server->lock);
    is = server->marker != 0 && ntohs(peer->sin_port) == server->marker;
    if (is) {
        server->marker = 0;
        pthread_cond_signal(&server->passed);
    }
    pthread_mutex_unlock(&server->lock);
    return is;
}

static void *serve_connections(void *arg)
{
    struct ot_tls_server *server = arg;

    while (
        wait_until_ready(server, server->listening, POLLIN, INT32_MAX + ot_clock_ms())) {
        struct sockaddr_in peer = {0};
        socklen_t len = sizeof(peer);
        int fd = accept4(server->listening, (struct sockaddr *)&peer, &len,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0)
            continue;
        if (!is_marker(server, &peer))
            serve_client(server, fd);
        close(fd);
    }
    OPENSSL_thread_stop();
    return NULL;
}

static bool prepare_tls(struct ot_tls_server *server,
                        const struct ot_authority *authority)
{
    server->ctx = SSL_CTX_new(TLS_server_method());
    if (server->ctx == NULL)
        return false;
    SSL_CTX_set_mode(server->ctx, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_session_cache_mode(server->ctx, SSL_SESS_CACHE_OFF);
    return SSL_CTX_use_certificate(server->ctx, authority->leaf) == 1 &&
           SSL_CTX_use_PrivateKey(server->ctx, authority->leaf_key) == 1;
}

static bool prepare_answer(struct ot_tls_server *server,
                           const struct ot_authority *authority)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *data = NULL;
    long len = 0;

    if (text != NULL && BIO_puts(text, ANSWER_HEAD) > 0 &&
        PEM_write_bio_X509_CRL(text, authority->crl) == 1 && BIO_write(text, "", 1) == 1)
        len = BIO_get_mem_data(text, &data);
    if (len > 0)
        server->answer = strdup(data);
    BIO_free(text);
    return server->answer != NULL;
}

static int loopback_socket(int flags, struct sockaddr_in *address)
{
    socklen_t len = sizeof(*address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd >= 0 && bind(fd, (struct sockaddr *)address, len) == 0 &&
        getsockname(fd, (struct sockaddr *)address, &len) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Signals are for the main thread. */
static int start_thread(struct ot_tls_server *server)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&server->thread, NULL, serve_connections, server);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    server->has_thread = rc == 0;
    return rc;
}

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum ot_status ot_tls_server_start(struct ot_tls_server **out,
                                   const struct ot_authority *authority,
                                   struct ot_error *err)
{
    struct ot_tls_server *server = calloc(1, sizeof(*server));
    struct sockaddr_in address;
    enum ot_status status = OT_OK;
    int rc = 0;

    *out = NULL;
    if (server == NULL)
        return ot_error_nomem(err);
    pthread_mutex_init(&server->lock, NULL);
    init_condition(&server->passed);
    server->end = eventfd(0, EFD_CLOEXEC);
    server->listening = loopback_socket(SOCK_NONBLOCK, &address);
    server->port = ntohs(address.sin_port);
    if (server->end < 0 || server->listening < 0 ||
        listen(server->listening, BACKLOG) != 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot listen on 127.0.0.1");
    else if (!prepare_tls(server, authority) || !prepare_answer(server, authority))
        status = ot_error_set(err, OT_E_INTERNAL, "OpenSSL cannot be a TLS server here");
    else
        rc = start_thread(server);
    if (rc != 0)
        status = ot_error_errno(err, OT_E_IO, rc, "cannot start a thread");
    ERR_clear_error();
    if (status == OT_OK)
        *out = server;
    else
        ot_tls_server_stop(server);
    return status;
}

unsigned ot_tls_server_port(const struct ot_tls_server *server)
{
    return server->port;
}

static bool wait_passed(struct ot_tls_server *server)
{
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += TAKE_MS / 1000;
    while (server->marker != 0 && rc == 0)
        rc = pthread_cond_timedwait(&server->passed, &server->lock, &until);
    return server->marker == 0;
}

/* Connections are dealt with one after the other, so that whoever came before one of our
 * own has had his turn when ours has. */
enum ot_status ot_tls_server_take(struct ot_tls_server *server, struct ot_tls_seen *seen,
                                  struct ot_error *err)
{
    struct sockaddr_in own, to = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)server->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = loopback_socket(0, &own);
    bool passed = false;

    if (fd >= 0) {
        pthread_mutex_lock(&server->lock);
        server->marker = ntohs(own.sin_port);
        pthread_mutex_unlock(&server->lock);
        if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
            pthread_mutex_lock(&server->lock);
            passed = wait_passed(server);
            pthread_mutex_unlock(&server->lock);
        }
        close(fd);
    }
    pthread_mutex_lock(&server->lock);
    server->marker = 0;
    *seen = server->seen;
    server->seen = (struct ot_tls_seen){0};
    pthread_mutex_unlock(&server->lock);
    return passed ? OT_OK
                  : ot_error_set(err, OT_E_IO, "the server on 127.0.0.1 cannot be asked");
}

void ot_tls_server_stop(struct ot_tls_server *server)
{
    const uint64_t one = 1;

    if (server == NULL)
        return;
    if (server->has_thread) {
        while (write(server->end, &one, sizeof(one)) < 0 && errno == EINTR)
            continue;
        pthread_join(server->thread, NULL);
    }
    if (server->listening >= 0)
        close(server->listening);
    if (server->end >= 0)
        close(server->end);
    SSL_CTX_free(server->ctx);
    free(server->answer);
    pthread_cond_destroy(&server->passed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

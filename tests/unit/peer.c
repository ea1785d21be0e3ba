#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 16384
#define CONNECTIONS_MAX 4096

struct connection {
    struct peer *peer;
    pthread_t thread;
    unsigned number;
    int fd;
    SSL *ssl;
};

struct peer {
    struct peer_options options;
    SSL_CTX *tls;
    int listener;
    unsigned port;
    char url[64];
    pthread_t acceptor;
    atomic_bool stopping;
    pthread_mutex_t lock; /* guards what follows */
    struct peer_request **requests;
    size_t count, capacity;
    struct connection *connections[CONNECTIONS_MAX];
    unsigned accepted, open, open_max, answering;
    pthread_cond_t settled;
};

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* false: the peer is being stopped. */
static bool pause_ms(struct peer *peer, int ms)
{
    long long end = now_ms() + ms;

    while (!atomic_load(&peer->stopping)) {
        long long left = end - now_ms();
        struct timespec slice = {0, (left < 5 ? left : 5) * 1000000};

        if (left <= 0)
            return true;
        nanosleep(&slice, NULL);
    }
    return false;
}

static long wire_read(struct connection *connection, char *data, size_t size)
{
    if (connection->ssl != NULL)
        return SSL_read(connection->ssl, data, (int)size);
    return recv(connection->fd, data, size, 0);
}

static bool wire_write(struct connection *connection, const char *data, size_t len)
{
    while (len > 0) {
        long n = connection->ssl != NULL ? SSL_write(connection->ssl, data, (int)len)
                                         : send(connection->fd, data, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static void free_request(struct peer_request *request)
{
    if (request == NULL)
        return;
    free(request->head);
    free(request->body);
    free(request);
}

static size_t body_length(const char *head)
{
    const char *field = strcasestr(head, "\r\nContent-Length:");

    return field != NULL ? strtoul(field + 17, NULL, 10) : 0;
}

/* The length of a request's head; 0: the connection has ended, or sends nonsense. */
static size_t read_head(struct connection *connection, char head[HEAD_MAX + 1])
{
    static const char no_tls[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    size_t len = 0;

    while (len < HEAD_MAX && (len < 4 || memcmp(head + len - 4, "\r\n\r\n", 4) != 0)) {
        if (wire_read(connection, head + len, 1) != 1)
            return 0;
        /* A TLS handshake where there is no TLS: as web servers do. */
        if (len++ == 0 && head[0] == 0x16) {
            wire_write(connection, no_tls, sizeof(no_tls) - 1);
            return 0;
        }
    }
    head[len] = '\0';
    return len;
}

static void count_answering(struct peer *peer, bool begins)
{
    pthread_mutex_lock(&peer->lock);
    peer->answering += begins ? 1 : -1u;
    if (peer->answering == 0)
        pthread_cond_broadcast(&peer->settled);
    pthread_mutex_unlock(&peer->lock);
}

/* NULL: see read_head. */
static struct peer_request *read_request(struct connection *connection)
{
    struct peer_request *request;
    char head[HEAD_MAX + 1];
    size_t len = read_head(connection, head), want, have = 0;

    if (len == 0)
        return NULL;
    count_answering(connection->peer, true);
    request = calloc(1, sizeof(*request));
    request->connection = connection->number;
    request->at_ms = now_ms();
    request->head = strdup(head);
    want = body_length(head);
    request->body = calloc(1, want + 1);
    while (have < want) {
        long n = wire_read(connection, request->body + have, want - have);

        if (n <= 0) {
            free_request(request);
            count_answering(connection->peer, false);
            return NULL;
        }
        have += (size_t)n;
    }
    return request;
}

static size_t record(struct peer *peer, struct peer_request *request)
{
    size_t index;

    pthread_mutex_lock(&peer->lock);
    if (peer->count == peer->capacity) {
        peer->capacity = peer->capacity * 2 + 16;
        peer->requests =
            realloc(peer->requests, peer->capacity * sizeof(*peer->requests));
    }
    index = peer->count++;
    peer->requests[index] = request;
    pthread_mutex_unlock(&peer->lock);
    return index;
}

static bool drip(struct connection *connection, const char *bytes, size_t len,
                 int drip_ms)
{
    if (drip_ms == 0)
        return wire_write(connection, bytes, len);
    for (size_t i = 0; i < len; i++)
        if (!wire_write(connection, bytes + i, 1) || !pause_ms(connection->peer, drip_ms))
            return false;
    return true;
}

static void reset(struct connection *connection)
{
    struct linger linger = {1, 0};

    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* Whether the connection goes on. */
static bool play(struct connection *connection, const struct peer_answer *answer)
{
    struct peer *peer = connection->peer;
    size_t len = answer->len;

    if (answer->hang)
        while (pause_ms(peer, 1000))
            ;
    if (!pause_ms(peer, answer->delay_ms))
        return false;
    if (answer->bytes != NULL) {
        if (len == 0)
            len = strlen(answer->bytes);
        if (!drip(connection, answer->bytes, len, answer->drip_ms))
            return false;
    }
    if (answer->reset)
        reset(connection);
    else if (answer->close) /* also where a child holds the descriptor */
        shutdown(connection->fd, SHUT_RDWR);
    return !answer->close && !answer->reset;
}

static bool reply(struct connection *connection, const struct peer_request *request,
                  size_t index)
{
    const struct peer_options *options = &connection->peer->options;
    struct peer_answer made = {.delay_ms = options->answer_delay_ms};
    char *bytes;
    bool goes_on;

    if (options->handler == NULL)
        return play(
            connection,
            &options
                 ->script[index < options->script_len ? index : options->script_len - 1]);
    made.bytes = bytes = options->handler(options->arg, request, &made.len);
    made.close = bytes == NULL;
    goes_on = play(connection, &made);
    free(bytes);
    return goes_on;
}

static void serve(struct connection *connection)
{
    struct peer_request *request;
    bool goes_on = true;

    while (goes_on && (request = read_request(connection)) != NULL) {
        goes_on = reply(connection, request, record(connection->peer, request));
        count_answering(connection->peer, false);
    }
}

static void *run_connection(void *arg)
{
    struct connection *connection = arg;
    struct peer *peer = connection->peer;

    if (peer->tls != NULL) {
        connection->ssl = SSL_new(peer->tls);
        SSL_set_fd(connection->ssl, connection->fd);
    }
    if (connection->ssl == NULL || SSL_accept(connection->ssl) == 1)
        serve(connection);
    SSL_free(connection->ssl);
    pthread_mutex_lock(&peer->lock);
    close(connection->fd);
    connection->fd = -1;
    peer->open--;
    pthread_mutex_unlock(&peer->lock);
    return NULL;
}

static void take(struct peer *peer, int fd)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    connection->peer = peer;
    connection->fd = fd;
    pthread_mutex_lock(&peer->lock);
    connection->number = peer->accepted++;
    if (connection->number >= CONNECTIONS_MAX)
        abort();
    peer->connections[connection->number] = connection;
    if (++peer->open > peer->open_max)
        peer->open_max = peer->open;
    pthread_mutex_unlock(&peer->lock);
    if (pthread_create(&connection->thread, NULL, run_connection, connection) != 0)
        abort();
}

static void *run_acceptor(void *arg)
{
    struct peer *peer = arg;
    int fd;

    while ((fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (atomic_load(&peer->stopping)) {
            close(fd);
            break;
        }
        take(peer, fd);
    }
    return NULL;
}

static void listen_on_loopback(struct peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer->listener < 0 ||
        bind(peer->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(peer->listener, 256) != 0 ||
        getsockname(peer->listener, (struct sockaddr *)&address, &len) != 0)
        abort();
    peer->port = ntohs(address.sin_port);
    snprintf(peer->url, sizeof(peer->url), "http%s://127.0.0.1:%u/v1",
             peer->tls != NULL ? "s" : "", peer->port);
}

struct peer *peer_start(const struct peer_options *options)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    sigset_t pipe, before;

    peer->options = *options;
    pthread_mutex_init(&peer->lock, NULL);
    pthread_cond_init(&peer->settled, NULL);
    if (options->tls_cert != NULL) {
        peer->tls = SSL_CTX_new(TLS_server_method());
        if (SSL_CTX_use_certificate_chain_file(peer->tls, options->tls_cert) != 1 ||
            SSL_CTX_use_PrivateKey_file(peer->tls, options->tls_key, SSL_FILETYPE_PEM) !=
                1)
            abort();
    }
    listen_on_loopback(peer);
    /* SSL_write has no MSG_NOSIGNAL; the threads inherit this mask. */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    if (pthread_create(&peer->acceptor, NULL, run_acceptor, peer) != 0)
        abort();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return peer;
}

void peer_stop(struct peer *peer)
{
    if (peer == NULL)
        return;
    atomic_store(&peer->stopping, true);
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->acceptor, NULL);
    pthread_mutex_lock(&peer->lock);
    for (unsigned i = 0; i < peer->accepted; i++)
        if (peer->connections[i]->fd >= 0)
            shutdown(peer->connections[i]->fd, SHUT_RDWR);
    pthread_mutex_unlock(&peer->lock);
    for (unsigned i = 0; i < peer->accepted; i++) {
        pthread_join(peer->connections[i]->thread, NULL);
        free(peer->connections[i]);
    }
    for (size_t i = 0; i < peer->count; i++)
        free_request(peer->requests[i]);
    free(peer->requests);
    close(peer->listener);
    SSL_CTX_free(peer->tls);
    pthread_cond_destroy(&peer->settled);
    pthread_mutex_destroy(&peer->lock);
    free(peer);
}

void peer_settle(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    while (peer->answering > 0)
        pthread_cond_wait(&peer->settled, &peer->lock);
    pthread_mutex_unlock(&peer->lock);
}

unsigned peer_port(const struct peer *peer)
{
    return peer->port;
}

const char *peer_url(const struct peer *peer)
{
    return peer->url;
}

size_t peer_requests(struct peer *peer)
{
    size_t count;

    pthread_mutex_lock(&peer->lock);
    count = peer->count;
    pthread_mutex_unlock(&peer->lock);
    return count;
}

const struct peer_request *peer_request(struct peer *peer, size_t i)
{
    const struct peer_request *request;

    pthread_mutex_lock(&peer->lock);
    request = i < peer->count ? peer->requests[i] : NULL;
    pthread_mutex_unlock(&peer->lock);
    return request;
}

unsigned peer_connections(struct peer *peer)
{
    unsigned count;

    pthread_mutex_lock(&peer->lock);
    count = peer->accepted;
    pthread_mutex_unlock(&peer->lock);
    return count;
}

unsigned peer_open_max(struct peer *peer)
{
    unsigned count;

    pthread_mutex_lock(&peer->lock);
    count = peer->open_max;
    pthread_mutex_unlock(&peer->lock);
    return count;
}

char *peer_format(int status, const char *headers, const char *body, size_t *len)
{
    char *text = NULL;
    int n = asprintf(&text,
                     "HTTP/1.1 %d x\r\nContent-Type: application/json\r\n%s"
                     "Content-Length: %zu\r\n\r\n%s",
                     status, headers, strlen(body), body);

    if (n < 0)
        abort();
    *len = (size_t)n;
    return text;
}

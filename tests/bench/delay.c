/* A long line: hands on what it gets, later.
 *
 *   bench_delay PORT MILLISECONDS
 *
 * Listens on a port of 127.0.0.1 that the kernel chooses and prints it; connects each
 * client to 127.0.0.1:PORT. Every byte takes half of MILLISECONDS, whichever way it goes,
 * and the first of a client the whole of it more, for the handshake that TCP would have
 * made over that line. Bandwidth is not limited. Runs until it is ended. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define LINES_MAX 512u
#define CHUNK 65536
#define QUEUED_MAX (16u * 1024 * 1024) /* more is not read until some has left */

struct chunk {
    struct chunk *next;
    int64_t due; /* nanoseconds */
    size_t len, sent;
    unsigned char data[];
};

/* One direction. */
struct lane {
    struct chunk *first, **last;
    size_t queued;
    int64_t extra; /* for the first chunk */
    int ended;     /* nothing more will be read */
    int blocked;   /* the receiver takes no more just now */
};

struct line {
    int fd[2];           /* client, server; -1: free */
    struct lane lane[2]; /* from the client, from the server */
};

static struct line lines[LINES_MAX];
static int64_t half_ns;

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void prepare(int fd)
{
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    bench_must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "fcntl", "a socket");
}

static void accept_line(int listener, struct sockaddr_in *to)
{
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC), server;
    unsigned i, side;

    if (client < 0)
        return;
    server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    for (i = 0; i < LINES_MAX && lines[i].fd[0] >= 0; i++)
        ;
    bench_must(i < LINES_MAX, "too many connections", "bench_delay");
    if (server < 0 || connect(server, (struct sockaddr *)to, sizeof(*to)) != 0) {
        close(client);
        if (server >= 0)
            close(server);
        return;
    }
    lines[i] = (struct line){.fd = {client, server}};
    lines[i].lane[0].extra = 2 * half_ns;
    for (side = 0; side < 2; side++) {
        lines[i].lane[side].last = &lines[i].lane[side].first;
        prepare(lines[i].fd[side]);
    }
}

/* Takes in what the side has; an end of its stream becomes an empty chunk. */
static void take(struct line *line, unsigned side)
{
    struct lane *lane = &line->lane[side];
    struct chunk *chunk = malloc(sizeof(*chunk) + CHUNK);
    ssize_t n;

    bench_must(chunk != NULL, "no memory", "a chunk");
    n = read(line->fd[side], chunk->data, CHUNK);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        free(chunk);
        return;
    }
    lane->ended = n <= 0;
    chunk->next = NULL;
    chunk->len = n > 0 ? (size_t)n : 0;
    chunk->sent = 0;
    chunk->due = now_ns() + half_ns + lane->extra;
    lane->queued += chunk->len;
    *lane->last = chunk;
    lane->last = &chunk->next;
    /* What follows the first chunk must not overtake it. */
    if (lane->extra > 0 && lane->first != chunk)
        chunk->due = now_ns() + half_ns;
    if (chunk->due < lane->first->due)
        chunk->due = lane->first->due;
    lane->extra = 0;
}

static void drop_first(struct lane *lane)
{
    struct chunk *chunk = lane->first;

    lane->first = chunk->next;
    if (lane->first == NULL)
        lane->last = &lane->first;
    lane->queued -= chunk->len;
    free(chunk);
}

/* Hands on what is due. */
static void give(struct line *line, unsigned side, int64_t now)
{
    struct lane *lane = &line->lane[side];
    int to = line->fd[1 - side];

    lane->blocked = 0;
    while (lane->first != NULL && lane->first->due <= now) {
        struct chunk *chunk = lane->first;
        ssize_t n;

        if (chunk->len == 0) {
            shutdown(to, SHUT_WR);
            drop_first(lane);
            continue;
        }
        n = send(to, chunk->data + chunk->sent, chunk->len - chunk->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            lane->blocked = 1;
            return;
        }
        if (n < 0) /* the receiver is gone */
            chunk->sent = chunk->len;
        else
            chunk->sent += (size_t)n;
        if (chunk->sent == chunk->len)
            drop_first(lane);
    }
}

static void close_if_done(struct line *line)
{
    unsigned side;

    for (side = 0; side < 2; side++)
        if (!line->lane[side].ended || line->lane[side].first != NULL)
            return;
    close(line->fd[0]);
    close(line->fd[1]);
    line->fd[0] = line->fd[1] = -1;
}

static short interest(const struct line *line, unsigned side)
{
    const struct lane *from = &line->lane[side], *towards = &line->lane[1 - side];
    short events = 0;

    if (!from->ended && from->queued < QUEUED_MAX)
        events |= POLLIN;
    if (towards->blocked)
        events |= POLLOUT;
    return events;
}

/* Waits until something can be read or written, or something is due. */
static void wait_for(struct pollfd *fds, unsigned count, int64_t now)
{
    int64_t next = now + INT64_C(1000000000);
    struct timespec timeout;
    unsigned i, side;

    for (i = 0; i < LINES_MAX; i++)
        for (side = 0; side < 2 && lines[i].fd[0] >= 0; side++) {
            const struct lane *lane = &lines[i].lane[side];

            if (lane->first != NULL && !lane->blocked && lane->first->due < next)
                next = lane->first->due;
        }
    next = next > now ? next - now : 0;
    timeout.tv_sec = next / 1000000000;
    timeout.tv_nsec = next % 1000000000;
    ppoll(fds, count, &timeout, NULL);
}

static void turn(int listener, struct sockaddr_in *to)
{
    static struct pollfd fds[1 + 2 * LINES_MAX];
    static struct {
        struct line *line;
        unsigned side;
    } of[1 + 2 * LINES_MAX];
    unsigned count = 1, i, side;
    int64_t now;

    fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (i = 0; i < LINES_MAX; i++)
        for (side = 0; side < 2 && lines[i].fd[0] >= 0; side++) {
            short events = interest(&lines[i], side);

            of[count].line = &lines[i];
            of[count].side = side;
            /* A side that is not asked about would still report that it hung up. */
            fds[count++] = (struct pollfd){.fd = events != 0 ? lines[i].fd[side] : -1,
                                           .events = events};
        }
    wait_for(fds, count, now_ns());
    for (i = 1; i < count; i++)
        if ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
            !of[i].line->lane[of[i].side].ended)
            take(of[i].line, of[i].side);
    now = now_ns();
    for (i = 0; i < LINES_MAX; i++) {
        for (side = 0; side < 2 && lines[i].fd[0] >= 0; side++)
            give(&lines[i], side, now);
        if (lines[i].fd[0] >= 0)
            close_if_done(&lines[i]);
    }
    if (fds[0].revents != 0)
        accept_line(listener, to);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsigned i;

    bench_must(argc == 3, "usage", "bench_delay PORT MILLISECONDS");
    to.sin_port = htons((uint16_t)bench_number(argv[1]));
    half_ns = bench_number(argv[2]) * INT64_C(500000);
    address.sin_addr.s_addr = to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bench_must(listener >= 0 &&
                   bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                   listen(listener, 256) == 0 &&
                   getsockname(listener, (struct sockaddr *)&address, &len) == 0,
               "cannot listen", "127.0.0.1");
    for (i = 0; i < LINES_MAX; i++)
        lines[i].fd[0] = lines[i].fd[1] = -1;
    printf("%u\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;)
        turn(listener, &to);
}

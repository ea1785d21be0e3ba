/* The server's own TLS certificate over time: it is read again when somebody asks for
 * that, and its end is told a month before. */
#ifndef OT_SERVER_HTTP_RENEWAL_H
#define OT_SERVER_HTTP_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>

struct ot_daemon;
struct ot_server;

/* One thread's. */
struct ot_renewal {
    struct ot_server *server;
    struct ot_daemon *daemon;
    const char *cert_path, *key_path; /* NULL: no TLS */
    int64_t warned_at;                /* Unix seconds; 0: the end is to be looked at */
    bool is_asked_for;
};

/* What is due: the files are read, and their pair shown from now on where it is one, and
 * else a line says why the one of before stays; a line about the end, once a day. To be
 * called each second or so. */
void ot_renewal_step(struct ot_renewal *renewal);

#endif

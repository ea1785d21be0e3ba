#include "tls_peer.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

static void serve_one(gnutls_certificate_credentials_t own, int fd)
{
    gnutls_session_t session;
    char byte;
    int error;

    bench_must(gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_TICKETS) == 0 &&
                   gnutls_set_default_priority(session) == 0 &&
                   gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, own) == 0,
               "no session", "the TLS server");
    gnutls_transport_set_int(session, fd);
    do
        error = gnutls_handshake(session);
    while (error < 0 && gnutls_error_is_fatal(error) == 0);
    /* The client hangs up. */
    while (error == 0 && gnutls_record_recv(session, &byte, 1) > 0)
        ;
    gnutls_deinit(session);
    close(fd);
}

static void serve(int listener, const char *directory)
{
    char *leaf = bench_path(directory, "leaf.pem");
    char *key = bench_path(directory, "leaf.key");
    gnutls_certificate_credentials_t own;
    int fd;

    bench_must(gnutls_certificate_allocate_credentials(&own) == 0 &&
                   gnutls_certificate_set_x509_key_file(own, leaf, key,
                                                        GNUTLS_X509_FMT_PEM) == 0,
               "cannot serve with", leaf);
    while ((fd = accept(listener, NULL, NULL)) >= 0)
        serve_one(own, fd);
    _exit(0);
}

unsigned short tls_peer_start(const char *directory)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t parent = getpid(), child;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bench_must(listener >= 0 &&
                   bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                   listen(listener, 16) == 0 &&
                   getsockname(listener, (struct sockaddr *)&address, &len) == 0,
               "cannot listen", "127.0.0.1");
    child = fork();
    bench_must(child >= 0, "cannot fork", "the TLS server");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        serve(listener, directory);
    }
    close(listener);
    return ntohs(address.sin_port);
}

/* TLS handshakes of a GnuTLS client that trusts a token, and of one that trusts a file.
 *
 *   bench_gnutls WORK ROUNDS SIDE DIRECTORY
 *
 * WORK  handshake  credentials that are kept: a program that goes on running
 *       first      credentials that are made for the one handshake: wget, git
 * SIDE  orgtrust, file, or all. p11-kit must know the module. */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "tls_peer.h"

#define HOST "localhost"

struct client {
    const char *trust; /* a file, or a token's URL */
    unsigned short port;
    unsigned repeat;
    gnutls_certificate_credentials_t credentials;
};

static void trust(void *arg)
{
    struct client *client = arg;

    bench_must(gnutls_certificate_allocate_credentials(&client->credentials) == 0 &&
                   gnutls_certificate_set_x509_trust_file(
                       client->credentials, client->trust, GNUTLS_X509_FMT_PEM) >= 0,
               "nothing trusted in", client->trust);
}

static void forget(void *arg)
{
    struct client *client = arg;

    gnutls_certificate_free_credentials(client->credentials);
}

static int connect_to(unsigned short port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bench_must(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0,
               "cannot connect", HOST);
    return fd;
}

static void shake(struct client *client)
{
    int fd = connect_to(client->port), error;
    gnutls_session_t session;

    bench_must(gnutls_init(&session, GNUTLS_CLIENT) == 0 &&
                   gnutls_set_default_priority(session) == 0 &&
                   gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                                          client->credentials) == 0 &&
                   gnutls_server_name_set(session, GNUTLS_NAME_DNS, HOST, strlen(HOST)) ==
                       0,
               "no session", HOST);
    gnutls_session_set_verify_cert(session, HOST, 0);
    gnutls_transport_set_int(session, fd);
    do
        error = gnutls_handshake(session);
    while (error < 0 && gnutls_error_is_fatal(error) == 0);
    bench_must(error == 0, "handshake", gnutls_strerror(error));
    gnutls_bye(session, GNUTLS_SHUT_WR);
    gnutls_deinit(session);
    close(fd);
}

static void shake_many(void *arg)
{
    struct client *client = arg;
    unsigned i;

    for (i = 0; i < client->repeat; i++)
        shake(client);
}

static void shake_first(void *arg)
{
    struct client *client = arg;
    unsigned i;

    for (i = 0; i < client->repeat; i++) {
        trust(client);
        shake(client);
        forget(client);
    }
}

int main(int argc, char **argv)
{
    const char *const names[] = {"orgtrust", "file"};
    struct client clients[2] = {{.trust = "pkcs11:token=orgtrust"}};
    struct bench_side sides[2] = {0};
    unsigned short port;
    unsigned i;
    char *bundle;

    bench_must(argc == 5, "usage", "bench_gnutls WORK ROUNDS SIDE DIRECTORY");
    bundle = bench_path(argv[4], "bundle.pem");
    clients[1].trust = bundle;
    port = tls_peer_start(argv[4]);
    for (i = 0; i < 2; i++) {
        clients[i].port = port;
        clients[i].repeat = 10;
        sides[i] = (struct bench_side){
            .name = names[i], .arg = &clients[i], .operations = clients[i].repeat};
        if (strcmp(argv[1], "first") == 0) {
            sides[i].work = shake_first;
        } else {
            trust(&clients[i]);
            sides[i].work = shake_many;
        }
    }
    bench_run(sides, 2, bench_number(argv[2]), argv[3]);
    for (i = 0; i < 2 && strcmp(argv[1], "first") != 0; i++)
        forget(&clients[i]);
    free(bundle);
    return 0;
}

/* TLS handshakes of an NSS client that believes what its database says: the module, or
 * the certificates in it. NSS has one database in a process, so this is one side.
 *
 *   bench_nss ROUNDS SIDE DIRECTORY DATABASE
 *
 * SIDE  what the side is called. DATABASE as for NSS_Init(), such as sql:/somewhere. */
#include <arpa/inet.h>
#include <cert.h>
#include <nspr.h>
#include <nss.h>
#include <ssl.h>
#include <stdlib.h>

#include "bench.h"
#include "tls_peer.h"

#define HOST "localhost"

struct client {
    unsigned short port;
    unsigned repeat;
};

static void must(int ok, const char *what)
{
    bench_must(ok, what, PR_ErrorToName(PR_GetError()));
}

static void shake(const struct client *client)
{
    PRFileDesc *fd = PR_NewTCPSocket();
    PRNetAddr address;

    must(fd != NULL, "socket");
    PR_InitializeNetAddr(PR_IpAddrLoopback, client->port, &address);
    must(PR_Connect(fd, &address, PR_INTERVAL_NO_TIMEOUT) == PR_SUCCESS, "connect");
    fd = SSL_ImportFD(NULL, fd);
    must(fd != NULL && SSL_OptionSet(fd, SSL_NO_CACHE, PR_TRUE) == SECSuccess &&
             SSL_SetURL(fd, HOST) == SECSuccess &&
             SSL_ResetHandshake(fd, PR_FALSE) == SECSuccess,
         "session");
    must(SSL_ForceHandshake(fd) == SECSuccess, "handshake");
    PR_Close(fd);
}

static void shake_many(void *arg)
{
    const struct client *client = arg;
    unsigned i;

    for (i = 0; i < client->repeat; i++)
        shake(client);
}

int main(int argc, char **argv)
{
    struct client client = {.repeat = 10};
    struct bench_side side = {
        .work = shake_many, .arg = &client, .operations = client.repeat};

    bench_must(argc == 5, "usage", "bench_nss ROUNDS SIDE DIRECTORY DATABASE");
    client.port = tls_peer_start(argv[3]);
    side.name = argv[2];
    must(NSS_Init(argv[4]) == SECSuccess, "NSS_Init");
    must(NSS_SetDomesticPolicy() == SECSuccess, "policy");
    bench_run(&side, 1, bench_number(argv[1]), "all");
    SSL_ClearSessionCache();
    must(NSS_Shutdown() == SECSuccess, "NSS_Shutdown");
    return 0;
}

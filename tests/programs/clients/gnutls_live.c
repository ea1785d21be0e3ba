/* Makes TLS handshakes with GnuTLS, in one process with one set of credentials that goes
 * on running.
 *
 *   gnutls_live TRUST < requests       TRUST: what
 * gnutls_certificate_set_x509_trust_file() takes, say pkcs11:token=orgtrust
 *
 * A request is a line `HOST PORT`; the server is asked for at 127.0.0.1. The answer is a
 * line, "trusted" or "refused REASON". */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_to(unsigned short port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        perror("gnutls_live: connect");
        exit(1);
    }
    return fd;
}

static void say_refused(gnutls_session_t session, int error)
{
    unsigned status = gnutls_session_get_verify_cert_status(session);
    gnutls_datum_t text = {NULL, 0};

    if (error != GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
        printf("broken %s\n", gnutls_strerror(error));
    else if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text,
                                                          0) == 0)
        printf("refused %s\n", (const char *)text.data);
    gnutls_free(text.data);
}

static void handshake(gnutls_certificate_credentials_t trust, const char *host, int fd)
{
    gnutls_session_t session;
    int error;

    if (gnutls_init(&session, GNUTLS_CLIENT) != 0 ||
        gnutls_set_default_priority(session) != 0 ||
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, trust) != 0 ||
        gnutls_server_name_set(session, GNUTLS_NAME_DNS, host, strlen(host)) != 0) {
        fputs("gnutls_live: no session\n", stderr);
        exit(1);
    }
    gnutls_session_set_verify_cert(session, host, 0);
    gnutls_transport_set_int(session, fd);
    do
        error = gnutls_handshake(session);
    while (error < 0 && gnutls_error_is_fatal(error) == 0);
    if (error == 0)
        puts("trusted");
    else
        say_refused(session, error);
    if (error == 0)
        gnutls_bye(session, GNUTLS_SHUT_WR);
    gnutls_deinit(session);
}

static void obey(gnutls_certificate_credentials_t trust, const char *line)
{
    unsigned short port;
    char host[256];
    int fd;

    if (sscanf(line, "%255s %hu", host, &port) != 2) {
        fprintf(stderr, "gnutls_live: not HOST PORT: %s\n", line);
        exit(1);
    }
    fd = connect_to(port);
    handshake(trust, host, fd);
    close(fd);
}

int main(int argc, char **argv)
{
    gnutls_certificate_credentials_t trust;
    char line[512];

    if (argc != 2 || gnutls_certificate_allocate_credentials(&trust) != 0) {
        fputs("usage: gnutls_live TRUST\n", stderr);
        return 2;
    }
    if (gnutls_certificate_set_x509_trust_file(trust, argv[1], GNUTLS_X509_FMT_PEM) < 0) {
        fprintf(stderr, "gnutls_live: nothing trusted: %s\n", argv[1]);
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(trust, line);
    gnutls_certificate_free_credentials(trust);
    return 0;
}

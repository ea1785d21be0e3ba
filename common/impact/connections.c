#include "impact/connections_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* States of the table (the kernel's include/net/tcp_states.h). */
#define ESTABLISHED 0x01
#define LISTENING 0x0A

/* Where Linux begins with the ports that it gives to clients, unless it was told. */
#define CLIENTS_PORT 32768

/* Descriptors of this process that are looked at: the command has a handful. */
#define OWN_MAX 256

/* Ports on which TLS comes first, by the registry of IANA or by the habit of programs. A
 * handshake on any other might disturb who speaks something else: a printer prints it. */
static const uint16_t tls_ports[] = {
    443,  465,  563,                             /* https, smtps, nntps */
    636,  3269,                                  /* ldaps, and its catalogue */
    853,                                         /* DNS */
    989,  990,  992,  993,  994,   995,          /* ftps, telnets, imaps, ircs, pop3s */
    2376, 2379, 2380, 6443, 10250, 10257, 10259, /* Docker, etcd, Kubernetes */
    4433, 5061, 5223, 5671, 6514,  6697,         /* sips, xmpps, amqps, syslog, irc */
    8140, 8200, 8201, 8501, 8883,                /* Puppet, Vault, Consul, MQTT */
    16514                                        /* libvirt */
};

/* 8443, 9443 and their like are https everywhere. */
static bool is_tls_port(uint16_t port)
{
    for (size_t i = 0; i < sizeof(tls_ports) / sizeof(tls_ports[0]); i++)
        if (tls_ports[i] == port)
            return true;
    return port % 1000 == 443;
}

/* A line of the table. */
struct line {
    char address[33]; /* of the other side, in hexadecimal */
    uint16_t local_port, port;
    unsigned state;
    uintmax_t inode;
};

/* The columns that count. */
enum column { LOCAL = 1, REMOTE = 2, STATE = 3, INODE = 9, COLUMNS = 10 };

/* An address and a port in hexadecimal, a colon between. Where the port is. */
static char *split_port(char *column)
{
    char *colon = strchr(column, ':');

    if (colon == NULL)
        return NULL;
    *colon = '\0';
    return colon + 1;
}

/* text is taken apart. false: the line of titles. */
static bool parse_connection(struct line *line, char *text)
{
    char *columns[COLUMNS] = {NULL}, *rest = NULL, *local, *remote;

    for (size_t i = 0; i < COLUMNS; i++)
        if ((columns[i] = strtok_r(i == 0 ? text : NULL, " \n", &rest)) == NULL)
            return false;
    local = split_port(columns[LOCAL]);
    remote = split_port(columns[REMOTE]);
    if (local == NULL || remote == NULL ||
        strlen(columns[REMOTE]) >= sizeof(line->address))
        return false;
    memcpy(line->address, columns[REMOTE], strlen(columns[REMOTE]) + 1);
    line->local_port = (uint16_t)strtoul(local, NULL, 16);
    line->port = (uint16_t)strtoul(remote, NULL, 16);
    line->state = (unsigned)strtoul(columns[STATE], NULL, 16);
    line->inode = strtoumax(columns[INODE], NULL, 10);
    return true;
}

/* What is known when connections are read. */
struct reading {
    uint8_t listens[65536 / 8]; /* a bit for each port */
    uintmax_t own[OWN_MAX];     /* inodes */
    size_t own_count;
    struct ot_connections *found;
};

static bool has_listener(const struct reading *reading, uint16_t port)
{
    return (reading->listens[port / 8] >> port % 8 & 1) != 0;
}

static bool is_own_socket(const struct reading *reading, uintmax_t inode)
{
    for (size_t i = 0; i < reading->own_count; i++)
        if (reading->own[i] == inode)
            return true;
    return false;
}

/* The table has an address as words of 32 bits, each a number of this machine's. */
static bool read_address(char host[INET6_ADDRSTRLEN], const char *hex)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    size_t words = strlen(hex) / 8;
    uint32_t address[4] = {0};

    if (words != 1 && words != 4)
        return false;
    for (size_t i = 0; i < words; i++) {
        char word[9] = "";

        memcpy(word, hex + 8 * i, 8);
        address[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    if (words == 1)
        return inet_ntop(AF_INET, address, host, INET6_ADDRSTRLEN) != NULL;
    if (memcmp(address, mapped, sizeof(mapped)) == 0)
        return inet_ntop(AF_INET, &address[3], host, INET6_ADDRSTRLEN) != NULL;
    /* A link's own address means nothing without the link. */
    return !IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)address) &&
           inet_ntop(AF_INET6, address, host, INET6_ADDRSTRLEN) != NULL;
}

static void add_endpoint(struct ot_endpoint *list, size_t *count, size_t *left_out,
                         const struct ot_endpoint *endpoint)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i].port == endpoint->port && strcmp(list[i].host, endpoint->host) == 0)
            return;
    if (*count < OT_IMPACT_SERVERS_MAX)
        list[(*count)++] = *endpoint;
    else
        (*left_out)++;
}

static void note_listener(struct reading *reading, const struct line *line)
{
    if (line->state == LISTENING)
        reading->listens[line->local_port / 8] |= (uint8_t)(1u << line->local_port % 8);
}

static void note_connection(struct reading *reading, const struct line *line)
{
    struct ot_connections *found = reading->found;
    struct ot_endpoint endpoint = {.port = line->port};
    char host[INET6_ADDRSTRLEN];
    size_t ignored = 0;

    if (line->state != ESTABLISHED || line->port == 0 ||
        has_listener(reading, line->local_port) || is_own_socket(reading, line->inode) ||
        !read_address(host, line->address))
        return;
    memcpy(endpoint.host, host, strlen(host) + 1);
    if (is_tls_port(line->port))
        add_endpoint(found->tls, &found->tls_count, &found->left_out, &endpoint);
    else if (line->port < CLIENTS_PORT)
        add_endpoint(found->others, &found->other_count, &ignored, &endpoint);
}

static enum ot_status read_table(struct reading *reading, const char *path,
                                 void (*note)(struct reading *reading,
                                              const struct line *line),
                                 struct ot_error *err)
{
    char text[512];
    FILE *file = fopen(path, "re");

    /* Without IPv6 there is no such table. */
    if (file == NULL && errno == ENOENT && strcmp(path, "/proc/net/tcp6") == 0)
        return OT_OK;
    if (file == NULL)
        return ot_error_errno(err, OT_E_IO, errno,
                              "which servers this machine is connected to is not known "
                              "(probe_connections = no goes without): cannot read %s",
                              path);
    while (fgets(text, sizeof(text), file) != NULL) {
        struct line line;

        if (parse_connection(&line, text))
            note(reading, &line);
    }
    fclose(file);
    return OT_OK;
}

/* The number of a socket's inode is that of the table. */
static void find_own_sockets(struct reading *reading)
{
    struct stat st;

    for (int fd = 0; fd < OWN_MAX; fd++)
        if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
            reading->own[reading->own_count++] = st.st_ino;
}

enum ot_status ot_connections_read(struct ot_connections *connections,
                                   struct ot_error *err)
{
    static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
    struct reading *reading = calloc(1, sizeof(*reading));
    enum ot_status status = OT_OK;

    if (reading == NULL)
        return ot_error_nomem(err);
    *connections = (struct ot_connections){.tls_count = 0};
    reading->found = connections;
    find_own_sockets(reading);
    /* A socket of IPv6 may listen for both: who listens is known first. */
    for (size_t i = 0; status == OT_OK && i < 2; i++)
        status = read_table(reading, tables[i], note_listener, err);
    for (size_t i = 0; status == OT_OK && i < 2; i++)
        status = read_table(reading, tables[i], note_connection, err);
    free(reading);
    return status;
}

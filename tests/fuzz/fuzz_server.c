/* What comes over a connection to orgtrust-server, through libmicrohttpd and all of ours:
 * its answers are answers, nobody without a key gets one that tells anything, and a head
 * that RFC 9112 forbids is not served, as judged here by its bytes alone. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/apikey.h"
#include "auth/wrong_keys.h"
#include "base/error.h"
#include "http/connection_internal.h"
#include "http/framing_internal.h"
#include "http/guests.h"
#include "http/meter.h"
#include "http/server.h"
#include "http/waits.h"
#include "shared/limits.h"
#include "store/db.h"
#include "store/store.h"

#define INPUT_MAX (32u * 1024)
#define ROUNDS 64

static struct ot_server server = {.settings = {.max_certificates = 3}};
static struct MHD_Daemon *host;
static struct ot_apikey key;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "fuzz_server: %s\n", what);
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const struct ot_guest_limits limits = {.per_address = 8, .max = 8};
    struct ot_error err = OT_ERROR_INIT;
    char dir[] = "/tmp/fuzz-server-XXXXXX", path[64];
    struct ot_db *db;

    (void)argc;
    (void)argv;
    need(mkdtemp(dir) != NULL, "no directory");
    snprintf(path, sizeof(path), "%s/o.db", dir);
    need(ot_wrong_keys_new(&server.wrong_keys, &err) == OT_OK &&
             ot_guests_new(&server.guests, &limits, &err) == OT_OK &&
             ot_waits_new(&server.waits, 0, &err) == OT_OK &&
             ot_meter_new(&server.meter, &err) == OT_OK &&
             ot_store_open(&server.store, path, 1, &err) == OT_OK,
         err.message);
    db = ot_store_lend(server.store);
    need(ot_db_begin(db, OT_WRITING, &err) == OT_OK &&
             ot_apikey_create(db, &(struct ot_apikey_spec){.role = OT_ROLE_ADMIN}, &key,
                              &err) == OT_OK &&
             ot_db_commit(db, &err) == OT_OK,
         err.message);
    ot_store_return(server.store, db);
    unlink(path); /* it is open */
    need(freopen("/dev/null", "w", stdout) != NULL, "no /dev/null");
    host = MHD_start_daemon(
        MHD_USE_NO_LISTEN_SOCKET | ot_framing_flags(), 0, NULL, NULL,
        ot_connection_handle, &server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)OT_CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK, ot_connection_target,
        &server, MHD_OPTION_UNESCAPE_CALLBACK, ot_connection_keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, ot_connection_completed, &server,
        MHD_OPTION_NOTIFY_CONNECTION, ot_connection_notify, &server, MHD_OPTION_END);
    need(host != NULL, "libmicrohttpd does not start");
    return 0;
}

/* The input, with the key where it says KEY. The caller frees it. */
static char *with_key(const uint8_t *data, size_t size, size_t *len, bool *has_key)
{
    char *out = malloc(size + 2 * sizeof(key.text));
    const uint8_t *at = memmem(data, size, "KEY", 3);
    size_t before = at != NULL ? (size_t)(at - data) : size, keyed = strlen(key.text);

    need(out != NULL, "no memory");
    memcpy(out, data, before);
    *len = before;
    *has_key = at != NULL;
    if (at == NULL)
        return out;
    memcpy(out + before, key.text, keyed);
    memcpy(out + before + keyed, at + 3, size - before - 3);
    *len = size - 3 + keyed;
    return out;
}

static bool is_empty(const char *line, const char *lf)
{
    return lf == line || (lf == line + 1 && *line == '\r');
}

/* NULs at the end of a line are for the library (0.9.75) what it makes of CR and LF, and
 * so is a line's only colon, at which the head ends: where it does is then not for us to
 * say. */
static bool is_undecided(const char *line, const char *lf)
{
    const char *end = lf > line && lf[-1] == '\r' ? lf - 1 : lf;

    return end > line && (end[-1] == '\0' || (end == line + 1 && *line == ':'));
}

static bool is_line_forbidden(const char *line, const char *lf, bool is_first)
{
    const char *colon = memchr(line, ':', (size_t)(lf - line));

    if (lf[-1] != '\r')
        return true;
    for (const char *at = line; at < lf - 1; at++)
        if (((unsigned char)*at < 0x20 && *at != '\t') || *at == 0x7f)
            return true;
    if (is_first)
        return false;
    if (*line == ' ' || *line == '\t')
        return true;
    return colon != NULL && colon > line && (colon[-1] == ' ' || colon[-1] == '\t');
}

/* Of the first request's head. Before it the library passes empty lines over, and
 * (0.9.75) those that begin with a NUL, which it takes for such. */
static bool is_forbidden(const char *text, size_t len)
{
    const char *end = text + len, *line = text, *lf;
    bool is_first = true, found = false;

    for (; (lf = memchr(line, '\n', (size_t)(end - line))) != NULL; line = lf + 1) {
        if (is_first && (is_empty(line, lf) || *line == '\0'))
            continue;
        if (is_undecided(line, lf))
            return false;
        if (is_empty(line, lf))
            return found;
        found = found || is_line_forbidden(line, lf, is_first);
        is_first = false;
    }
    return false; /* it does not end */
}

static size_t answer_of(int fd, char *answer, size_t size)
{
    size_t len = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        ssize_t got;

        need(MHD_run(host) == MHD_YES, "MHD_run");
        while (len < size && (got = recv(fd, answer + len, size - len, 0)) != 0) {
            if (got < 0)
                break;
            len += (size_t)got;
        }
    }
    return len;
}

static void judge(const char *answer, const char *text, size_t len, bool has_key)
{
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
    bool is_served;
    unsigned status;

    if (strncmp(answer, interim, sizeof(interim) - 1) == 0)
        answer += sizeof(interim) - 1;
    if (*answer == '\0')
        return;
    status = strlen(answer) > 12 ? (unsigned)strtoul(answer + 9, NULL, 10) : 0;
    is_served = status < 400 || (status >= 401 && status <= 404);
    need(strncmp(answer, "HTTP/1.", 7) == 0 && status >= 100 && status < 600,
         "an answer that is none");
    need(has_key || status != 200, "an answer for nobody");
    need(!is_served || !is_forbidden(text, len), "a forbidden head is served");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char answer[1024 * 1024];
    const struct sockaddr_in from = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int pair[2], buffer = 1 << 20;
    bool has_key, sent;
    size_t len;
    char *text;

    if (size > INPUT_MAX)
        return 0;
    text = with_key(data, size, &len, &has_key);
    need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0,
         "socketpair");
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    need(MHD_add_connection(host, pair[0], (const struct sockaddr *)&from,
                            sizeof(from)) == MHD_YES,
         "MHD_add_connection");
    sent = send(pair[1], text, len, MSG_NOSIGNAL) == (ssize_t)len;
    shutdown(pair[1], SHUT_WR);
    size = answer_of(pair[1], answer, sizeof(answer) - 1);
    answer[size] = '\0';
    if (sent && size > 0)
        judge(answer, text, len, has_key);
    close(pair[1]);
    for (unsigned i = 0; i < 4; i++)
        MHD_run(host);
    free(text);
    return 0;
}

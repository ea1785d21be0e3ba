#include "unit.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/source.h"
#include "http/http_request.h"
#include "http_client.h"
#include "peer.h"
#include "tls_files.h"

#define OK                                                                               \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

static const struct peer_answer ok = {.bytes = OK};
static char own_path[4096];

static struct peer *start_tls(const char *alt_name, bool expired)
{
    tls_files_make(unit_path("ca.pem"), unit_path("cert.pem"), unit_path("key.pem"),
                   alt_name, expired);
    return peer_start(&(struct peer_options){.script = &ok,
                                             .script_len = 1,
                                             .tls_cert = unit_path("cert.pem"),
                                             .tls_key = unit_path("key.pem")});
}

static struct outcome get_trusting(const char *url, const char *ca_file)
{
    struct ot_source source = client_source(url);

    source.ca_file = (char *)ca_file;
    return client_send(&source, &client_tuning, &client_get_x);
}

static void failed(const struct outcome *outcome, enum ot_status failure, const char *why)
{
    if (outcome->failure != failure || strstr(outcome->message, why) == NULL)
        fprintf(stderr, "\n    failure %d, status %ld, \"%s\", not \"%s\"\n",
                (int)outcome->failure, outcome->status, outcome->message, why);
    CU_ASSERT_EQUAL(outcome->failure, failure);
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome->message, why));
}

/* As c_rehash names it, so that a directory can be trusted. */
static const char *hashed_directory(const char *ca_file)
{
    const char *dir = unit_path("hashed");
    FILE *file = fopen(ca_file, "re");
    X509 *ca = PEM_read_X509(file, NULL, NULL, NULL);
    char path[4200];

    CU_ASSERT_FATAL(ca != NULL);
    fclose(file);
    CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
    snprintf(path, sizeof(path), "%s/%08lx.0", dir, X509_subject_name_hash(ca));
    CU_ASSERT_EQUAL(symlink(ca_file, path), 0);
    X509_free(ca);
    return dir;
}

static void trusts_what_ca_file_names(void)
{
    struct peer *peer = start_tls("IP:127.0.0.1", false);
    struct outcome outcome = get_trusting(peer_url(peer), unit_path("ca.pem"));

    CU_ASSERT_EQUAL(outcome.status, 200);
    CU_ASSERT_STRING_EQUAL(outcome.body, "{}");
    outcome = get_trusting(peer_url(peer), hashed_directory(unit_path("ca.pem")));
    CU_ASSERT_EQUAL(outcome.status, 200);
    peer_stop(peer);
}

static void fault_34_unknown_ca(void)
{
    struct peer *peer = start_tls("IP:127.0.0.1", false);
    struct outcome outcome;

    tls_files_make(unit_path("other-ca.pem"), unit_path("x.pem"), unit_path("y.pem"),
                   "IP:127.0.0.1", false);
    outcome = get_trusting(peer_url(peer), unit_path("other-ca.pem"));
    failed(&outcome, OT_E_NETWORK, "not trusted");
    failed(&outcome, OT_E_NETWORK, "ca_file");
    failed(&outcome, OT_E_NETWORK, "other-ca.pem");
    CU_ASSERT_EQUAL(outcome.attempts, 1);
    CU_ASSERT_EQUAL(peer_requests(peer), 0);
    peer_stop(peer);
}

static void fault_34_wrong_host(void)
{
    struct peer *peer = start_tls("DNS:elsewhere.example", false);
    struct outcome outcome = get_trusting(peer_url(peer), unit_path("ca.pem"));

    failed(&outcome, OT_E_NETWORK, "127.0.0.1");
    failed(&outcome, OT_E_NETWORK, "issued for elsewhere.example:");
    CU_ASSERT_EQUAL(peer_requests(peer), 0);
    peer_stop(peer);
}

static void fault_34_expired(void)
{
    struct peer *peer = start_tls("IP:127.0.0.1", true);
    struct outcome outcome = get_trusting(peer_url(peer), unit_path("ca.pem"));

    failed(&outcome, OT_E_NETWORK, "expired");
    CU_ASSERT_EQUAL(peer_requests(peer), 0);
    peer_stop(peer);
}

static void fault_34_no_tls_at_all(void)
{
    struct peer *peer =
        peer_start(&(struct peer_options){.script = &ok, .script_len = 1});
    struct outcome outcome;
    char url[64];

    tls_files_make(unit_path("ca.pem"), unit_path("x.pem"), unit_path("y.pem"),
                   "IP:127.0.0.1", false);
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/v1", peer_port(peer));
    outcome = get_trusting(url, unit_path("ca.pem"));
    failed(&outcome, OT_E_NETWORK, "does not speak TLS");
    peer_stop(peer);
}

static void fault_34_unusable_ca_file(void)
{
    struct peer *peer = start_tls("IP:127.0.0.1", false);
    struct outcome outcome = get_trusting(peer_url(peer), unit_path("key.pem"));

    failed(&outcome, OT_E_CONFIG, "key.pem");
    CU_ASSERT_EQUAL(peer_requests(peer), 0);
    peer_stop(peer);
}

/* The proxy is asked and refuses: nobody else is, and it has not seen the key. */
static void fault_34_proxy_refuses(void)
{
    const struct peer_answer denied = {
        .bytes = "HTTP/1.1 407 no\r\nContent-Length: 0\r\n\r\n", .close = true};
    struct peer *proxy =
        peer_start(&(struct peer_options){.script = &denied, .script_len = 1});
    struct peer *peer = start_tls("IP:127.0.0.1", false);
    struct ot_source source = client_source(peer_url(peer));
    struct outcome outcome;
    char url[64], host[64];

    snprintf(url, sizeof(url), "http://user:hidden@127.0.0.1:%u", peer_port(proxy));
    snprintf(host, sizeof(host), "the proxy 127.0.0.1:%u ", peer_port(proxy));
    source.ca_file = (char *)unit_path("ca.pem");
    source.proxy = url;
    outcome = client_send(&source, &client_tuning, &client_get_x);
    failed(&outcome, OT_E_NETWORK, host);
    CU_ASSERT_PTR_NULL(strstr(outcome.message, "hidden"));
    CU_ASSERT_EQUAL(outcome.attempts, 1);
    CU_ASSERT_EQUAL(peer_connections(peer), 0);
    CU_ASSERT_EQUAL_FATAL(peer_requests(proxy), 1);
    CU_ASSERT_EQUAL(strncmp(peer_request(proxy, 0)->head, "CONNECT ", 8), 0);
    CU_ASSERT_PTR_NULL(strstr(peer_request(proxy, 0)->head, CLIENT_SECRET));
    peer_stop(proxy);
    /* And one that is not there: not around it either. */
    outcome = client_send(&source, &client_tuning, &client_get_x);
    failed(&outcome, OT_E_NETWORK, host);
    CU_ASSERT_EQUAL(outcome.attempts, 3);
    CU_ASSERT_EQUAL(peer_connections(peer), 0);
    peer_stop(peer);
}

static void fault_35_the_environment_names_no_ca(void)
{
    struct peer *peer = start_tls("IP:127.0.0.1", false);
    struct ot_source source = client_source(peer_url(peer));
    struct ot_error err = OT_ERROR_INIT;
    struct ot_http *http = NULL;
    struct outcome outcome;

    setenv("SSL_CERT_FILE", unit_path("ca.pem"), 1);
    setenv("SSL_CERT_DIR", unit_dir(), 1);
    setenv("CURL_CA_BUNDLE", unit_path("ca.pem"), 1);
    if (ot_http_new(&http, &source, NULL, &client_tuning, &err) == OT_OK) {
        outcome = client_send_on(http, &client_get_x);
        failed(&outcome, OT_E_NETWORK, "not trusted");
    } else {
        /* A machine without any bundle. */
        CU_ASSERT_EQUAL(err.status, OT_E_CONFIG);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "ca_file"));
    }
    CU_ASSERT_EQUAL(peer_requests(peer), 0);
    ot_http_free(http);
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    unsetenv("CURL_CA_BUNDLE");
    peer_stop(peer);
}

/* Runs a program with OPENSSL_CONF in its environment; its exit status. */
static int run_configured(char *const argv[])
{
    posix_spawn_file_actions_t actions;
    extern char **environ;
    int status = -1;
    pid_t pid;

    unlink(unit_path("mark"));
    setenv("OPENSSL_CONF", unit_path("openssl.cnf"), 1);
    setenv("ORGTRUST_TEST_MARK", unit_path("mark"), 1);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    CU_ASSERT_EQUAL(posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ), 0);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    posix_spawn_file_actions_destroy(&actions);
    unsetenv("OPENSSL_CONF");
    unsetenv("ORGTRUST_TEST_MARK");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void fault_35_openssl_cnf_loads_nothing_into_the_fetcher(void)
{
    struct peer *peer = start_tls("IP:127.0.0.1", false);
    char *control[] = {(char *)"openssl", (char *)"list", (char *)"-providers", NULL};
    char ca_file[4096];
    char *fetch[] = {own_path, (char *)"--fetch", (char *)peer_url(peer), ca_file, NULL};
    FILE *file = fopen(unit_path("openssl.cnf"), "we");

    fprintf(file,
            "openssl_conf = init\n[init]\nproviders = all\n[all]\ndefault = on\n"
            "mark = mark_section\n[on]\nactivate = 1\n[mark_section]\nactivate = 1\n"
            "module = %s\n",
            MARK_PROVIDER);
    fclose(file);
    snprintf(ca_file, sizeof(ca_file), "%s", unit_path("ca.pem"));
    /* The configuration works: any other program loads the provider. */
    CU_ASSERT_EQUAL(run_configured(control), 0);
    CU_ASSERT_EQUAL(access(unit_path("mark"), F_OK), 0);
    CU_ASSERT_EQUAL(run_configured(fetch), 0);
    CU_ASSERT_NOT_EQUAL(access(unit_path("mark"), F_OK), 0);
    CU_ASSERT_EQUAL(peer_requests(peer), 1);
    peer_stop(peer);
}

enum { SEVERAL = 40 };

static enum ot_status several_fill(void *arg, size_t i, struct ot_http_request *request,
                                   struct ot_error *err)
{
    (void)arg;
    (void)i;
    (void)err;
    *request = client_get_x;
    return OT_OK;
}

static enum ot_status several_done(void *arg, size_t i,
                                   const struct ot_http_answer *answer,
                                   struct ot_error *err)
{
    (void)i;
    (void)err;
    *(unsigned *)arg += answer->status == 200;
    return OT_OK;
}

/* The other program: exits with 0 when it could fetch. */
static int fetch(const char *url, const char *ca_file)
{
    struct ot_source source = client_source(url);
    struct ot_error err = OT_ERROR_INIT;
    struct ot_http *http = NULL;
    unsigned good = 0;

    /* As a command might that looks at a certificate before it opens a connection. */
    EVP_MD_free(EVP_MD_fetch(NULL, "SHA256", NULL));
    source.ca_file = (char *)ca_file;
    if (ot_http_new(&http, &source, NULL, &client_tuning, &err) != OT_OK ||
        ot_http_run(http, 1, several_fill, several_done, &good, &err) != OT_OK)
        fprintf(stderr, "\n    %s\n", err.message);
    ot_http_free(http);
    return good == 1 ? 0 : 1;
}

/* Waiting for HTTP/2 must not end with everybody in one line. */
static void http1_over_tls_opens_several_connections(void)
{
    static const struct peer_answer late = {.bytes = OK, .delay_ms = 100};
    struct peer_options options = {.script = &late, .script_len = 1};
    struct ot_error err = OT_ERROR_INIT;
    struct ot_source source;
    struct ot_http *http = NULL;
    struct peer *peer;
    unsigned good = 0;

    tls_files_make(unit_path("ca.pem"), unit_path("cert.pem"), unit_path("key.pem"),
                   "IP:127.0.0.1", false);
    options.tls_cert = unit_path("cert.pem");
    options.tls_key = unit_path("key.pem");
    peer = peer_start(&options);
    source = client_source(peer_url(peer));
    source.ca_file = (char *)unit_path("ca.pem");
    CU_ASSERT_EQUAL_FATAL(ot_http_new(&http, &source, NULL, &client_tuning, &err), OT_OK);
    CU_ASSERT_EQUAL(ot_http_run(http, SEVERAL, several_fill, several_done, &good, &err),
                    OT_OK);
    CU_ASSERT_EQUAL(good, SEVERAL);
    CU_ASSERT_TRUE(peer_open_max(peer) > client_tuning.connections / 2);
    /* A request that had to be sent again may have lost its connection. */
    CU_ASSERT_TRUE(peer_connections(peer) <=
                   client_tuning.connections + ot_http_counts(http).retries);
    ot_http_free(http);
    peer_stop(peer);
}

static const struct unit_case cases[] = {
    {"trusts what ca_file names", trusts_what_ca_file_names},
    {"HTTP/1.1 over TLS opens several connections",
     http1_over_tls_opens_several_connections},
    {"fault_34_unknown_ca", fault_34_unknown_ca},
    {"fault_34_wrong_host", fault_34_wrong_host},
    {"fault_34_expired", fault_34_expired},
    {"fault_34_no_tls_at_all", fault_34_no_tls_at_all},
    {"fault_34_unusable_ca_file", fault_34_unusable_ca_file},
    {"fault_34_proxy_refuses", fault_34_proxy_refuses},
    {"fault_35_the_environment_names_no_ca", fault_35_the_environment_names_no_ca},
    {"fault_35_openssl_cnf_loads_nothing_into_the_fetcher",
     fault_35_openssl_cnf_loads_nothing_into_the_fetcher},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--fetch") == 0)
        return fetch(argv[2], argv[3]);
    if (readlink("/proc/self/exe", own_path, sizeof(own_path) - 1) <= 0)
        return 2;
    return unit_main("http_tls", cases, argc, argv);
}

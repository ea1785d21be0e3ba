/* Fetches pages with libcurl-gnutls, in one process with one handle that goes on running.
 *
 *   curl_gnutls_live CAINFO < requests
 *
 * A request is a line `HOST PORT`; the server is asked for at 127.0.0.1. The answer is a
 * line, "trusted" or "refused REASON". With `fork HOST PORT` a child of the process asks.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t ignore(char *data, size_t size, size_t count, void *user)
{
    (void)data;
    (void)user;
    return size * count;
}

static void fetch(CURL *curl, const char *host, unsigned port)
{
    char url[512], where[512], why[CURL_ERROR_SIZE] = "";
    struct curl_slist *address;
    CURLcode code;

    snprintf(url, sizeof(url), "https://%s:%u/", host, port);
    snprintf(where, sizeof(where), "%s:%u:127.0.0.1", host, port);
    address = curl_slist_append(NULL, where);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_RESOLVE, address);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    /* Each page is a handshake of its own, as between two hosts. */
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        puts("trusted");
    else
        printf("%s %s\n", code == CURLE_PEER_FAILED_VERIFICATION ? "refused" : "broken",
               why);
    curl_slist_free_all(address);
}

static CURL *new_handle(const char *cainfo)
{
    CURL *curl = curl_easy_init();

    if (curl == NULL || curl_easy_setopt(curl, CURLOPT_CAINFO, cainfo) != CURLE_OK) {
        fputs("curl_gnutls_live: no handle\n", stderr);
        exit(1);
    }
    return curl;
}

/* In the child neither curl nor GnuTLS is told: it just goes on, as programs do. */
static void fetch_in_child(const char *cainfo, const char *host, unsigned port)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        CURL *curl = new_handle(cainfo);

        fetch(curl, host, port);
        fflush(stdout);
        curl_easy_cleanup(curl);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        printf("broken child, status %d\n", status);
}

int main(int argc, char **argv)
{
    char line[512], host[256];
    unsigned port;
    CURL *curl;

    if (argc != 2 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        strstr(curl_version(), "GnuTLS") == NULL) {
        fprintf(stderr, "usage: curl_gnutls_live CAINFO (%s)\n", curl_version());
        return 2;
    }
    curl = new_handle(argv[1]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (sscanf(line, "fork %255s %u", host, &port) == 2) {
            fetch_in_child(argv[1], host, port);
        } else if (sscanf(line, "%255s %u", host, &port) == 2) {
            fetch(curl, host, port);
        } else {
            fprintf(stderr, "curl_gnutls_live: not HOST PORT: %s\n", line);
            return 1;
        }
    }
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return 0;
}

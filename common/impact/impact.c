#include "impact/impact.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "cert/common_name.h"
#include "impact/handshake_internal.h"
#include "impact/resolve_internal.h"
#include "impact/trust_internal.h"

static bool is_same_endpoint(const struct ot_endpoint *a, const struct ot_endpoint *b)
{
    return a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

/* Each once, as who named it first called it; beyond OT_IMPACT_SERVERS_MAX none. */
static void add_server(struct ot_impact *impact, const struct ot_endpoint *endpoint,
                       enum ot_impact_origin origin)
{
    for (size_t i = 0; i < impact->count; i++)
        if (is_same_endpoint(&impact->servers[i].endpoint, endpoint))
            return;
    if (impact->count < OT_IMPACT_SERVERS_MAX)
        impact->servers[impact->count++] =
            (struct ot_impact_server){.endpoint = *endpoint, .origin = origin};
}

/* An address is nothing to ask for by name (RFC 6066 §3). */
static bool is_numeric_host(const struct ot_endpoint *endpoint)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, endpoint->host, bytes) == 1 ||
           inet_pton(AF_INET6, endpoint->host, bytes) == 1;
}

static enum ot_status resolve_all(const struct ot_impact *impact,
                                  struct ot_handshake *handshakes,
                                  const volatile int *stop, struct ot_error *err)
{
    struct ot_addresses *addresses[OT_IMPACT_SERVERS_MAX];
    const struct ot_endpoint *endpoints[OT_IMPACT_SERVERS_MAX];

    for (size_t i = 0; i < impact->count; i++) {
        addresses[i] = &handshakes[i].addresses;
        endpoints[i] = &impact->servers[i].endpoint;
        handshakes[i].name = is_numeric_host(endpoints[i]) ? NULL : endpoints[i]->host;
    }
    return ot_endpoints_resolve(addresses, endpoints, impact->count,
                                ot_clock_ms() + OT_IMPACT_NAMES_MS, stop, err);
}

static void take_failure(struct ot_impact_server *server,
                         const struct ot_handshake *handshake)
{
    static const enum ot_impact_outcome outcomes[] = {
        [OT_HANDSHAKE_SHOWN] = OT_IMPACT_UNTRUSTED,
        [OT_HANDSHAKE_SILENT] = OT_IMPACT_SILENT,
        [OT_HANDSHAKE_UNREACHABLE] = OT_IMPACT_UNREACHABLE,
        [OT_HANDSHAKE_NOT_TLS] = OT_IMPACT_NOT_TLS,
        [OT_HANDSHAKE_ENDED] = OT_IMPACT_FAILED,
    };

    server->outcome = outcomes[handshake->outcome];
    snprintf(server->why, sizeof(server->why), "%s", handshake->why);
}

static void take_common_name(struct ot_impact_server *server, const X509 *cert)
{
    unsigned char *utf8 = NULL;
    size_t len = ot_common_name(&utf8, X509_get_subject_name(cert));

    if (utf8 != NULL)
        server->common_name = strndup((const char *)utf8, len);
    OPENSSL_free(utf8);
}

/* What servers are checked with. */
struct impact_means {
    OSSL_LIB_CTX *library;
    struct ot_trust_sources *sources;
    STACK_OF(X509) * machine;
};

static enum ot_status check_server(const struct impact_means *by,
                                   struct ot_impact_server *server,
                                   const struct ot_handshake *handshake,
                                   struct ot_error *err)
{
    static const enum ot_impact_outcome outcomes[] = {
        [OT_TRUST_NONE] = OT_IMPACT_UNTRUSTED,
        [OT_TRUST_STAYS] = OT_IMPACT_TRUSTED,
        [OT_TRUST_ENDS] = OT_IMPACT_REFUSED,
    };
    enum ot_trust_verdict verdict = OT_TRUST_NONE;
    char why[OT_TRUST_WHY_MAX] = "";
    enum ot_status status;

    if (handshake->chain == NULL) {
        take_failure(server, handshake);
        return OT_OK;
    }
    take_common_name(server, sk_X509_value(handshake->chain, 0));
    status = ot_trust_check(by->sources, by->machine, handshake->chain, by->library,
                            &verdict, why, err);
    server->outcome = outcomes[verdict];
    ot_text_escape(server->why, sizeof(server->why), why, strlen(why));
    return status;
}

static int compare_servers(const void *a, const void *b)
{
    const struct ot_impact_server *x = a, *y = b;
    int order;

    if (x->outcome != y->outcome)
        return x->outcome < y->outcome ? -1 : 1;
    order = strcasecmp(x->endpoint.host, y->endpoint.host);
    return order != 0 ? order : (int)x->endpoint.port - (int)y->endpoint.port;
}

static enum ot_status check_servers(struct ot_impact *impact,
                                    const struct impact_means *by,
                                    const struct ot_handshake *handshakes,
                                    struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < impact->count; i++) {
        status = check_server(by, &impact->servers[i], &handshakes[i], err);
        impact->refused += impact->servers[i].outcome == OT_IMPACT_REFUSED;
    }
    if (impact->count > 0)
        qsort(impact->servers, impact->count, sizeof(impact->servers[0]),
              compare_servers);
    return status;
}

static enum ot_status try_servers(struct ot_impact *impact, const struct impact_means *by,
                                  const volatile int *stop, struct ot_error *err)
{
    struct ot_handshake *handshakes = calloc(impact->count + 1, sizeof(*handshakes));
    enum ot_status status = handshakes != NULL ? OT_OK : ot_error_nomem(err);

    if (status == OT_OK)
        status = resolve_all(impact, handshakes, stop, err);
    if (status == OT_OK)
        status = ot_handshakes_make(handshakes, impact->count, by->library,
                                    ot_clock_ms() + OT_IMPACT_HANDSHAKES_MS, stop, err);
    if (status == OT_OK)
        status = check_servers(impact, by, handshakes, err);
    for (size_t i = 0; handshakes != NULL && i < impact->count; i++)
        ot_handshake_clear(&handshakes[i]);
    free(handshakes);
    return status;
}

enum ot_status ot_impact_find(struct ot_impact *impact, const struct ot_config *config,
                              const struct ot_impact_changes *changes,
                              const struct ot_impact_options *options,
                              struct ot_error *err)
{
    /* One of our own: the default one's configuration may load our provider. */
    struct impact_means by = {.library = OSSL_LIB_CTX_new()};
    enum ot_status status = OT_OK;

    *impact = (struct ot_impact){0};
    impact->servers = calloc(OT_IMPACT_SERVERS_MAX, sizeof(impact->servers[0]));
    if (impact->servers == NULL || by.library == NULL)
        status = ot_error_nomem(err);
    for (size_t i = 0; status == OT_OK && i < options->probe_count; i++)
        add_server(impact, &options->probes[i], OT_IMPACT_ASKED);
    if (status == OT_OK && impact->count > 0)
        status = ot_trust_sources_open(&by.sources, config, changes, by.library, err);
    if (status == OT_OK && impact->count > 0)
        status = ot_trust_machine(&by.machine, by.library, err);
    if (status == OT_OK && impact->count > 0)
        status = try_servers(impact, &by, options->stop, err);
    ot_trust_sources_close(by.sources);
    sk_X509_pop_free(by.machine, X509_free);
    OSSL_LIB_CTX_free(by.library);
    return status;
}

void ot_impact_clear(struct ot_impact *impact)
{
    for (size_t i = 0; i < impact->count; i++)
        free(impact->servers[i].common_name);
    free(impact->servers);
    *impact = (struct ot_impact){0};
}

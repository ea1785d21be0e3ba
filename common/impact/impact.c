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
#include "config/source.h"
#include "impact/connections_internal.h"
#include "impact/handshake_internal.h"
#include "impact/resolve_internal.h"
#include "impact/trust_internal.h"

static bool is_same_endpoint(const struct ot_endpoint *a, const struct ot_endpoint *b)
{
    return a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

/* What one look goes through. */
struct look {
    struct ot_impact *impact;
    const volatile int *stop;
    OSSL_LIB_CTX *library; /* of our own: the default one's configuration may load our
                              provider */
    struct ot_trust_sources *sources;
    struct ot_trust_machine machine;
    struct ot_handshake *handshakes; /* OT_IMPACT_SERVERS_MAX, one of each server */
};

/* Each once, as who named it first called it. */
static void add_server(struct ot_impact *impact, const struct ot_endpoint *endpoint,
                       enum ot_impact_origin origin)
{
    for (size_t i = 0; i < impact->count; i++)
        if (is_same_endpoint(&impact->servers[i].endpoint, endpoint))
            return;
    if (impact->count < OT_IMPACT_SERVERS_MAX)
        impact->servers[impact->count++] =
            (struct ot_impact_server){.endpoint = *endpoint, .origin = origin};
    else
        impact->left_out++;
}

static void add_named(struct ot_impact *impact, const struct ot_impact_options *options)
{
    const char *at = options->source->probe, *why;
    struct ot_endpoint endpoint;

    for (size_t i = 0; i < options->probe_count; i++)
        add_server(impact, &options->probes[i], OT_IMPACT_ASKED);
    while (at != NULL && ot_endpoint_next(&at, &endpoint, &why))
        add_server(impact, &endpoint, OT_IMPACT_CONFIGURED);
}

/* An address is nothing to ask for by name (RFC 6066 §3). */
static bool is_numeric_host(const struct ot_endpoint *endpoint)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, endpoint->host, bytes) == 1 ||
           inet_pton(AF_INET6, endpoint->host, bytes) == 1;
}

/* Those from first on. */
static enum ot_status resolve_servers(const struct look *look, size_t first,
                                      struct ot_error *err)
{
    struct ot_addresses *addresses[OT_IMPACT_SERVERS_MAX];
    const struct ot_endpoint *endpoints[OT_IMPACT_SERVERS_MAX];
    size_t count = look->impact->count - first;

    for (size_t i = 0; i < count; i++) {
        struct ot_handshake *handshake = &look->handshakes[first + i];

        addresses[i] = &handshake->addresses;
        endpoints[i] = &look->impact->servers[first + i].endpoint;
        handshake->name = is_numeric_host(endpoints[i]) ? NULL : endpoints[i]->host;
    }
    return ot_endpoints_resolve(addresses, endpoints, count,
                                ot_clock_ms() + OT_IMPACT_NAMES_MS, look->stop, err);
}

/* Whether one of the servers has this address, by whatever name. */
static bool is_at_address(const struct look *look, const struct ot_endpoint *numeric)
{
    for (size_t i = 0; i < look->impact->count; i++) {
        const struct ot_addresses *addresses = &look->handshakes[i].addresses;

        for (size_t k = 0; k < addresses->count; k++) {
            struct ot_endpoint other;

            if (ot_address_endpoint(&other, &addresses->items[k]) &&
                is_same_endpoint(&other, numeric))
                return true;
        }
    }
    return false;
}

static enum ot_status keep_untried(struct look *look,
                                   const struct ot_connections *connections,
                                   struct ot_error *err)
{
    struct ot_impact *impact = look->impact;

    impact->untried = calloc(connections->other_count + 1, sizeof(*impact->untried));
    if (impact->untried == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; i < connections->other_count; i++)
        if (!is_at_address(look, &connections->others[i]))
            impact->untried[impact->untried_count++] = connections->others[i];
    return OT_OK;
}

/* What is named already is tried by its name alone. */
static enum ot_status add_connected(struct look *look, struct ot_error *err)
{
    struct ot_connections *connections = malloc(sizeof(*connections));
    size_t named = look->impact->count;
    enum ot_status status;

    if (connections == NULL)
        return ot_error_nomem(err);
    status = ot_connections_read(connections, err);
    if (status == OT_OK)
        status = keep_untried(look, connections, err);
    for (size_t i = 0; status == OT_OK && i < connections->tls_count; i++)
        if (!is_at_address(look, &connections->tls[i]))
            add_server(look->impact, &connections->tls[i], OT_IMPACT_CONNECTED);
    if (status == OT_OK) {
        look->impact->left_out += connections->left_out;
        status = resolve_servers(look, named, err);
    }
    free(connections);
    return status;
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

static enum ot_status check_server(const struct look *look,
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
    status = ot_trust_check(look->sources, &look->machine, handshake->chain,
                            look->library, &verdict, why, err);
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

static enum ot_status check_servers(const struct look *look, struct ot_error *err)
{
    struct ot_impact *impact = look->impact;
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < impact->count; i++) {
        status = check_server(look, &impact->servers[i], &look->handshakes[i], err);
        impact->refused += impact->servers[i].outcome == OT_IMPACT_REFUSED;
    }
    if (impact->count > 0)
        qsort(impact->servers, impact->count, sizeof(impact->servers[0]),
              compare_servers);
    return status;
}

static enum ot_status gather_servers(struct look *look,
                                     const struct ot_impact_options *options,
                                     struct ot_error *err)
{
    enum ot_status status;

    add_named(look->impact, options);
    status = resolve_servers(look, 0, err);
    if (status == OT_OK && options->source->probe_connections)
        status = add_connected(look, err);
    return status;
}

static enum ot_status try_servers(struct look *look, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    if (look->machine.now == NULL)
        status = ot_trust_machine_load(&look->machine, look->library, err);
    if (status == OT_OK)
        status =
            ot_handshakes_make(look->handshakes, look->impact->count, look->library,
                               ot_clock_ms() + OT_IMPACT_HANDSHAKES_MS, look->stop, err);
    return status == OT_OK ? check_servers(look, err) : status;
}

static enum ot_status find_losses(struct look *look, struct ot_error *err)
{
    enum ot_status status = ot_trust_sources_lose(look->sources, look->impact, err);

    if (status != OT_OK || !ot_trust_sources_deny(look->sources))
        return status;
    status = ot_trust_machine_load(&look->machine, look->library, err);
    return status == OT_OK ? ot_trust_sources_deny_machine(look->sources, &look->machine,
                                                           look->impact, err)
                           : status;
}

static void end_look(struct look *look)
{
    for (size_t i = 0; look->handshakes != NULL && i < OT_IMPACT_SERVERS_MAX; i++)
        ot_handshake_clear(&look->handshakes[i]);
    free(look->handshakes);
    ot_trust_sources_close(look->sources);
    ot_trust_machine_clear(&look->machine);
    OSSL_LIB_CTX_free(look->library);
}

enum ot_status ot_impact_find(struct ot_impact *impact, const struct ot_config *config,
                              const struct ot_impact_changes *changes,
                              const struct ot_impact_options *options,
                              struct ot_error *err)
{
    struct look look = {
        .impact = impact, .stop = options->stop, .library = OSSL_LIB_CTX_new()};
    enum ot_status status = OT_OK;

    *impact = (struct ot_impact){0};
    impact->servers = calloc(OT_IMPACT_SERVERS_MAX, sizeof(impact->servers[0]));
    look.handshakes = calloc(OT_IMPACT_SERVERS_MAX, sizeof(look.handshakes[0]));
    if (impact->servers == NULL || look.handshakes == NULL || look.library == NULL)
        status = ot_error_nomem(err);
    if (status == OT_OK)
        status = ot_trust_sources_open(&look.sources, config, changes, look.library, err);
    if (status == OT_OK)
        status = find_losses(&look, err);
    if (status == OT_OK && (impact->loss_count > 0 || !options->only_losses))
        status = gather_servers(&look, options, err);
    if (status == OT_OK && impact->count > 0)
        status = try_servers(&look, err);
    end_look(&look);
    return status;
}

void ot_impact_clear(struct ot_impact *impact)
{
    for (size_t i = 0; i < impact->count; i++)
        free(impact->servers[i].common_name);
    for (size_t i = 0; impact->losses != NULL && i < OT_IMPACT_LOSSES_MAX; i++)
        free(impact->losses[i].label);
    free(impact->losses);
    free(impact->servers);
    free(impact->untried);
    *impact = (struct ot_impact){0};
}

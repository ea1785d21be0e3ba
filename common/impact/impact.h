/* Before a removal, or a no: which servers would be refused afterwards, as far as this
 * machine can know. */
#ifndef OT_IMPACT_IMPACT_H
#define OT_IMPACT_IMPACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "config/endpoint.h"

struct ot_config;
struct ot_source;

/* What is done to one certificate in one scope. */
struct ot_impact_change {
    const char *base_url;
    const char *project; /* NULL: the organization */
    const char *id;      /* NULL: it is not uploaded yet, and pem says what it is */
    const char *pem;
    bool activates;  /* else it ends there */
    bool everywhere; /* in whatever scope: it is deleted */
};

struct ot_impact_changes {
    const struct ot_impact_change *items;
    size_t count;
};

/* Who named a server. */
enum ot_impact_origin { OT_IMPACT_ASKED, OT_IMPACT_CONFIGURED, OT_IMPACT_CONNECTED };

enum ot_impact_outcome {
    OT_IMPACT_REFUSED,   /* only what is removed vouches for it */
    OT_IMPACT_TRUSTED,   /* it stays so */
    OT_IMPACT_UNTRUSTED, /* nothing here vouches for it as it is */
    OT_IMPACT_NOT_TLS,   /* it does not speak TLS at once */
    OT_IMPACT_FAILED,    /* it ended the handshake */
    OT_IMPACT_SILENT,    /* it did not answer in time */
    OT_IMPACT_UNREACHABLE,
    OT_IMPACT_OUTCOME_COUNT
};

/* A certificate that a source trusts and will not, or to which a source will say no. */
struct ot_impact_loss {
    const struct ot_source *source; /* of the configuration; NULL: only the machine itself
                                       trusts it */
    char id[OT_ID_MAX + 1];         /* "": it is not uploaded yet */
    char *label;                    /* what a list shows it with; NULL: nothing */
    int64_t created_at;             /* Unix seconds; when it was uploaded */
};

#define OT_IMPACT_WHY_MAX 200

struct ot_impact_server {
    struct ot_endpoint endpoint;
    enum ot_impact_origin origin;
    enum ot_impact_outcome outcome;
    char *common_name;           /* of its certificate, as it is in it; NULL: none */
    char why[OT_IMPACT_WHY_MAX]; /* escaped; "" for those refused and trusted */
};

/* Zeroed: nothing. Those that would be refused come first. */
struct ot_impact {
    struct ot_impact_loss *losses; /* the first OT_IMPACT_LOSSES_MAX, each id once */
    size_t loss_count;             /* of all */
    struct ot_impact_server *servers;
    size_t count;
    size_t refused;
    /* Connected to on ports where TLS does not come first: not tried. */
    struct ot_endpoint *untried;
    size_t untried_count;
    size_t
        left_out; /* servers beyond OT_IMPACT_SERVERS_MAX, which are not tried either */
};

struct ot_impact_options {
    const struct ot_endpoint *probes; /* to be tried, as asked for */
    size_t probe_count;
    const struct ot_source *source; /* whose probe and probe_connections count */
    bool only_losses;               /* where nothing is lost no server is tried */
    const volatile int *stop;       /* may be NULL */
};

/* Shakes hands with the servers and checks what they show against the changes. Takes no
 * longer than OT_IMPACT_NAMES_MS and OT_IMPACT_HANDSHAKES_MS. ot_impact_clear after
 * success and failure. */
enum ot_status ot_impact_find(struct ot_impact *impact, const struct ot_config *config,
                              const struct ot_impact_changes *changes,
                              const struct ot_impact_options *options,
                              struct ot_error *err);
/* Whether a change is an activation in a source that distrusts, and so takes trust away.
 */
bool ot_impact_denies(const struct ot_config *config,
                      const struct ot_impact_changes *changes);
void ot_impact_clear(struct ot_impact *impact);

#endif

/* Whether a server's chain is vouched for here, now and after changes.
 *
 * What vouches is what the machine trusts by itself and the anchors of every source of
 * the configuration that is for servers, as its snapshot has them. An anchor may be
 * withheld from some readers: so each place counts by itself. Some programs let any
 * anchor end a chain, others only one that is self-signed: both count. */
#ifndef OT_IMPACT_TRUST_INTERNAL_H
#define OT_IMPACT_TRUST_INTERNAL_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

struct ot_config;
struct ot_impact;
struct ot_impact_changes;
struct ot_trust_sources;

/* A certificate that is an anchor before or after the changes, in a set of places
 * (OT_RECORD_WITHHELD_…). */
struct ot_trust_anchor {
    X509 *cert;
    uint32_t before, after;
};

/* Zeroed: empty. Each certificate once. */
struct ot_trust_anchors {
    struct ot_trust_anchor *items;
    size_t count, capacity;
    bool is_cut; /* there are more than OT_IMPACT_ANCHORS_MAX */
};
void ot_trust_anchors_clear(struct ot_trust_anchors *anchors);

/* The snapshots as the plugins would use them now; a source without one has no anchor.
 * The configuration and the changes must outlive it. */
enum ot_status ot_trust_sources_open(struct ot_trust_sources **out,
                                     const struct ot_config *config,
                                     const struct ot_impact_changes *changes,
                                     OSSL_LIB_CTX *library, struct ot_error *err);
void ot_trust_sources_close(struct ot_trust_sources *sources); /* NULL is fine */

/* Fills losses and loss_count of impact. */
enum ot_status ot_trust_sources_lose(const struct ot_trust_sources *sources,
                                     struct ot_impact *impact, struct ot_error *err);

/* What the machine trusts without any source: now, and what of that no change says no to.
 * A no of before that has left something there does not count. Zeroed: nothing. */
struct ot_trust_machine {
    STACK_OF(X509) * now;
    STACK_OF(X509) * later; /* the same certificates; NULL: all */
};
void ot_trust_machine_clear(struct ot_trust_machine *machine);

/* Whether a change says no to anything. */
bool ot_trust_sources_deny(const struct ot_trust_sources *sources);

/* Fills later, and adds to the losses what only the machine itself trusts. */
enum ot_status ot_trust_sources_deny_machine(const struct ot_trust_sources *sources,
                                             struct ot_trust_machine *machine,
                                             struct ot_impact *impact,
                                             struct ot_error *err);

/* Adds the anchors of a subject, a DER Name. */
enum ot_status ot_trust_sources_find(struct ot_trust_sources *sources,
                                     struct ot_span subject,
                                     struct ot_trust_anchors *anchors,
                                     struct ot_error *err);

enum ot_trust_verdict {
    OT_TRUST_NONE, /* not vouched for as it is; why says what is wrong */
    OT_TRUST_STAYS,
    OT_TRUST_ENDS /* somewhere it is vouched for before and not after */
};

#define OT_TRUST_WHY_MAX 128

/* chain: a server's, its own certificate first. */
enum ot_status ot_trust_check(struct ot_trust_sources *sources,
                              const struct ot_trust_machine *machine,
                              STACK_OF(X509) * chain, OSSL_LIB_CTX *library,
                              enum ot_trust_verdict *verdict, char why[OT_TRUST_WHY_MAX],
                              struct ot_error *err);

/* What the machine trusts by itself, without what export_system has put there. */
enum ot_status ot_trust_machine_load(struct ot_trust_machine *machine,
                                     OSSL_LIB_CTX *library, struct ot_error *err);

#endif

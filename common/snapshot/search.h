/* Searches in a snapshot: any combination of criteria, the best index for it, each hit
 * verified exactly. Certificates that are valid now come first, newest first, then the
 * others: GnuTLS and OpenSSL take the first of a subject. Never those that are
 * quarantined or withheld from OpenSSL's store, for which it searches. */
#ifndef OT_SNAPSHOT_SEARCH_H
#define OT_SNAPSHOT_SEARCH_H

#include "base/error.h"
#include "base/span.h"
#include "base/state_filter.h"
#include "snapshot/candidates.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"

struct ot_snapshot;

struct ot_query {
    enum ot_state_filter state;
    struct ot_span id;
    struct ot_span name;        /* exactly OT_FIELD_NAME */
    struct ot_span alias;       /* name, or label, or id */
    struct ot_span subject;     /* DER Name, compared as X509_NAME_cmp does */
    struct ot_span issuer;      /* DER Name, compared so; together with serial */
    struct ot_span serial;      /* magnitude, big-endian, no leading zero octet needed */
    struct ot_span fingerprint; /* of what is handed out, or of its original */
    enum ot_digest digest; /* of fingerprint; OT_DIGEST_COUNT: whichever has its length */
};

/* A search in progress. Holds a reference to its snapshot. */
struct ot_search {
    struct ot_query query;
    struct ot_span subject, issuer; /* canonical, allocated; absent: no criterion */
    struct ot_candidates candidates;
};

/* Begins a search at Unix time now, which decides the order. A subject or issuer that is
 * not a DER Name is OT_E_USAGE. ot_search_clear is needed only after OT_OK. */
enum ot_status ot_search_init(struct ot_search *search, struct ot_snapshot *snapshot,
                              const struct ot_query *query, int64_t now,
                              struct ot_error *err);

/* The next hit: OT_OK and record, or OT_E_NOT_FOUND (no message) at the end.
 * OT_E_CORRUPT: one record was damaged and is passed over; the search can go on.
 * position, if not NULL, is the record's position, a number that names it within this
 * snapshot. */
enum ot_status ot_search_next(struct ot_search *search, struct ot_record *record,
                              uint32_t *position, struct ot_error *err);
void ot_search_clear(struct ot_search *search);

#endif

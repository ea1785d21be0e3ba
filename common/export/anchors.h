/* The trust anchors that an export holds: active certificates that are a CA, valid now
 * and not withheld from its readers, of one source or of several, each certificate once.
 */
#ifndef OT_EXPORT_ANCHORS_H
#define OT_EXPORT_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

struct ot_cert;
struct ot_distrust;
struct ot_snapshot;
struct ot_source;

#define OT_ANCHOR_ID_LEN 32 /* SHA-256 of the DER */

struct ot_anchor {
    struct ot_span der, subject; /* in a snapshot that is held */
    uint8_t id[OT_ANCHOR_ID_LEN];
    int64_t valid_at, created_at; /* Unix seconds */
};

/* Zeroed: empty. */
struct ot_anchors {
    struct ot_anchor *items;
    size_t count, capacity;
    size_t active; /* certificates that are active, anchors or not */
    /* Who reads it (as ot_export_place says), to be set before anything is added; 0: the
     * readers of shared files. What is withheld from them is left out and counted. */
    uint32_t place;
    /* To be set likewise: all that is active in that place, anchor or not. OpenSSL's
     * store hands them out as they are, since OpenSSL checks itself. */
    bool every_active;
    /* To be set likewise, after a look: to what a source says no, which is left out and
     * counted; NULL: to nothing. The caller's, and needed while anything is added. */
    struct ot_distrust *distrust;
    /* To be set likewise: what the machine trusts without orgtrust belongs to them. */
    bool with_machine;
    size_t withheld;
    /* Of the active ones: what the limits of its source keep out, by withholding it or by
     * ending it, and to what another source says no. That is meant. */
    size_t kept_out_on_purpose;
    struct ot_snapshot **snapshots;
    size_t snapshot_count;
    struct ot_cert **certs; /* that are in no snapshot */
    size_t cert_count;
};

/* What a person asks for; NULL: whatever it is. */
struct ot_anchor_filter {
    const char *id, *name;
};

/* Adds the anchors of a snapshot as of Unix time now, of a source with these purposes
 * (enum ot_purpose). filter may be NULL. A record that
 * is damaged is OT_E_CORRUPT: an export has all anchors or is not made. */
enum ot_status ot_anchors_add(struct ot_anchors *anchors, struct ot_snapshot *snapshot,
                              unsigned purposes, const struct ot_anchor_filter *filter,
                              int64_t now, struct ot_error *err);

/* Adds those of a source that trusts as the plugins would see them now, of another none;
 * its snapshot is the last one held. Besides the above, fails as ot_cache_get does. */
enum ot_status ot_anchors_add_source(struct ot_anchors *anchors,
                                     const struct ot_source *source,
                                     struct ot_error *err);

/* Adds instead what is denied to servers, valid or not, but what readers of tokens
 * stumble over. */
enum ot_status ot_anchors_add_distrusted(struct ot_anchors *anchors,
                                         struct ot_distrust *distrust,
                                         struct ot_error *err);

/* Adds a certificate that is in no snapshot, unless a source says no to it for servers.
 * What cannot be read as one is passed over. */
enum ot_status ot_anchors_add_der(struct ot_anchors *anchors, const uint8_t *der,
                                  size_t len, struct ot_error *err);

/* Adds what the machine trusts without orgtrust, where with_machine is set; on a machine
 * without a list of authorities that is nothing. */
enum ot_status ot_anchors_add_machine(struct ot_anchors *anchors, struct ot_error *err);

/* After the last one: newest valid_at first, as all readers take the first of a subject,
 * then by id; what two sources have is there once. So the same anchors give the same
 * bytes, in whatever order they came. */
void ot_anchors_sort(struct ot_anchors *anchors);

/* The id's first 8 bytes in hexadecimal into buf: the name of an anchor's file. */
#define OT_ANCHOR_NAME_LEN 16
void ot_anchor_name(char buf[OT_ANCHOR_NAME_LEN + 1], const struct ot_anchor *anchor);

void ot_anchors_clear(struct ot_anchors *anchors);

#endif

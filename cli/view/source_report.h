/* All that `orgtrust status` tells of one source, from its snapshot and state file. */
#ifndef OT_CLI_VIEW_SOURCE_REPORT_H
#define OT_CLI_VIEW_SOURCE_REPORT_H

#include "cache/freshness.h"
#include "cache/state.h"
#include "snapshot/snapshot.h"

/* Certificates that need attention: why they are named. */
enum ot_attention {
    OT_ATTENTION_QUARANTINED, /* content unusable */
    OT_ATTENTION_WITHHELD,    /* active, and kept out of some place */
    OT_ATTENTION_EXPIRED,     /* active, but no longer valid */
    OT_ATTENTION_FUTURE,      /* active, but not valid yet */
    OT_ATTENTION_EXPIRING,    /* active, valid for less than soon_s */
    OT_ATTENTION_NOT_CA,      /* active, but vouches for nobody */
    OT_ATTENTION_SAME_SERIAL, /* active, another has its issuer and serial */
    OT_ATTENTION_SAME_NAME, /* active, another of its name has another key, and it has no
                               key identifier: OpenSSL tries one of them */
    OT_ATTENTION_LONG_KEY_ID, /* active, its key identifier is longer than
                                 OT_KEY_ID_READ_MAX */
    OT_ATTENTION_WARNING,     /* the sync noticed something odd */
    OT_ATTENTION_COUNT
};

/* "quarantined", "withheld", "expired", "not_yet_valid" and so on. */
const char *ot_attention_word(enum ot_attention attention);

/* GnuTLS reads no longer identifier from a token. */
#define OT_KEY_ID_READ_MAX 128

struct ot_distrust;

struct ot_source_report {
    const struct ot_source *source;
    const char *word; /* fresh, stale, expired, missing, corrupt, other-scope, unsafe,
                         unreadable */
    struct ot_error problem;      /* why there is no usable snapshot; else OT_OK */
    bool has_snapshot;            /* what follows up to `state` is known */
    struct ot_distrust *distrust; /* not owned */
    struct ot_snapshot *snapshot;
    struct ot_positions all;
    struct ot_freshness freshness;
    uint32_t total, active, inactive, quarantined, withheld;
    uint32_t limited; /* active, and handed out with the source's limits on it */
    struct {
        uint32_t *index; /* of records in `all` */
        size_t count;
    } attention[OT_ATTENTION_COUNT];
    struct ot_state state;
    struct ot_error state_problem; /* the state file could not be read; else OT_OK */
    int64_t next_refresh;          /* Unix seconds; in the past when it is due */
    int64_t soon_s; /* from how long before its end a certificate is expiring */
};

/* Collects it as of Unix time now. To what distrust (NULL: nobody) says no, as of its
 * last look, is withheld; it must outlive the report. What is wrong with the source is
 * part of the report; only OT_E_NOMEM and the like fail. ot_source_report_clear after
 * success and failure. */
enum ot_status ot_source_report_make(struct ot_source_report *report,
                                     const struct ot_source *source,
                                     struct ot_distrust *distrust, int64_t now,
                                     int64_t soon_s, struct ot_error *err);
void ot_source_report_clear(struct ot_source_report *report);

/* The same without a look at each certificate: nothing is known of attention and limited.
 * That no byte of the snapshot is damaged is. */
enum ot_status ot_source_report_make_brief(struct ot_source_report *report,
                                           const struct ot_source *source, int64_t now,
                                           struct ot_error *err);

/* A record that `attention` names. OT_E_CORRUPT as ot_snapshot_record. */
enum ot_status ot_source_report_record(const struct ot_source_report *report,
                                       enum ot_attention attention, size_t i,
                                       struct ot_record *record, struct ot_error *err);

#endif

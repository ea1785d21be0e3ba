/* What a token holds: for each trust anchor an object with the certificate, and two that
 * say for what it is trusted (NSS's own class, and that of PKCS#11 3.2); a third for
 * p11-kit and GnuTLS, an extension of the certificate, where the source's purposes are
 * limited, or another one denies some purposes; and one that says by which profile the
 * token is to be used.
 *
 * The token of a source that distrusts holds the same objects of what is active there,
 * valid or not, and they say that it is trusted for nothing. Of a certificate over which
 * readers stumble it has the objects of trust alone.
 *
 * An administration token holds the inactive certificates, too, and the objects of trust
 * of all of them: who writes one (certutil) reads it back, also when it takes trust away,
 * and else keeps one of his own. It has no profile, which would say that nobody needs to
 * log in. */
#ifndef OT_P11_OBJECT_H
#define OT_P11_OBJECT_H

#include "base/span.h"
#include "cache/distrust.h"
#include "cryptoki_3.h"
#include "snapshot/record.h"
#include "token_policy.h"

struct ot_snapshot;

/* The three lowest bits of a handle. */
enum ot_object_kind {
    OT_OBJECT_PROFILE,
    OT_OBJECT_CERTIFICATE,
    OT_OBJECT_NSS_TRUST,
    OT_OBJECT_TRUST,
    OT_OBJECT_EXTENSION,
    OT_OBJECT_KINDS
};

#define OT_OBJECT_ALL_KINDS ((1u << OT_OBJECT_KINDS) - 1)
#define OT_OBJECT_TRUST_KINDS ((1u << OT_OBJECT_NSS_TRUST) | (1u << OT_OBJECT_TRUST))

struct ot_object {
    enum ot_object_kind kind;
    struct ot_record record; /* not of a profile; spans lie in the snapshot */
    bool is_anchor;          /* a CA and valid: trusted */
    int64_t since, until;    /* while it is what it is, both ends included */
    unsigned purposes; /* what the anchor is trusted for, or denied; of an extension:
                          what it limits all anchors of that key to */
    struct ot_token_policy policy;
    unsigned changes; /* of what others say no to, when this was made */
};

/* A handle is a hash of the certificate's id, and the kind: it means the same in every
 * session, process and snapshot. It is never CK_INVALID_HANDLE. */
CK_OBJECT_HANDLE ot_object_handle(const struct ot_object *object);
/* The same from a certificate's id alone, of one that no snapshot need hold yet. */
CK_OBJECT_HANDLE ot_object_handle_of(struct ot_span id, enum ot_object_kind kind);

static inline bool ot_object_is_active(const struct ot_object *object)
{
    return (object->record.flags & OT_RECORD_ACTIVE) != 0;
}

/* The kinds of object that a token with this policy has, as bits. */
unsigned ot_object_kinds(const struct ot_token_policy *policy);

/* Makes the object of a kind from a record that is shown; false when there is none at
 * Unix time now. A certificate that lies in the snapshot twice, under two ids, has one
 * set of trust objects, those of the newer id (§4.7: no more than one for a certificate);
 * extensions say all the same. */
bool ot_object_make(struct ot_object *object, enum ot_object_kind kind,
                    struct ot_snapshot *snapshot, const struct ot_record *record,
                    const struct ot_token_policy *policy, int64_t now);

/* Whether an object that was made before has stayed what it was. */
static inline bool ot_object_is_current(const struct ot_object *object, int64_t now)
{
    return object->since <= now && now <= object->until &&
           (object->policy.distrust == NULL ||
            object->changes == ot_distrust_changes(object->policy.distrust));
}

/* The object that a handle means in a snapshot (NULL: an empty token). */
bool ot_object_find(struct ot_object *object, CK_OBJECT_HANDLE handle,
                    struct ot_snapshot *snapshot, const struct ot_token_policy *policy,
                    int64_t now);

/* The same where the object is still another one of that snapshot, and the one that is
 * meant may lie behind it and be of its kind; false: it is not, and object is of no more
 * use. */
bool ot_object_follow(struct ot_object *object, CK_OBJECT_HANDLE handle,
                      struct ot_snapshot *snapshot, const struct ot_token_policy *policy,
                      int64_t now);

/* The one object that every token has but one for administration. */
void ot_object_make_profile(struct ot_object *object);

#endif

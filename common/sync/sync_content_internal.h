/* What came of asking for a certificate's content. */
#ifndef OT_SYNC_SYNC_CONTENT_INTERNAL_H
#define OT_SYNC_SYNC_CONTENT_INTERNAL_H

#include "base/error.h"
#include "base/limits.h"
#include "base/span.h"

struct ot_cert;
struct ot_limited;
struct ot_limits;

struct ot_content {
    const struct ot_limits *limits; /* of the source; NULL: there are none */
    struct ot_cert *cert;           /* NULL: none, or none that can be used */
    struct ot_limited *limited;     /* it under these limits; NULL: there are none */
    char *note;                     /* why it is quarantined, else NULL */
    char *extra;                    /* as struct ot_api_cert has it */
    char *others;                   /* the certificates behind it, in words; NULL: none */
    bool is_missing;                /* 404 */
    bool is_asked_again;            /* the first answer came without content */
    bool is_kept;                   /* the partial file has it */
    int64_t created_at;             /* as the listing has it */
    struct ot_content *beside; /* the next in its request (sync_together_internal.h) */
    struct ot_content *next; /* among those that have been checked, see ot_work_checked */
    char id[OT_ID_MAX + 1];
};

/* limits (NULL: none) must outlive it. */
enum ot_status ot_content_new(struct ot_content **out, const char *id, int64_t created_at,
                              const struct ot_limits *limits, struct ot_error *err);
void ot_content_free(struct ot_content *content);

/* Checks the text (which may hold anything): a certificate, or quarantined with the
 * reason. Fails only when memory or OpenSSL does. Touches nothing but this content, so
 * that threads may check different ones at once. */
enum ot_status ot_content_accept(struct ot_content *content, const char *text,
                                 struct ot_error *err);

/* The same for a certificate in DER. */
enum ot_status ot_content_accept_der(struct ot_content *content, struct ot_span der,
                                     struct ot_error *err);

#endif

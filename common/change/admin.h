/* Administration of one scope: what the API has there now, and the one write that needs
 * more than a request. Not thread-safe; one object a thread. */
#ifndef OT_CHANGE_ADMIN_H
#define OT_CHANGE_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "change/cert_input.h"

struct ot_api;
struct ot_http_tuning;
struct ot_key;
struct ot_source;

struct ot_admin;

struct ot_admin_options {
    const struct ot_key *key;            /* borrowed for the whole life of the object */
    const struct ot_http_tuning *tuning; /* NULL: the default */
    const volatile int *stop;            /* set by a signal handler; may be NULL */
};

struct ot_admin_cert {
    char id[OT_ID_MAX + 1];
    char *name;         /* NULL: none */
    char *label;        /* what `orgtrust list` shows it with, as long as it is called as
                           the source's snapshot has it; NULL: that is not known */
    bool active;        /* in this scope */
    bool is_inherited;  /* the scope is a project, and it is active in the organization */
    int64_t expires_at; /* as the list has it, Unix seconds; 0: it has not */
    int64_t ends_at;    /* when it is active no more, here or by the organization, as far
                           as the API says so; 0: it does not */
    bool has_sha256;
    uint8_t sha256[OT_SHA256_LEN];
};

/* project NULL: the source's own scope; "": the organization. The source must outlive the
 * object. No request is made. */
enum ot_status ot_admin_open(struct ot_admin **out, const struct ot_source *source,
                             const char *project, const struct ot_admin_options *options,
                             struct ot_error *err);
void ot_admin_close(struct ot_admin *admin); /* NULL is fine */

struct ot_api *ot_admin_api(struct ot_admin *admin);
/* Before a change: the time that its requests have begins now, however long what came
 * before has taken, such as a person's answer. */
void ot_admin_begin_time(struct ot_admin *admin);
const char *ot_admin_project(const struct ot_admin *admin); /* NULL: the organization */

/* All certificates of the organization with their state in this scope, asked for now;
 * oldest first. Pointers from before are no longer valid. */
enum ot_status ot_admin_list(struct ot_admin *admin, struct ot_error *err);

/* Their digests: content never changes for an id, so that of the source's snapshot is
 * believed, and only the rest is asked for. Content that is no certificate has none. */
enum ot_status ot_admin_fingerprint(struct ot_admin *admin, struct ot_error *err);

size_t ot_admin_count(const struct ot_admin *admin);
const struct ot_admin_cert *ot_admin_at(const struct ot_admin *admin, size_t i);

/* By id, else by name or label, else by the label that it had in the source's snapshot
 * before it was renamed, else by the beginning of its id. OT_E_NOT_FOUND, or OT_E_USAGE
 * with the ids of those that share it: also where one has as its name what another is
 * shown with. */
enum ot_status ot_admin_find(const struct ot_admin *admin, const char *what,
                             const struct ot_admin_cert **out, struct ot_error *err);

/* Another one than except (NULL: any) that has this name or label; NULL: there is none.
 */
const struct ot_admin_cert *ot_admin_called(const struct ot_admin *admin,
                                            const char *name,
                                            const struct ot_admin_cert *except);

/* An active one before an inactive, then the oldest; NULL if there is none. */
const struct ot_admin_cert *ot_admin_find_sha256(const struct ot_admin *admin,
                                                 const uint8_t sha256[OT_SHA256_LEN]);

/* Uploads a certificate that is not there (list and fingerprint say so). When it is not
 * known whether a request arrived, the list is asked for again and the request repeated
 * only if the certificate is not in it. */
enum ot_status ot_admin_upload(struct ot_admin *admin, const struct ot_cert_input *input,
                               const char *name, char id[OT_ID_MAX + 1],
                               struct ot_error *err);

/* Whether a request that failed so may have been carried out all the same. */
bool ot_admin_is_unclear(enum ot_status status);

#endif

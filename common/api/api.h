/* The certificates API, typed: ten operations, each answer checked
 * against its schema before anybody sees it. Errors carry the API's own message, and for
 * 401 and 403 where the key came from. Not thread-safe; one object a thread. */
#ifndef OT_API_API_H
#define OT_API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ot_api_cert;
struct ot_api_page;
struct ot_http;
struct ot_http_tuning;
struct ot_key;
struct ot_source;

struct ot_api;

/* Scope and everything else come from the source. */
enum ot_status ot_api_new(struct ot_api **out, const struct ot_source *source,
                          const struct ot_key *key, const struct ot_http_tuning *tuning,
                          struct ot_error *err);
void ot_api_free(struct ot_api *api);
struct ot_http *ot_api_http(struct ot_api *api);

/* Before anything is asked: lists that are older than this moment (moment_tag.h) are not
 * wanted; "": whichever a relay has. */
enum ot_status ot_api_want_moment(struct ot_api *api, const char *digits,
                                  struct ot_error *err);

/* One page of the scope's certificates, oldest first; after "" or NULL: the first page.
 */
enum ot_status ot_api_list(struct ot_api *api, const char *after, unsigned limit,
                           struct ot_api_page *out, struct ot_error *err);
/* The same of the organization's, whatever the scope. */
enum ot_status ot_api_list_organization(struct ot_api *api, const char *after,
                                        unsigned limit, struct ot_api_page *out,
                                        struct ot_error *err);
/* Whether the scope is a project in which what is active in the organization counts. */
bool ot_api_inherits(const struct ot_api *api);

/* The HTTP status of the last answer that became an error, 0 for none: a sync tells the
 * 4xx of a vanished cursor from one of a wrong project by it. */
long ot_api_last_status(const struct ot_api *api);
/* How long the API asked us to stay away with that answer, ms; -1: it did not say. */
int64_t ot_api_retry_after_ms(const struct ot_api *api);
/* When the key ends, as far as the last good answer said so unasked; 0: it did not. */
int64_t ot_api_key_ends_at(const struct ot_api *api);
/* Whether a good answer said that the API takes reports of hosts (report.h). */
bool ot_api_takes_reports(const struct ot_api *api);
/* Whether the last good answer said that the API holds a list until it changes
 * (api_wait.h). */
bool ot_api_takes_waits(const struct ot_api *api);

/* Whether the last good answer said that the API gives the contents of several
 * certificates at once. */
bool ot_api_gives_contents(const struct ot_api *api);

/* Called once for each id, in the order of the answers. OT_OK: cert has content or not
 * (the caller checks). Else status and err say why, OT_E_NOT_FOUND for a 404. Returning
 * other than OT_OK stops the rest. */
typedef enum ot_status ot_api_got(void *arg, size_t i, enum ot_status status,
                                  const struct ot_api_cert *cert, struct ot_error *err);

/* The certificates with content, many in flight. */
enum ot_status ot_api_get_many(struct ot_api *api, const char *const *ids, size_t count,
                               ot_api_got *got, void *arg, struct ot_error *err);

#define OT_API_IDS_MAX 2048

/* Many pages and certificates at once, in the order of the answers. */
struct ot_api_wanted {
    const char *id;  /* a certificate with content */
    const char *ids; /* several of them, with commas between their ids, in at most
                        OT_API_IDS_MAX bytes with the NUL */
    /* Neither: a page, as ot_api_list has it. */
    const char *after;
    unsigned limit;
    bool of_organization; /* a page of ot_api_list_organization */
    const char *tag;      /* NULL, or of a page that is wanted only if it has another */
};
struct ot_api_reader {
    /* What the i-th request asks for; it is asked again when the answer has come. */
    void (*want)(void *arg, size_t i, struct ot_api_wanted *wanted);
    /* A page, of an answer of so many bytes, or status and err say why not. The items are
     * the callee's to take. */
    enum ot_status (*page)(void *arg, size_t i, enum ot_status status,
                           struct ot_api_page *page, size_t bytes, struct ot_error *err);
    ot_api_got *cert;
    /* Those of the several that the API gave; or status and err say why it did not. */
    enum ot_status (*certs)(void *arg, size_t i, enum ot_status status,
                            struct ot_api_page *page, struct ot_error *err);
    void *arg;
};

/* Reads the first `count` things that the reader wants; from within page and cert,
 * ot_api_read_more has it want as many more. These returning other than OT_OK stops the
 * rest. */
enum ot_status ot_api_read(struct ot_api *api, const struct ot_api_reader *reader,
                           size_t count, struct ot_error *err);
void ot_api_read_more(struct ot_api *api, size_t more);

/* name NULL: without. Not repeated by itself when its answer is lost: OT_E_NETWORK. */
enum ot_status ot_api_upload(struct ot_api *api, const char *pem, const char *name,
                             struct ot_api_cert *out, struct ot_error *err);
enum ot_status ot_api_rename(struct ot_api *api, const char *id, const char *name,
                             struct ot_api_cert *out, struct ot_error *err);
enum ot_status ot_api_delete(struct ot_api *api, const char *id, struct ot_error *err);

/* One to ten ids; atomic and idempotent. out may be NULL. */
enum ot_status ot_api_activate(struct ot_api *api, const char *const *ids, size_t count,
                               struct ot_api_page *out, struct ot_error *err);
/* The same with an end, in Unix seconds, which the hosted API does not have.
 * OT_E_PROTOCOL: they are active, and the server does not say that they will have an end.
 */
enum ot_status ot_api_activate_until(struct ot_api *api, const char *const *ids,
                                     size_t count, int64_t ends_at, struct ot_error *err);
enum ot_status ot_api_deactivate(struct ot_api *api, const char *const *ids, size_t count,
                                 struct ot_api_page *out, struct ot_error *err);

#endif

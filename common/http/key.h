/* The admin key: read where it is needed, wiped where it is not. */
#ifndef OT_HTTP_KEY_H
#define OT_HTTP_KEY_H

#include <stddef.h>

#include "base/error.h"

struct ot_source;

struct ot_key {
    char *secret; /* NULL: there is none, requests go without (a relay) */
    size_t len;
    char origin[256]; /* for messages: "OPENAI_ADMIN_KEY" or the file's path */
};

/* From the source's admin_key_file (regular file, owner root or this user, no access for
 * group or others, one line of visible ASCII; blanks around it do not count) or
 * OPENAI_ADMIN_KEY. With neither it is OT_OK and secret NULL; a key that must not be
 * used, or a configured file that is not there, is OT_E_UNSAFE or OT_E_CONFIG and says
 * how to mend it. The message never holds a part of the key. */
enum ot_status ot_key_load(struct ot_key *key, const struct ot_source *source,
                           struct ot_error *err);
/* The same of the source's notify_secret_file, which signs what notify_url is sent. */
enum ot_status ot_key_load_notify_secret(struct ot_key *key,
                                         const struct ot_source *source,
                                         struct ot_error *err);
/* From a file that a person named just now, to be put elsewhere: others may read it. */
enum ot_status ot_key_read_named(struct ot_key *key, const char *path,
                                 struct ot_error *err);
/* What somebody typed; the caller wipes the text. origin: whose key messages say it is.
 */
enum ot_status ot_key_set(struct ot_key *key, const char *text, const char *origin,
                          struct ot_error *err);
/* From an open descriptor up to its end, for a parent that passes a key on. */
enum ot_status ot_key_read_fd(struct ot_key *key, int fd, struct ot_error *err);

/* Whether this key may be sent where the source's base_url points, by what the key begins
 * with: `orgtrust-` is orgtrust-server's and never goes to the hosted API, also not for
 * lack of a base_url; `sk-` is the hosted API's and goes to another host only when the
 * configuration names it. What the environment says (OPENAI_BASE_URL) is not enough for
 * that: it is set for other programs, too, and often for a proxy of somebody else's.
 * OT_E_CONFIG. No key is OT_OK. */
enum ot_status ot_key_check_host(const struct ot_key *key, const struct ot_source *source,
                                 struct ot_error *err);
void ot_key_clear(struct ot_key *key); /* overwrites, then frees */

#endif

/* Hosts, as they have reported themselves: what each has of which scopes, and since when
 * that is not all. All of it is what somebody with a key has said. */
#ifndef OT_SERVER_STORE_HOST_H
#define OT_SERVER_STORE_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ot_db;

struct ot_host_row {
    const char *name;    /* no other has it */
    const char *version; /* of its orgtrust */
    const char *stacks;  /* JSON */
    int64_t seen_at;     /* Unix seconds */
};

struct ot_host_scope_row {
    const char *scope;    /* "": the organization; NULL: it has none */
    const char *tag;      /* of what is active there, as the host has it */
    int64_t behind_since; /* when the list first became another one; 0: it is this one */
};

/* Stores what a host says of itself under the key with this seq; one that was unknown
 * makes those go that were not seen for too long. OT_E_REFUSED (no message): it is
 * unknown, and the key has OT_HOSTS_OF_KEY_MAX hosts. */
enum ot_status ot_db_host_put(struct ot_db *db, const struct ot_host_row *row,
                              int64_t key_seq, struct ot_error *err);

/* The tag that the host has of a scope, whose present one is known by now (list.h);
 * none: the tag of a list in which nothing is active. */
struct ot_host_scope_put {
    const char *host, *scope, *tag, *none;
    int64_t now;
};
enum ot_status ot_db_host_scope_put(struct ot_db *db, const struct ot_host_scope_put *put,
                                    struct ot_error *err);
/* It has the scopes of this array in JSON, and no others. */
enum ot_status ot_db_host_scopes_keep(struct ot_db *db, const char *host,
                                      const char *scopes, struct ot_error *err);

enum ot_status ot_db_host_standing(struct ot_db *db, const char *host, bool *is_behind,
                                   struct ot_error *err);

/* Hosts behind this name, by name, each as many times as it has scopes, one after the
 * other; once where it has none. The strings live until the callback returns. */
struct ot_host_range {
    const char *after; /* "": all */
    bool behind;       /* only those that are */
    int64_t limit;     /* hosts */
    int64_t now;
};
typedef void ot_host_seen(void *arg, const struct ot_host_row *row,
                          const struct ot_host_scope_row *scope);
enum ot_status ot_db_host_list(struct ot_db *db, const struct ot_host_range *range,
                               ot_host_seen *seen, void *arg, struct ot_error *err);

struct ot_host_count {
    int64_t total, behind;
};
enum ot_status ot_db_host_count(struct ot_db *db, int64_t now,
                                struct ot_host_count *count, struct ot_error *err);

#endif

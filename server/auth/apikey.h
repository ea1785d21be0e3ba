/* Keys to this server: "orgtrust-" ID "-" SECRET, both hexadecimal, the secret 256 random
 * bits. Only the id and the SHA-256 of the whole key are stored: what is random to that
 * degree needs no slow hash. A key is looked up by its id, and its hash then compared in
 * constant time. Revoking deletes the row, which every request reads: it works at once.
 */
#ifndef OT_SERVER_AUTH_APIKEY_H
#define OT_SERVER_AUTH_APIKEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/key.h"

struct ot_db;

#define OT_APIKEY_MAX 128   /* a key as text, NUL included */
#define OT_APIKEY_ID_MAX 24 /* "key_" and 16 digits, NUL */

enum ot_role { OT_ROLE_ADMIN, OT_ROLE_READ };
bool ot_role_parse(enum ot_role *role, const char *name);
const char *ot_role_name(enum ot_role role);

/* Whose key a request came with. */
struct ot_caller {
    int64_t seq;
    char id[OT_APIKEY_ID_MAX];
    enum ot_role role;
    int64_t expires_at, last_used_at; /* 0: never */
    bool is_expired;
};

/* Whether a key may be called so; reason says what is wrong. Names and ids are never to
 * be taken for each other. */
bool ot_apikey_name_is_valid(const char *name, const char **reason);

struct ot_apikey_spec {
    enum ot_role role;
    const char *name;   /* NULL: none */
    int64_t lifetime_s; /* 0: without an end */
};
struct ot_apikey {
    char id[OT_APIKEY_ID_MAX];
    char text[OT_APIKEY_MAX]; /* the key itself: the caller wipes it */
    int64_t created_at;
};

/* Stores a new key and gives it out, this once. OT_E_REFUSED: another one has the name.
 */
enum ot_status ot_apikey_create(struct ot_db *db, const struct ot_apikey_spec *spec,
                                struct ot_apikey *made, struct ot_error *err);

/* A key as it is shown to who must not have it: with its id in it, without its secret. */
void ot_apikey_redact(char out[OT_APIKEY_MAX], const char *id);

/* A key that came, before the database was asked for the row of caller.id, which is ""
 * where it is not shaped like one of ours. */
struct ot_claim {
    unsigned char hash[OT_KEY_HASH_LEN];
    struct ot_caller caller;
    bool is_right;
};
enum ot_status ot_apikey_claim(struct ot_claim *claim, const char *key,
                               struct ot_error *err);

/* Compares it with the row, NULL: there is none. What is right and has not come to its
 * end is_right. */
void ot_apikey_compare(struct ot_claim *claim, const struct ot_key_row *row);

#endif

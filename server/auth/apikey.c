#include "auth/apikey.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "message/body.h"
#include "shared/digest.h"
#include "shared/limits.h"
#include "shared/random_text.h"
#include "store/key.h"

#define KEY_PREFIX "orgtrust-"
#define KEY_PREFIX_LEN (sizeof(KEY_PREFIX) - 1)
#define ID_PREFIX "key_"
#define ID_BYTES 8
#define ID_DIGITS ((size_t)ID_BYTES * 2)
#define SECRET_BYTES 32
/* The shape of a key: prefix, id, '-', secret. */
#define KEY_LEN (KEY_PREFIX_LEN + ID_DIGITS + 1 + (size_t)SECRET_BYTES * 2)

static const char *const role_names[] = {
    [OT_ROLE_ADMIN] = "admin",
    [OT_ROLE_READ] = "read",
};

bool ot_role_parse(enum ot_role *role, const char *name)
{
    for (size_t i = 0; i < sizeof(role_names) / sizeof(role_names[0]); i++) {
        if (strcmp(role_names[i], name) == 0) {
            *role = (enum ot_role)i;
            return true;
        }
    }
    return false;
}

const char *ot_role_name(enum ot_role role)
{
    return role_names[role];
}

static bool hash_key(const char *key, unsigned char hash[OT_KEY_HASH_LEN])
{
    unsigned len = 0;

    return EVP_Digest(key, strlen(key), hash, &len, ot_digest_sha256(), NULL) == 1 &&
           len == OT_KEY_HASH_LEN;
}

bool ot_apikey_name_is_valid(const char *name, const char **reason)
{
    _Static_assert(OT_APIKEY_NAME_MAX == 64, "the reason says so");
    *reason = "is longer than 64 bytes";
    if (*name == '\0')
        *reason = "is empty";
    else if (strncmp(name, ID_PREFIX, sizeof(ID_PREFIX) - 1) == 0)
        *reason = "begins with 'key_', as ids do";
    else
        return ot_name_is_valid(name, reason) && strlen(name) <= OT_APIKEY_NAME_MAX;
    return false;
}

static enum ot_status insert_key(struct ot_db *db, const struct ot_apikey_spec *spec,
                                 const struct ot_apikey *made, struct ot_error *err)
{
    unsigned char hash[OT_KEY_HASH_LEN];
    const struct ot_key_row row = {
        .id = made->id,
        .name = spec->name,
        .role = role_names[spec->role],
        .created_at = made->created_at,
        .expires_at = spec->lifetime_s != 0 ? made->created_at + spec->lifetime_s : 0,
        .hash = hash,
    };

    if (!hash_key(made->text, hash))
        return ot_error_set(err, OT_E_INTERNAL, "SHA-256 is not available");
    return ot_db_key_insert(db, &row, err);
}

enum ot_status ot_apikey_create(struct ot_db *db, const struct ot_apikey_spec *spec,
                                struct ot_apikey *made, struct ot_error *err)
{
    char prefix[OT_APIKEY_MAX];
    enum ot_status status =
        ot_random_id(made->id, sizeof(made->id), ID_PREFIX, ID_BYTES, err);

    if (status != OT_OK)
        return status;
    made->created_at = time(NULL);
    snprintf(prefix, sizeof(prefix), KEY_PREFIX "%s-", made->id + sizeof(ID_PREFIX) - 1);
    status = ot_random_id(made->text, sizeof(made->text), prefix, SECRET_BYTES, err);
    if (status == OT_OK)
        status = insert_key(db, spec, made, err);
    if (status != OT_OK)
        OPENSSL_cleanse(made->text, sizeof(made->text));
    return status;
}

void ot_apikey_redact(char out[OT_APIKEY_MAX], const char *id)
{
    snprintf(out, OT_APIKEY_MAX, KEY_PREFIX "%s-***", id + sizeof(ID_PREFIX) - 1);
}

/* The id that a key names, "" when it is not shaped like one of ours. */
static void id_of(char id[OT_APIKEY_ID_MAX], const char *key)
{
    id[0] = '\0';
    if (strlen(key) == KEY_LEN && memcmp(key, KEY_PREFIX, KEY_PREFIX_LEN) == 0)
        snprintf(id, OT_APIKEY_ID_MAX, ID_PREFIX "%.*s", (int)ID_DIGITS,
                 key + KEY_PREFIX_LEN);
}

enum ot_status ot_apikey_claim(struct ot_claim *claim, const char *key,
                               struct ot_error *err)
{
    *claim = (struct ot_claim){.is_right = false};
    if (!hash_key(key, claim->hash))
        return ot_error_set(err, OT_E_INTERNAL, "SHA-256 is not available");
    id_of(claim->caller.id, key);
    return OT_OK;
}

void ot_apikey_compare(struct ot_claim *claim, const struct ot_key_row *row)
{
    struct ot_caller *caller = &claim->caller;

    claim->is_right = row != NULL && row->hash != NULL && row->role != NULL &&
                      CRYPTO_memcmp(row->hash, claim->hash, OT_KEY_HASH_LEN) == 0 &&
                      ot_role_parse(&caller->role, row->role);
    if (!claim->is_right)
        return;
    caller->seq = row->seq;
    caller->last_used_at = row->last_used_at;
    caller->expires_at = row->expires_at;
    caller->is_expired = row->expires_at != 0 && row->expires_at <= time(NULL);
    claim->is_right = !caller->is_expired;
}

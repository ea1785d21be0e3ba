#include "apikey.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "random_text.h"

#define KEY_PREFIX "orgtrust-"
#define KEY_PREFIX_LEN (sizeof(KEY_PREFIX) - 1)
#define ID_PREFIX "key_"
#define ID_BYTES 8
#define ID_DIGITS ((size_t)ID_BYTES * 2)
#define SECRET_BYTES 32
#define HASH_LEN 32
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

static bool hash_key(const char *key, unsigned char hash[HASH_LEN])
{
    unsigned len = 0;

    return EVP_Digest(key, strlen(key), hash, &len, EVP_sha256(), NULL) == 1 &&
           len == HASH_LEN;
}

static enum ot_status insert(struct ot_db *db, enum ot_role role, const char *name,
                             const char *id, const char *key, struct ot_error *err)
{
    unsigned char hash[HASH_LEN];
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_KEY_INSERT, err);
    enum ot_status status;

    if (statement == NULL)
        return err->status;
    if (!hash_key(key, hash))
        return ot_error_set(err, OT_E_INTERNAL, "SHA-256 is not available");
    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, hash, sizeof(hash), SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, role_names[role], -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 5, time(NULL));
    status = ot_db_run(db, statement, "store a key", err);
    if (status != OT_OK &&
        sqlite3_extended_errcode(ot_db_handle(db)) == SQLITE_CONSTRAINT_UNIQUE)
        return ot_error_set(err, OT_E_REFUSED,
                            "there is a key named '%s' already: revoke it first, or "
                            "choose another name",
                            name);
    return status;
}

enum ot_status ot_apikey_create(struct ot_db *db, enum ot_role role, const char *name,
                                char key[OT_APIKEY_MAX], struct ot_error *err)
{
    char id[OT_APIKEY_ID_MAX];
    char prefix[OT_APIKEY_MAX];
    enum ot_status status = ot_random_id(id, sizeof(id), ID_PREFIX, ID_BYTES, err);

    if (status != OT_OK)
        return status;
    snprintf(prefix, sizeof(prefix), KEY_PREFIX "%s-", id + sizeof(ID_PREFIX) - 1);
    status = ot_random_id(key, OT_APIKEY_MAX, prefix, SECRET_BYTES, err);
    if (status == OT_OK)
        status = insert(db, role, name, id, key, err);
    if (status != OT_OK)
        OPENSSL_cleanse(key, OT_APIKEY_MAX);
    return status;
}

/* The id that a key names, "" when it is not shaped like one of ours. */
static void id_of(char id[OT_APIKEY_ID_MAX], const char *key)
{
    id[0] = '\0';
    if (strlen(key) == KEY_LEN && memcmp(key, KEY_PREFIX, KEY_PREFIX_LEN) == 0)
        snprintf(id, OT_APIKEY_ID_MAX, ID_PREFIX "%.*s", (int)ID_DIGITS,
                 key + KEY_PREFIX_LEN);
}

static enum ot_status compare(sqlite3_stmt *statement, const unsigned char hash[HASH_LEN],
                              struct ot_caller *out)
{
    const void *stored = sqlite3_column_blob(statement, 1);
    const char *role = (const char *)sqlite3_column_text(statement, 2);

    if (stored == NULL || sqlite3_column_bytes(statement, 1) != HASH_LEN ||
        CRYPTO_memcmp(stored, hash, HASH_LEN) != 0 || role == NULL ||
        !ot_role_parse(&out->role, role))
        return OT_E_AUTH;
    out->seq = sqlite3_column_int64(statement, 0);
    out->last_used_at = sqlite3_column_int64(statement, 3);
    return OT_OK;
}

enum ot_status ot_apikey_find(struct ot_db *db, const char *key, struct ot_caller *out,
                              struct ot_error *err)
{
    unsigned char hash[HASH_LEN];
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_KEY_FIND, err);
    enum ot_status status;
    int result;

    if (statement == NULL)
        return err->status;
    if (!hash_key(key, hash))
        return ot_error_set(err, OT_E_INTERNAL, "SHA-256 is not available");
    id_of(out->id, key);
    sqlite3_bind_text(statement, 1, out->id, -1, SQLITE_STATIC);
    result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        status = compare(statement, hash, out);
    else
        status = result == SQLITE_DONE ? OT_E_AUTH : ot_db_fail(db, "look up a key", err);
    sqlite3_reset(statement);
    return status;
}

enum ot_status ot_apikey_touch(struct ot_db *db, int64_t seq, int64_t now,
                               struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_KEY_TOUCH, err);

    if (statement == NULL)
        return err->status;
    sqlite3_bind_int64(statement, 1, seq);
    sqlite3_bind_int64(statement, 2, now);
    return ot_db_run(db, statement, "note that a key was used", err);
}

enum ot_status ot_apikey_list(struct ot_db *db, ot_apikey_seen *seen, void *arg,
                              struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_KEY_LIST, err);
    enum ot_status status = OT_OK;
    int result;

    if (statement == NULL)
        return err->status;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        const struct ot_apikey_row row = {
            .id = (const char *)sqlite3_column_text(statement, 0),
            .name = (const char *)sqlite3_column_text(statement, 1),
            .role = (const char *)sqlite3_column_text(statement, 2),
            .created_at = sqlite3_column_int64(statement, 3),
            .last_used_at = sqlite3_column_int64(statement, 4),
        };
        seen(arg, &row);
    }
    if (result != SQLITE_DONE)
        status = ot_db_fail(db, "list keys", err);
    sqlite3_reset(statement);
    return status;
}

enum ot_status ot_apikey_revoke(struct ot_db *db, const char *id_or_name,
                                struct ot_error *err)
{
    sqlite3_stmt *statement = ot_db_statement(db, OT_SQL_KEY_REVOKE, err);
    enum ot_status status;

    if (statement == NULL)
        return err->status;
    sqlite3_bind_text(statement, 1, id_or_name, -1, SQLITE_STATIC);
    status = ot_db_run(db, statement, "revoke a key", err);
    if (status == OT_OK && sqlite3_changes(ot_db_handle(db)) == 0)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "no key has the id or name '%s'; `orgtrust-server key list` "
                            "shows them",
                            id_or_name);
    return status;
}

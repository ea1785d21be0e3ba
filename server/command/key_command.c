#include "command/key_command.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "auth/apikey.h"
#include "base/option.h"
#include "base/text.h"
#include "command/action_internal.h"
#include "message/body.h"
#include "shared/limits.h"
#include "store/key.h"

/* Names and ids must not be taken for each other by `key revoke`. */
static enum ot_status check_name(const struct ot_arguments *arguments,
                                 struct ot_error *err)
{
    const char *name = arguments->name;
    const char *reason = "is longer than 64 bytes";

    _Static_assert(OT_APIKEY_NAME_MAX == 64, "the reason says so");
    if (name == NULL)
        return OT_OK;
    if (*name == '\0')
        reason = "is empty";
    else if (strncmp(name, "key_", 4) == 0)
        reason = "begins with 'key_', as ids do";
    else if (ot_name_is_valid(name, &reason) && strlen(name) <= OT_APIKEY_NAME_MAX)
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE, "the key's name '%s' %s: choose another", name,
                        reason);
}

/* Printed before it is committed: a key that nobody saw must not exist. */
static enum ot_status create_key(struct ot_db *db, const struct ot_arguments *arguments,
                                 struct ot_error *err)
{
    char key[OT_APIKEY_MAX];
    enum ot_status status =
        ot_apikey_create(db, arguments->role, arguments->name, key, err);

    if (status != OT_OK)
        return status;
    printf("%s\n", key);
    status = ot_action_flush(err);
    OPENSSL_cleanse(key, sizeof(key));
    return status;
}

static void print_row(void *arg, const struct ot_key_row *row)
{
    char created[OT_ACTION_TIME_MAX], used[OT_ACTION_TIME_MAX];
    char name[4 * OT_APIKEY_NAME_MAX + 1] = "-";

    (void)arg;
    if (row->name != NULL)
        ot_text_escape(name, sizeof(name), row->name, strlen(row->name));
    printf("%-20s  %-5s  %-20s  %-20s  %s\n", row->id, row->role,
           ot_action_time(created, row->created_at),
           ot_action_time(used, row->last_used_at), name);
}

static enum ot_status list_keys(struct ot_db *db, const struct ot_arguments *arguments,
                                struct ot_error *err)
{
    enum ot_status status;

    (void)arguments;
    printf("%-20s  %-5s  %-20s  %-20s  %s\n", "ID", "ROLE", "CREATED", "LAST USED",
           "NAME");
    status = ot_db_key_list(db, print_row, NULL, err);
    return status == OT_OK ? ot_action_flush(err) : status;
}

static enum ot_status revoke_key(struct ot_db *db, const struct ot_arguments *arguments,
                                 struct ot_error *err)
{
    return ot_db_key_revoke(db, arguments->word, err);
}

static const struct ot_option_info create_options[] = {
    OT_OPTION_DB,
    {"role", "admin|read", "what the key may do: everything, or list and get"},
    {"name", "NAME", "what to call the key"},
    {NULL, NULL, NULL},
};

static const struct ot_option_info other_options[] = {OT_OPTION_DB, {NULL, NULL, NULL}};

static const struct ot_action key_actions[] = {
    {"create", create_options, create_key, check_name, NULL, true},
    {"list", other_options, list_keys, NULL, NULL, false},
    {"revoke", other_options, revoke_key, NULL, "one key's id or name", false},
    {.name = NULL},
};

enum ot_status ot_key_command(int argc, char **argv, struct ot_error *err)
{
    return ot_action_command(key_actions, "create, list or revoke", argc, argv, err);
}

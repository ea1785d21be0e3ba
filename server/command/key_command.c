#include "command/key_command.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "auth/apikey.h"
#include "base/error.h"
#include "base/option.h"
#include "base/text.h"
#include "command/action_internal.h"
#include "shared/limits.h"
#include "store/key.h"

static enum ot_status check_new_key(const struct ot_arguments *arguments,
                                    struct ot_error *err)
{
    const char *reason;

    if (arguments->name == NULL || ot_apikey_name_is_valid(arguments->name, &reason))
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE, "the key's name '%s' %s: choose another",
                        arguments->name, reason);
}

/* Printed before it is committed: a key that nobody saw must not exist. */
static enum ot_status create_and_print_key(struct ot_db *db,
                                           const struct ot_arguments *arguments,
                                           const struct ot_actor *actor,
                                           struct ot_error *err)
{
    const struct ot_apikey_spec spec = {
        .role = arguments->role,
        .name = arguments->name,
        .lifetime_s = arguments->lifetime_s,
    };
    struct ot_apikey made;
    enum ot_status status = ot_apikey_create(db, &spec, &made, err);

    if (status == OT_OK)
        status = ot_audit_key_created(db, actor, made.id, ot_role_name(spec.role), err);
    if (status == OT_OK) {
        printf("%s\n", made.text);
        status = ot_action_flush(err);
    }
    OPENSSL_cleanse(made.text, sizeof(made.text));
    return status;
}

#define KEY_LINE "%-20s  %-5s  %-20s  %-20s  %-20s  %s\n"

/* With the first row, or after none: not above a failure. */
static void print_key_titles(bool *is_begun)
{
    if (!*is_begun)
        printf(KEY_LINE, "ID", "ROLE", "CREATED", "LAST USED", "EXPIRES", "NAME");
    *is_begun = true;
}

static void print_key(void *arg, const struct ot_key_row *row)
{
    char created[OT_ACTION_TIME_MAX], used[OT_ACTION_TIME_MAX];
    char ends[OT_ACTION_TIME_MAX], name[4 * OT_APIKEY_NAME_MAX + 1] = "-";

    print_key_titles(arg);
    if (row->name != NULL)
        ot_text_escape(name, sizeof(name), row->name, strlen(row->name));
    printf(KEY_LINE, row->id, row->role, ot_action_time(created, row->created_at),
           ot_action_time(used, row->last_used_at), ot_action_time(ends, row->expires_at),
           name);
}

static enum ot_status list_keys(struct ot_db *db, const struct ot_arguments *arguments,
                                const struct ot_actor *actor, struct ot_error *err)
{
    const struct ot_key_range all = {.limit = INT64_MAX};
    bool is_begun = false;
    enum ot_status status = ot_db_key_list(db, &all, print_key, &is_begun, err);

    (void)arguments;
    (void)actor;
    if (status != OT_OK)
        return status;
    print_key_titles(&is_begun);
    return ot_action_flush(err);
}

static void copy_key_id(void *arg, const struct ot_key_row *row)
{
    snprintf(arg, OT_APIKEY_ID_MAX, "%s", row->id);
}

static enum ot_status revoke_key(struct ot_db *db, const struct ot_arguments *arguments,
                                 const struct ot_actor *actor, struct ot_error *err)
{
    char id[OT_APIKEY_ID_MAX];
    enum ot_status status = ot_db_key_named(db, arguments->word, copy_key_id, id, err);

    if (status == OT_E_NOT_FOUND)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "no key has the id or name '%s'; `orgtrust-server key list` "
                            "shows them",
                            arguments->word);
    if (status == OT_OK)
        status = ot_db_key_delete(db, id, err);
    return status == OT_OK ? ot_audit_key_deleted(db, actor, id, err) : status;
}

static const struct ot_option_info create_options[] = {
    {OT_OPTION_DB},
    {"role", "admin|read", "what the key may do: everything, or list and get"},
    {"name", "NAME", "what to call the key"},
    {"expires", "TIME", "when the key ends, such as 90d or 12h; never unless given"},
    {NULL, NULL, NULL},
};

static const struct ot_option_info other_options[] = {{OT_OPTION_DB}, {NULL, NULL, NULL}};

static const struct ot_action key_actions[] = {
    {"create", create_options, create_and_print_key, check_new_key, .creates = true},
    {"list", other_options, list_keys, .is_reading = true},
    {"revoke", other_options, revoke_key, .word = "one key's id or name"},
    {.name = NULL},
};

enum ot_status ot_key_command(int argc, char **argv, struct ot_error *err)
{
    return ot_action_command(key_actions, "create, list or revoke", argc, argv, err);
}

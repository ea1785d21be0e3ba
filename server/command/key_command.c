#include "command/key_command.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth/apikey.h"
#include "cache/text.h"
#include "command/options.h"
#include "message/body.h"
#include "shared/limits.h"
#include "shared/private_file.h"
#include "store/store.h"

struct arguments {
    const char *db, *name, *key; /* key: the one to revoke */
    enum ot_role role;
};

struct action {
    const char *name; /* behind `key` */
    const struct ot_option_info *options;
    enum ot_status (*run)(struct ot_db *db, const struct arguments *arguments,
                          struct ot_error *err);
    bool creates;   /* the database, where there is none */
    bool takes_key; /* ID|NAME */
};

/* Names and ids must not be taken for each other by `key revoke`. */
static enum ot_status check_name(const char *name, struct ot_error *err)
{
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

static enum ot_status flush(struct ot_error *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return OT_OK;
    return ot_error_errno(err, OT_E_IO, errno, "cannot write to standard output");
}

/* Printed before it is committed: a key that nobody saw must not exist. */
static enum ot_status create_key(struct ot_db *db, const struct arguments *arguments,
                                 struct ot_error *err)
{
    char key[OT_APIKEY_MAX];
    enum ot_status status =
        ot_apikey_create(db, arguments->role, arguments->name, key, err);

    if (status != OT_OK)
        return status;
    printf("%s\n", key);
    status = flush(err);
    OPENSSL_cleanse(key, sizeof(key));
    return status;
}

static void format_time(char *out, size_t size, int64_t when)
{
    time_t seconds = (time_t)when;
    struct tm utc;

    if (when == 0 || gmtime_r(&seconds, &utc) == NULL ||
        strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        snprintf(out, size, "-");
}

static void print_row(void *arg, const struct ot_key_row *row)
{
    char created[32], used[32], name[4 * OT_APIKEY_NAME_MAX + 1] = "-";

    (void)arg;
    format_time(created, sizeof(created), row->created_at);
    format_time(used, sizeof(used), row->last_used_at);
    if (row->name != NULL)
        ot_text_escape(name, sizeof(name), row->name, strlen(row->name));
    printf("%-20s  %-5s  %-20s  %-20s  %s\n", row->id, row->role, created, used, name);
}

static enum ot_status list_keys(struct ot_db *db, const struct arguments *arguments,
                                struct ot_error *err)
{
    enum ot_status status;

    (void)arguments;
    printf("%-20s  %-5s  %-20s  %-20s  %s\n", "ID", "ROLE", "CREATED", "LAST USED",
           "NAME");
    status = ot_db_key_list(db, print_row, NULL, err);
    return status == OT_OK ? flush(err) : status;
}

static enum ot_status revoke_key(struct ot_db *db, const struct arguments *arguments,
                                 struct ot_error *err)
{
    return ot_db_key_revoke(db, arguments->key, err);
}

enum option_code { CODE_DB, CODE_ROLE, CODE_NAME };

#define OPTION_DB [CODE_DB] = {"db", "FILE", "the database"}

static const struct ot_option_info create_options[] = {
    OPTION_DB,
    [CODE_ROLE] = {"role", "admin|read",
                   "what the key may do: everything, or list and get"},
    [CODE_NAME] = {"name", "NAME", "what to call the key"},
    {NULL, NULL, NULL},
};

static const struct ot_option_info other_options[] = {OPTION_DB, {NULL, NULL, NULL}};

static const struct action actions[] = {
    {"create", create_options, create_key, true, false},
    {"list", other_options, list_keys, false, false},
    {"revoke", other_options, revoke_key, false, true},
};

#define ACTION_COUNT (sizeof(actions) / sizeof(actions[0]))

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; i < ACTION_COUNT; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

static enum ot_status check(const struct action *action, struct arguments *arguments,
                            int argc, char **argv, struct ot_error *err)
{
    enum ot_status status;

    if (arguments->db == NULL)
        return ot_error_set(err, OT_E_USAGE, "`key %s` needs --db FILE; see --help",
                            action->name);
    if (argc - optind != (action->takes_key ? 1 : 0))
        return ot_error_set(
            err, OT_E_USAGE, "`key %s` takes %s; see --help", action->name,
            action->takes_key ? "one key's id or name" : "no words besides options");
    if (action->takes_key)
        arguments->key = argv[optind];
    status = ot_private_become_owner(arguments->db, err);
    if (status != OT_OK)
        return status;
    if (!action->creates && access(arguments->db, F_OK) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot open database %s",
                              arguments->db);
    return check_name(arguments->name, err);
}

static enum ot_status parse(const struct action *action, struct arguments *arguments,
                            int argc, char **argv, struct ot_error *err)
{
    int code;

    while ((code = ot_options_next(argc, argv, ":", action->options)) != -1) {
        if (code == CODE_DB)
            arguments->db = optarg;
        else if (code == CODE_NAME)
            arguments->name = optarg;
        else if (code != CODE_ROLE)
            return ot_options_unknown(code, argv, err);
        else if (!ot_role_parse(&arguments->role, optarg))
            return ot_error_set(err, OT_E_USAGE, "--role '%s' is neither admin nor read",
                                optarg);
    }
    return check(action, arguments, argc, argv, err);
}

static enum ot_status run(const struct action *action, const struct arguments *arguments,
                          struct ot_error *err)
{
    struct ot_store *store = NULL;
    struct ot_db *db;
    enum ot_status status = ot_store_open(&store, arguments->db, 1, err);

    if (status != OT_OK)
        return status;
    db = ot_store_lend(store);
    status = ot_db_begin(db, OT_WRITING, err);
    if (status == OT_OK)
        status = action->run(db, arguments, err);
    if (status == OT_OK)
        status = ot_db_commit(db, err);
    ot_db_rollback(db);
    ot_store_return(store, db);
    ot_store_close(store);
    return status;
}

enum ot_status ot_key_command(int argc, char **argv, struct ot_error *err)
{
    struct arguments arguments = {.role = OT_ROLE_ADMIN};
    const struct action *action = argc > 1 ? find_action(argv[1]) : NULL;
    enum ot_status status;

    if (action == NULL)
        return ot_error_set(err, OT_E_USAGE,
                            "`key` is followed by create, list or revoke; see --help");
    status = parse(action, &arguments, argc - 1, argv + 1, err);
    return status == OT_OK ? run(action, &arguments, err) : status;
}

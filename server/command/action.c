#include "command/action_internal.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "auth/apikey.h"
#include "base/error.h"
#include "base/text.h"
#include "command/options.h"
#include "command/unit_database_internal.h"
#include "shared/log.h"
#include "shared/private_file.h"
#include "store/db.h"
#include "store/store.h"

/* "local:", and a user's name on the server's machine. */
#define ACTOR_MAX 64

/* A hundred years: what is longer is a slip. */
#define LIFETIME_MAX_S (INT64_C(36500) * 86400)

enum ot_status ot_action_flush(struct ot_error *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return OT_OK;
    return ot_error_errno(err, OT_E_IO, errno, "cannot write to standard output");
}

const char *ot_action_time(char out[OT_ACTION_TIME_MAX], int64_t when)
{
    if (when != 0)
        return ot_log_time(out, when);
    snprintf(out, OT_ACTION_TIME_MAX, "-");
    return out;
}

static const struct ot_action *find_action(const struct ot_action *actions,
                                           const char *name)
{
    for (; actions->name != NULL; actions++)
        if (strcmp(actions->name, name) == 0)
            return actions;
    return NULL;
}

static enum ot_status take_unit_database(const struct ot_action *action,
                                         const char *group,
                                         struct ot_arguments *arguments,
                                         struct ot_error *err)
{
    enum ot_status status = ot_unit_database(&arguments->unit_db, err);

    if (status == OT_E_NOT_FOUND)
        return ot_error_set(
            err, OT_E_USAGE,
            "`%s %s` needs --db DATABASE where orgtrust-server.service has "
            "never run; see --help",
            group, action->name);
    arguments->db = arguments->unit_db;
    return status;
}

/* As whom the database lets the service in. */
static enum ot_status become_user_of(const struct ot_arguments *arguments,
                                     struct ot_error *err)
{
    if (!ot_store_is_url(arguments->db))
        return ot_private_become_owner(arguments->db, err);
    return arguments->unit_db != NULL ? ot_private_become_user(OT_UNIT_USER, err) : OT_OK;
}

static enum ot_status check_arguments(const struct ot_action *action, const char *group,
                                      struct ot_arguments *arguments, int argc,
                                      char **argv, struct ot_error *err)
{
    enum ot_status status;

    if (argc - optind != (action->word != NULL ? 1 : 0))
        return ot_error_set(
            err, OT_E_USAGE, "`%s %s` takes %s; see --help", group, action->name,
            action->word != NULL ? action->word : "no words besides options");
    arguments->word = argv[optind];
    status = action->check != NULL ? action->check(arguments, err) : OT_OK;
    if (status == OT_OK && arguments->db == NULL)
        status = take_unit_database(action, group, arguments, err);
    if (status == OT_OK)
        status = ot_store_check_place(arguments->db, err);
    if (status == OT_OK)
        status = become_user_of(arguments, err);
    if (status == OT_OK && !ot_store_is_url(arguments->db) && !action->creates &&
        access(arguments->db, F_OK) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot open database %s",
                              arguments->db);
    return status;
}

static enum ot_status take_lifetime(struct ot_arguments *arguments, struct ot_error *err)
{
    int64_t ms = ot_text_duration_ms(optarg);

    arguments->lifetime_s = ms / 1000;
    if (arguments->lifetime_s >= 1 && arguments->lifetime_s <= LIFETIME_MAX_S)
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE,
                        "--expires '%s' is no time from 1s to 36500d, such as 90d or 12h",
                        optarg);
}

static enum ot_status take_option(struct ot_arguments *arguments, const char *name,
                                  struct ot_error *err)
{
    if (strcmp(name, "db") == 0)
        arguments->db = optarg;
    else if (strcmp(name, "name") == 0)
        arguments->name = optarg;
    else if (strcmp(name, "id") == 0)
        arguments->id = optarg;
    else if (strcmp(name, "expires") == 0)
        return take_lifetime(arguments, err);
    else if (!ot_role_parse(&arguments->role, optarg))
        return ot_error_set(err, OT_E_USAGE, "--role '%s' is neither admin nor read",
                            optarg);
    return OT_OK;
}

static enum ot_status parse_arguments(const struct ot_action *action, const char *group,
                                      struct ot_arguments *arguments, int argc,
                                      char **argv, struct ot_error *err)
{
    int code;

    while ((code = ot_options_next(argc, argv, ":", action->options)) != -1) {
        enum ot_status status =
            code == '?' || code == ':'
                ? ot_options_unknown(code, argv, err)
                : take_option(arguments, action->options[code].name, err);

        if (status != OT_OK)
            return status;
    }
    return check_arguments(action, group, arguments, argc, argv, err);
}

static enum ot_status run_action(const struct ot_action *action,
                                 const struct ot_arguments *arguments,
                                 const struct ot_actor *actor, struct ot_error *err)
{
    struct ot_store *store = NULL;
    struct ot_db *db;
    enum ot_status status = ot_store_open(&store, arguments->db, 1, err);

    /* Which one is told, but for a URL that is none: it may have a password in it. */
    if (arguments->unit_db != NULL && status != OT_E_USAGE)
        fprintf(stderr, "orgtrust-server: the database of orgtrust-server.service: %s\n",
                arguments->unit_db);
    if (status != OT_OK)
        return status;
    db = ot_store_lend(store);
    status = ot_db_begin(db, action->is_reading ? OT_READING : OT_WRITING, err);
    if (status == OT_OK)
        status = action->run(db, arguments, actor, err);
    if (status == OT_OK)
        status = ot_db_commit(db, err);
    ot_db_rollback(db);
    ot_store_return(store, db);
    ot_store_close(store);
    return status;
}

/* Who calls, before root becomes the owner of the database. */
static const char *name_actor(char out[ACTOR_MAX])
{
    const struct passwd *user = getpwuid(getuid());

    if (user != NULL)
        snprintf(out, ACTOR_MAX, "local:%s", user->pw_name);
    else
        snprintf(out, ACTOR_MAX, "local:%u", (unsigned)getuid());
    return out;
}

enum ot_status ot_action_command(const struct ot_action *actions, const char *choices,
                                 int argc, char **argv, struct ot_error *err)
{
    struct ot_arguments arguments = {.role = OT_ROLE_ADMIN};
    const struct ot_action *action = argc > 1 ? find_action(actions, argv[1]) : NULL;
    char user[ACTOR_MAX];
    const struct ot_actor actor = {.id = name_actor(user), .scope = ""};
    enum ot_status status;

    if (action == NULL)
        return ot_error_set(err, OT_E_USAGE, "`%s` is followed by %s; see --help",
                            argv[0], choices);
    status = parse_arguments(action, argv[0], &arguments, argc - 1, argv + 1, err);
    if (status == OT_OK)
        status = run_action(action, &arguments, &actor, err);
    free(arguments.unit_db);
    return status;
}

/* What `orgtrust-server key …` and `project …` have in common: a word that says what to
 * do, options, and one transaction on the database. */
#ifndef OT_SERVER_COMMAND_ACTION_INTERNAL_H
#define OT_SERVER_COMMAND_ACTION_INTERNAL_H

#include "auth/apikey.h"
#include "base/error.h"
#include "shared/log.h"

struct ot_db;
struct ot_option_info;

/* NULL where an option was not given. */
struct ot_arguments {
    const char *db, *name, *id;
    char *unit_db;    /* what db is where it was not given */
    const char *word; /* that is no option */
    enum ot_role role;
    int64_t lifetime_s; /* 0: not given */
};

struct ot_actor;

struct ot_action {
    const char *name;                     /* behind `key` or `project` */
    const struct ot_option_info *options; /* `db` and those that this one takes */
    /* Inside the transaction. Prints to standard output what was asked for. */
    enum ot_status (*run)(struct ot_db *db, const struct ot_arguments *arguments,
                          const struct ot_actor *actor, struct ot_error *err);
    /* What is wrong with the arguments, before anything is opened. */
    enum ot_status (*check)(const struct ot_arguments *arguments, struct ot_error *err);
    const char *word; /* what the word is: "one key's id or name"; NULL: takes none */
    bool creates;     /* the database, where there is none */
    bool is_reading;  /* waits for no writer, and needs no right to write */
};
/* The fields of the option that every action has. */
#define OT_OPTION_DB "db", "DATABASE", "the database; the service's unless given"

/* Does the action that argv[1] names. argv[0] is the group's name; actions end with one
 * without a name, and choices says which there are. */
enum ot_status ot_action_command(const struct ot_action *actions, const char *choices,
                                 int argc, char **argv, struct ot_error *err);

/* What was printed has to be written before the transaction is committed. */
enum ot_status ot_action_flush(struct ot_error *err);

/* A Unix time, "-" for 0. */
#define OT_ACTION_TIME_MAX OT_LOG_TIME_MAX
const char *ot_action_time(char out[OT_ACTION_TIME_MAX], int64_t when);

#endif

/* The NSS databases that this user's programs open. */
#ifndef OT_CLI_DOCTOR_DATABASES_INTERNAL_H
#define OT_CLI_DOCTOR_DATABASES_INTERNAL_H

#include "base/error.h"

struct ot_install_env;

/* dir: where one may be. Another status than OT_OK ends the walk, and is its own. */
typedef enum ot_status ot_database_look(void *arg, const char *dir, struct ot_error *err);

/* Those below the home, and then the machine's. */
enum ot_status ot_databases_each(const struct ot_install_env *env, ot_database_look *look,
                                 void *arg, struct ot_error *err);

#endif

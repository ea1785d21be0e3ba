#include "doctor/databases_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "install/env.h"
#include "install/nss_list.h"

enum ot_status ot_databases_each(const struct ot_install_env *env, ot_database_look *look,
                                 void *arg, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && ot_nss_homes[i] != NULL; i++) {
        char *dir;

        if (asprintf(&dir, "%s/%s", env->home, ot_nss_homes[i]) < 0)
            return ot_error_nomem(err);
        status = look(arg, dir, err);
        free(dir);
    }
    return status == OT_OK ? look(arg, OT_NSS_MACHINE_DATABASE, err) : status;
}

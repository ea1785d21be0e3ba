#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "install/stack_internal.h"

const struct ot_stack *const ot_stacks[] = {
    &ot_stack_openssl,        &ot_stack_p11_kit, &ot_stack_nss,     &ot_stack_firefox,
    &ot_stack_firefox_policy, &ot_stack_java,    &ot_stack_system,  &ot_stack_containers,
    &ot_stack_chromium,       &ot_stack_selinux, &ot_stack_systemd, NULL,
};

const struct ot_stack *ot_stack_find(const char *name)
{
    for (size_t i = 0; ot_stacks[i] != NULL; i++)
        if (strcmp(ot_stacks[i]->name, name) == 0)
            return ot_stacks[i];
    return NULL;
}

enum ot_status ot_install_need(const char *path, struct ot_error *err)
{
    if (access(path, F_OK) == 0)
        return OT_OK;
    return ot_error_errno(err, OT_E_IO, errno,
                          "%s, which programs would load, is not installed", path);
}

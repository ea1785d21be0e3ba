/* p11-kit: a module file of its own, for GnuTLS, `trust` and all that loads its proxy. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "install/stack_internal.h"

#define MACHINE_DIR "/etc/pkcs11/modules"
#define PACKAGED_FILE "/usr/share/p11-kit/modules/orgtrust.module"

/* As conf/p11-kit/orgtrust.module.in, which says why. */
#define FIRST_LINE "# Written by orgtrust install; orgtrust uninstall removes it.\n"
#define CONTENT                                                                          \
    FIRST_LINE                                                                           \
    "module: " OT_PKCS11_MODULE "\n"                                                     \
    "trust-policy: yes\n"                                                                \
    "critical: no\n"                                                                     \
    "priority: 0\n"

/* Programs bring the library; the package p11-kit, its tools and directories, need not be
 * there. */
static bool is_present(void)
{
    void *library = dlopen("libp11-kit.so.0", RTLD_LAZY | RTLD_LOCAL);

    if (library != NULL)
        dlclose(library);
    return library != NULL;
}

/* Whether a module file makes p11-kit load our module. */
static bool loads_us(const char *path)
{
    struct ot_file_state file;
    bool loads;

    if (ot_file_state_read(&file, path, OT_EDITED_BYTES_MAX, NULL) != OT_OK)
        return false;
    loads = file.kind == OT_FILE_REGULAR &&
            strstr(file.data, "\nmodule: " OT_PKCS11_MODULE "\n") != NULL &&
            strstr(file.data, "\ntrust-policy: yes\n") != NULL;
    ot_file_state_clear(&file);
    return loads;
}

static enum ot_status plan_module_file(struct ot_stack_plan *plan, const char *dir,
                                       struct ot_error *err)
{
    struct ot_edit *edit;
    char *path, *content;
    enum ot_status status;

    if (asprintf(&path, "%s/orgtrust.module", dir) < 0)
        return ot_error_nomem(err);
    status = ot_stack_plan_edit(plan, path, &edit, err);
    if (status == OT_OK && loads_us(edit->path)) {
        ot_stack_plan_drop(plan);
    } else if (status == OT_OK && edit->before.kind != OT_FILE_ABSENT &&
               strncmp(edit->before.data, FIRST_LINE, strlen(FIRST_LINE)) != 0) {
        status = ot_error_set(err, OT_E_CONFIG,
                              "%s is there already, by another hand, and does not make "
                              "p11-kit trust " OT_PKCS11_MODULE ": mend or remove it",
                              edit->path);
    } else if (status == OT_OK) {
        content = strdup(CONTENT);
        if (content == NULL)
            status = ot_error_nomem(err);
        else
            ot_file_state_set(&edit->after, content, strlen(content));
    }
    free(path);
    return status;
}

static enum ot_status plan_p11_kit(struct ot_stack_plan *plan,
                                   const struct ot_install_env *env, struct ot_error *err)
{
    char *dir = NULL;
    enum ot_status status;

    if (!is_present())
        return ot_error_set(err, OT_E_NOT_FOUND, "no program here uses p11-kit");
    status = ot_install_need(OT_PKCS11_MODULE, err);
    if (status != OT_OK)
        return status;
    if (loads_us(PACKAGED_FILE)) {
        ot_stack_plan_note(plan, "all programs have the module by " PACKAGED_FILE);
        return OT_OK;
    }
    if (env->is_root)
        return plan_module_file(plan, MACHINE_DIR, err);
    if (loads_us(MACHINE_DIR "/orgtrust.module")) {
        ot_stack_plan_note(plan, "the machine has the module for every user");
        return OT_OK;
    }
    if (asprintf(&dir, "%s/pkcs11/modules", env->config_home) < 0)
        return ot_error_nomem(err);
    status = plan_module_file(plan, dir, err);
    free(dir);
    return status;
}

const struct ot_stack ot_stack_p11_kit = {
    .name = "p11-kit",
    .summary = "GnuTLS, trust, and all that loads p11-kit-proxy.so",
    .plan = plan_p11_kit,
};

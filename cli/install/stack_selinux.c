/* SELinux: a module that labels what orgtrust keeps for every program as certificates
 * (cert_t). It is compiled on the machine, for its policy's version; the copy of what it
 * labels says which one is loaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "install/stack_internal.h"
#include "install/tool.h"

#define SELINUX_ON "/sys/fs/selinux/enforce" /* there in both modes */
#define SOURCE ORGTRUST_DATADIR "/selinux/orgtrust"
#define COPY_DIR "/var/lib/orgtrust/selinux"
#define COPY COPY_DIR "/orgtrust.fc"
#define COMPILED COPY_DIR "/orgtrust.mod"
#define PACKAGED COPY_DIR "/orgtrust.pp"
/* Of a list of modules: a name a line, of some hundreds. */
#define LIST_BYTES 65536
#define LIST_MS 60000
/* What it labels. */
#define CACHE "/var/cache/orgtrust"
#define EXPORT "/var/lib/orgtrust/export"

static enum ot_status plan_selinux(struct ot_stack_plan *plan,
                                   const struct ot_install_env *env, struct ot_error *err)
{
    static const char *const needed[] = {"checkmodule", "semodule_package", "semodule",
                                         "restorecon"};
    struct ot_file_state source;
    struct ot_edit *edit;
    enum ot_status status;

    if (!env->is_root)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "SELinux's policy is the machine's: as root");
    if (access(SELINUX_ON, F_OK) != 0)
        return ot_error_set(err, OT_E_NOT_FOUND, "SELinux is not on here");
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!ot_tool_exists(needed[i]))
            return ot_error_set(
                err, OT_E_CONFIG,
                "the program %s is not installed: install the packages "
                "checkpolicy and policycoreutils (Debian: semodule-utils, "
                "too)",
                needed[i]);
    status = ot_file_state_read(&source, SOURCE ".fc", OT_EDITED_BYTES_MAX, err);
    if (status == OT_OK && source.kind != OT_FILE_REGULAR)
        status = ot_install_need(SOURCE ".fc", err);
    if (status == OT_OK)
        status = ot_stack_plan_edit(plan, COPY, &edit, err);
    if (status == OT_OK) {
        ot_file_state_set(&edit->after, source.data, source.len);
        source.data = NULL;
    }
    ot_file_state_clear(&source);
    return status;
}

static enum ot_status load_module(struct ot_error *err)
{
    const char *const compile[] = {"checkmodule", "-M",         "-m", "-o",
                                   COMPILED,      SOURCE ".te", NULL};
    const char *const pack[] = {"semodule_package", "-o", PACKAGED, "-m",
                                COMPILED,           "-f", COPY,     NULL};
    const char *const load[] = {"semodule", "-i", PACKAGED, NULL};
    enum ot_status status = ot_tool_run(compile, NULL, err);

    if (status == OT_OK)
        status = ot_tool_run(pack, NULL, err);
    if (status == OT_OK)
        status = ot_tool_run(load, NULL, err);
    unlink(COMPILED);
    unlink(PACKAGED);
    return status;
}

/* By what the policy says now; the second is there where an export asks for it. */
static enum ot_status label_again(struct ot_error *err)
{
    static const char *const paths[] = {CACHE, EXPORT};
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *const argv[] = {"restorecon", "-R", paths[i], NULL};

        if (access(paths[i], F_OK) == 0)
            status = ot_tool_run(argv, NULL, err);
    }
    return status;
}

/* Whether the module is among those that are loaded; where that is not known: yes. */
static bool is_module_loaded(void)
{
    static const char *const list[] = {"semodule", "-l", NULL};
    static const char *const environment[] = {OT_CHILD_PATH, "LC_ALL=C", NULL};
    static const char name[] = "orgtrust";
    char text[LIST_BYTES];
    struct ot_program_output output = {.text = text, .size = sizeof(text)};

    if (ot_tool_see(list, environment, LIST_MS, NULL, &output, NULL) != OT_OK ||
        output.len + 1 == output.size)
        return true;
    for (const char *line = text; *line != '\0'; line += line[0] == '\n') {
        size_t len = strcspn(line, "\n"), word = strcspn(line, " \t\n");

        if (word == strlen(name) && memcmp(line, name, word) == 0)
            return true;
        line += len;
    }
    return false;
}

/* One that was never loaded, or was unloaded by an uninstall that then ended, cannot be
 * removed, and need not. */
static enum ot_status unload_module(struct ot_error *err)
{
    static const char *const unload[] = {"semodule", "-r", "orgtrust", NULL};
    enum ot_status status = ot_tool_run(unload, NULL, err);

    if (status == OT_OK || is_module_loaded())
        return status;
    ot_error_clear(err);
    return OT_OK;
}

static enum ot_status finish_selinux(struct ot_stack_plan *plan,
                                     const struct ot_install_env *env, bool is_installed,
                                     struct ot_error *err)
{
    enum ot_status status;

    (void)plan;
    (void)env;
    if (!ot_tool_exists("semodule")) /* no longer */
        return OT_OK;
    status = is_installed ? load_module(err) : unload_module(err);
    return status == OT_OK ? label_again(err) : status;
}

const struct ot_stack ot_stack_selinux = {
    .name = "selinux",
    .summary = "SELinux's labels of what orgtrust keeps",
    .plan = plan_selinux,
    .finish = finish_selinux,
};

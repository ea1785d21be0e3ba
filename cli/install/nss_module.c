#include "install/nss_module_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/file.h"
#include "files/tree.h"
#include "install/nss_list.h"
#include "install/stack_internal.h"
#include "install/tool.h"

#define NAME "orgtrust"
#define LIST OT_NSS_LIST
#define SCRATCH "/tmp/orgtrust-install.XXXXXX"

/* For modutil: its -add has no way to give an order. */
#define SPEC                                                                             \
    "library=\"" OT_PKCS11_MODULE "\" name=\"" NAME "\" NSS=\"" OT_NSS_ORDER_SETTING "\""

/* A tool of NSS's works in a directory of its own, on a copy or on nothing, so that a
 * database changes in one step. It may load our module, which there has an empty
 * configuration: it must not start a sync. */
static enum ot_status run_tool(const char *scratch, const char *const argv[],
                               struct ot_error *err)
{
    char conf[sizeof(SCRATCH) + 32];
    enum ot_status status;

    snprintf(conf, sizeof(conf), "ORGTRUST_CONF=%s/conf", scratch);
    status = ot_file_replace(strchr(conf, '=') + 1, "", 0, 0600, err);
    return status == OT_OK ? ot_tool_run(argv, conf, err) : status;
}

static enum ot_status run_modutil(const char *scratch, bool add, struct ot_error *err)
{
    char database[sizeof(SCRATCH) + 16];
    const char *const adding[] = {"modutil", "-dbdir", database, "-rawadd",
                                  SPEC,      "-force", NULL};
    const char *const deleting[] = {"modutil", "-dbdir", database, "-delete",
                                    NAME,      "-force", NULL};

    snprintf(database, sizeof(database), "sql:%s", scratch);
    return run_tool(scratch, add ? adding : deleting, err);
}

/* As a browser leaves its own, without a password: one that still has to be told so is
 * written to by whoever first opens it, and could not be taken back as it was. */
static enum ot_status run_certutil(const char *scratch, struct ot_error *err)
{
    char database[sizeof(SCRATCH) + 16];
    const char *const argv[] = {"certutil",         "-N", "-d", database,
                                "--empty-password", NULL};

    snprintf(database, sizeof(database), "sql:%s", scratch);
    return run_tool(scratch, argv, err);
}

static enum ot_status make_scratch(char *scratch, struct ot_error *err)
{
    if (!ot_tool_exists("modutil"))
        return ot_error_set(err, OT_E_CONFIG,
                            "NSS's own tool for its databases, modutil, is not here: "
                            "install the package libnss3-tools");
    if (mkdtemp(scratch) == NULL)
        return ot_error_errno(err, OT_E_IO, errno, "cannot make a directory in /tmp");
    return OT_OK;
}

/* What came of a file. */
static enum ot_status take_tool_output(struct ot_file_state *to, const char *scratch,
                                       const char *name, struct ot_error *err)
{
    char path[sizeof(SCRATCH) + 16];
    enum ot_status status;

    snprintf(path, sizeof(path), "%s/%s", scratch, name);
    ot_file_state_clear(to);
    status = ot_file_state_read(to, path, OT_EDITED_BYTES_MAX, err);
    to->mtime.tv_nsec = UTIME_OMIT;
    return status;
}

static enum ot_status edit_list(struct ot_file_state *to,
                                const struct ot_file_state *from, bool add,
                                struct ot_error *err)
{
    char scratch[] = SCRATCH, list[sizeof(SCRATCH) + 16];
    enum ot_status status = make_scratch(scratch, err);

    if (status != OT_OK)
        return status;
    snprintf(list, sizeof(list), "%s/" LIST, scratch);
    status = ot_file_replace(list, from->data, from->len, 0600, err);
    if (status == OT_OK)
        status = run_modutil(scratch, add, err);
    if (status == OT_OK)
        status = take_tool_output(to, scratch, LIST, err);
    ot_dir_remove_tree(scratch);
    return status;
}

/* Another user's directory is not edited with root's rights: its owner could put links
 * there meanwhile. */
static bool is_foreign(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_uid != geteuid();
}

enum ot_status ot_nss_plan(struct ot_stack_plan *plan, const char *dir, bool *found,
                           struct ot_error *err)
{
    struct ot_edit *edit;
    char *path;
    enum ot_status status;

    if (asprintf(&path, "%s/" LIST, dir) < 0)
        return ot_error_nomem(err);
    if (access(path, F_OK) != 0) {
        free(path);
        return OT_OK;
    }
    if (is_foreign(dir)) {
        ot_stack_plan_note(
            plan, "%s belongs to another user, who can install for themselves", dir);
        free(path);
        return OT_OK;
    }
    *found = true;
    status = ot_stack_plan_edit(plan, path, &edit, err);
    free(path);
    if (status != OT_OK)
        return status;
    switch (ot_nss_wiring_of(&edit->before)) {
    case OT_NSS_LISTED:
        ot_stack_plan_drop(plan);
        return OT_OK;
    case OT_NSS_TOO_EARLY:
        return ot_nss_list_set_order(&edit->after, err);
    case OT_NSS_UNLISTED:
        break;
    }
    return edit_list(&edit->after, &edit->before, true, err);
}

/* The list names the directory of the database. */
static enum ot_status move_list(struct ot_file_state *list, const char *scratch,
                                const char *dir, struct ot_error *err)
{
    char *place = strstr(list->data, scratch), *moved;
    int len;

    if (place == NULL)
        return OT_OK;
    len = asprintf(&moved, "%.*s%s%s", (int)(place - list->data), list->data, dir,
                   place + strlen(scratch));
    if (len < 0)
        return ot_error_nomem(err);
    ot_file_state_set(list, moved, (size_t)len);
    return OT_OK;
}

static enum ot_status plan_new_file(struct ot_stack_plan *plan, const char *dir,
                                    const char *scratch, const char *name,
                                    struct ot_error *err)
{
    struct ot_edit *edit;
    char *path;
    enum ot_status status;

    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return ot_error_nomem(err);
    status = ot_stack_plan_edit(plan, path, &edit, err);
    free(path);
    if (status == OT_OK && edit->before.kind != OT_FILE_ABSENT) {
        ot_stack_plan_drop(plan); /* what is left of another one serves as well */
        return OT_OK;
    }
    if (status == OT_OK)
        status = take_tool_output(&edit->after, scratch, name, err);
    if (status == OT_OK && strcmp(name, LIST) == 0)
        status = move_list(&edit->after, scratch, dir, err);
    if (status == OT_OK)
        edit->after.new_mode = 0600;
    return status;
}

enum ot_status ot_nss_plan_new(struct ot_stack_plan *plan, const char *dir,
                               struct ot_error *err)
{
    static const char *const files[] = {"cert9.db", "key4.db", LIST};
    char scratch[] = SCRATCH;
    enum ot_status status = make_scratch(scratch, err);

    if (status != OT_OK)
        return status;
    status = run_certutil(scratch, err);
    if (status == OT_OK)
        status = run_modutil(scratch, true, err);
    for (size_t i = 0; status == OT_OK && i < 3; i++)
        status = plan_new_file(plan, dir, scratch, files[i], err);
    ot_dir_remove_tree(scratch);
    return status;
}

enum ot_status ot_nss_strip(struct ot_file_state *to, const char *path,
                            const struct ot_file_state *now, bool *found,
                            struct ot_error *err)
{
    (void)path;
    *found = ot_nss_wiring_of(now) != OT_NSS_UNLISTED;
    return *found ? edit_list(to, now, false, err) : OT_OK;
}

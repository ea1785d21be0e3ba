#include "install/nss_module_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/source.h"
#include "files/file.h"
#include "files/tree.h"
#include "install/nss_list.h"
#include "install/stack_internal.h"
#include "install/tool.h"

#define LIST OT_NSS_LIST
#define SCRATCH "/tmp/orgtrust-install.XXXXXX"

/* For modutil: its -add has no way to give an order. */
#define SPEC(library, name, settings)                                                    \
    "library=\"" library "\" name=\"" name "\" NSS=\"" settings "\""

/* A module of ours in a list. */
struct entry {
    const char *name, *spec;
};

static const struct entry trust = {
    "orgtrust", SPEC(OT_PKCS11_MODULE, "orgtrust", OT_NSS_ORDER_SETTING)};
static const struct entry distrust = {
    "orgtrust-distrust",
    SPEC(OT_PKCS11_DISTRUST_MODULE, "orgtrust-distrust", OT_NSS_DISTRUST_ORDER_SETTING)};

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

static enum ot_status run_modutil(const char *scratch, const struct entry *entry,
                                  bool add, struct ot_error *err)
{
    char database[sizeof(SCRATCH) + 16];
    const char *const argv[] = {"modutil",
                                "-dbdir",
                                database,
                                add ? "-rawadd" : "-delete",
                                add ? entry->spec : entry->name,
                                "-force",
                                NULL};

    snprintf(database, sizeof(database), "sql:%s", scratch);
    return run_tool(scratch, argv, err);
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

/* Both may be the same. */
static enum ot_status edit_list(struct ot_file_state *to,
                                const struct ot_file_state *from,
                                const struct entry *entry, bool add, struct ot_error *err)
{
    char scratch[] = SCRATCH, list[sizeof(SCRATCH) + 16];
    enum ot_status status = make_scratch(scratch, err);

    if (status != OT_OK)
        return status;
    snprintf(list, sizeof(list), "%s/" LIST, scratch);
    status = ot_file_replace(list, from->data, from->len, 0600, err);
    if (status == OT_OK)
        status = run_modutil(scratch, entry, add, err);
    if (status == OT_OK)
        status = take_tool_output(to, scratch, LIST, err);
    ot_dir_remove_tree(scratch);
    return status;
}

/* Whether there is something to say no to, by the configuration of whoever installs. */
static bool has_no(void)
{
    struct ot_config *config = NULL;
    bool found = false;

    if (ot_config_load(&config, NULL) == OT_OK)
        for (size_t i = 0; i < ot_config_count(config); i++)
            found = found || ot_source_distrusts(ot_config_at(config, i));
    ot_config_free(config);
    return found;
}

/* What a list of this user's lacks. */
static enum ot_status plan_entries(struct ot_edit *edit, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    switch (ot_nss_wiring_of(&edit->before)) {
    case OT_NSS_LISTED:
        break;
    case OT_NSS_TOO_EARLY:
        status = ot_nss_list_set_order(&edit->after, err);
        break;
    case OT_NSS_UNLISTED:
        status = edit_list(&edit->after, &edit->before, &trust, true, err);
        break;
    }
    if (status == OT_OK && !ot_nss_list_has_distrust(&edit->before) && has_no())
        status = edit_list(&edit->after, &edit->after, &distrust, true, err);
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
    if (ot_nss_wiring_of(&edit->before) == OT_NSS_LISTED &&
        (ot_nss_list_has_distrust(&edit->before) || !has_no())) {
        ot_stack_plan_drop(plan);
        return OT_OK;
    }
    return plan_entries(edit, err);
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
        status = run_modutil(scratch, &trust, true, err);
    if (status == OT_OK && has_no())
        status = run_modutil(scratch, &distrust, true, err);
    for (size_t i = 0; status == OT_OK && i < 3; i++)
        status = plan_new_file(plan, dir, scratch, files[i], err);
    ot_dir_remove_tree(scratch);
    return status;
}

enum ot_status ot_nss_strip(struct ot_file_state *to, const char *path,
                            const struct ot_file_state *now, bool *found,
                            struct ot_error *err)
{
    const bool has_trust = ot_nss_wiring_of(now) != OT_NSS_UNLISTED;
    const bool has_distrust = ot_nss_list_has_distrust(now);
    enum ot_status status = OT_OK;

    (void)path;
    *found = has_trust || has_distrust;
    if (has_trust)
        status = edit_list(to, now, &trust, false, err);
    if (status == OT_OK && has_distrust)
        status = edit_list(to, has_trust ? to : now, &distrust, false, err);
    return status;
}

/* The system's own anchors, for programs that read only files: export_system in the
 * machine's configuration, upon which each sync keeps them in step. */
#include <stdio.h>
#include <string.h>

#include "install/markers.h"
#include "install/stack.h"

#define FILE_PATH ORGTRUST_SYSCONFDIR "/orgtrust/orgtrust.conf"
#define KEY "export_system"

/* The value of the key before the first section, as it is written; NULL: it is not there.
 * len: of the value, without what follows it on the line. */
static const char *global_value(const char *text, size_t *len)
{
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n")) {
        const char *at = line += strspn(line, "\n");

        at += strspn(at, " \t");
        if (*at == '[')
            break;
        if (strncmp(at, KEY, strlen(KEY)) != 0)
            continue;
        at += strlen(KEY);
        at += strspn(at, " \t");
        if (*at != '=' && *at != ':')
            continue;
        at++;
        at += strspn(at, " \t");
        *len = strcspn(at, " \t\r\n;");
        return at;
    }
    return NULL;
}

static bool is_yes(const char *text)
{
    size_t len = 0;
    const char *value = global_value(text, &len);

    return value != NULL && len == 3 && strncmp(value, "yes", 3) == 0;
}

/* theirs: without our line. */
static enum ot_status plan_text(struct ot_stack_plan *plan, struct ot_edit *edit,
                                const struct ot_file_state *theirs, bool is_ours,
                                struct ot_error *err)
{
    size_t len = 0;
    const char *value = global_value(theirs->data, &len);

    if (is_yes(theirs->data)) {
        ot_stack_plan_note(plan, "%s says so by itself", edit->path);
        if (is_ours)
            return ot_file_state_copy(&edit->after, theirs, err);
        ot_stack_plan_drop(plan);
        return OT_OK;
    }
    if (value != NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "%s says " KEY " = %.*s; if that is no longer meant, remove "
                            "the line",
                            edit->path, (int)len, value);
    if (is_ours && is_yes(edit->before.data))
        return OT_OK;
    return ot_markers_prepend(&edit->after, theirs, KEY " = yes\n", err);
}

static enum ot_status plan(struct ot_stack_plan *plan, const struct ot_install_env *env,
                           struct ot_error *err)
{
    struct ot_file_state theirs = {.kind = OT_FILE_ABSENT};
    struct ot_edit *edit;
    bool is_ours;
    enum ot_status status;

    if (!env->is_root)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "the system's anchors are the machine's: as root; a program "
                            "of this user takes a file that export_bundle makes");
    status = ot_stack_plan_edit(plan, FILE_PATH, &edit, err);
    if (status == OT_OK && edit->before.kind == OT_FILE_ABSENT)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "there is no " FILE_PATH " yet; orgtrust.conf(5) says what "
                            "goes into it");
    if (status == OT_OK)
        status = ot_markers_strip(&theirs, &edit->before, &is_ours, err);
    if (status == OT_OK)
        status = plan_text(plan, edit, &theirs, is_ours, err);
    ot_file_state_clear(&theirs);
    if (status == OT_OK && ot_stack_plan_changes(plan) > 0)
        ot_stack_plan_note(plan,
                           "orgtrust sync then puts the anchors into the system's store");
    return status;
}

static enum ot_status strip(struct ot_file_state *to, const char *path,
                            const struct ot_file_state *now, bool *found,
                            struct ot_error *err)
{
    (void)path;
    return ot_markers_strip(to, now, found, err);
}

const struct ot_stack ot_stack_system = {
    .name = "system",
    .summary = "the system's anchors, for all programs that read only files",
    .plan = plan,
    .strip = strip,
    .has_markers = true,
};

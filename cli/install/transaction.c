#include "install/transaction_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/file.h"
#include "files/place.h"
#include "files/tree.h"

static void refuse_plan(struct ot_stack_plan *plan, enum ot_status status)
{
    while (plan->count > 0)
        ot_stack_plan_drop(plan);
    plan->kind = status == OT_E_NOT_FOUND ? OT_PLAN_ABSENT : OT_PLAN_REFUSED;
    plan->why.status = status;
}

/* What the file holds without our part; the stack has one that can be told apart. */
static enum ot_status strip_ours(struct ot_file_state *to, const struct ot_stack *stack,
                                 const char *path, const struct ot_file_state *now,
                                 bool *found, struct ot_error *err)
{
    enum ot_status status;

    *found = false;
    if (stack->strip == NULL || now->kind != OT_FILE_REGULAR)
        return ot_file_state_copy(to, now, err);
    status = stack->strip(to, path, now, found, err);
    if (status == OT_OK && !*found)
        status = ot_file_state_copy(to, now, err);
    return status;
}

/* Makes the one change, where the file still is what the plan saw. */
static enum ot_status make_change(struct ot_edit *edit, struct ot_error *err)
{
    struct ot_file_state now;
    enum ot_status status =
        ot_file_state_read(&now, edit->path, OT_EDITED_BYTES_MAX, err);

    if (status != OT_OK)
        return status;
    if (!ot_file_state_equal(&now, &edit->before))
        status = ot_error_set(err, OT_E_BUSY,
                              "%s was changed meanwhile and is left alone; try again",
                              edit->path);
    else if (!ot_file_state_equal(&now, &edit->after))
        status = ot_file_state_put(&edit->after, edit->path, err);
    ot_file_state_clear(&now);
    edit->is_done = status == OT_OK;
    return status;
}

/* Installing. */

void ot_install_plan(struct ot_stack_plan *plan, const struct ot_stack *stack,
                     const struct ot_install_env *env)
{
    struct ot_manifest manifest = {.entries = NULL};
    enum ot_status status;
    bool found = false;

    *plan = (struct ot_stack_plan){.kind = OT_PLAN_READY};
    status = stack->plan(plan, env, &plan->why);
    if (status != OT_OK) {
        refuse_plan(plan, status);
        return;
    }
    status = ot_manifest_load(&manifest, &found, env->state_dir, stack->name, &plan->why);
    if (status != OT_OK)
        refuse_plan(plan, status);
    plan->is_unfinished = found && !manifest.is_finished;
    /* What is in place but not written down is written down. */
    for (size_t i = 0; stack->has_markers && i < plan->count; i++)
        if (ot_manifest_find(&manifest, plan->edits[i].path) == NULL)
            plan->is_unfinished = true;
    ot_manifest_clear(&manifest);
}

/* The directories that must be made for it, the outermost first, behind those that an
 * interrupted run wrote down. */
static enum ot_status add_dirs(struct ot_manifest_entry *entry, struct ot_error *err)
{
    size_t first = entry->dir_count;
    char *dir = ot_path_parent(entry->path);

    while (dir != NULL && access(dir, F_OK) != 0) {
        char **dirs = reallocarray(entry->dirs, entry->dir_count + 1, sizeof(char *));

        if (dirs == NULL) {
            free(dir);
            return ot_error_nomem(err);
        }
        entry->dirs = dirs;
        memmove(dirs + first + 1, dirs + first,
                (entry->dir_count - first) * sizeof(char *));
        dirs[first] = dir;
        entry->dir_count++;
        dir = ot_path_parent(dir);
    }
    if (dir == NULL)
        return ot_error_nomem(err);
    free(dir);
    return OT_OK;
}

/* Whether what a file holds without ours is what it was before the first time, with its
 * time; where there was none, nothing is that, too. */
static bool is_before(const struct ot_file_state *stripped,
                      const struct ot_file_state *before)
{
    return ot_file_state_equal(stripped, before) ||
           (before->kind == OT_FILE_ABSENT && stripped->len == 0);
}

/* What others have made of the file since, without ours, is what it was before. */
static enum ot_status renew_before(struct ot_manifest_entry *entry,
                                   const struct ot_stack *stack,
                                   const struct ot_edit *edit, bool is_new,
                                   struct ot_error *err)
{
    struct ot_file_state stripped = {.kind = OT_FILE_ABSENT};
    bool found;
    enum ot_status status =
        strip_ours(&stripped, stack, edit->path, &edit->before, &found, err);

    if (status == OT_OK && (is_new || !found || !is_before(&stripped, &entry->before))) {
        status = ot_file_state_copy(&entry->before, &stripped, err);
        entry->image = 0;
    }
    ot_file_state_clear(&stripped);
    return status;
}

/* Writes down what edit is about to do. What was there before the first time stays,
 * unless somebody has changed the file since: then it is what they made of it, without
 * ours. */
static enum ot_status record_edit(struct ot_manifest *manifest,
                                  const struct ot_stack *stack,
                                  const struct ot_edit *edit, struct ot_error *err)
{
    struct ot_manifest_entry *entry = ot_manifest_find(manifest, edit->path);
    char now[OT_DIGEST_HEX_LEN + 1], then[OT_DIGEST_HEX_LEN + 1];
    enum ot_status status = ot_file_state_digest(now, &edit->before, err);
    bool is_ours, is_new = entry == NULL;

    if (status == OT_OK)
        status = ot_file_state_digest(then, &edit->after, err);
    if (status != OT_OK)
        return status;
    if (is_new && (entry = ot_manifest_add(manifest, edit->path)) == NULL)
        return ot_error_nomem(err);
    is_ours = ot_manifest_entry_is_ours(entry, now);
    if (is_new || (!is_ours && !ot_file_state_equal(&entry->before, &edit->before)))
        status = renew_before(entry, stack, edit, is_new, err);
    entry->ours_count = 0;
    if (is_ours)
        memcpy(entry->ours[entry->ours_count++], now, sizeof(now));
    if (!is_ours || strcmp(now, then) != 0)
        memcpy(entry->ours[entry->ours_count++], then, sizeof(then));
    return status == OT_OK ? add_dirs(entry, err) : status;
}

static enum ot_status apply_edit(struct ot_edit *edit, struct ot_error *err)
{
    enum ot_status status = ot_place_make_around(edit->path, err);

    return status == OT_OK ? make_change(edit, err) : status;
}

enum ot_status ot_install_apply(struct ot_stack_plan *plan, const struct ot_stack *stack,
                                const struct ot_install_env *env, struct ot_error *err)
{
    struct ot_manifest manifest = {.entries = NULL};
    bool found;
    enum ot_status status =
        ot_manifest_load(&manifest, &found, env->state_dir, stack->name, err);

    for (size_t i = 0; status == OT_OK && i < plan->count; i++)
        status = record_edit(&manifest, stack, &plan->edits[i], err);
    manifest.is_finished = false;
    if (status == OT_OK)
        status = ot_manifest_save(&manifest, env->state_dir, stack->name, err);
    for (size_t i = 0; status == OT_OK && i < plan->count; i++) {
        if (i == 1 && stack->between != NULL)
            status = stack->between(plan, err);
        if (status == OT_OK)
            status = apply_edit(&plan->edits[i], err);
    }
    if (status == OT_OK && stack->finish != NULL)
        status = stack->finish(plan, env, true, err);
    manifest.is_finished = true;
    if (status == OT_OK)
        status = ot_manifest_save(&manifest, env->state_dir, stack->name, err);
    ot_manifest_clear(&manifest);
    return status;
}

/* Uninstalling. */

static enum ot_status plan_undo(struct ot_stack_plan *plan, const struct ot_stack *stack,
                                const struct ot_manifest_entry *entry,
                                struct ot_error *err)
{
    char now[OT_DIGEST_HEX_LEN + 1];
    struct ot_edit *edit;
    bool found = false;
    enum ot_status status = ot_stack_plan_edit_here(plan, entry->path, &edit, err);

    if (status == OT_OK)
        status = ot_file_state_digest(now, &edit->before, err);
    if (status != OT_OK)
        return status;
    if (ot_file_state_equal(&edit->before, &entry->before))
        return OT_OK;
    if (ot_manifest_entry_is_ours(entry, now))
        return ot_file_state_copy(&edit->after, &entry->before, err);
    if (edit->before.kind == OT_FILE_ABSENT) {
        ot_stack_plan_note(plan, "%s is gone and stays so", entry->path);
        return OT_OK;
    }
    status = strip_ours(&edit->after, stack, entry->path, &edit->before, &found, err);
    if (status != OT_OK) {
        ot_error_prefix(err, "%s was edited since", entry->path);
        return status;
    }
    /* Nobody has put anything else there: another stack of ours came and went. */
    if (found && is_before(&edit->after, &entry->before))
        status = ot_file_state_copy(&edit->after, &entry->before, err);
    else if (found)
        ot_stack_plan_note(
            plan, "%s has changed since: only what orgtrust put there is taken out",
            entry->path);
    else if (stack->strip != NULL)
        ot_stack_plan_note(plan,
                           "%s was edited since and holds nothing of orgtrust: it stays",
                           entry->path);
    else
        status = ot_error_set(err, OT_E_CONFIG,
                              "%s was edited since it was installed; if nothing in it is "
                              "wanted any more, remove it and uninstall again",
                              entry->path);
    return status;
}

void ot_uninstall_plan(struct ot_stack_plan *plan, const struct ot_stack *stack,
                       const struct ot_install_env *env)
{
    struct ot_manifest manifest = {.entries = NULL};
    enum ot_status status;
    bool found = false;

    *plan = (struct ot_stack_plan){.kind = OT_PLAN_READY};
    status = ot_manifest_load(&manifest, &found, env->state_dir, stack->name, &plan->why);
    for (size_t i = manifest.count; status == OT_OK && i-- > 0;)
        status = plan_undo(plan, stack, &manifest.entries[i], &plan->why);
    if (status != OT_OK)
        refuse_plan(plan, status);
    plan->is_unfinished = found;
    ot_manifest_clear(&manifest);
}

/* What others have put something into stays. */
static void remove_dirs(const struct ot_manifest *manifest)
{
    for (size_t i = manifest->count; i-- > 0;)
        for (size_t d = manifest->entries[i].dir_count; d-- > 0;)
            ot_dir_remove(manifest->entries[i].dirs[d]);
}

enum ot_status ot_uninstall_apply(struct ot_stack_plan *plan,
                                  const struct ot_stack *stack,
                                  const struct ot_install_env *env, struct ot_error *err)
{
    struct ot_manifest manifest = {.entries = NULL};
    bool found;
    enum ot_status status =
        ot_manifest_load(&manifest, &found, env->state_dir, stack->name, err);

    for (size_t i = 0; status == OT_OK && i < plan->count; i++)
        status = make_change(&plan->edits[i], err);
    if (status == OT_OK && stack->finish != NULL)
        status = stack->finish(plan, env, false, err);
    if (status == OT_OK) {
        for (size_t i = 0; i < manifest.count; i++)
            ot_file_reap(manifest.entries[i].path);
        remove_dirs(&manifest);
        status = ot_manifest_remove(&manifest, env->state_dir, stack->name, err);
    }
    ot_manifest_clear(&manifest);
    return status;
}

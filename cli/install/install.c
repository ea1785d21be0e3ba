#include "install/install.h"
#include "install/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "install/show_internal.h"
#include "install/transaction_internal.h"
#include "view/confirm.h"

#define STACKS_MAX 16

enum direction { INSTALL, UNINSTALL };

struct run {
    struct ot_cli *cli;
    enum direction direction;
    const struct ot_stack *only; /* NULL: those that the command line names, or all */
    struct ot_install_env env;
    struct ot_manifest_dir dir;
    struct ot_install_item items[STACKS_MAX];
    size_t count;
};

static enum ot_status add_stack(struct run *run, const struct ot_stack *stack,
                                struct ot_error *err)
{
    for (size_t i = 0; i < run->count; i++)
        if (run->items[i].stack == stack)
            return ot_error_set(err, OT_E_USAGE, "%s is named twice", stack->name);
    run->items[run->count++].stack = stack;
    return OT_OK;
}

static enum ot_status refuse_stack(const char *name, enum direction direction,
                                   struct ot_error *err)
{
    const char *words[STACKS_MAX + 1] = {NULL};

    for (size_t i = 0; i < STACKS_MAX && ot_stacks[i] != NULL; i++)
        words[i] = ot_stacks[i]->name;
    return ot_nearest_refuse(err, "stack", name, words,
                             direction == INSTALL ? "help install" : "help uninstall");
}

static enum ot_status choose_stacks(struct run *run, struct ot_error *err)
{
    const struct ot_options *options = &run->cli->options;
    enum ot_status status = OT_OK;

    if (run->only != NULL)
        return add_stack(run, run->only, err);
    for (size_t i = 0; options->argument_count == 0 && ot_stacks[i] != NULL; i++)
        if (run->direction == UNINSTALL || !ot_stacks[i]->is_only_by_name)
            status = add_stack(run, ot_stacks[i], err);
    for (int i = 0; status == OT_OK && i < options->argument_count; i++) {
        const struct ot_stack *stack = ot_stack_find(options->arguments[i]);

        if (stack == NULL)
            return refuse_stack(options->arguments[i], run->direction, err);
        status = add_stack(run, stack, err);
    }
    return status;
}

static bool is_pending(const struct ot_install_item *item)
{
    return item->plan.kind == OT_PLAN_READY &&
           (ot_stack_plan_changes(&item->plan) > 0 || item->plan.is_unfinished);
}

static void plan_item(const struct run *run, struct ot_install_item *item)
{
    if (run->direction == INSTALL)
        ot_install_plan(&item->plan, item->stack, &run->env);
    else
        ot_uninstall_plan(&item->plan, item->stack, &run->env);
}

static size_t make_plans(struct run *run)
{
    size_t pending = 0;

    for (size_t i = 0; i < run->count; i++) {
        struct ot_install_item *item = &run->items[i];

        plan_item(run, item);
        pending += is_pending(item);
    }
    return pending;
}

static void show_plans(struct run *run, struct ot_output *out, bool is_past)
{
    for (size_t i = 0; i < run->count; i++)
        ot_install_show(out, &run->items[i], is_past);
}

static enum ot_status ask_about_plans(struct run *run, struct ot_error *err)
{
    struct ot_output out;

    if (run->cli->options.yes)
        return OT_OK;
    ot_output_init(&out, stderr);
    show_plans(run, &out, false);
    return ot_confirm(run->direction == INSTALL ? "Change these files?"
                                                : "Take these changes back?",
                      err);
}

static bool shares_file(const struct ot_stack_plan *a, const struct ot_stack_plan *b)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            if (strcmp(a->edits[i].path, b->edits[j].path) == 0)
                return true;
    return false;
}

/* Several stacks may have lines in one file: when the first is done, the plan of the next
 * is made anew. */
static void renew_plan(struct run *run, struct ot_install_item *item)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct ot_install_item *other = &run->items[i];

        if (other == item || !other->is_tried || !shares_file(&other->plan, &item->plan))
            continue;
        ot_stack_plan_clear(&item->plan);
        plan_item(run, item);
        return;
    }
}

/* Backwards when taking back: the service, which comes last, is stopped before what it
 * keeps is taken away. */
static enum ot_status apply_plans(struct run *run, struct ot_error *err)
{
    bool is_forward = run->direction == INSTALL;
    enum ot_status status = OT_OK;

    if (run->dir.fd < 0)
        status = ot_manifest_dir_open(&run->dir, run->env.state_dir, true, err);
    for (size_t i = 0; status == OT_OK && i < run->count; i++) {
        struct ot_install_item *item = &run->items[is_forward ? i : run->count - 1 - i];

        if (!is_pending(item))
            continue;
        if (*run->cli->stop)
            return ot_error_set(err, OT_E_INTERRUPTED,
                                "interrupted before %s; what was done is done",
                                item->stack->name);
        renew_plan(run, item);
        item->is_tried = true;
        item->status =
            is_forward
                ? ot_install_apply(&item->plan, item->stack, &run->env, &item->why)
                : ot_uninstall_apply(&item->plan, item->stack, &run->env, &item->why);
    }
    return status;
}

static enum ot_status print_plans_json(struct run *run, struct ot_error *err)
{
    bool failed = false;
    cJSON *root = cJSON_CreateObject(), *stacks;
    enum ot_status status;

    ot_json_put_string(root, "for", run->env.is_root ? "machine" : "user", &failed);
    ot_json_put_bool(root, "dry_run", run->cli->options.dry_run, &failed);
    stacks = ot_json_put_array(root, "stacks", &failed);
    for (size_t i = 0; i < run->count; i++)
        ot_install_json(ot_json_append_object(stacks, &failed), &run->items[i], &failed);
    status =
        failed ? ot_error_nomem(err) : ot_output_json(&run->cli->out, root, false, err);
    cJSON_Delete(root);
    return status;
}

/* What was refused has failed, and so has what is absent where it was asked for by name.
 */
static void fail_what_was_refused(struct run *run)
{
    bool named = run->cli->options.argument_count > 0;

    for (size_t i = 0; i < run->count; i++) {
        struct ot_install_item *item = &run->items[i];

        if (item->plan.kind == OT_PLAN_REFUSED ||
            (item->plan.kind == OT_PLAN_ABSENT && named)) {
            item->status = item->plan.why.status;
            item->why = item->plan.why;
        }
    }
}

/* Returns the first failure; says each, but after a dry run, which has shown them, and
 * with --quiet not what is absent. */
static enum ot_status say_failures(const struct run *run)
{
    enum ot_status first = OT_OK;

    for (size_t i = 0; i < run->count; i++) {
        const struct ot_install_item *item = &run->items[i];

        if (item->status != OT_OK && !run->cli->options.dry_run &&
            !(run->cli->options.quiet && item->plan.kind == OT_PLAN_ABSENT))
            ot_output_fail("%s: %s", item->stack->name, item->why.message);
        first = first == OT_OK ? item->status : first;
    }
    return first;
}

static enum ot_status plan_and_apply(struct run *run, struct ot_error *err)
{
    const struct ot_options *options = &run->cli->options;
    enum ot_status status = OT_OK, next;
    size_t pending;

    if (!options->dry_run)
        status = ot_manifest_dir_open(&run->dir, run->env.state_dir, false, err);
    if (status != OT_OK)
        return status;
    pending = make_plans(run);
    fail_what_was_refused(run);
    if (pending > 0 && !options->dry_run) {
        status = ask_about_plans(run, err);
        if (status == OT_OK)
            status = apply_plans(run, err);
        if (status != OT_OK)
            return status;
        ot_stack_tell_service(&run->env);
    }
    if (options->json)
        status = print_plans_json(run, err);
    else if (!options->quiet)
        show_plans(run, &run->cli->out, !options->dry_run);
    next = say_failures(run);
    return status == OT_OK ? next : status;
}

static enum ot_status carry_out_run(struct run *run, const struct ot_settings *settings,
                                    struct ot_error *err)
{
    enum ot_status status = ot_install_env_init(&run->env, err);

    run->env.settings = settings;
    if (status == OT_OK)
        status = choose_stacks(run, err);
    if (status == OT_OK)
        status = plan_and_apply(run, err);
    ot_manifest_dir_close(&run->dir);
    for (size_t i = 0; i < run->count; i++)
        ot_stack_plan_clear(&run->items[i].plan);
    ot_install_env_clear(&run->env);
    return status;
}

enum ot_status ot_cmd_install(struct ot_cli *cli, struct ot_error *err)
{
    struct run run = {.cli = cli, .direction = INSTALL, .dir = {.fd = -1}};

    return carry_out_run(&run, NULL, err);
}

enum ot_status ot_cmd_uninstall(struct ot_cli *cli, struct ot_error *err)
{
    struct run run = {.cli = cli, .direction = UNINSTALL, .dir = {.fd = -1}};

    return carry_out_run(&run, NULL, err);
}

enum ot_status ot_settings_install(struct ot_cli *cli, const struct ot_settings *settings,
                                   struct ot_error *err)
{
    struct run run = {.cli = cli,
                      .direction = INSTALL,
                      .only = &ot_stack_configuration,
                      .dir = {.fd = -1}};

    return carry_out_run(&run, settings, err);
}

enum ot_status ot_settings_uninstall(struct ot_cli *cli, struct ot_error *err)
{
    struct run run = {.cli = cli,
                      .direction = UNINSTALL,
                      .only = &ot_stack_configuration,
                      .dir = {.fd = -1}};

    return carry_out_run(&run, NULL, err);
}

const char *ot_install_stack_at(size_t i, const char **summary)
{
    if (ot_stacks[i] == NULL)
        return NULL;
    *summary = ot_stacks[i]->summary;
    return ot_stacks[i]->name;
}

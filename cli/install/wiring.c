#include "install/wiring.h"

#include "install/manifest_internal.h"
#include "install/nss_list.h"
#include "install/transaction_internal.h"

static enum ot_wiring_kind wiring_kind(const struct ot_stack_plan *plan)
{
    switch (plan->kind) {
    case OT_PLAN_READY:
        return ot_stack_plan_changes(plan) == 0 && !plan->is_unfinished ? OT_WIRED
                                                                        : OT_NOT_WIRED;
    case OT_PLAN_REFUSED:
        return OT_IN_THE_WAY;
    case OT_PLAN_ABSENT:
        break;
    }
    return OT_NOT_HERE;
}

static bool was_installed(const char *stack, const struct ot_install_env *env)
{
    struct ot_manifest manifest = {.entries = NULL};
    bool found = false;

    if (ot_manifest_load(&manifest, &found, env->state_dir, stack, NULL) != OT_OK)
        found = false;
    ot_manifest_clear(&manifest);
    return found;
}

static bool is_too_early(const struct ot_stack_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (ot_nss_wiring_of(&plan->edits[i].before) == OT_NSS_TOO_EARLY)
            return true;
    return false;
}

static bool lacks_distrust(const struct ot_stack_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (ot_nss_wiring_of(&plan->edits[i].before) == OT_NSS_LISTED &&
            ot_nss_list_has_distrust(&plan->edits[i].after) &&
            !ot_nss_list_has_distrust(&plan->edits[i].before))
            return true;
    return false;
}

void ot_wiring_look(struct ot_wiring *wiring, const char *stack,
                    const struct ot_install_env *env)
{
    struct ot_stack_plan plan;

    ot_install_plan(&plan, ot_stack_find(stack), env);
    *wiring = (struct ot_wiring){.kind = wiring_kind(&plan),
                                 .was_installed = was_installed(stack, env),
                                 .is_too_early = is_too_early(&plan),
                                 .lacks_distrust = lacks_distrust(&plan),
                                 .why = plan.why};
    ot_stack_plan_clear(&plan);
}

static const char *wiring_word(enum ot_wiring_kind kind)
{
    switch (kind) {
    case OT_WIRED:
        return "wired";
    case OT_NOT_WIRED:
        return "not_wired";
    case OT_IN_THE_WAY:
        return "in_the_way";
    case OT_NOT_HERE:
        break;
    }
    return NULL;
}

size_t ot_wiring_survey(struct ot_stack_standing *standings, size_t most)
{
    struct ot_install_env env;
    size_t count = 0;

    if (ot_install_env_init(&env, NULL) != OT_OK)
        return 0;
    for (size_t i = 0; ot_stacks[i] != NULL && count < most; i++) {
        struct ot_wiring wiring;
        const char *word;

        ot_wiring_look(&wiring, ot_stacks[i]->name, &env);
        word = wiring_word(wiring.kind);
        if (word != NULL && (wiring.kind == OT_WIRED || !ot_stacks[i]->is_only_by_name))
            standings[count++] = (struct ot_stack_standing){ot_stacks[i]->name, word};
    }
    ot_install_env_clear(&env);
    return count;
}

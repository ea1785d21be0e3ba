/* Carrying out a stack's plan, and taking it back. */
#ifndef OT_CLI_INSTALL_TRANSACTION_INTERNAL_H
#define OT_CLI_INSTALL_TRANSACTION_INTERNAL_H

#include "install/manifest_internal.h"
#include "install/stack_internal.h"

/* Works out what has to change for stack to be installed. Always fills plan; its kind
 * says what came of it. dir: where the manifests are. */
void ot_install_plan(struct ot_stack_plan *plan, const struct ot_stack *stack,
                     const struct ot_install_env *env);
/* What has to change for it to be as before: nothing, if nothing was installed. A
 * file that somebody else edited since loses our lines only, with a note; where that
 * cannot be, the plan is OT_PLAN_REFUSED. */
void ot_uninstall_plan(struct ot_stack_plan *plan, const struct ot_stack *stack,
                       const struct ot_install_env *env);

/* Makes the changes, the manifest first. Killed at any moment, the next install or
 * uninstall goes on from there. The caller holds the lock of dir. */
enum ot_status ot_install_apply(struct ot_stack_plan *plan, const struct ot_stack *stack,
                                const struct ot_install_env *env, struct ot_error *err);
enum ot_status ot_uninstall_apply(struct ot_stack_plan *plan,
                                  const struct ot_stack *stack,
                                  const struct ot_install_env *env, struct ot_error *err);

#endif

/* Plans and what came of them, for people and for programs. */
#ifndef OT_CLI_INSTALL_SHOW_INTERNAL_H
#define OT_CLI_INSTALL_SHOW_INTERNAL_H

#include "install/stack_internal.h"
#include "view/json_build.h"
#include "view/output.h"

struct ot_install_item {
    const struct ot_stack *stack;
    struct ot_stack_plan plan;
    enum ot_status status; /* of carrying it out, or why there is nothing to carry out */
    struct ot_error why;
    bool is_tried;
};

/* What would be done, or, with is_past, what was done; then why something failed is left
 * to be said. */
void ot_install_show(struct ot_output *out, const struct ot_install_item *item,
                     bool is_past);
void ot_install_json(cJSON *object, const struct ot_install_item *item, bool *failed);

#endif

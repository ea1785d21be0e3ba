/* What a stack needs to have changed on this machine, worked out before anything is. */
#ifndef OT_CLI_INSTALL_PLAN_INTERNAL_H
#define OT_CLI_INSTALL_PLAN_INTERNAL_H

#include "install/file_state_internal.h"

struct ot_edit {
    char *path; /* links followed */
    struct ot_file_state before, after;
    bool is_secret; /* what is in it is shown to nobody */
    bool is_done;   /* the change is in place */
};

enum ot_stack_plan_kind {
    OT_PLAN_READY,  /* the edits are what there is to do; none: nothing */
    OT_PLAN_ABSENT, /* the stack is not on this machine, or not this user's; why says so
                     */
    OT_PLAN_REFUSED /* it is, and why says what is in the way */
};

struct ot_stack_plan {
    enum ot_stack_plan_kind kind;
    struct ot_error why;
    struct ot_edit *edits;
    size_t count;
    char **notes; /* what the user has to know or do; shown with the plan */
    size_t note_count;
    bool is_unfinished; /* an interrupted run left something behind to finish */
};

void ot_stack_plan_clear(struct ot_stack_plan *plan);

/* An edit of the file that path leads to; before and after are what it is now. The stack
 * then changes after. It is valid until the next one is added. */
enum ot_status ot_stack_plan_edit(struct ot_stack_plan *plan, const char *path,
                                  struct ot_edit **edit, struct ot_error *err);
/* As above, of the very path, for a link that is to be made there. */
enum ot_status ot_stack_plan_edit_here(struct ot_stack_plan *plan, const char *path,
                                       struct ot_edit **edit, struct ot_error *err);
/* A link to target at the very path, which has nothing else: where something is there
 * already, nothing is added. */
enum ot_status ot_stack_plan_link(struct ot_stack_plan *plan, const char *path,
                                  const char *target, struct ot_error *err);
/* Forgets the last edit. */
void ot_stack_plan_drop(struct ot_stack_plan *plan);
/* Out of memory: the note is lost. */
void ot_stack_plan_note(struct ot_stack_plan *plan, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* How many edits change something. */
size_t ot_stack_plan_changes(const struct ot_stack_plan *plan);

#endif

/* What doctor looks at, one file each. A check adds at least one finding; it fails only
 * when the doctor itself cannot go on. */
#ifndef OT_CLI_DOCTOR_CHECK_H
#define OT_CLI_DOCTOR_CHECK_H

#include "cache/config.h"
#include "doctor/finding.h"
#include "export/anchors.h"
#include "install/stack.h"

struct ot_doctor {
    struct ot_install_env env;
    struct ot_config *config; /* NULL: it cannot be read, config_error says why */
    struct ot_error config_error;
    struct ot_bench bench;
    struct ot_findings findings;
};

struct ot_check {
    const char *name, *summary;
    enum ot_status (*run)(struct ot_doctor *doctor, struct ot_error *err);
};

extern const struct ot_check *const ot_checks[]; /* up to a NULL */

extern const struct ot_check ot_check_source, ot_check_openssl, ot_check_p11_kit,
    ot_check_nss, ot_check_firefox, ot_check_java, ot_check_system, ot_check_exports,
    ot_check_systemd, ot_check_programs;

/* What install would do for a stack. */
enum ot_wiring {
    OT_WIRED,      /* nothing */
    OT_NOT_WIRED,  /* something, or an interrupted run left something to finish */
    OT_IN_THE_WAY, /* it is refused: plan.why */
    OT_NOT_HERE    /* plan.why */
};

/* ot_stack_plan_clear(plan) afterwards. env may be another than the doctor's. */
enum ot_wiring ot_wiring_of(struct ot_stack_plan *plan, const struct ot_stack *stack,
                            const struct ot_install_env *env);

/* Adds the finding of a stack that is not here, or that something keeps from being wired:
 * a failure where it was installed, as far as this user may know. */
void ot_finding_of_refusal(struct ot_doctor *doctor, const struct ot_stack *stack,
                           enum ot_wiring wiring, const struct ot_stack_plan *plan);

/* Adds the finding of three trials of what ("openssl s_client") in a part that is wired
 * as said; fix is what to do where it is not. */
struct ot_wired_trials {
    const char *part, *subject, *what;
    bool is_wired;
    const char *fix;      /* of what is not wired */
    const char *why_else; /* a hint for what is wired and fails; NULL: none */
};
void ot_finding_of_trials(struct ot_doctor *doctor, const struct ot_wired_trials *of,
                          const struct ot_three_trials *trials);

#endif

/* What doctor looks at, one file each. A check adds at least one finding; it fails only
 * when the doctor itself cannot go on. */
#ifndef OT_CLI_DOCTOR_CHECK_INTERNAL_H
#define OT_CLI_DOCTOR_CHECK_INTERNAL_H

#include "base/error.h"
#include "doctor/finding_internal.h"
#include "doctor/trial_internal.h"
#include "install/env.h"

struct ot_config;
struct ot_distrust;
struct ot_wiring;

struct ot_doctor {
    struct ot_install_env env;
    struct ot_config *config; /* NULL: it cannot be read, config_error says why */
    struct ot_error config_error;
    struct ot_distrust *distrust; /* what its sources say no to; NULL: nothing */
    struct ot_bench bench;
    struct ot_findings findings;
};

struct ot_check {
    const char *name, *summary;
    enum ot_status (*run)(struct ot_doctor *doctor, struct ot_error *err);
    bool needs_config; /* without a configuration that can be read it could say nothing
                          that is true */
};

extern const struct ot_check ot_check_source, ot_check_openssl, ot_check_p11_kit,
    ot_check_nss, ot_check_firefox, ot_check_java, ot_check_system, ot_check_exports,
    ot_check_chromium, ot_check_systemd, ot_check_programs, ot_check_confined,
    ot_check_limits, ot_check_distrust;

/* Adds the finding of a stack that is not here, or that something keeps from being wired:
 * a failure where it was installed. */
void ot_finding_of_refusal(struct ot_doctor *doctor, const char *part,
                           const struct ot_wiring *wiring);

/* Whether the system's store holds what it should: compared in this run, even when nobody
 * asked for that check. */
enum ot_status ot_doctor_ask_system(struct ot_doctor *doctor, bool *holds,
                                    struct ot_error *err);

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

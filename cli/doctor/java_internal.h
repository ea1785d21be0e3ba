/* A Java client, and what the JDKs trust by themselves. */
#ifndef OT_CLI_DOCTOR_JAVA_INTERNAL_H
#define OT_CLI_DOCTOR_JAVA_INTERNAL_H

#include "base/error.h"
#include "doctor/scratch_internal.h"
#include "doctor/trial_internal.h"

struct ot_doctor;

/* Whether there is keytool, which every JRE has. */
bool ot_java_can_try(void);

/* With the PKCS#11 token as trust store, as the installed security properties make it; or
 * with a file in PKCS #12, which prepare makes. */
enum ot_status ot_java_try_token(const struct ot_bench *bench, enum ot_trials_kind kind,
                                 struct ot_three_trials *trials, struct ot_error *err);
enum ot_status ot_java_try_file(const struct ot_bench *bench, enum ot_trials_kind kind,
                                const char *path, ot_bench_prepare *prepare,
                                struct ot_three_trials *trials, struct ot_error *err);

/* The store that Debian's JDKs share, and what makes it anew. */
#define OT_JAVA_STORE "/etc/ssl/certs/java/cacerts"
#define OT_JAVA_STORE_ANEW                                                               \
    "as root: take it out of the system's store, remove this file, then "                \
    "update-ca-certificates --fresh makes it anew"

/* What is in it, as a file in PEM: its path. OT_E_NOT_FOUND: there is no such store, or
 * no keytool; OT_E_CORRUPT: keytool cannot read it. */
enum ot_status ot_java_store_read(char path[OT_SCRATCH_PATH_MAX],
                                  const struct ot_bench *bench, struct ot_error *err);

/* Findings about that store, where there is one. */
enum ot_status ot_java_look_at_store(struct ot_doctor *doctor, struct ot_error *err);

#endif

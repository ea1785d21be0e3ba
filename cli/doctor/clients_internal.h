/* The programs of others that doctor has connect to its server: each as its stack wires
 * it, for whatever three trials are to show. */
#ifndef OT_CLI_DOCTOR_CLIENTS_INTERNAL_H
#define OT_CLI_DOCTOR_CLIENTS_INTERNAL_H

#include "base/error.h"
#include "doctor/trial_internal.h"
#include "export/export.h"

/* Fail as ot_bench_try does. */
enum ot_status ot_client_openssl(const struct ot_bench *bench, enum ot_trials_kind kind,
                                 struct ot_three_trials *trials, struct ot_error *err);
enum ot_status ot_client_gnutls(const struct ot_bench *bench, enum ot_trials_kind kind,
                                struct ot_three_trials *trials, struct ot_error *err);
/* database: as NSS's tools name it. */
enum ot_status ot_client_nss(const struct ot_bench *bench, enum ot_trials_kind kind,
                             const char *database, struct ot_three_trials *trials,
                             struct ot_error *err);

/* By an export of the scratch source; of what is distrusted such has none, so not for
 * OT_TRIALS_NO. *what: the program, NULL: none for this kind is here. */
enum ot_status ot_client_of_export(const struct ot_bench *bench, enum ot_trials_kind kind,
                                   enum ot_export_kind made,
                                   struct ot_three_trials *trials, const char **what,
                                   struct ot_error *err);

#endif

/* A real program connects three times to a server whose authority should be refused, then
 * believed, then refused again. Only one that does all three does what it should. */
#ifndef OT_CLI_DOCTOR_TRIAL_INTERNAL_H
#define OT_CLI_DOCTOR_TRIAL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "doctor/authority_internal.h"
#include "doctor/scratch_internal.h"

struct ot_tls_server;

/* Both must say so, the program by its exit status and the server by what it saw. */
enum ot_trial {
    OT_TRIAL_NONE,     /* not tried */
    OT_TRIAL_BELIEVED, /* status 0, and the handshake was finished */
    OT_TRIAL_REFUSED,  /* another status; it came, and asked for nothing */
    OT_TRIAL_UNCLEAR   /* anything else: it never came, it had to be ended */
};

const char *ot_trial_word(enum ot_trial trial); /* "believed"; NULL for NONE */

#define OT_TRIAL_WORDS_MAX 200

/* What three trials are about: as what the scratch source has the server's authority. */
enum ot_trials_kind {
    OT_TRIALS_FOLLOW, /* not active; active; no longer active */
    /* Limited to another name and the server's address; to its name and address; to its
     * name alone, where the server's certificate is for both. */
    OT_TRIALS_NAMES,
    OT_TRIALS_NO, /* active, and distrusted by another source; not so; distrusted again */
    OT_TRIALS_KINDS
};

#define OT_TRIALS 3

/* "before", "outside": of which of the three. */
const char *ot_trials_step(enum ot_trials_kind kind, size_t i);

struct ot_three_trials {
    enum ot_trials_kind kind;
    enum ot_trial each[OT_TRIALS];
    /* The program's own words, or ours about it, where a trial did not go as it should.
     */
    char words[OT_TRIAL_WORDS_MAX];
};

enum ot_trials_outcome {
    OT_TRIALS_PROVED,
    OT_TRIALS_NEVER,  /* it did not believe where it should */
    OT_TRIALS_ALWAYS, /* it believed where it should not */
    OT_TRIALS_UNCLEAR /* it believed, and that it refuses otherwise was not seen */
};

enum ot_trials_outcome ot_trials_outcome_of(const struct ot_three_trials *trials);

/* What all trials share. */
struct ot_bench {
    struct ot_scratch scratch;
    struct ot_authority authority;
    struct ot_tls_server *server;
    const volatile int *stop;
};

/* ot_bench_clear after success and failure. */
enum ot_status ot_bench_init(struct ot_bench *bench, const volatile int *stop,
                             struct ot_error *err);
void ot_bench_clear(struct ot_bench *bench);

/* A program in the scratch source's world; the whole environment is that, and variable
 * ("NAME=value", may be NULL). text[0..size): what it wrote. *exit_status as in struct
 * ot_program_output. Only OT_E_INTERRUPTED and failures of our own are failures. */
enum ot_status ot_bench_run(const struct ot_bench *bench, const char *const *argv,
                            const char *variable, char *text, size_t size,
                            int *exit_status, struct ot_error *err);

/* The same in a real source's world: this process's configuration, with the snapshots in
 * cache_dir. Nothing is fetched. */
enum ot_status ot_bench_run_real(const struct ot_bench *bench, const char *const *argv,
                                 const char *cache_dir, char *text, size_t size,
                                 int *exit_status, struct ot_error *err);

/* What has to be made ready for a trial besides the snapshot, such as an export of it. */
typedef enum ot_status ot_bench_prepare(const struct ot_bench *bench,
                                        struct ot_error *err);

/* Three runs of argv, which connects to the server, or fewer where one tells enough.
 * prepare may be NULL. Failures as above: that a program does not do what it should is a
 * result. */
enum ot_status ot_bench_try(const struct ot_bench *bench, enum ot_trials_kind kind,
                            const char *const *argv, const char *variable,
                            ot_bench_prepare *prepare, struct ot_three_trials *trials,
                            struct ot_error *err);

#endif

#include "doctor/trial_internal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/error.h"
#include "base/text.h"
#include "doctor/authority_internal.h"
#include "doctor/scratch_internal.h"
#include "doctor/tls_server_internal.h"
#include "export/program.h"
#include "install/tool.h"

/* A handshake takes a moment; a Java machine that starts on a busy computer, seconds. */
#define TIMEOUT_MS 20000
#define OUTPUT_BYTES 16384

static const char *const words[] = {
    [OT_TRIAL_NONE] = NULL,
    [OT_TRIAL_BELIEVED] = "believed",
    [OT_TRIAL_REFUSED] = "refused",
    [OT_TRIAL_UNCLEAR] = "unclear",
};

const char *ot_trial_word(enum ot_trial trial)
{
    return words[trial];
}

static const struct step {
    enum ot_scene scene;
    const char *word;
} steps[OT_TRIALS_KINDS][OT_TRIALS] = {
    [OT_TRIALS_FOLLOW] = {{OT_SCENE_INACTIVE, "before"},
                          {OT_SCENE_ACTIVE, "active"},
                          {OT_SCENE_INACTIVE, "after"}},
    [OT_TRIALS_NAMES] = {{OT_SCENE_OTHER_NAME, "outside"},
                         {OT_SCENE_ITS_NAMES, "inside"},
                         {OT_SCENE_NO_ADDRESS, "address"}},
    [OT_TRIALS_NO] = {{OT_SCENE_DISTRUSTED, "distrusted"},
                      {OT_SCENE_ACTIVE, "trusted"},
                      {OT_SCENE_DISTRUSTED, "distrusted_again"}},
};

const char *ot_trials_step(enum ot_trials_kind kind, size_t i)
{
    return steps[kind][i].word;
}

/* The second of each kind is to be believed. */
static bool should_believe(size_t i)
{
    return i == 1;
}

enum ot_trials_outcome ot_trials_outcome_of(const struct ot_three_trials *trials)
{
    const enum ot_trial *each = trials->each;

    if (each[0] == OT_TRIAL_BELIEVED || each[2] == OT_TRIAL_BELIEVED)
        return OT_TRIALS_ALWAYS;
    if (each[1] != OT_TRIAL_BELIEVED)
        return OT_TRIALS_NEVER;
    return each[0] == OT_TRIAL_REFUSED && each[2] == OT_TRIAL_REFUSED ? OT_TRIALS_PROVED
                                                                      : OT_TRIALS_UNCLEAR;
}

enum ot_status ot_bench_init(struct ot_bench *bench, const volatile int *stop,
                             struct ot_error *err)
{
    enum ot_status status;

    *bench = (struct ot_bench){.stop = stop};
    status = ot_scratch_open(&bench->scratch, err);
    if (status == OT_OK)
        status = ot_authority_make(&bench->authority, err);
    if (status == OT_OK)
        status = ot_tls_server_start(&bench->server, &bench->authority, err);
    return status;
}

void ot_bench_clear(struct ot_bench *bench)
{
    ot_tls_server_stop(bench->server);
    ot_authority_clear(&bench->authority);
    ot_scratch_close(&bench->scratch);
}

static enum ot_status run_in(const struct ot_bench *bench, const char *const *argv,
                             const char *const *environment, char *text, size_t size,
                             int *exit_status, struct ot_error *err)
{
    struct ot_program_output output = {.text = text, .size = size};
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status status =
        ot_tool_see(argv, environment, TIMEOUT_MS, bench->stop, &output, &why);

    *exit_status = output.exit_status;
    if (status == OT_E_INTERRUPTED || (bench->stop != NULL && *bench->stop != 0))
        return ot_error_set(err, OT_E_INTERRUPTED, "interrupted");
    if (status == OT_OK || output.exit_status >= 0)
        return OT_OK;
    /* It did not end by itself: what is to be known about it is in place of its words. */
    snprintf(text, size, "%s", why.message);
    return OT_OK;
}

enum ot_status ot_bench_run(const struct ot_bench *bench, const char *const *argv,
                            const char *variable, char *text, size_t size,
                            int *exit_status, struct ot_error *err)
{
    const char *environment[OT_SCRATCH_VARIABLES_MAX + 2];
    size_t n = 0;

    for (; bench->scratch.environment[n] != NULL; n++)
        environment[n] = bench->scratch.environment[n];
    if (variable != NULL)
        environment[n++] = variable;
    environment[n] = NULL;
    return run_in(bench, argv, environment, text, size, exit_status, err);
}

static bool is_named(const char *variable, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0 &&
            variable[strlen(names[i])] == '=')
            return true;
    return false;
}

enum ot_status ot_bench_run_real(const struct ot_bench *bench, const char *const *argv,
                                 const char *cache_dir, char *text, size_t size,
                                 int *exit_status, struct ot_error *err)
{
    static const char *const own[] = {"ORGTRUST_CONF", "OPENAI_BASE_URL", "OPENAI_ORG_ID",
                                      "OPENAI_PROJECT_ID", NULL};
    static const char *const others[] = {"ORGTRUST_CONF", "ORGTRUST_CACHE_DIR", NULL};
    const char *environment[OT_SCRATCH_VARIABLES_MAX + 8];
    char cache[PATH_MAX + 32];
    size_t n = 0;

    for (size_t i = 0; bench->scratch.environment[i] != NULL; i++)
        if (!is_named(bench->scratch.environment[i], others))
            environment[n++] = bench->scratch.environment[i];
    for (size_t i = 0; environ[i] != NULL && n < OT_SCRATCH_VARIABLES_MAX; i++)
        if (is_named(environ[i], own))
            environment[n++] = environ[i];
    snprintf(cache, sizeof(cache), "ORGTRUST_CACHE_DIR=%s", cache_dir);
    environment[n++] = cache;
    /* That there is a key makes a source; which it is remains here. */
    if (ot_env_get("OPENAI_ADMIN_KEY") != NULL)
        environment[n++] = "OPENAI_ADMIN_KEY=none";
    environment[n++] = "ORGTRUST_COMMAND=/bin/true"; /* where a sync would be started */
    environment[n] = NULL;
    return run_in(bench, argv, environment, text, size, exit_status, err);
}

/* The line that most likely says why, of what a program wrote; else the last one. */
static void choose_words(char *to, char *text)
{
    static const char *const signs[] = {"error", "fail", "cannot", "unable", "not "};
    static const char nothing[] = "it said nothing";
    char *rest = text, *best = NULL, *line;
    bool is_reason = false;

    while (!is_reason && (line = strsep(&rest, "\r\n")) != NULL) {
        line += strspn(line, " \t*-|<>=");
        if (*line == '\0')
            continue;
        best = line;
        for (size_t i = 0; !is_reason && i < sizeof(signs) / sizeof(signs[0]); i++)
            is_reason = strcasestr(line, signs[i]) != NULL;
    }
    ot_text_escape(to, OT_TRIAL_WORDS_MAX, best != NULL ? best : nothing,
                   strlen(best != NULL ? best : nothing));
}

static enum ot_trial outcome_of_run(int exit_status, const struct ot_tls_seen *seen)
{
    if (exit_status == 0 && seen->completed > 0)
        return OT_TRIAL_BELIEVED;
    if (exit_status > 0 && seen->begun > 0 && seen->asked == 0)
        return OT_TRIAL_REFUSED;
    return OT_TRIAL_UNCLEAR;
}

static enum ot_status try_once(const struct ot_bench *bench, const char *const *argv,
                               const char *variable, ot_bench_prepare *prepare,
                               enum ot_scene scene, bool expected, enum ot_trial *trial,
                               char *why, struct ot_error *err)
{
    char text[OUTPUT_BYTES];
    struct ot_tls_seen seen;
    int exit_status;
    enum ot_status status =
        ot_scratch_set(&bench->scratch, &bench->authority, scene, err);

    if (status == OT_OK && prepare != NULL)
        status = prepare(bench, err);
    if (status == OT_OK) /* whoever else came meanwhile */
        status = ot_tls_server_take(bench->server, &seen, err);
    if (status == OT_OK)
        status =
            ot_bench_run(bench, argv, variable, text, sizeof(text), &exit_status, err);
    if (status == OT_OK)
        status = ot_tls_server_take(bench->server, &seen, err);
    if (status != OT_OK)
        return status;
    *trial = outcome_of_run(exit_status, &seen);
    if (why[0] == '\0' && *trial != (expected ? OT_TRIAL_BELIEVED : OT_TRIAL_REFUSED)) {
        if (exit_status == 0)
            snprintf(why, OT_TRIAL_WORDS_MAX, "it ended well and %s",
                     seen.completed > 0 ? "finished the handshake"
                                        : "did not finish the handshake");
        else
            choose_words(why, text);
    }
    return OT_OK;
}

enum ot_status ot_bench_try(const struct ot_bench *bench, enum ot_trials_kind kind,
                            const char *const *argv, const char *variable,
                            ot_bench_prepare *prepare, struct ot_three_trials *trials,
                            struct ot_error *err)
{
    enum ot_status status = OT_OK;

    *trials = (struct ot_three_trials){.kind = kind};
    for (size_t i = 0; status == OT_OK && i < OT_TRIALS; i++) {
        enum ot_trial *trial = &trials->each[i];

        /* What it says where it should believe is more to the point. */
        if (should_believe(i))
            trials->words[0] = '\0';
        status = try_once(bench, argv, variable, prepare, steps[kind][i].scene,
                          should_believe(i), trial, trials->words, err);
        if (i + 1 < OT_TRIALS && (*trial == OT_TRIAL_BELIEVED) != should_believe(i))
            break; /* it is known not to do what it should */
    }
    return status;
}

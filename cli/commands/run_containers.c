/* podman run, docker run: what is started there has an environment and files of its own,
 * so that it is given both on the command line of the engine. */
#include "commands/run_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/mount_dir.h"

static const char *const engines[] = {"podman", "docker", "nerdctl"};

static bool is_engine(const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash != NULL ? slash + 1 : program;

    for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
        if (strcmp(name, engines[i]) == 0)
            return true;
    return false;
}

/* Which word makes a container: 0: none does. A word behind an option may be its value.
 */
static int find_verb(char *const *argv)
{
    bool may_be_value = false;

    for (int i = 1; argv[i] != NULL; i++) {
        const char *word = argv[i];

        if (strcmp(word, "run") == 0 || strcmp(word, "create") == 0)
            return i;
        if (word[0] != '-' && strcmp(word, "container") != 0 && !may_be_value)
            return 0;
        may_be_value = word[0] == '-' && strchr(word, '=') == NULL;
    }
    return 0;
}

enum ot_run_target ot_run_target_of(char *const *argv, int *verb)
{
    *verb = 0;
    if (argv == NULL || argv[0] == NULL || !is_engine(argv[0]))
        return OT_RUN_PROGRAM;
    *verb = find_verb(argv);
    return *verb > 0 ? OT_RUN_CONTAINER : OT_RUN_ENGINE;
}

/* NAME or NAME=value. */
static bool is_setting_of(const char *word, const char *name)
{
    size_t len = strlen(name);

    return strncmp(word, name, len) == 0 && (word[len] == '\0' || word[len] == '=');
}

bool ot_run_container_has(char *const *argv, const char *name)
{
    for (int i = 1; argv[i] != NULL; i++) {
        const char *word = argv[i];

        if ((strcmp(word, "-e") == 0 || strcmp(word, "--env") == 0) &&
            argv[i + 1] != NULL && is_setting_of(argv[i + 1], name))
            return true;
        if ((strncmp(word, "--env=", 6) == 0 && is_setting_of(word + 6, name)) ||
            (strncmp(word, "-e", 2) == 0 && is_setting_of(word + 2, name)))
            return true;
    }
    return false;
}

/* The verb's options: the user's own come behind them, and are the ones that count. */
static bool add_container_options(char **to, const struct ot_run_setting *settings,
                                  const char *dir)
{
    size_t n = 0;
    bool good = asprintf(&to[n++],
                         "--mount=type=bind,source=%s,target=" OT_MOUNT_POINT ",readonly",
                         dir) >= 0;

    for (size_t i = 0; good && ot_mount_variables[i].name != NULL; i++)
        if (settings[i].state == OT_RUN_SET)
            good = asprintf(&to[n++], "--env=%s=%s", ot_mount_variables[i].name,
                            settings[i].value) >= 0;
    if (!good)
        to[n - 1] = NULL; /* what a failed asprintf leaves there is nothing to free */
    return good;
}

/* The mount, and a word for each variable. */
static size_t count_added(const struct ot_run_setting *settings)
{
    size_t added = 1;

    for (size_t i = 0; ot_mount_variables[i].name != NULL; i++)
        added += settings[i].state == OT_RUN_SET;
    return added;
}

void ot_run_container_free(char **argv, int verb, const struct ot_run_setting *settings)
{
    size_t added = argv != NULL ? count_added(settings) : 0;

    for (size_t i = 0; i < added; i++)
        free(argv[(size_t)verb + 1 + i]);
    free(argv);
}

enum ot_status ot_run_container_argv(char ***out, char *const *argv, int verb,
                                     const struct ot_run_setting *settings,
                                     const char *dir, struct ot_error *err)
{
    size_t count = 0, added = count_added(settings), head = (size_t)verb + 1;
    char **words;

    *out = NULL;
    if (strchr(dir, ',') != NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "%s has a comma in its name, which podman and docker cannot "
                            "mount; give export_containers another directory",
                            dir);
    while (argv[count] != NULL)
        count++;
    words = calloc(count + added + 1, sizeof(*words));
    if (words == NULL)
        return ot_error_nomem(err);
    memcpy(words, argv, head * sizeof(*words));
    memcpy(words + head + added, argv + head, (count - head) * sizeof(*words));
    if (!add_container_options(words + head, settings, dir)) {
        ot_run_container_free(words, verb, settings);
        return ot_error_nomem(err);
    }
    *out = words;
    return OT_OK;
}

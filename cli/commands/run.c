/* orgtrust run: starts a program with every variable that makes its runtime follow. The
 * files that these name are the directory of export_containers, which each sync keeps in
 * step, or else one that is made for the occasion. */
#include "commands/run_internal.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/environment.h"
#include "commands/commands.h"
#include "commands/source_use.h"
#include "config/source.h"
#include "export/anchors.h"
#include "export/mount_dir.h"
#include "files/file.h"
#include "files/file_lock.h"
#include "machine/machine_trust.h"
#include "view/json_build.h"
#include "view/output.h"

#define VARIABLES_MAX 32
#define LOCK_WAIT_MS 30000

struct launch {
    char dir[PATH_MAX]; /* the directory, as this machine sees it */
    const char *shown;  /* as the variables name it */
    char **argv;        /* NULL: nothing is to be started */
    enum ot_run_target target;
    int verb;
    struct ot_run_setting settings[VARIABLES_MAX];
    size_t count;
};

/* Where a directory for one source lies that no sync keeps: in the cache that holds the
 * snapshot where this user may write there, else in the user's own. */
static enum ot_status own_place(char dir[PATH_MAX], const struct ot_source *source,
                                struct ot_error *err)
{
    const char *cache = ot_env_get("XDG_CACHE_HOME"), *home = ot_env_get("HOME");
    int len;

    if (access(source->cache_dir, W_OK) == 0)
        len = snprintf(dir, PATH_MAX, "%s/.run/%s", source->cache_dir, source->name);
    else if (cache != NULL && cache[0] == '/')
        len = snprintf(dir, PATH_MAX, "%s/orgtrust/run/%s", cache, source->name);
    else if (home != NULL && home[0] == '/')
        len = snprintf(dir, PATH_MAX, "%s/.cache/orgtrust/run/%s", home, source->name);
    else
        return ot_error_set(err, OT_E_CONFIG,
                            "there is no place for the files that the program is to "
                            "read: set HOME, or export_containers in orgtrust.conf");
    return len < PATH_MAX
               ? OT_OK
               : ot_error_set(err, OT_E_CONFIG, "the cache's path is too long");
}

static enum ot_status fill_from_source(struct ot_anchors *anchors, void *arg,
                                       struct ot_error *err)
{
    const struct ot_snapshot_use *use = arg;
    enum ot_status status;

    anchors->distrust = use->distrust;
    status = ot_anchors_add(anchors, use->snapshot, use->source->purposes, NULL,
                            (int64_t)time(NULL), err);
    return status == OT_OK ? ot_anchors_add_machine(anchors, err) : status;
}

static enum ot_status check_purpose(const struct ot_source *source, struct ot_error *err)
{
    if (ot_source_distrusts(source))
        return ot_error_set(err, OT_E_CONFIG,
                            "source '%s' distrusts what it has (meaning = distrust): "
                            "there is nothing in it to trust",
                            source->name);
    if ((source->purposes & OT_PURPOSE_SERVER) == 0)
        return ot_error_set(err, OT_E_CONFIG,
                            "source '%s' is not for trusting servers (purposes), which "
                            "is what a program would use these files for",
                            source->name);
    return OT_OK;
}

static void tell_wait_of_run(void *arg, const char *holder)
{
    (void)arg;
    ot_output_say("the files of the source: %s is at them; waiting for that to end",
                  holder);
}

static enum ot_status make_directory(char dir[PATH_MAX], struct ot_snapshot_use *use,
                                     struct ot_error *err)
{
    char parent[PATH_MAX], lock[PATH_MAX + 8];
    const struct ot_lock_wait how = {.limit_ms = LOCK_WAIT_MS, .waits = tell_wait_of_run};
    bool written;
    int fd = -1;
    enum ot_status status = check_purpose(use->source, err);

    if (status == OT_OK)
        status = own_place(dir, use->source, err);
    if (status != OT_OK)
        return status;
    snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(dir, '/') - dir), dir);
    snprintf(lock, sizeof(lock), "%s.lock", dir);
    status = ot_file_make_dir(parent, err);
    if (status == OT_OK)
        status = ot_file_lock_wait(&fd, lock, &how, err);
    if (status == OT_OK)
        status = ot_mount_dir_put(dir, fill_from_source, use, &written, err);
    ot_file_lock_release(fd);
    return status;
}

/* The directory of the configuration, unless a source was named; "": there is none. */
static enum ot_status find_kept(char dir[PATH_MAX], const struct ot_options *options,
                                struct ot_error *err)
{
    struct ot_config *config = NULL;
    enum ot_status status = ot_config_load(&config, err);

    dir[0] = '\0';
    for (size_t i = 0;
         status == OT_OK && options->source == NULL && i < ot_config_count(config); i++)
        if (ot_config_at(config, i)->export_containers != NULL && dir[0] == '\0')
            snprintf(dir, PATH_MAX, "%s", ot_config_at(config, i)->export_containers);
    ot_config_free(config);
    return status;
}

static enum ot_status find_directory(char dir[PATH_MAX], const struct ot_options *options,
                                     struct ot_error *err)
{
    struct ot_snapshot_use use = {0};
    char file[PATH_MAX + sizeof("/" OT_MOUNT_STORE)];
    enum ot_status status = find_kept(dir, options, err);

    if (status != OT_OK)
        return status;
    if (dir[0] == '\0') {
        status = ot_snapshot_use_begin(&use, options->source, err);
        if (status == OT_OK)
            status = make_directory(dir, &use, err);
        ot_snapshot_use_end(&use);
        return status;
    }
    snprintf(file, sizeof(file), "%s/" OT_MOUNT_STORE, dir); /* the last to be written */
    if (access(file, R_OK) == 0)
        return OT_OK;
    return ot_error_errno(err, OT_E_NOT_FOUND, errno,
                          "%s, which export_containers names, cannot be read; "
                          "orgtrust sync writes it",
                          file);
}

/* What the user says already: in the environment, or to the engine. */
static bool is_set(const struct launch *launch, const char *name, const char **value)
{
    *value = NULL;
    if (launch->target == OT_RUN_CONTAINER)
        return ot_run_container_has(launch->argv, name);
    *value = getenv(name);
    return *value != NULL && **value != '\0';
}

static enum ot_status choose_settings(struct launch *launch, struct ot_error *err)
{
    bool has_list = ot_machine_bundle() != NULL;
    const char *value;

    for (size_t i = 0; i < VARIABLES_MAX && ot_mount_variables[i].name != NULL; i++) {
        const struct ot_mount_variable *variable = &ot_mount_variables[i];
        struct ot_run_setting *setting = &launch->settings[i];

        if (is_set(launch, variable->name, &value))
            setting->state = OT_RUN_KEPT;
        else
            setting->state = variable->replaces && !has_list ? OT_RUN_UNSAID : OT_RUN_SET;
        if (setting->state == OT_RUN_KEPT)
            setting->value = value != NULL ? strdup(value) : NULL;
        else
            setting->value = ot_mount_value(variable, launch->shown);
        launch->count++;
        if (setting->value == NULL && (setting->state != OT_RUN_KEPT || value != NULL))
            return ot_error_nomem(err);
    }
    return OT_OK;
}

/* For a shell, whatever is in it. */
static void print_for_shell(struct ot_output *out, const char *text)
{
    ot_output_printf(out, "'");
    for (size_t len; *text != '\0'; text += len) {
        len = *text == '\'' ? 1 : strcspn(text, "'");
        if (*text == '\'')
            ot_output_printf(out, "'\\''");
        else
            ot_output_bytes(out, text, len);
    }
    ot_output_printf(out, "'");
}

static void print_settings(const struct launch *launch, struct ot_output *out)
{
    for (size_t i = 0; i < launch->count; i++) {
        const char *name = ot_mount_variables[i].name;

        if (launch->settings[i].state == OT_RUN_KEPT)
            ot_output_printf(out, "# %s is set already and stays as it is\n", name);
        else if (launch->settings[i].state == OT_RUN_UNSAID)
            ot_output_printf(out,
                             "# %s would replace authorities of which this machine has "
                             "no list\n",
                             name);
        if (launch->settings[i].state != OT_RUN_SET)
            continue;
        ot_output_printf(out, "export %s=", name);
        print_for_shell(out, launch->settings[i].value);
        ot_output_printf(out, "\n");
    }
}

static void print_command_line(char *const *argv, struct ot_output *out)
{
    for (size_t i = 0; argv != NULL && argv[i] != NULL; i++) {
        ot_output_printf(out, i > 0 ? " " : "");
        if (argv[i][0] != '\0' &&
            argv[i][strcspn(argv[i], " \t\n'\"\\$`*?[](){}<>|&;#~!")] == '\0')
            ot_output_printf(out, "%s", argv[i]);
        else
            print_for_shell(out, argv[i]);
    }
    ot_output_printf(out, argv != NULL ? "\n" : "");
}

static enum ot_status print_run_json(const struct launch *launch, char *const *argv,
                                     struct ot_output *out, struct ot_error *err)
{
    static const char *const words[] = {"set", "kept", "no list"};
    bool failed = false;
    cJSON *root = cJSON_CreateObject(), *list, *one;
    enum ot_status status;

    ot_json_put_string(root, "directory", launch->dir, &failed);
    list = ot_json_put_array(root, "variables", &failed);
    for (size_t i = 0; i < launch->count; i++) {
        one = ot_json_append_object(list, &failed);
        ot_json_put_string(one, "name", ot_mount_variables[i].name, &failed);
        ot_json_put_string(one, "state", words[launch->settings[i].state], &failed);
        ot_json_put_string(one, "value", launch->settings[i].value, &failed);
    }
    list = ot_json_put_array(root, "command", &failed);
    for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
        failed = failed || !cJSON_AddItemToArray(list, cJSON_CreateString(argv[i]));
    status = failed ? ot_error_nomem(err) : ot_output_json(out, root, false, err);
    cJSON_Delete(root);
    return status;
}

static void say_what_stays(const struct launch *launch)
{
    for (size_t i = 0; i < launch->count; i++)
        if (launch->settings[i].state == OT_RUN_KEPT)
            ot_output_say("%s is set already and stays as it is",
                          ot_mount_variables[i].name);
    if (ot_machine_bundle() == NULL)
        ot_output_say("this machine has no list of authorities: variables that replace "
                      "those of a program are left out; install ca-certificates");
    if (launch->target == OT_RUN_ENGINE)
        ot_output_say("this command of %s makes no container: what runs in one sees "
                      "nothing of the variables; 'run' and 'create' give it them",
                      launch->argv[0]);
}

/* Does not return where it succeeds. */
static enum ot_status start_instead(const struct launch *launch, char *const *argv,
                                    struct ot_error *err)
{
    struct ot_run_setting mine = {.value = NULL};

    for (size_t i = 0; i < launch->count; i++) {
        const struct ot_mount_variable *variable = &ot_mount_variables[i];
        const char *there = getenv(variable->name);
        bool failed;

        if (launch->settings[i].state != OT_RUN_SET || (there != NULL && *there != '\0'))
            continue;
        /* An engine itself, which talks to registries, sees the files outside. */
        mine.value = ot_mount_value(variable, launch->dir);
        failed = mine.value == NULL || setenv(variable->name, mine.value, 1) != 0;
        free(mine.value);
        if (failed)
            return ot_error_nomem(err);
    }
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], argv);
    return ot_error_errno(err, errno == ENOENT ? OT_E_NOT_FOUND : OT_E_IO, errno,
                          "cannot start %s", argv[0]);
}

static enum ot_status launch_with(struct launch *launch, struct ot_cli *cli,
                                  struct ot_error *err)
{
    char **container = NULL, *const * argv;
    enum ot_status status = choose_settings(launch, err);

    if (status == OT_OK && launch->target == OT_RUN_CONTAINER)
        status = ot_run_container_argv(&container, launch->argv, launch->verb,
                                       launch->settings, launch->dir, err);
    if (status != OT_OK)
        return status;
    argv = container != NULL ? container : launch->argv;
    if (cli->options.json) {
        status = print_run_json(launch, argv, &cli->out, err);
    } else if (cli->options.print) {
        if (container == NULL)
            print_settings(launch, &cli->out);
        print_command_line(argv, &cli->out);
    } else {
        if (!cli->options.quiet)
            say_what_stays(launch);
        status = start_instead(launch, argv, err);
    }
    ot_run_container_free(container, launch->verb, launch->settings);
    return status;
}

enum ot_status ot_cmd_run(struct ot_cli *cli, struct ot_error *err)
{
    const struct ot_options *options = &cli->options;
    struct launch launch = {.argv =
                                options->argument_count > 0 ? options->arguments : NULL};
    enum ot_status status;

    if (launch.argv == NULL && !options->print && !options->json)
        return ot_error_set(err, OT_E_USAGE,
                            "which program? Without one only --print says something");
    launch.target = ot_run_target_of(launch.argv, &launch.verb);
    launch.shown = launch.target == OT_RUN_CONTAINER ? OT_MOUNT_POINT : launch.dir;
    status = find_directory(launch.dir, options, err);
    if (status == OT_OK)
        status = launch_with(&launch, cli, err);
    for (size_t i = 0; i < VARIABLES_MAX; i++)
        free(launch.settings[i].value);
    return status;
}

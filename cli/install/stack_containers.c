/* Containers: export_containers in the machine's configuration, upon which each sync
 * keeps a directory in step that is made to be mounted; a drop-in for podman, which
 * mounts it in every container and sets the variables; and, for registries that have a
 * directory of their own, a link to the anchors there. Docker has no setting for all its
 * containers. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory_stream.h"
#include "config/config.h"
#include "export/export.h"
#include "export/mount_dir.h"
#include "install/config_line_internal.h"
#include "install/stack_internal.h"
#include "install/tool.h"
#include "machine/machine_trust.h"

#define KEY "export_containers"
#define DROP_IN "/etc/containers/containers.conf.d/orgtrust.conf"
#define LINK_NAME "orgtrust.crt"

/* An engine is on the machine where one of these is. */
static const char *const places[] = {"/etc/containers", "/etc/docker", "/etc/containerd",
                                     "/etc/crio"};
static const char *const tools[] = {"podman", "docker", "nerdctl"};

static bool has_engine(void)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (access(places[i], F_OK) == 0)
            return true;
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
        if (ot_tool_exists(tools[i]))
            return true;
    return false;
}

/* A list of this name in a file of podman's: ours would be in place of it. */
static bool has_list(const char *path, const char **which)
{
    static const char *const lists[] = {"env", "volumes"};
    FILE *in = fopen(path, "re");
    char line[1024];
    bool found = false;

    while (in != NULL && !found && fgets(line, sizeof(line), in) != NULL) {
        const char *word = line + strspn(line, " \t");

        for (size_t i = 0; !found && i < sizeof(lists) / sizeof(lists[0]); i++) {
            size_t len = strlen(lists[i]);

            *which = lists[i];
            found = strncmp(word, lists[i], len) == 0 &&
                    word[len + strspn(word + len, " \t")] == '=';
        }
    }
    if (in != NULL)
        fclose(in);
    return found;
}

static bool note_lists(struct ot_stack_plan *plan)
{
    static const char *const patterns[] = {"/usr/share/containers/containers.conf",
                                           "/etc/containers/containers.conf",
                                           "/etc/containers/containers.conf.d/*.conf"};
    const char *which = NULL;
    bool found = false;
    glob_t files;
    int flags = GLOB_NOSORT;

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]);
         i++, flags |= GLOB_APPEND)
        (void)glob(patterns[i], flags, NULL, &files);
    for (size_t i = 0; !found && i < files.gl_pathc; i++) {
        if (strcmp(files.gl_pathv[i], DROP_IN) == 0 ||
            !has_list(files.gl_pathv[i], &which))
            continue;
        found = true;
        ot_stack_plan_note(
            plan,
            "%s has a list '%s' of its own, which a file of orgtrust would "
            "take the place of: podman's containers follow by 'orgtrust "
            "run podman run'",
            files.gl_pathv[i], which);
    }
    globfree(&files);
    return found;
}

/* PATH and TERM are what podman has without a list. */
static char *make_drop_in(size_t *len)
{
    bool has_authorities = ot_machine_bundle() != NULL;
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (out == NULL)
        return NULL;
    fputs(
        "# orgtrust install containers wrote this file; orgtrust uninstall removes it.\n"
        "[containers]\n"
        "volumes = [\"" OT_MOUNT_POINT ":" OT_MOUNT_POINT ":ro\"]\n"
        "env = [\n"
        "  \"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
        "  \"TERM=xterm\",\n",
        out);
    for (const struct ot_mount_variable *at = ot_mount_variables; at->name != NULL;
         at++) {
        char *value = ot_mount_value(at, OT_MOUNT_POINT);

        if (value != NULL && (has_authorities || !at->replaces))
            fprintf(out, "  \"%s=%s\",\n", at->name, value);
        free(value);
    }
    fputs("]\n", out);
    return ot_memory_stream_end(out, &text);
}

static enum ot_status plan_podman(struct ot_stack_plan *plan, struct ot_error *err)
{
    struct ot_edit *edit;
    enum ot_status status;
    size_t len;
    char *text;

    if (access(places[0], F_OK) != 0 || note_lists(plan))
        return OT_OK;
    status = ot_stack_plan_edit_here(plan, DROP_IN, &edit, err);
    if (status != OT_OK)
        return status;
    text = make_drop_in(&len);
    if (text == NULL)
        return ot_error_nomem(err);
    ot_file_state_set(&edit->after, text, len);
    return OT_OK;
}

/* What an administrator has there under that name stays. */
static enum ot_status plan_registry(struct ot_stack_plan *plan, const char *dir,
                                    struct ot_error *err)
{
    enum ot_status status;
    char *path;

    if (asprintf(&path, "%s/" LINK_NAME, dir) < 0)
        return ot_error_nomem(err);
    status = ot_stack_plan_link(plan, path, OT_MOUNT_POINT "/" OT_MOUNT_OURS, err);
    free(path);
    return status;
}

static enum ot_status plan_registries(struct ot_stack_plan *plan, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    glob_t dirs;

    (void)glob("/etc/containers/certs.d/*", GLOB_ONLYDIR, NULL, &dirs);
    (void)glob("/etc/docker/certs.d/*", GLOB_ONLYDIR | GLOB_APPEND, NULL, &dirs);
    for (size_t i = 0; status == OT_OK && i < dirs.gl_pathc; i++)
        status = plan_registry(plan, dirs.gl_pathv[i], err);
    globfree(&dirs);
    return status;
}

static enum ot_status plan_containers(struct ot_stack_plan *plan,
                                      const struct ot_install_env *env,
                                      struct ot_error *err)
{
    struct ot_edit *same;
    enum ot_status status;

    if (!env->is_root)
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "the directory that containers mount is the machine's: as "
                            "root; a user's follow by 'orgtrust run podman run'");
    if (!has_engine())
        return ot_error_set(err, OT_E_NOT_FOUND,
                            "neither podman, Docker, containerd nor CRI-O is here; for "
                            "another one say " KEY " = " OT_MOUNT_POINT
                            " in orgtrust.conf");
    status = ot_config_line_plan(plan, KEY, OT_MOUNT_POINT, err);
    /* Where it says so by itself the file still comes first: see between. */
    if (status == OT_OK && plan->count == 0)
        status = ot_stack_plan_edit(plan, OT_MACHINE_CONFIG, &same, err);
    if (status == OT_OK)
        status = plan_podman(plan, err);
    if (status == OT_OK)
        status = plan_registries(plan, err);
    if (status == OT_OK && (access(places[1], F_OK) == 0 || ot_tool_exists("docker")))
        ot_stack_plan_note(plan,
                           "Docker has no setting for all containers: start them by "
                           "'orgtrust run docker run', or with the mount and the "
                           "variables of " OT_MOUNT_POINT "/" OT_MOUNT_README);
    return status;
}

static enum ot_status find_outcome(const struct ot_exports *exports,
                                   enum ot_status status, struct ot_error *err)
{
    for (size_t i = 0; i < exports->count; i++) {
        const struct ot_export *item = &exports->items[i];

        if (item->kind == OT_EXPORT_CONTAINERS &&
            (item->outcome == OT_EXPORT_FAILED || item->outcome == OT_EXPORT_KEPT))
            return ot_error_set(err, item->why.status,
                                "%s was not made, so that no container is told of it: %s",
                                item->target, item->why.message);
    }
    /* What kept all of them from being done; another export's failure is for the next
     * sync to tell. */
    return status != OT_OK && err->message[0] != '\0' ? status : OT_OK;
}

/* The directory, before anything refers to it: podman starts no container when what it is
 * to mount is not there. */
static enum ot_status make_directory_now(struct ot_stack_plan *plan, struct ot_error *err)
{
    const struct ot_exports_options options = {.stop = NULL};
    struct ot_exports *exports = NULL;
    struct ot_config *config = NULL;
    enum ot_status status = ot_config_load(&config, err);

    (void)plan;
    if (status == OT_OK)
        status = ot_exports_follow(&exports, &config, &options, err);
    if (exports != NULL)
        status = find_outcome(exports, status, err);
    free(exports);
    ot_config_free(config);
    return status;
}

static enum ot_status finish_containers(struct ot_stack_plan *plan,
                                        const struct ot_install_env *env,
                                        bool is_installed, struct ot_error *err)
{
    (void)env;
    if (is_installed)
        return plan->count > 1 ? OT_OK : make_directory_now(plan, err);
    if (access(OT_MOUNT_POINT, F_OK) == 0)
        ot_stack_plan_note(plan, OT_MOUNT_POINT
                           " stays, for containers that have it "
                           "mounted; when there is none: rm -r " OT_MOUNT_POINT);
    return OT_OK;
}

/* The drop-in and the links are ours alone; the line in the configuration is not. */
static enum ot_status strip_containers(struct ot_file_state *to, const char *path,
                                       const struct ot_file_state *now, bool *found,
                                       struct ot_error *err)
{
    (void)path;
    return ot_config_line_strip(to, KEY, now, found, err);
}

const struct ot_stack ot_stack_containers = {
    .name = "containers",
    .summary = "a directory for containers to mount, and podman's setting for it",
    .plan = plan_containers,
    .strip = strip_containers,
    .between = make_directory_now,
    .finish = finish_containers,
};

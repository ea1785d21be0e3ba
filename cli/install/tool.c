#include "install/tool.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* What they do takes a moment; systemctl may wait for a service to end. */
#define TIMEOUT_MS 120000

/* Not PATH: root's programs are the system's. */
static const char *const directories[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};

static bool find_system_program(char path[PATH_MAX], const char *name)
{
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        snprintf(path, PATH_MAX, "%s/%s", directories[i], name);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

bool ot_tool_exists(const char *name)
{
    char path[PATH_MAX];

    return find_system_program(path, name);
}

enum ot_status ot_tool_run(const char *const *argv, const char *variable,
                           struct ot_error *err)
{
    char path[PATH_MAX];
    const char *const variables[] = {variable, NULL};
    const struct ot_program program = {
        .path = path,
        .argv = argv,
        .what = argv[0],
        .variables = variables,
        .is_quiet = true,
        .timeout_ms = TIMEOUT_MS,
    };

    if (!find_system_program(path, argv[0]))
        return ot_error_set(err, OT_E_INTERNAL, "the program %s is not installed",
                            argv[0]);
    return ot_program_run(&program, err);
}

enum ot_status ot_tool_see(const char *const *argv, const char *const *environment,
                           int timeout_ms, const volatile int *stop,
                           struct ot_program_output *output, struct ot_error *err)
{
    char path[PATH_MAX];
    const struct ot_program program = {
        .path = path,
        .argv = argv,
        .what = argv[0],
        .environment = environment,
        .output = output,
        .timeout_ms = timeout_ms,
        .stop = stop,
    };

    output->text[0] = '\0';
    output->exit_status = -1;
    if (!find_system_program(path, argv[0]))
        return ot_error_set(err, OT_E_NOT_FOUND, "the program %s is not installed",
                            argv[0]);
    return ot_program_run(&program, err);
}

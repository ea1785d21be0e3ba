#include "doctor/fix_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/environment.h"
#include "config/config.h"
#include "config/source.h"

const char *ot_fix_sync(const struct ot_doctor *doctor)
{
    const struct ot_config *config = doctor->config;

    if (config != NULL && ot_config_count(config) > 0 &&
        access(ot_config_at(config, 0)->cache_dir, W_OK) != 0 && errno != ENOENT)
        return OT_FIX_AS_ROOT(doctor, "orgtrust sync");
    return "orgtrust sync";
}

static bool is_closed(const char *path)
{
    struct stat st;

    return stat(path, &st) != 0 ||
           (st.st_mode & (S_ISDIR(st.st_mode) ? S_IXOTH : S_IROTH)) == 0;
}

static bool is_home(const char *path)
{
    const char *home = ot_env_get("HOME");

    return strcmp(path, "/root") == 0 || (home != NULL && strcmp(path, home) == 0);
}

bool ot_fix_closed(char **fix, char closed[PATH_MAX], const struct ot_doctor *doctor,
                   const char *path)
{
    size_t count = 0, size, len = strlen(path);
    FILE *out = open_memstream(fix, &size);
    char at[PATH_MAX];
    bool is_private = out == NULL;

    if (out != NULL)
        fputs(OT_FIX_AS_ROOT(doctor, "chmod o+rX"), out);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        snprintf(at, sizeof(at), "%.*s", (int)i, path);
        if (!is_closed(at))
            continue;
        is_private |= is_home(at);
        if (count++ == 0)
            snprintf(closed, PATH_MAX, "%s", at);
        if (out != NULL)
            fprintf(out, " '%s'", at);
    }
    is_private |= out != NULL && fclose(out) != 0;
    if (is_private || count == 0) {
        free(out != NULL ? *fix : NULL);
        *fix = NULL;
    }
    return count > 0;
}

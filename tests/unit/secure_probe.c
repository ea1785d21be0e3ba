/* Run setuid by its test: what a host with more rights than its user must not do. Prints
 * nothing; its exit status is the number of the first thing that went wrong. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/environment.h"
#include "cache/cache.h"
#include "cache/spawn_internal.h"
#include "config/config.h"
#include "config/source.h"
#include "errand/errand.h"
#include "files/path.h"

static int check(const char *dir)
{
    struct ot_source source = {.name = (char *)"default",
                               .base_url = (char *)"https://api.example/v1",
                               .cache_dir = (char *)dir,
                               .auto_refresh = true,
                               .refresh_interval_s = 1,
                               .max_stale_s = 1};
    const struct ot_errand errand = {
        .source = &source, .arguments = {"sync"}, .timeout_ms = 1000};
    struct ot_errand_result result;
    struct ot_snapshot *snapshot;
    struct ot_config *config;
    struct ot_cache *cache;
    size_t i;

    if (!ot_env_is_secure_mode())
        return 1;
    if (getenv("ORGTRUST_CONF") == NULL || ot_env_get("ORGTRUST_CONF") != NULL)
        return 2; /* it is set, and does not count */
    if (ot_config_load(&config, NULL) != OT_OK)
        return 3; /* neither the file it names is a configuration nor the user's own */
    for (i = 0; i < ot_config_count(config); i++)
        if (ot_config_at(config, i)->origin[0] != '/')
            return 4; /* OPENAI_ADMIN_KEY does not count either */
    ot_config_free(config);
    if (ot_spawn_is_allowed(&source))
        return 5;
    if (ot_errand_is_allowed() || ot_errand_run(&errand, &result, NULL) != OT_E_USAGE)
        return 8;
    if (ot_cache_new(&cache, &source, NULL) != OT_OK ||
        ot_cache_get(cache, OT_CACHE_REFRESH | OT_CACHE_WAIT, &snapshot, NULL) !=
            OT_E_NO_SNAPSHOT)
        return 6;
    ot_cache_free(cache);
    return access(dir, F_OK) == 0 ? 7 : 0; /* nothing was created */
}

int main(int argc, char **argv)
{
    _exit(argc == 2 ? check(argv[1]) : 99);
}

/* Any bytes as a configuration file: refused with a sentence, or sources that hold what
 * config.h promises. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config/config.h"
#include "config/identifier.h"
#include "config/source.h"
#include "config/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file = -1;

/* A file in memory, which ORGTRUST_CONF names. */
static void prepare(void)
{
    char path[64];

    file = memfd_create("orgtrust.conf", MFD_CLOEXEC);
    if (file < 0 || fchmod(file, 0600) != 0)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    setenv("ORGTRUST_CONF", path, 1);
    unsetenv("ORGTRUST_CACHE_DIR");
    unsetenv("OPENAI_BASE_URL");
}

static void check(const struct ot_source *source)
{
    if (!ot_is_source_name(source->name, strlen(source->name)) ||
        source->cache_dir[0] != '/' || source->origin == NULL || source->purposes == 0 ||
        (strncmp(source->base_url, "https://", 8) != 0 &&
         strncmp(source->base_url, "http://", 7) != 0) ||
        source->base_url[strlen(source->base_url) - 1] == '/' ||
        source->refresh_interval_s < 1 ||
        source->max_stale_s < source->refresh_interval_s || source->timeout_ms < 1 ||
        source->connect_timeout_ms < 1)
        abort();
    if (source->project != NULL &&
        !ot_is_cert_id(source->project, strlen(source->project)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config;
    size_t i;

    if (file < 0)
        prepare();
    if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size)
        abort();
    if (ot_config_load(&config, &err) != OT_OK) {
        if (err.status != OT_E_CONFIG || strstr(err.message, "/proc/self/fd/") == NULL ||
            !ot_text_is_utf8(err.message, strlen(err.message)))
            abort();
        return 0;
    }
    for (i = 0; i < ot_config_count(config); i++)
        check(ot_config_at(config, i));
    ot_config_free(config);
    return 0;
}

#include "config_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "unit.h"

void config_clean_environment(void)
{
    static const char *const names[] = {"ORGTRUST_CONF",    "ORGTRUST_CACHE_DIR",
                                        "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL",
                                        "XDG_CONFIG_HOME",  "XDG_CACHE_HOME"};
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
    setenv("HOME", unit_path("home"), 1);
    unlink(ORGTRUST_SYSCONFDIR "/orgtrust/orgtrust.conf");
}

void config_put_system_file(const char *text)
{
    mkdir(ORGTRUST_SYSCONFDIR, 0755);
    mkdir(ORGTRUST_SYSCONFDIR "/orgtrust", 0755);
    file_put_text(ORGTRUST_SYSCONFDIR "/orgtrust/orgtrust.conf", text);
}

struct ot_config *config_load(const char *text)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config;

    config_clean_environment();
    file_put_text(unit_path("conf"), text);
    setenv("ORGTRUST_CONF", unit_path("conf"), 1);
    if (ot_config_load(&config, &err) != OT_OK)
        fprintf(stderr, "\n  %s\n", err.message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    return config;
}

void config_refuse_bytes(const char *text, size_t len, unsigned line, const char *words)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config = NULL;
    char place[4200];

    config_clean_environment();
    file_put(unit_path("conf"), text, len, 0600);
    setenv("ORGTRUST_CONF", unit_path("conf"), 1);
    CU_ASSERT_EQUAL(ot_config_load(&config, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NULL(config);
    CU_ASSERT_EQUAL(err.status, OT_E_CONFIG);
    snprintf(place, sizeof(place), line > 0 ? "%s:%u" : "%s", unit_path("conf"), line);
    if (!strstr(err.message, place) || !strstr(err.message, words))
        fprintf(stderr, "\n  '%s' gives: %s\n", text, err.message);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, place));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, words));
    ot_config_free(config);
}

void config_refuse(const char *text, unsigned line, const char *words)
{
    config_refuse_bytes(text, strlen(text), line, words);
}

const struct ot_source *config_find(const struct ot_config *config, const char *name)
{
    const struct ot_source *source = NULL;

    CU_ASSERT_EQUAL_FATAL(ot_config_find(config, name, &source, NULL), OT_OK);
    return source;
}

#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "config_fixture.h"
#include "files.h"
#include "unit.h"

static void bad_variables_are_named(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config;

    config_clean_environment();
    setenv("OPENAI_ADMIN_KEY", "k", 1);
    setenv("OPENAI_BASE_URL", "http://api.example/v1", 1);
    CU_ASSERT_EQUAL(ot_config_load(&config, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "OPENAI_BASE_URL"));
    unsetenv("OPENAI_BASE_URL");
    setenv("ORGTRUST_CACHE_DIR", "cache", 1);
    CU_ASSERT_EQUAL(ot_config_load(&config, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "ORGTRUST_CACHE_DIR"));
    setenv("ORGTRUST_CONF", "orgtrust.conf", 1);
    CU_ASSERT_EQUAL(ot_config_load(&config, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "ORGTRUST_CONF"));
}

static void fault_54_a_bad_file_of_two_is_fatal(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config;

    config_clean_environment();
    setenv("OPENAI_ADMIN_KEY", "k", 1);
    config_put_system_file("timeout = soon\n");
    CU_ASSERT_EQUAL(ot_config_load(&config, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NULL(config);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "orgtrust.conf:1: timeout"));
    config_clean_environment();
}

static void fault_54_text_that_is_not_ini_is_refused(void)
{
    config_refuse("[source a]\nnonsense\ntimeout = 5s\n", 2, "neither");
    config_refuse("nonsense\ntimeout = x\n", 1, "neither");
    config_refuse("timeout ; = 5s\n", 1, "neither");
    config_refuse("[source a]\ntimeout = 5s\n  6s\n", 3, "first column");
    config_refuse("[source a]\n\ttimeout = 5s\n", 2, "first column");
    config_refuse("[source a\n", 1, "']'");
    config_refuse("[source a] x\n", 1, "behind");
    config_refuse("[source a];x\n", 1, "behind");
    config_refuse("[a]\n", 1, "[source NAME]");
    config_refuse("[source]\n", 1, "[source NAME]");
    config_refuse("[source ]\n", 1, "[source NAME]");
    config_refuse("[source a b]\n", 1, "[source NAME]");
    config_refuse("[source ../x]\n", 1, "[source NAME]");
    config_refuse("[source abcdefghijklmnopqrstuvwxy]\n", 1, "[source NAME]");
    config_refuse("[Source a]\n", 1, "[source NAME]");
    config_refuse("[]\n", 1, "[source NAME]");
    config_refuse("[source a]\n[source b]\n[source a]\n", 3, "already");
    config_refuse("[source a]\ntimeout = 5s\ntimeout = 5s\n", 3, "twice");
    config_refuse("timeout = 5s\ntimeout = 5s\n", 2, "twice");
    config_refuse("unknown_key = 1\n", 1, "unknown key 'unknown_key'");
    config_refuse("Timeout = 1s\n", 1, "did you mean timeout?");
    config_refuse("base-url = x\n", 1, "did you mean base_url?");
    config_refuse("connect = 1s\n", 1, "did you mean connect_timeout?");
    config_refuse("export = x\n", 1, "unknown key 'export'; see");
    config_refuse("sk-admin-aaaaaaaaaaaaaaaaaaaaaaaaaaa = x\n", 1, "unknown key; see");
    config_refuse("timeout = 5s # short\n", 1, "begins with ' ;'");
    config_refuse("project = #none\n", 1, "begins with ' ;'");
    config_refuse("= 1s\n", 1, "unknown key");
    config_refuse("timeout =\n", 1, "no value");
    config_refuse("timeout = ; nothing\n", 1, "no value");
    config_refuse("\n\n# \xff\n", 3, "UTF-8");
    config_refuse("\n#\x01\n", 2, "control character");
    config_refuse("timeout = 5s\r\r\n", 1, "control character");
    config_refuse_bytes("timeout = 5s\n# \0\n", 17, 2, "control character");
}

static void fault_54_too_many_sources_are_refused(void)
{
    char text[OT_SOURCES_MAX * 20 + 100] = "";
    size_t len = 0;
    int i;

    for (i = 0; i < OT_SOURCES_MAX; i++)
        len += (size_t)sprintf(text + len, "[source s%d]\n", i);
    ot_config_free(config_load(text));
    sprintf(text + len, "[source more]\n");
    config_refuse(text, OT_SOURCES_MAX + 1, "more than 64");
}

static void fault_54_bad_values_are_refused(void)
{
    config_refuse("base_url = ftp://x/\n", 1, "https://");
    config_refuse("base_url = api.example\n", 1, "https://");
    config_refuse("admin_key_file = key\n", 1, "absolute");
    config_refuse("project = a/b\n", 1, "project's id");
    config_refuse("refresh_interval = 15\n", 1, "unit");
    config_refuse("refresh_interval = 0s\n", 1, "at least");
    config_refuse("refresh_interval = 500ms\n", 1, "at least");
    config_refuse("refresh_interval = 1500ms\n", 1, "whole seconds");
    config_refuse("refresh_interval = 31d\n", 1, "at most");
    config_refuse("refresh_interval = never\n", 1, "unit");
    config_refuse("refresh_interval = -1s\n", 1, "unit");
    config_refuse("max_stale = 2y\n", 1, "unit");
    config_refuse("max_stale = 9999999999999999999999d\n", 1, "unit");
    config_refuse("max_stale = 9223372036854775807w\n", 1, "unit");
    config_refuse("timeout = 31m\n", 1, "at most");
    config_refuse("connect_timeout = 99ms\n", 1, "at least");
    config_refuse("auto_refresh = maybe\n", 1, "yes or no");
    config_refuse("auto_refresh = YES\n", 1, "yes or no");
    config_refuse("purposes = all\n", 1, "server, client");
    config_refuse("purposes = server,\n", 1, "server, client");
    config_refuse("purposes = server, server\n", 1, "server, client");
    config_refuse("purposes = ,\n", 1, "server, client");
    config_refuse("probe = db.example\n", 1, "has no port");
    config_refuse("probe = db.example:636, :1\n", 1, "host name");
    config_refuse("probe = https://db.example:636\n", 1, "HOST:PORT");
    config_refuse("names = corp.example,\n", 1, "item 2 of names is empty");
    config_refuse("names = 10.0.0.1/8\n", 1, "behind its prefix length");
    config_refuse("meaning = no\n", 1, "trust or distrust");
    config_refuse("not_after = 2027-02-29\n", 1, "a day such as");
    config_refuse("not_after = 2027-1-31\n", 1, "a day such as");
    config_refuse("not_after = 2027-12-31T00:00:00Z\n", 1, "a day such as");
    config_refuse("not_after = 30d\n", 1, "a day such as");
    config_refuse("host_name = web 1\n", 1, "letters, digits");
    config_refuse("host_name = web/1\n", 1, "letters, digits");
    config_refuse("report = maybe\n", 1, "yes or no");
    config_refuse("cache_dir = ~/x\n", 1, "absolute");
    config_refuse("cache_dir = none\n", 1, "absolute");
    config_refuse("ca_file = ca.pem\n", 1, "absolute");
    config_refuse("export_dir = x\n", 1, "absolute");
    config_refuse("proxy = proxy:3128\n", 1, "socks5");
    config_refuse("[source a]\nrefresh_interval = 2h\nmax_stale = 1h\n", 1, "shorter");
}

static void fault_54_files_that_cannot_be_trusted_are_refused(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config;

    config_clean_environment();
    setenv("OPENAI_ADMIN_KEY", "k", 1);
    setenv("ORGTRUST_CONF", unit_path("absent"), 1);
    CU_ASSERT_EQUAL(ot_config_load(&config, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "does not exist"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "ORGTRUST_CONF"));
    file_put(unit_path("loose"), "[source a]\n", 11, 0666);
    setenv("ORGTRUST_CONF", unit_path("loose"), 1);
    CU_ASSERT_EQUAL(ot_config_load(&config, &err), OT_E_CONFIG);
    CU_ASSERT_EQUAL(err.status, OT_E_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "chmod go-w"));
    setenv("ORGTRUST_CONF", unit_dir(), 1);
    CU_ASSERT_EQUAL(ot_config_load(&config, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NULL(config);
}

static void fault_54_an_unknown_source_lists_the_known(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config = config_load("[source corp]\n[source lab]\n");
    const struct ot_source *source;

    CU_ASSERT_EQUAL(ot_config_find(config, "crop", &source, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NULL(source);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "'crop'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "corp, lab"));
    CU_ASSERT_EQUAL(ot_config_find(config, NULL, &source, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "'default'"));
    ot_config_free(config);
}

static void fault_55_a_misplaced_secret_is_not_shown(void)
{
    static const char *const texts[] = {
        "admin_key_file = sk-admin-SECRET\n",
        "sk-admin-SECRET\n",
        "sk-admin-SECRET = x\n",
        "admin_key = sk-admin-SECRET\n",
        "project = sk-admin.SECRET\n",
        "base_url = https://user:SECRET@api.example/\n",
        "proxy = http://user:SECRET@proxy:3128\n",
        "[sk-admin-SECRET]\n",
        "timeout = SECRET\n",
    };
    struct ot_error err;
    struct ot_config *config;
    size_t i;

    config_clean_environment();
    setenv("ORGTRUST_CONF", unit_path("conf"), 1);
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        file_put_text(unit_path("conf"), texts[i]);
        ot_error_clear(&err);
        CU_ASSERT_EQUAL(ot_config_load(&config, &err), OT_E_CONFIG);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "conf:1"));
        CU_ASSERT_PTR_NULL(strstr(err.message, "SECRET"));
    }
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"bad_variables_are_named", bad_variables_are_named},
        {"fault_54_a_bad_file_of_two_is_fatal", fault_54_a_bad_file_of_two_is_fatal},
        {"fault_54_text_that_is_not_ini_is_refused",
         fault_54_text_that_is_not_ini_is_refused},
        {"fault_54_too_many_sources_are_refused", fault_54_too_many_sources_are_refused},
        {"fault_54_bad_values_are_refused", fault_54_bad_values_are_refused},
        {"fault_54_files_that_cannot_be_trusted_are_refused",
         fault_54_files_that_cannot_be_trusted_are_refused},
        {"fault_54_an_unknown_source_lists_the_known",
         fault_54_an_unknown_source_lists_the_known},
        {"fault_55_a_misplaced_secret_is_not_shown",
         fault_55_a_misplaced_secret_is_not_shown},
        {NULL, NULL},
    };

    return unit_main("config_refusal", cases, argc, argv);
}

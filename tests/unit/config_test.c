#include "cache/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/config_value.h"
#include "files.h"
#include "unit.h"

static void clean_environment(void)
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

static void put_system_file(const char *text)
{
    mkdir(ORGTRUST_SYSCONFDIR, 0755);
    mkdir(ORGTRUST_SYSCONFDIR "/orgtrust", 0755);
    file_put_text(ORGTRUST_SYSCONFDIR "/orgtrust/orgtrust.conf", text);
}

static struct ot_config *load(const char *text)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config;

    clean_environment();
    file_put_text(unit_path("conf"), text);
    setenv("ORGTRUST_CONF", unit_path("conf"), 1);
    if (ot_config_load(&config, &err) != OT_OK)
        fprintf(stderr, "\n  %s\n", err.message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    return config;
}

/* The text is refused as configuration, with its line and some words. */
static void refuse_bytes(const char *text, size_t len, unsigned line, const char *words)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config = NULL;
    char place[4200];

    clean_environment();
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

static void refuse(const char *text, unsigned line, const char *words)
{
    refuse_bytes(text, strlen(text), line, words);
}

static const struct ot_source *find(const struct ot_config *config, const char *name)
{
    const struct ot_source *source = NULL;

    CU_ASSERT_EQUAL_FATAL(ot_config_find(config, name, &source, NULL), OT_OK);
    return source;
}

static void nothing_configured_says_how_to_begin(void)
{
    struct ot_error err = OT_ERROR_INIT;
    const struct ot_source *source;
    struct ot_config *config;

    clean_environment();
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, &err), OT_OK);
    CU_ASSERT_EQUAL(ot_config_count(config), 0);
    CU_ASSERT_PTR_NULL(ot_config_at(config, 0));
    CU_ASSERT_EQUAL(ot_config_find(config, NULL, &source, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NULL(source);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "OPENAI_ADMIN_KEY"));
    ot_config_free(config);
    ot_config_free(NULL);
}

static void the_environment_makes_a_default_source(void)
{
    struct ot_config *config;
    const struct ot_source *s;

    clean_environment();
    setenv("OPENAI_ADMIN_KEY", "sk-admin-very-secret", 1);
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    s = find(config, "");
    CU_ASSERT_STRING_EQUAL(s->name, "default");
    CU_ASSERT_STRING_EQUAL(s->origin, "environment");
    CU_ASSERT_STRING_EQUAL(s->base_url, "https://api.openai.com/v1");
    CU_ASSERT_PTR_NULL(s->admin_key_file);
    CU_ASSERT_PTR_NULL(s->project);
    CU_ASSERT_EQUAL(s->refresh_interval_s, 900);
    CU_ASSERT_EQUAL(s->max_stale_s, 7 * 86400);
    CU_ASSERT_EQUAL(s->connect_timeout_ms, 5000);
    CU_ASSERT_EQUAL(s->timeout_ms, 30000);
    CU_ASSERT_EQUAL(s->purposes, OT_PURPOSE_SERVER | OT_PURPOSE_CLIENT);
    CU_ASSERT(s->auto_refresh && !s->admin_token && !s->export_system);
    ot_config_free(config);

    setenv("OPENAI_BASE_URL", "http://localhost:8080/v1/", 1);
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_STRING_EQUAL(find(config, NULL)->base_url, "http://localhost:8080/v1");
    ot_config_free(config);
}

static void bad_variables_are_named(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config;

    clean_environment();
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

static void every_key_fills_its_field(void)
{
    struct ot_config *config = load("\xef\xbb\xbf# all of them\r\n"
                                    "[source corp]\r\n"
                                    "base_url = HTTPS://API.Example:8443/V1//\n"
                                    "admin_key_file=/etc/key ; a comment\n"
                                    "project : proj_1\n"
                                    "refresh_interval = 90s\n"
                                    "max_stale = never\n"
                                    "auto_refresh = off\n"
                                    "purposes = email,server , code\n"
                                    "admin_token = 1\n"
                                    "cache_dir = /var/lib/x/\n"
                                    "ca_file = /etc/ca\n"
                                    "proxy = socks5h://[::1]:1080/\n"
                                    "connect_timeout = 250ms\n"
                                    "timeout = 2m\n"
                                    "export_bundle = /b\n"
                                    "export_dir = /d/\n"
                                    "export_java = /j\n"
                                    "export_system = true\n"
                                    "on_change = systemctl reload nginx && true");
    const struct ot_source *s = find(config, "corp");

    CU_ASSERT_STRING_EQUAL(s->base_url, "https://api.example:8443/V1");
    CU_ASSERT_STRING_EQUAL(s->admin_key_file, "/etc/key");
    CU_ASSERT_STRING_EQUAL(s->project, "proj_1");
    CU_ASSERT_EQUAL(s->refresh_interval_s, 90);
    CU_ASSERT_EQUAL(s->max_stale_s, OT_NEVER);
    CU_ASSERT_FALSE(s->auto_refresh);
    CU_ASSERT_EQUAL(s->purposes, OT_PURPOSE_EMAIL | OT_PURPOSE_SERVER | OT_PURPOSE_CODE);
    CU_ASSERT(s->admin_token && s->export_system);
    CU_ASSERT_STRING_EQUAL(s->cache_dir, "/var/lib/x");
    CU_ASSERT_STRING_EQUAL(s->ca_file, "/etc/ca");
    CU_ASSERT_STRING_EQUAL(s->proxy, "socks5h://[::1]:1080");
    CU_ASSERT_EQUAL(s->connect_timeout_ms, 250);
    CU_ASSERT_EQUAL(s->timeout_ms, 120000);
    CU_ASSERT_STRING_EQUAL(s->export_bundle, "/b");
    CU_ASSERT_STRING_EQUAL(s->export_dir, "/d");
    CU_ASSERT_STRING_EQUAL(s->export_java, "/j");
    CU_ASSERT_STRING_EQUAL(s->on_change, "systemctl reload nginx && true");
    CU_ASSERT_PTR_NOT_NULL(strstr(s->origin, "/conf:2"));
    ot_config_free(config);
}

/* Labels of PKCS#11 tokens hold 32 bytes, and one stands for one token. */
static void names_of_sources_leave_room_for_the_admin_token(void)
{
    struct ot_config *config = load("base_url = https://api.example/v1\n"
                                    "[source seventeen.letters]\nadmin_token = yes\n"
                                    "[source twenty-three.characters]\n"
                                    "[source admin]\nadmin_token = yes\n");

    CU_ASSERT_EQUAL(ot_config_count(config), 4);
    ot_config_free(config);
    refuse("base_url = https://api.example/v1\n"
           "[source eighteen-letters.x]\nadmin_token = yes\n",
           2, "at most 17");
    refuse("base_url = https://api.example/v1\nadmin_token = yes\n"
           "[source twenty-three.characters]\n",
           3, "at most 17");
    refuse("base_url = https://api.example/v1\n[source b]\n[source admin]\n"
           "[source default]\nadmin_token = yes\n",
           3, "orgtrust admin");
}

static void sections_override_the_head_and_come_in_order(void)
{
    struct ot_config *config = load("timeout = 10s\nproject = proj_all\nca_file = /ca\n"
                                    "[source b]\ntimeout = 20s\nproject = none\n"
                                    "[source default]\n"
                                    "[source a]\nca_file = none\n");

    CU_ASSERT_EQUAL_FATAL(ot_config_count(config), 3);
    CU_ASSERT_STRING_EQUAL(ot_config_at(config, 0)->name, "default");
    CU_ASSERT_STRING_EQUAL(ot_config_at(config, 1)->name, "b");
    CU_ASSERT_STRING_EQUAL(ot_config_at(config, 2)->name, "a");
    CU_ASSERT_EQUAL(find(config, "b")->timeout_ms, 20000);
    CU_ASSERT_EQUAL(find(config, "a")->timeout_ms, 10000);
    CU_ASSERT_PTR_NULL(find(config, "b")->project);
    CU_ASSERT_STRING_EQUAL(find(config, "a")->project, "proj_all");
    CU_ASSERT_PTR_NULL(find(config, "a")->ca_file);
    CU_ASSERT_STRING_EQUAL(find(config, "b")->ca_file, "/ca");
    ot_config_free(config);
}

static void head_keys_make_a_default_source(void)
{
    struct ot_config *config = load("timeout = 10s\n\nadmin_key_file = /k\n[source a]\n");

    CU_ASSERT_EQUAL(ot_config_count(config), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(find(config, NULL)->origin, "/conf:3"));
    CU_ASSERT_STRING_EQUAL(find(config, NULL)->admin_key_file, "/k");
    ot_config_free(config);
    config = load("base_url = http://127.1.2.3:1\n");
    CU_ASSERT_EQUAL(ot_config_count(config), 1);
    ot_config_free(config);
    config = load("timeout = 10s\n[source a]\n");
    CU_ASSERT_EQUAL(ot_config_count(config), 1);
    ot_config_free(config);
}

static void the_users_file_overrides_the_systems(void)
{
    const struct ot_source *s;
    struct ot_config *config;

    clean_environment();
    put_system_file("timeout = 10s\nconnect_timeout = 1s\n"
                    "[source corp]\nproject = proj_1\nrefresh_interval = 1h\n");
    mkdir(unit_path("home"), 0700);
    mkdir(unit_path("home/.config"), 0700);
    mkdir(unit_path("home/.config/orgtrust"), 0700);
    file_put_text(unit_path("home/.config/orgtrust/orgtrust.conf"),
                  "timeout = 20s\n[source corp]\nproject = proj_2\n[source mine]\n");
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_config_count(config), 2);
    s = find(config, "corp");
    CU_ASSERT_STRING_EQUAL(s->project, "proj_2");
    CU_ASSERT_EQUAL(s->refresh_interval_s, 3600);
    CU_ASSERT_EQUAL(s->timeout_ms, 20000);
    CU_ASSERT_EQUAL(s->connect_timeout_ms, 1000);
    ot_config_free(config);

    setenv("XDG_CONFIG_HOME", "relative/does/not/count", 1);
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_config_count(config), 2);
    ot_config_free(config);
    setenv("XDG_CONFIG_HOME", unit_path("elsewhere"), 1);
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_config_count(config), 1);
    ot_config_free(config);

    setenv("ORGTRUST_CONF", unit_path("only"), 1); /* instead of both */
    file_put_text(unit_path("only"), "[source x]\n");
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_config_count(config), 1);
    CU_ASSERT_STRING_EQUAL(ot_config_at(config, 0)->name, "x");
    ot_config_free(config);
    clean_environment();
    unlink(unit_path("home/.config/orgtrust/orgtrust.conf"));
}

static void fault_54_a_bad_file_of_two_is_fatal(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config;

    clean_environment();
    setenv("OPENAI_ADMIN_KEY", "k", 1);
    put_system_file("timeout = soon\n");
    CU_ASSERT_EQUAL(ot_config_load(&config, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NULL(config);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "orgtrust.conf:1: timeout"));
    clean_environment();
}

static void the_cache_directory_is_chosen(void)
{
    struct ot_config *config = load("cache_dir = /file\n[source a]\n");
    int status;
    pid_t pid;

    CU_ASSERT_STRING_EQUAL(find(config, "a")->cache_dir, "/file");
    ot_config_free(config);
    setenv("ORGTRUST_CACHE_DIR", "/variable/", 1);
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_STRING_EQUAL(find(config, "a")->cache_dir, "/variable");
    ot_config_free(config);
    config = load("[source with-no-snapshot-here]\n");
    if (geteuid() == 0)
        CU_ASSERT_STRING_EQUAL(ot_config_at(config, 0)->cache_dir, "/var/cache/orgtrust");
    ot_config_free(config);

    CU_ASSERT_EQUAL(chmod(unit_dir(), 0711), 0);
    CU_ASSERT_EQUAL(chmod(unit_path("conf"), 0644), 0);
    pid = fork();
    if (pid == 0) { /* an ordinary user */
        int bad = geteuid() == 0 && setuid(65534) != 0;

        setenv("HOME", "/home/u", 1);
        bad += ot_config_load(&config, NULL) != OT_OK ||
               strcmp(ot_config_at(config, 0)->cache_dir, "/home/u/.cache/orgtrust") != 0;
        ot_config_free(config);
        setenv("XDG_CACHE_HOME", "/xdg", 1);
        bad += ot_config_load(&config, NULL) != OT_OK ||
               strcmp(ot_config_at(config, 0)->cache_dir, "/xdg/orgtrust") != 0;
        ot_config_free(config);
        unsetenv("XDG_CACHE_HOME");
        unsetenv("HOME");
        bad += ot_config_load(&config, NULL) != OT_OK ||
               strcmp(ot_config_at(config, 0)->cache_dir, "/var/cache/orgtrust") != 0;
        ot_config_free(config);
        _exit(bad);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0700), 0);
}

static void fault_54_text_that_is_not_ini_is_refused(void)
{
    char line[300];

    refuse("[source a]\nnonsense\ntimeout = 5s\n", 2, "neither");
    refuse("nonsense\ntimeout = x\n", 1, "neither");
    refuse("[source a]\ntimeout = 5s\n  6s\n", 3, "first column");
    refuse("[source a]\n\ttimeout = 5s\n", 2, "first column");
    refuse("[source a\n", 1, "']'");
    refuse("[source a] x\n", 1, "behind");
    refuse("[source a];x\n", 1, "behind");
    refuse("[a]\n", 1, "[source NAME]");
    refuse("[source]\n", 1, "[source NAME]");
    refuse("[source ]\n", 1, "[source NAME]");
    refuse("[source a b]\n", 1, "[source NAME]");
    refuse("[source ../x]\n", 1, "[source NAME]");
    refuse("[source abcdefghijklmnopqrstuvwxy]\n", 1, "[source NAME]");
    refuse("[Source a]\n", 1, "[source NAME]");
    refuse("[]\n", 1, "[source NAME]");
    refuse("[source a]\n[source b]\n[source a]\n", 3, "already");
    refuse("[source a]\ntimeout = 5s\ntimeout = 5s\n", 3, "twice");
    refuse("timeout = 5s\ntimeout = 5s\n", 2, "twice");
    refuse("unknown_key = 1\n", 1, "unknown key 'unknown_key'");
    refuse("Timeout = 1s\n", 1, "unknown key");
    refuse("= 1s\n", 1, "unknown key");
    refuse("timeout =\n", 1, "no value");
    refuse("timeout = ; nothing\n", 1, "no value");
    refuse("\n\n# \xff\n", 3, "UTF-8");
    refuse("\n#\x01\n", 2, "control character");
    refuse("timeout = 5s\r\r\n", 1, "control character");
    refuse_bytes("timeout = 5s\n# \0\n", 17, 2, "control character");
    memset(line, '#', sizeof(line));
    line[197] = '\0';
    ot_config_free(load(line));
    line[197] = '#';
    line[198] = '\0';
    refuse(line, 1, "longer");
}

/* Comments up to a length, of which the last line makes a source. */
static void files_of_any_allowed_length_are_read_to_their_end(void)
{
    static const size_t lens[] = {4095, 4096, 4097, 8192, 12289, OT_CONFIG_BYTES_MAX};
    static const char last[] = "[source last]\n";
    char *text = malloc(OT_CONFIG_BYTES_MAX + 2);
    struct ot_config *config;
    size_t i, at;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        memset(text, '#', lens[i]);
        for (at = 100; at < lens[i]; at += 100)
            text[at] = '\n';
        memcpy(text + lens[i] - sizeof(last), "\n", 1);
        memcpy(text + lens[i] + 1 - sizeof(last), last, sizeof(last));
        config = load(text);
        CU_ASSERT_EQUAL(ot_config_count(config), 1);
        CU_ASSERT_STRING_EQUAL(find(config, "last")->name, "last");
        ot_config_free(config);
    }
    memcpy(text + OT_CONFIG_BYTES_MAX, "\n", 2);
    refuse(text, 0, "more than");
    free(text);
}

static void fault_54_too_many_sources_are_refused(void)
{
    char text[OT_SOURCES_MAX * 20 + 100] = "";
    size_t len = 0;
    int i;

    for (i = 0; i < OT_SOURCES_MAX; i++)
        len += (size_t)sprintf(text + len, "[source s%d]\n", i);
    ot_config_free(load(text));
    sprintf(text + len, "[source more]\n");
    refuse(text, OT_SOURCES_MAX + 1, "more than 64");
}

static void fault_54_bad_values_are_refused(void)
{
    refuse("base_url = ftp://x/\n", 1, "https://");
    refuse("base_url = api.example\n", 1, "https://");
    refuse("admin_key_file = key\n", 1, "absolute");
    refuse("project = a/b\n", 1, "project's id");
    refuse("refresh_interval = 15\n", 1, "unit");
    refuse("refresh_interval = 0s\n", 1, "at least");
    refuse("refresh_interval = 500ms\n", 1, "at least");
    refuse("refresh_interval = 1500ms\n", 1, "whole seconds");
    refuse("refresh_interval = 31d\n", 1, "at most");
    refuse("refresh_interval = never\n", 1, "unit");
    refuse("refresh_interval = -1s\n", 1, "unit");
    refuse("max_stale = 2y\n", 1, "unit");
    refuse("max_stale = 9999999999999999999999d\n", 1, "unit");
    refuse("max_stale = 9223372036854775807w\n", 1, "unit");
    refuse("timeout = 31m\n", 1, "at most");
    refuse("connect_timeout = 99ms\n", 1, "at least");
    refuse("auto_refresh = maybe\n", 1, "yes or no");
    refuse("auto_refresh = YES\n", 1, "yes or no");
    refuse("purposes = all\n", 1, "server, client");
    refuse("purposes = server,\n", 1, "server, client");
    refuse("purposes = server, server\n", 1, "server, client");
    refuse("purposes = ,\n", 1, "server, client");
    refuse("cache_dir = ~/x\n", 1, "absolute");
    refuse("cache_dir = none\n", 1, "absolute");
    refuse("ca_file = ca.pem\n", 1, "absolute");
    refuse("export_dir = x\n", 1, "absolute");
    refuse("proxy = proxy:3128\n", 1, "socks5");
    refuse("[source a]\nrefresh_interval = 2h\nmax_stale = 1h\n", 1, "shorter");
}

static void fault_54_files_that_cannot_be_trusted_are_refused(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config;

    clean_environment();
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
    struct ot_config *config = load("[source corp]\n[source lab]\n");
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

    clean_environment();
    setenv("ORGTRUST_CONF", unit_path("conf"), 1);
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        file_put_text(unit_path("conf"), texts[i]);
        ot_error_clear(&err);
        CU_ASSERT_EQUAL(ot_config_load(&config, &err), OT_E_CONFIG);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "conf:1"));
        CU_ASSERT_PTR_NULL(strstr(err.message, "SECRET"));
    }
}

static void api_urls(void)
{
    static const char *const good[] = {
        "https://api.openai.com/v1", "https://a",
        "https://a_b.c-d:65535/x",   "http://127.0.0.1:1/v1",
        "http://127.255.0.1",        "http://[::1]:8080",
        "http://localhost",          "http://LOCALHOST/x",
        "https://[2001:db8::1]/v1",  "https://a/%20/b;c=d,e:@!$&'",
        "https://a/.../x",           "https://a/.well-known"};
    static const char *const bad[] = {"",
                                      "https://",
                                      "https:///x",
                                      "https://?",
                                      "https://a?b",
                                      "https://a#b",
                                      "https://a/x?b",
                                      "http://10.0.0.1",
                                      "http://128.0.0.1",
                                      "http://127.1",
                                      "http://127.0.0.1.example",
                                      "http://localhost.example",
                                      "http://[::2]",
                                      "http://localhost@example",
                                      "https://a@b",
                                      "https://a:b@c",
                                      "https://a:",
                                      "https://a:0",
                                      "https://a:65536",
                                      "https://a:99999999999",
                                      "https://a:1x",
                                      "https://a b",
                                      "https://-a",
                                      "https://a-",
                                      "https://a..b",
                                      "https://.a",
                                      "https://a.",
                                      "https://[::1",
                                      "https://[::1]x",
                                      "https://[a]",
                                      "https://[]",
                                      "https://a/ ",
                                      "https://a/%2",
                                      "https://a/%zz",
                                      "https://a/\\",
                                      "https://a/../b",
                                      "https://a/./b",
                                      "https://a/..",
                                      "https://a/.",
                                      "https://a/\xc3\xa4",
                                      "https://\xc3\xa4",
                                      "https:/a",
                                      "https//a",
                                      " https://a",
                                      "http://[::ffff:127.0.0.1]"};
    const char *why;
    char *url, text[1100];
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        url = ot_config_url(OT_CONFIG_URL_API, good[i], &why);
        if (url == NULL)
            fprintf(stderr, "\n  %s %s\n", good[i], why);
        CU_ASSERT_PTR_NOT_NULL(url);
        free(url);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        url = ot_config_url(OT_CONFIG_URL_API, bad[i], &why);
        if (url != NULL)
            fprintf(stderr, "\n  accepted: %s\n", bad[i]);
        CU_ASSERT_PTR_NULL(url);
        CU_ASSERT_PTR_NOT_NULL(why);
        free(url);
    }
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://a/", 10);
    text[1025] = '\0';
    CU_ASSERT_PTR_NULL(ot_config_url(OT_CONFIG_URL_API, text, &why));
    text[1024] = '\0';
    url = ot_config_url(OT_CONFIG_URL_API, text, &why);
    CU_ASSERT_PTR_NOT_NULL(url);
    free(url);
}

static void proxy_urls(void)
{
    static const char *const good[] = {"http://proxy:3128", "https://proxy/",
                                       "socks5://10.0.0.1:1080", "socks5h://[fe80::1]"};
    static const char *const bad[] = {
        "ftp://proxy",       "proxy",      "http://proxy/x", "http://a@b",
        "http://proxy:port", "socks4://a", "http://"};
    const char *why;
    char *url;
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        url = ot_config_url(OT_CONFIG_URL_PROXY, good[i], &why);
        CU_ASSERT_PTR_NOT_NULL(url);
        free(url);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_PTR_NULL(ot_config_url(OT_CONFIG_URL_PROXY, bad[i], &why));
}

static void durations(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {{"0s", 0},          {"500ms", 500},
                {"5s", 5000},       {"15m", 900000},
                {"1h", 3600000},    {"7d", 604800000},
                {"2w", 1209600000}, {"007s", 7000},
                {"", -1},           {"5", -1},
                {"s", -1},          {"5 s", -1},
                {"+5s", -1},        {"5S", -1},
                {"1h30m", -1},      {"1.5h", -1},
                {"0x5s", -1},       {"5sec", -1},
                {" 5s", -1},        {"99999999999999999999s", -1}};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(ot_config_duration_ms(rows[i].text), rows[i].ms);
}

static void the_example_is_valid(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_config *config;

    clean_environment();
    setenv("ORGTRUST_CONF", ORGTRUST_EXAMPLE, 1);
    if (ot_config_load(&config, &err) != OT_OK)
        fprintf(stderr, "\n  %s\n", err.message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT(ot_config_count(config) >= 1);
    ot_config_free(config);
}

/* Uncommented, every line that shows a key must be valid as well, and every key be shown.
 */
static void the_example_shows_every_key(void)
{
    char line[256], text[16384] = "";
    size_t key, shown = 0, len = 0;
    FILE *file = fopen(ORGTRUST_EXAMPLE, "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        char *start = line[0] == '#' && line[1] != ' ' ? line + 1 : line;

        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", start);
    }
    fclose(file);
    CU_ASSERT_FATAL(len < sizeof(text));
    ot_config_free(load(text));
    for (key = 0; key < OT_CONFIG_KEYS; key++) {
        snprintf(line, sizeof(line), "\n%s = ", ot_config_key_name(key));
        shown += strstr(text, line) != NULL;
    }
    CU_ASSERT_EQUAL(shown, OT_CONFIG_KEYS);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"nothing_configured_says_how_to_begin", nothing_configured_says_how_to_begin},
        {"the_environment_makes_a_default_source",
         the_environment_makes_a_default_source},
        {"bad_variables_are_named", bad_variables_are_named},
        {"every_key_fills_its_field", every_key_fills_its_field},
        {"names_of_sources_leave_room_for_the_admin_token",
         names_of_sources_leave_room_for_the_admin_token},
        {"sections_override_the_head_and_come_in_order",
         sections_override_the_head_and_come_in_order},
        {"head_keys_make_a_default_source", head_keys_make_a_default_source},
        {"the_users_file_overrides_the_systems", the_users_file_overrides_the_systems},
        {"fault_54_a_bad_file_of_two_is_fatal", fault_54_a_bad_file_of_two_is_fatal},
        {"the_cache_directory_is_chosen", the_cache_directory_is_chosen},
        {"fault_54_text_that_is_not_ini_is_refused",
         fault_54_text_that_is_not_ini_is_refused},
        {"files_of_any_allowed_length_are_read_to_their_end",
         files_of_any_allowed_length_are_read_to_their_end},
        {"fault_54_too_many_sources_are_refused", fault_54_too_many_sources_are_refused},
        {"fault_54_bad_values_are_refused", fault_54_bad_values_are_refused},
        {"fault_54_files_that_cannot_be_trusted_are_refused",
         fault_54_files_that_cannot_be_trusted_are_refused},
        {"fault_54_an_unknown_source_lists_the_known",
         fault_54_an_unknown_source_lists_the_known},
        {"fault_55_a_misplaced_secret_is_not_shown",
         fault_55_a_misplaced_secret_is_not_shown},
        {"api_urls", api_urls},
        {"proxy_urls", proxy_urls},
        {"durations", durations},
        {"the_example_is_valid", the_example_is_valid},
        {"the_example_shows_every_key", the_example_shows_every_key},
        {NULL, NULL}};

    return unit_main("config", cases, argc, argv);
}

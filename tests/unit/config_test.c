#include "config/config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "config/config_value_internal.h"
#include "config/source.h"
#include "config_fixture.h"
#include "files.h"
#include "unit.h"

static void nothing_configured_says_how_to_begin(void)
{
    struct ot_error err = OT_ERROR_INIT;
    const struct ot_source *source;
    struct ot_config *config;

    config_clean_environment();
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

    config_clean_environment();
    setenv("OPENAI_ADMIN_KEY", "sk-admin-very-secret", 1);
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    s = config_find(config, "");
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
    CU_ASSERT(s->auto_refresh && !s->export_system && !s->export_chromium);
    ot_config_free(config);

    setenv("OPENAI_BASE_URL", "http://localhost:8080/v1/", 1);
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_STRING_EQUAL(config_find(config, NULL)->base_url,
                           "http://localhost:8080/v1");
    ot_config_free(config);
}

/* What is said for all sources weakens no no. */
static void a_no_is_one_to_all_purposes_unless_its_section_says_so(void)
{
    struct ot_config *config = config_load("purposes = client\n"
                                           "[source yes]\n"
                                           "[source no]\nmeaning = distrust\n"
                                           "[source some]\nmeaning = distrust\n"
                                           "purposes = server, email\n");

    CU_ASSERT_EQUAL(config_find(config, "yes")->purposes, OT_PURPOSE_CLIENT);
    CU_ASSERT_EQUAL(config_find(config, "no")->purposes, OT_PURPOSES_ALL);
    CU_ASSERT_EQUAL(config_find(config, "some")->purposes,
                    OT_PURPOSE_SERVER | OT_PURPOSE_EMAIL);
    ot_config_free(config);
}

static void every_key_fills_its_field(void)
{
    struct ot_config *config = config_load("\xef\xbb\xbf# all of them\r\n"
                                           "[source corp]\r\n"
                                           "base_url = HTTPS://API.Example:8443/V1//\n"
                                           "admin_key_file=/etc/key ; a comment\n"
                                           "project : proj_1\n"
                                           "refresh_interval = 90s\n"
                                           "max_stale = never\n"
                                           "auto_refresh = off\n"
                                           "purposes = email,server , code\n"
                                           "cache_dir = /var/lib/x/\n"
                                           "ca_file = /etc/ca\n"
                                           "proxy = socks5h://[::1]:1080/\n"
                                           "connect_timeout = 250ms\n"
                                           "timeout = 2m\n"
                                           "export_bundle = /b\n"
                                           "export_dir = /d/\n"
                                           "export_java = /j\n"
                                           "export_containers = /c/\n"
                                           "export_system = true\n"
                                           "export_chromium = yes\n"
                                           "probe = db.example:636 ,[::1]:8443\n"
                                           "probe_connections = no\n"
                                           "report = no\n"
                                           "host_name = web-1.example\n"
                                           "wait = no\n"
                                           "on_change = systemctl reload nginx && true");
    const struct ot_source *s = config_find(config, "corp");

    CU_ASSERT_STRING_EQUAL(s->base_url, "https://api.example:8443/V1");
    CU_ASSERT_STRING_EQUAL(s->admin_key_file, "/etc/key");
    CU_ASSERT_STRING_EQUAL(s->project, "proj_1");
    CU_ASSERT_EQUAL(s->refresh_interval_s, 90);
    CU_ASSERT_EQUAL(s->max_stale_s, OT_NEVER);
    CU_ASSERT_FALSE(s->auto_refresh);
    CU_ASSERT_EQUAL(s->purposes, OT_PURPOSE_EMAIL | OT_PURPOSE_SERVER | OT_PURPOSE_CODE);
    CU_ASSERT(s->export_system && s->export_chromium);
    CU_ASSERT_STRING_EQUAL(s->cache_dir, "/var/lib/x");
    CU_ASSERT_STRING_EQUAL(s->ca_file, "/etc/ca");
    CU_ASSERT_STRING_EQUAL(s->proxy, "socks5h://[::1]:1080");
    CU_ASSERT_EQUAL(s->connect_timeout_ms, 250);
    CU_ASSERT_EQUAL(s->timeout_ms, 120000);
    CU_ASSERT_STRING_EQUAL(s->export_bundle, "/b");
    CU_ASSERT_STRING_EQUAL(s->export_dir, "/d");
    CU_ASSERT_STRING_EQUAL(s->export_java, "/j");
    CU_ASSERT_STRING_EQUAL(s->export_containers, "/c");
    CU_ASSERT_STRING_EQUAL(s->probe, "db.example:636 ,[::1]:8443");
    CU_ASSERT_FALSE(s->probe_connections);
    CU_ASSERT_FALSE(s->report);
    CU_ASSERT_FALSE(s->wait);
    CU_ASSERT_STRING_EQUAL(s->host_name, "web-1.example");
    CU_ASSERT_STRING_EQUAL(s->on_change, "systemctl reload nginx && true");
    CU_ASSERT_PTR_NOT_NULL(strstr(s->origin, "/conf:2"));
    ot_config_free(config);
}

/* Trust does not go because of a key that does nothing any more; who keeps the file is
 * told where it stands. */
static void a_key_of_a_former_version_takes_no_trust_away(void)
{
    struct ot_config *config =
        config_load("base_url = https://api.example/v1\n"
                    "[source seventeen.letters]\nadmin_token = yes\n"
                    "[source twenty-three.characters]\nadmin_token = maybe\n"
                    "[source admin]\nadmin_token = no\n");

    CU_ASSERT_EQUAL(ot_config_count(config), 4);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ot_config_advice(config));
    CU_ASSERT_PTR_NOT_NULL(strstr(ot_config_advice(config), "/conf:3: admin_token "));
    CU_ASSERT_PTR_NOT_NULL(strstr(ot_config_advice(config), "orgtrust-admin-pkcs11.so"));
    ot_config_free(config);
    config = config_load("base_url = https://api.example/v1\n");
    CU_ASSERT_PTR_NULL(ot_config_advice(config));
    ot_config_free(config);
}

static void sections_override_the_head_and_come_in_order(void)
{
    struct ot_config *config =
        config_load("timeout = 10s\nproject = proj_all\nca_file = /ca\n"
                    "[source b]\ntimeout = 20s\nproject = none\n"
                    "[source default]\n"
                    "[source a]\nca_file = none\n");

    CU_ASSERT_EQUAL_FATAL(ot_config_count(config), 3);
    CU_ASSERT_STRING_EQUAL(ot_config_at(config, 0)->name, "default");
    CU_ASSERT_STRING_EQUAL(ot_config_at(config, 1)->name, "b");
    CU_ASSERT_STRING_EQUAL(ot_config_at(config, 2)->name, "a");
    CU_ASSERT_EQUAL(config_find(config, "b")->timeout_ms, 20000);
    CU_ASSERT_EQUAL(config_find(config, "a")->timeout_ms, 10000);
    CU_ASSERT_PTR_NULL(config_find(config, "b")->project);
    CU_ASSERT_STRING_EQUAL(config_find(config, "a")->project, "proj_all");
    CU_ASSERT_PTR_NULL(config_find(config, "a")->ca_file);
    CU_ASSERT_STRING_EQUAL(config_find(config, "b")->ca_file, "/ca");
    ot_config_free(config);
}

static void head_keys_make_a_default_source(void)
{
    struct ot_config *config =
        config_load("timeout = 10s\n\nadmin_key_file = /k\n[source a]\n");

    CU_ASSERT_EQUAL(ot_config_count(config), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(config_find(config, NULL)->origin, "/conf:3"));
    CU_ASSERT_STRING_EQUAL(config_find(config, NULL)->admin_key_file, "/k");
    ot_config_free(config);
    config = config_load("base_url = http://127.1.2.3:1\n");
    CU_ASSERT_EQUAL(ot_config_count(config), 1);
    ot_config_free(config);
    config = config_load("timeout = 10s\n[source a]\n");
    CU_ASSERT_EQUAL(ot_config_count(config), 1);
    ot_config_free(config);
}

static void the_users_file_overrides_the_systems(void)
{
    const struct ot_source *s;
    struct ot_config *config;

    config_clean_environment();
    config_put_system_file("timeout = 10s\nconnect_timeout = 1s\n"
                           "[source corp]\nproject = proj_1\nrefresh_interval = 1h\n");
    mkdir(unit_path("home"), 0700);
    mkdir(unit_path("home/.config"), 0700);
    mkdir(unit_path("home/.config/orgtrust"), 0700);
    file_put_text(unit_path("home/.config/orgtrust/orgtrust.conf"),
                  "timeout = 20s\n[source corp]\nproject = proj_2\n[source mine]\n");
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_config_count(config), 2);
    s = config_find(config, "corp");
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
    config_clean_environment();
    unlink(unit_path("home/.config/orgtrust/orgtrust.conf"));
}

static void the_cache_directory_is_chosen(void)
{
    struct ot_config *config = config_load("cache_dir = /file\n[source a]\n");
    int status;
    pid_t pid;

    CU_ASSERT_STRING_EQUAL(config_find(config, "a")->cache_dir, "/file");
    ot_config_free(config);
    setenv("ORGTRUST_CACHE_DIR", "/variable/", 1);
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_STRING_EQUAL(config_find(config, "a")->cache_dir, "/variable");
    ot_config_free(config);
    config = config_load("[source with-no-snapshot-here]\n");
    if (geteuid() == 0)
        CU_ASSERT_STRING_EQUAL(ot_config_at(config, 0)->cache_dir, "/var/cache/orgtrust");
    ot_config_free(config);

    CU_ASSERT_EQUAL(chmod(unit_dir(), 0711), 0);
    CU_ASSERT_EQUAL(chmod(unit_path("conf"), 0644), 0);
    pid = fork();
    if (pid == 0) { /* an ordinary user */
        int bad = geteuid() == 0 && setuid(65534) != 0;

        setenv("HOME", "/home/u", 1);
        bad +=
            ot_config_load(&config, NULL) != OT_OK ||
            strcmp(ot_config_at(config, 0)->cache_dir, "/home/u/.cache/orgtrust") != 0 ||
            !ot_config_at(config, 0)->is_users_cache;
        ot_config_free(config);
        setenv("XDG_CACHE_HOME", "/xdg", 1);
        bad += ot_config_load(&config, NULL) != OT_OK ||
               strcmp(ot_config_at(config, 0)->cache_dir, "/xdg/orgtrust") != 0;
        ot_config_free(config);
        unsetenv("XDG_CACHE_HOME");
        unsetenv("HOME");
        bad += ot_config_load(&config, NULL) != OT_OK ||
               strcmp(ot_config_at(config, 0)->cache_dir, "/var/cache/orgtrust") != 0 ||
               ot_config_at(config, 0)->is_users_cache;
        ot_config_free(config);
        _exit(bad);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0700), 0);
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
        config = config_load(text);
        CU_ASSERT_EQUAL(ot_config_count(config), 1);
        CU_ASSERT_STRING_EQUAL(config_find(config, "last")->name, "last");
        ot_config_free(config);
    }
    memcpy(text + OT_CONFIG_BYTES_MAX, "\n", 2);
    config_refuse(text, 0, "more than");
    free(text);
}

static void a_value_may_be_long(void)
{
    char text[5000], path[4001], spaced[4200];
    struct ot_config *config;
    const struct ot_source *source = NULL;

    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[4000] = '\0';
    snprintf(text, sizeof(text), "# %0500d\nca_file: %s ; %0200d\n[source a]\n", 0, path,
             0);
    config = config_load(text);
    CU_ASSERT_EQUAL_FATAL(ot_config_find(config, "a", &source, NULL), OT_OK);
    CU_ASSERT_STRING_EQUAL(source->ca_file, path);
    ot_config_free(config);
    snprintf(spaced, sizeof(spaced), "timeout =%*s5s%*s\n[source a]\r\n", 2000, "", 2000,
             "");
    config = config_load(spaced);
    CU_ASSERT_EQUAL_FATAL(ot_config_find(config, "a", &source, NULL), OT_OK);
    CU_ASSERT_EQUAL(source->timeout_ms, 5000);
    ot_config_free(config);
}

static void comments_begin_behind_a_blank(void)
{
    struct ot_config *config =
        config_load("\xef\xbb\xbf; a\n \t# b\n  \nca_file = /a;b#c\t;d\n[source a] ;e");
    const struct ot_source *source = NULL;

    CU_ASSERT_EQUAL_FATAL(ot_config_find(config, "a", &source, NULL), OT_OK);
    CU_ASSERT_STRING_EQUAL(source->ca_file, "/a;b#c");
    ot_config_free(config);
}

/* By its text: the file of a checkout may be writable by a group, and is refused then. */
static void the_example_is_valid(void)
{
    static char text[16384];
    FILE *file = fopen(ORGTRUST_EXAMPLE, "r");
    struct ot_config *config;
    size_t len;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    CU_ASSERT_FATAL(len > 0 && len < sizeof(text) - 1);
    config = config_load(text);
    CU_ASSERT(ot_config_count(config) >= 1);
    ot_config_free(config);
}

/* A value of each key that is not the one it has by itself. */
static const char *const others[][2] = {
    {"base_url", "https://other.example/v1"},
    {"admin_key_file", "/other/key"},
    {"project", "proj_other"},
    {"inherit", "no"},
    {"refresh_interval", "7m"},
    {"max_stale", "3d"},
    {"auto_refresh", "no"},
    {"purposes", "client"},
    {"meaning", "distrust"},
    {"names", "other.example, *.internal, 10.0.0.0/8, fd00::/8, @other.example"},
    {"not_after", "2027-12-31"},
    {"cache_dir", "/other/cache"},
    {"ca_file", "/other/ca"},
    {"proxy", "http://proxy.example:8080"},
    {"client_cert", "/other/client.pem"},
    {"client_key", "pkcs11:object=other"},
    {"openai_organization", "org-other"},
    {"openai_project", "proj_sent"},
    {"connect_timeout", "3s"},
    {"timeout", "11s"},
    {"export_bundle", "/other/bundle"},
    {"export_dir", "/other/dir"},
    {"export_java", "/other/store.p12"},
    {"export_containers", "/other/containers"},
    {"export_system", "yes"},
    {"export_chromium", "yes"},
    {"on_change", "true"},
    {"notify_url", "https://hook.example/other"},
    {"notify_secret_file", "/other/secret"},
    {"metrics_file", "/other/orgtrust.prom"},
    {"metrics_certificates", "yes"},
    {"report", "no"},
    {"host_name", "other"},
    {"wait", "no"},
    {"probe", "db.example:636"},
    {"probe_connections", "no"},
};

_Static_assert(sizeof(others) / sizeof(others[0]) == OT_CONFIG_KEYS,
               "a row for each key");

/* Uncommented, every line that shows a key must be valid as well, and every key be shown.
 */
static void the_example_shows_every_key(void)
{
    char line[256], text[16384] = "";
    size_t key, len = 0;
    FILE *file = fopen(ORGTRUST_EXAMPLE, "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        char *start = line[0] == '#' && line[1] != ' ' ? line + 1 : line;

        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", start);
    }
    fclose(file);
    CU_ASSERT_FATAL(len < sizeof(text));
    ot_config_free(config_load(text));
    for (key = 0; key < OT_CONFIG_KEYS; key++) {
        snprintf(line, sizeof(line), "\n%s = ", others[key][0]);
        if (strstr(text, line) == NULL)
            fprintf(stderr, "\n  orgtrust.conf.example does not show %s\n",
                    others[key][0]);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
    }
}

/* A section with another value for each key but one. */
static struct ot_config *load_others_without(size_t left_out)
{
    char text[2048] = "[source corp]\n";
    size_t len = strlen(text);

    for (size_t i = 0; i < OT_CONFIG_KEYS; i++)
        if (i != left_out)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s = %s\n",
                                    others[i][0], others[i][1]);
    CU_ASSERT_FATAL(len < sizeof(text));
    return config_load(text);
}

/* Were two keys to fill one field, the other one would make up for the one that is left
 * out. */
static void every_key_has_a_field_of_its_own(void)
{
    struct ot_config *whole = load_others_without(OT_CONFIG_KEYS), *less;

    for (size_t i = 0; i < OT_CONFIG_KEYS; i++) {
        less = load_others_without(i);
        if (ot_config_equal(whole, less))
            fprintf(stderr, "\n  %s has no field of its own\n", others[i][0]);
        CU_ASSERT_FALSE(ot_config_equal(whole, less));
        ot_config_free(less);
    }
    ot_config_free(whole);
}

/* Of those that decide what a sync does. */
static const char *const fetching[] = {"base_url",       "admin_key_file",
                                       "project",        "inherit",
                                       "cache_dir",      "ca_file",
                                       "proxy",          "client_cert",
                                       "client_key",     "openai_organization",
                                       "openai_project", "names",
                                       "not_after",      "meaning"};

static bool is_about_fetching(const char *key)
{
    for (size_t i = 0; i < sizeof(fetching) / sizeof(fetching[0]); i++)
        if (strcmp(fetching[i], key) == 0)
            return true;
    return false;
}

static void fault_83_a_change_of_any_key_is_found(void)
{
    struct ot_config *config = config_load("[source corp]\n"), *other;
    const struct ot_source *source = config_find(config, "corp");
    struct ot_error err = OT_ERROR_INIT;
    char text[256];

    CU_ASSERT_EQUAL(ot_config_check(config, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_config_check_source(source, NULL), OT_OK);
    for (size_t i = 0; i < OT_CONFIG_KEYS; i++) {
        enum ot_status fetch = is_about_fetching(others[i][0]) ? OT_E_BUSY : OT_OK;

        CU_ASSERT(ot_config_key_by_name(others[i][0]) < OT_CONFIG_KEYS);
        snprintf(text, sizeof(text), "[source corp]\n%s = %s\n", others[i][0],
                 others[i][1]);
        other = config_load(text);
        CU_ASSERT_FALSE(ot_config_equal(config, other));
        CU_ASSERT_EQUAL(ot_config_check(config, &err), OT_E_BUSY);
        CU_ASSERT_EQUAL(ot_config_check_source(source, &err), fetch);
        CU_ASSERT_EQUAL(ot_config_check(other, NULL), OT_OK);
        ot_config_free(other);
    }
    other = config_load("[source corp]\n[source more]\n");
    CU_ASSERT_FALSE(ot_config_equal(config, other));
    CU_ASSERT_EQUAL(ot_config_check_source(source, NULL), OT_OK);
    ot_config_free(other);
    ot_config_free(config_load("[source more]\n"));
    CU_ASSERT_EQUAL(ot_config_check_source(source, NULL), OT_E_BUSY);
    ot_config_free(config);
}

static void what_cannot_be_read_any_more_is_told(void)
{
    struct ot_config *config = config_load("[source corp]\n");
    struct ot_error err = OT_ERROR_INIT;

    config_refuse("frobnicate = yes\n", 1, "frobnicate");
    CU_ASSERT_EQUAL(ot_config_check(config, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "frobnicate"));
    CU_ASSERT_EQUAL(ot_config_check_source(config_find(config, "corp"), &err),
                    OT_E_CONFIG);
    unlink(getenv("ORGTRUST_CONF"));
    CU_ASSERT_EQUAL(ot_config_check(config, &err), OT_E_CONFIG);
    ot_config_free(config_load("[source corp]\n"));
    CU_ASSERT_EQUAL(ot_config_check(config, &err), OT_OK);
    ot_config_free(config);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"nothing_configured_says_how_to_begin", nothing_configured_says_how_to_begin},
        {"the_environment_makes_a_default_source",
         the_environment_makes_a_default_source},
        {"a_no_is_one_to_all_purposes_unless_its_section_says_so",
         a_no_is_one_to_all_purposes_unless_its_section_says_so},
        {"every_key_fills_its_field", every_key_fills_its_field},
        {"a_key_of_a_former_version_takes_no_trust_away",
         a_key_of_a_former_version_takes_no_trust_away},
        {"sections_override_the_head_and_come_in_order",
         sections_override_the_head_and_come_in_order},
        {"head_keys_make_a_default_source", head_keys_make_a_default_source},
        {"the_users_file_overrides_the_systems", the_users_file_overrides_the_systems},
        {"the_cache_directory_is_chosen", the_cache_directory_is_chosen},
        {"files_of_any_allowed_length_are_read_to_their_end",
         files_of_any_allowed_length_are_read_to_their_end},
        {"a_value_may_be_long", a_value_may_be_long},
        {"comments_begin_behind_a_blank", comments_begin_behind_a_blank},
        {"the_example_is_valid", the_example_is_valid},
        {"the_example_shows_every_key", the_example_shows_every_key},
        {"every_key_has_a_field_of_its_own", every_key_has_a_field_of_its_own},
        {"fault_83_a_change_of_any_key_is_found", fault_83_a_change_of_any_key_is_found},
        {"what_cannot_be_read_any_more_is_told", what_cannot_be_read_any_more_is_told},
        {NULL, NULL}};

    return unit_main("config", cases, argc, argv);
}

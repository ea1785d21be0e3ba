#include "config/config_value_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/limits.h"
#include "base/text.h"
#include "config/endpoint.h"
#include "config/identifier.h"
#include "config/name_limits.h"
#include "config/source.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)
#define YEAR (365 * DAY)

struct rule {
    const char *key;
    enum ot_status (*set)(const struct rule *rule, void *field, const char *value,
                          struct ot_error *err);
    size_t offset;          /* of the field */
    int64_t least, longest; /* of a duration, in ms */
};

static enum ot_status replace_value(char **field, const char *value, struct ot_error *err)
{
    char *copy = NULL;

    if (value != NULL && (copy = strdup(value)) == NULL)
        return ot_error_nomem(err);
    free(*field);
    *field = copy;
    return OT_OK;
}

static bool is_none(const char *value)
{
    return strcmp(value, "none") == 0;
}

static enum ot_status set_url_key(const struct rule *rule, char **field,
                                  enum ot_config_url kind, const char *value,
                                  struct ot_error *err)
{
    const char *why;
    char *url = ot_config_url(kind, value, &why);

    if (url == NULL && why != NULL)
        return ot_error_set(err, OT_E_CONFIG, "%s %s", rule->key, why);
    if (url == NULL)
        return ot_error_nomem(err);
    free(*field);
    *field = url;
    return OT_OK;
}

static enum ot_status set_base_url_key(const struct rule *rule, void *field,
                                       const char *value, struct ot_error *err)
{
    return set_url_key(rule, field, OT_CONFIG_URL_API, value, err);
}

static enum ot_status set_notify_url(const struct rule *rule, void *field,
                                     const char *value, struct ot_error *err)
{
    if (is_none(value))
        return replace_value(field, NULL, err);
    return set_url_key(rule, field, OT_CONFIG_URL_RECEIVER, value, err);
}

static enum ot_status set_proxy_key(const struct rule *rule, void *field,
                                    const char *value, struct ot_error *err)
{
    if (is_none(value))
        return replace_value(field, NULL, err);
    return set_url_key(rule, field, OT_CONFIG_URL_PROXY, value, err);
}

static enum ot_status set_path(const struct rule *rule, void *field, const char *value,
                               struct ot_error *err)
{
    char **path = field;
    enum ot_status status;

    if (value[0] != '/')
        return ot_error_set(err, OT_E_CONFIG, "%s must be an absolute path", rule->key);
    status = replace_value(path, value, err);
    /* A slash at the end would make the system follow a link there. */
    if (status == OT_OK)
        for (size_t len = strlen(*path); len > 1 && (*path)[len - 1] == '/'; len--)
            (*path)[len - 1] = '\0';
    return status;
}

static enum ot_status set_path_or_none(const struct rule *rule, void *field,
                                       const char *value, struct ot_error *err)
{
    if (is_none(value))
        return replace_value(field, NULL, err);
    if (value[0] != '/')
        return ot_error_set(err, OT_E_CONFIG, "%s must be an absolute path, or 'none'",
                            rule->key);
    return set_path(rule, field, value, err);
}

/* The older format cannot hold every name: Java lowers the letters of its aliases when it
 * looks for one and not when it reads them. */
static enum ot_status set_java_store(const struct rule *rule, void *field,
                                     const char *value, struct ot_error *err)
{
    size_t len = strlen(value);

    if (len > 4 && strcasecmp(value + len - 4, ".jks") == 0)
        return ot_error_set(err, OT_E_CONFIG,
                            "%s is a PKCS #12 store, which every Java since 8 reads: let "
                            "its name end in .p12, not .jks",
                            rule->key);
    return set_path_or_none(rule, field, value, err);
}

/* It is replaced without a look at what is there: the ending is what keeps a slip from
 * hitting another file, and node_exporter reads no other. */
static enum ot_status set_metrics_file(const struct rule *rule, void *field,
                                       const char *value, struct ot_error *err)
{
    size_t len = strlen(value);

    if (!is_none(value) && (len < 6 || strcmp(value + len - 5, ".prom") != 0))
        return ot_error_set(
            err, OT_E_CONFIG,
            "%s must be an absolute path that ends in .prom, which is what "
            "node_exporter reads, or 'none'",
            rule->key);
    return set_path_or_none(rule, field, value, err);
}

static enum ot_status set_command(const struct rule *rule, void *field, const char *value,
                                  struct ot_error *err)
{
    (void)rule;
    return replace_value(field, is_none(value) ? NULL : value, err);
}

static enum ot_status set_project(const struct rule *rule, void *field, const char *value,
                                  struct ot_error *err)
{
    if (is_none(value))
        return replace_value(field, NULL, err);
    if (!ot_is_cert_id(value, strlen(value)))
        return ot_error_set(
            err, OT_E_CONFIG,
            "%s must be a project's id such as proj_abc123 (letters, digits, "
            "'_' and '-'), or 'none' for the organization",
            rule->key);
    return replace_value(field, value, err);
}

static enum ot_status set_host_name(const struct rule *rule, void *field,
                                    const char *value, struct ot_error *err)
{
    if (is_none(value))
        return replace_value(field, NULL, err);
    if (!ot_is_host_name(value, strlen(value)))
        return ot_error_set(err, OT_E_CONFIG,
                            "%s must be a name of at most %d letters, digits, '.', '_' "
                            "and '-', or 'none'",
                            rule->key, OT_HOST_NAME_MAX);
    return replace_value(field, value, err);
}

static enum ot_status set_header_id(const struct rule *rule, void *field,
                                    const char *value, struct ot_error *err)
{
    if (is_none(value))
        return replace_value(field, NULL, err);
    if (!ot_is_cert_id(value, strlen(value)))
        return ot_error_set(err, OT_E_CONFIG,
                            "%s must be an id (letters, digits, '_' and '-'), or 'none'",
                            rule->key);
    return replace_value(field, value, err);
}

/* A token's object has no path. */
static enum ot_status set_path_or_uri(const struct rule *rule, void *field,
                                      const char *value, struct ot_error *err)
{
    if (strncmp(value, "pkcs11:", strlen("pkcs11:")) == 0)
        return replace_value(field, value, err);
    if (!is_none(value) && value[0] != '/')
        return ot_error_set(err, OT_E_CONFIG,
                            "%s must be an absolute path, a pkcs11: URI, or 'none'",
                            rule->key);
    return set_path_or_none(rule, field, value, err);
}

static enum ot_status set_yes_no(const struct rule *rule, void *field, const char *value,
                                 struct ot_error *err)
{
    static const char *const words[] = {"yes", "no",  "true", "false",
                                        "on",  "off", "1",    "0"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(value, words[i]) == 0) {
            *(bool *)field = i % 2 == 0;
            return OT_OK;
        }
    return ot_error_set(err, OT_E_CONFIG, "%s must be yes or no", rule->key);
}

static enum ot_status set_ms(const struct rule *rule, void *field, const char *value,
                             struct ot_error *err)
{
    int64_t ms = ot_text_duration_ms(value);

    if (ms < 0)
        return ot_error_set(
            err, OT_E_CONFIG,
            "%s must be a whole number with its unit (ms, s, m, h, d or w), "
            "such as 500ms, 30s, 15m or 7d",
            rule->key);
    if (ms < rule->least)
        return ot_error_set(err, OT_E_CONFIG, "%s must be at least %lldms", rule->key,
                            (long long)rule->least);
    if (ms > rule->longest)
        return ot_error_set(err, OT_E_CONFIG, "%s must be at most %llds", rule->key,
                            (long long)(rule->longest / SECOND));
    *(int64_t *)field = ms;
    return OT_OK;
}

static enum ot_status set_s(const struct rule *rule, void *field, const char *value,
                            struct ot_error *err)
{
    int64_t ms = 0;
    enum ot_status status = set_ms(rule, &ms, value, err);

    if (status != OT_OK)
        return status;
    if (ms % SECOND != 0)
        return ot_error_set(err, OT_E_CONFIG, "%s must be whole seconds", rule->key);
    *(int64_t *)field = ms / SECOND;
    return OT_OK;
}

static enum ot_status set_s_or_never(const struct rule *rule, void *field,
                                     const char *value, struct ot_error *err)
{
    if (strcmp(value, "never") == 0) {
        *(int64_t *)field = OT_NEVER;
        return OT_OK;
    }
    return set_s(rule, field, value, err);
}

static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " \t");
}

/* One word of a comma list; its bit, or 0. */
static unsigned purpose_of(const char *word, size_t len)
{
    static const struct {
        const char *word;
        unsigned bit;
    } purposes[] = {{"server", OT_PURPOSE_SERVER},
                    {"client", OT_PURPOSE_CLIENT},
                    {"email", OT_PURPOSE_EMAIL},
                    {"code", OT_PURPOSE_CODE}};

    while (len > 0 && (word[len - 1] == ' ' || word[len - 1] == '\t'))
        len--;
    for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++)
        if (strlen(purposes[i].word) == len && memcmp(purposes[i].word, word, len) == 0)
            return purposes[i].bit;
    return 0;
}

static enum ot_status set_purposes(const struct rule *rule, void *field,
                                   const char *value, struct ot_error *err)
{
    unsigned purposes = 0, bit;
    const char *word = value;
    size_t len;

    for (;;) {
        word = skip_spaces(word);
        len = strcspn(word, ",");
        bit = purpose_of(word, len);
        if (bit == 0 || (purposes & bit))
            return ot_error_set(
                err, OT_E_CONFIG,
                "%s must be one or more of server, client, email and code, "
                "each once, with commas between",
                rule->key);
        purposes |= bit;
        if (word[len] == '\0')
            break;
        word += len + 1;
    }
    *(unsigned *)field = purposes;
    return OT_OK;
}

static enum ot_status set_endpoints(const struct rule *rule, void *field,
                                    const char *value, struct ot_error *err)
{
    const char *at = value, *why = NULL;
    struct ot_endpoint endpoint;
    size_t count = 0;

    if (is_none(value))
        return replace_value(field, NULL, err);
    while (ot_endpoint_next(&at, &endpoint, &why))
        if (++count > OT_IMPACT_SERVERS_MAX)
            return ot_error_set(err, OT_E_CONFIG, "%s must be %d servers at most",
                                rule->key, OT_IMPACT_SERVERS_MAX);
    if (why != NULL)
        return ot_error_set(err, OT_E_CONFIG,
                            "%s must be servers as HOST:PORT, with commas between, or "
                            "'none', and one %s",
                            rule->key, why);
    return replace_value(field, value, err);
}

static enum ot_status set_names(const struct rule *rule, void *field, const char *value,
                                struct ot_error *err)
{
    struct ot_name_limits limits;
    enum ot_status status;

    (void)rule;
    if (is_none(value))
        return replace_value(field, NULL, err);
    status = ot_name_limits_parse(&limits, value, err);
    if (status == OT_OK)
        status = replace_value(field, limits.text, err);
    ot_name_limits_clear(&limits);
    return status;
}

/* A day, of which the last second counts. */
static enum ot_status set_end_of_day(const struct rule *rule, void *field,
                                     const char *value, struct ot_error *err)
{
    if (is_none(value)) {
        *(int64_t *)field = 0;
        return OT_OK;
    }
    if (!ot_text_day_end(field, value))
        return ot_error_set(err, OT_E_CONFIG,
                            "%s must be a day such as 2027-12-31, which ends at midnight "
                            "UTC, or 'none'",
                            rule->key);
    return OT_OK;
}

static enum ot_status set_meaning(const struct rule *rule, void *field, const char *value,
                                  struct ot_error *err)
{
    static const char *const words[] = {
        [OT_MEANING_TRUST] = "trust", [OT_MEANING_DISTRUST] = "distrust"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(value, words[i]) == 0) {
            *(enum ot_meaning *)field = (enum ot_meaning)i;
            return OT_OK;
        }
    return ot_error_set(err, OT_E_CONFIG, "%s must be trust or distrust", rule->key);
}

#define FIELD(name) offsetof(struct ot_source, name)

/* A refresh below a second would only keep the API busy; times beyond a year are slips.
 */
static const struct rule rules[] = {
    {"base_url", set_base_url_key, FIELD(base_url), 0, 0},
    {"admin_key_file", set_path_or_none, FIELD(admin_key_file), 0, 0},
    {"project", set_project, FIELD(project), 0, 0},
    {"inherit", set_yes_no, FIELD(inherit), 0, 0},
    {"refresh_interval", set_s, FIELD(refresh_interval_s), SECOND, 30 * DAY},
    {"max_stale", set_s_or_never, FIELD(max_stale_s), SECOND, YEAR},
    {"auto_refresh", set_yes_no, FIELD(auto_refresh), 0, 0},
    {"purposes", set_purposes, FIELD(purposes), 0, 0},
    {"meaning", set_meaning, FIELD(meaning), 0, 0},
    {"names", set_names, FIELD(names), 0, 0},
    {"not_after", set_end_of_day, FIELD(not_after_s), 0, 0},
    {"cache_dir", set_path, FIELD(cache_dir), 0, 0},
    {"ca_file", set_path_or_none, FIELD(ca_file), 0, 0},
    {"proxy", set_proxy_key, FIELD(proxy), 0, 0},
    {"client_cert", set_path_or_uri, FIELD(client_cert), 0, 0},
    {"client_key", set_path_or_uri, FIELD(client_key), 0, 0},
    {"openai_organization", set_header_id, FIELD(openai_organization), 0, 0},
    {"openai_project", set_header_id, FIELD(openai_project), 0, 0},
    {"connect_timeout", set_ms, FIELD(connect_timeout_ms), 100, 5 * MINUTE},
    {"timeout", set_ms, FIELD(timeout_ms), 100, OT_SYNC_DEADLINE_MS},
    {"export_bundle", set_path_or_none, FIELD(export_bundle), 0, 0},
    {"export_dir", set_path_or_none, FIELD(export_dir), 0, 0},
    {"export_java", set_java_store, FIELD(export_java), 0, 0},
    {"export_containers", set_path_or_none, FIELD(export_containers), 0, 0},
    {"export_system", set_yes_no, FIELD(export_system), 0, 0},
    {"export_chromium", set_yes_no, FIELD(export_chromium), 0, 0},
    {"on_change", set_command, FIELD(on_change), 0, 0},
    {"notify_url", set_notify_url, FIELD(notify_url), 0, 0},
    {"notify_secret_file", set_path_or_none, FIELD(notify_secret_file), 0, 0},
    {"metrics_file", set_metrics_file, FIELD(metrics_file), 0, 0},
    {"metrics_certificates", set_yes_no, FIELD(metrics_certificates), 0, 0},
    {"report", set_yes_no, FIELD(report), 0, 0},
    {"host_name", set_host_name, FIELD(host_name), 0, 0},
    {"wait", set_yes_no, FIELD(wait), 0, 0},
    {"probe", set_endpoints, FIELD(probe), 0, 0},
    {"probe_connections", set_yes_no, FIELD(probe_connections), 0, 0},
};

_Static_assert(sizeof(rules) / sizeof(rules[0]) == OT_CONFIG_KEYS, "count the keys");

size_t ot_config_key_by_name(const char *name)
{
    size_t key;

    for (key = 0; key < OT_CONFIG_KEYS; key++)
        if (strcmp(rules[key].key, name) == 0)
            break;
    return key;
}

const char *ot_config_key_name(size_t key)
{
    return rules[key].key;
}

enum ot_status ot_config_set(struct ot_source *source, size_t key, const char *value,
                             struct ot_error *err)
{
    const struct rule *rule = &rules[key];

    if (value[0] == '\0')
        return ot_error_set(err, OT_E_CONFIG, "%s has no value", rule->key);
    return rule->set(rule, (char *)source + rule->offset, value, err);
}

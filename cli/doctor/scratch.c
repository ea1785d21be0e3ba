#include "doctor/scratch_internal.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/span.h"
#include "cert/cert.h"
#include "cert/limited.h"
#include "cert/rewrap.h"
#include "config/name_limits.h"
#include "config/source.h"
#include "config/source_path.h"
#include "doctor/authority_internal.h"
#include "files/file.h"
#include "files/place.h"
#include "files/tree.h"
#include "snapshot/record.h"
#include "sync/snapshot_write.h"

#define TEMPLATE "/orgtrust-doctor.XXXXXX"
#define INVALID "doctor.invalid" /* no name that anybody could have */
#define BASE_URL "https://" INVALID "/v1"

/* The source that distrusts, and its project. */
#define NO "no"

static const struct scene {
    bool is_active, is_distrusted;
    const char *names; /* as the key has them; NULL: no limits */
} scenes[] = {
    [OT_SCENE_INACTIVE] = {false, false, NULL},
    [OT_SCENE_ACTIVE] = {true, false, NULL},
    [OT_SCENE_OTHER_NAME] = {true, false, INVALID ", 127.0.0.1"},
    [OT_SCENE_ITS_NAMES] = {true, false, "localhost, 127.0.0.1"},
    [OT_SCENE_NO_ADDRESS] = {true, false, "localhost"},
    [OT_SCENE_DISTRUSTED] = {true, true, NULL},
};

void ot_scratch_path(char *path, const struct ot_scratch *scratch, const char *name)
{
    snprintf(path, OT_SCRATCH_PATH_MAX, "%s/%s", scratch->dir, name);
}

static bool add_variable(struct ot_scratch *scratch, const char *name, const char *value)
{
    size_t n = 0;

    while (scratch->environment[n] != NULL)
        n++;
    return n < OT_SCRATCH_VARIABLES_MAX &&
           asprintf(&scratch->environment[n], "%s=%s", name, value) >= 0;
}

/* Who one is and where a program finds its own wiring; nothing that changes what it
 * trusts, no key, and what it would leave in the caches of the user goes to scratch. */
static bool fill_scratch_environment(struct ot_scratch *scratch)
{
    static const char *const passed[] = {
        "HOME",         "USER",         "LOGNAME",      "XDG_CONFIG_HOME",
        "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"};
    char path[OT_SCRATCH_PATH_MAX];
    bool good = true;

    for (size_t i = 0; good && i < sizeof(passed) / sizeof(passed[0]); i++)
        if (ot_env_get(passed[i]) != NULL)
            good = add_variable(scratch, passed[i], ot_env_get(passed[i]));
    ot_scratch_path(path, scratch, "orgtrust.conf");
    good = good && add_variable(scratch, "ORGTRUST_CONF", path);
    ot_scratch_path(path, scratch, "cache");
    good = good && add_variable(scratch, "ORGTRUST_CACHE_DIR", path);
    ot_scratch_path(path, scratch, "tmp");
    return good && add_variable(scratch, "TMPDIR", path) &&
           add_variable(scratch, "XDG_CACHE_HOME", path) &&
           add_variable(scratch, "LC_ALL", "C.UTF-8") &&
           add_variable(scratch, "PATH", strchr(OT_CHILD_PATH, '=') + 1);
}

/* With a source of its own for what is distrusted, where something is. */
static enum ot_status write_configuration(const struct ot_scratch *scratch,
                                          const struct scene *scene, struct ot_error *err)
{
    char path[OT_SCRATCH_PATH_MAX], text[2 * OT_SCRATCH_PATH_MAX];
    int len = snprintf(text, sizeof(text),
                       "base_url = " BASE_URL "\ncache_dir = %s/cache\n"
                       "auto_refresh = no\nmax_stale = never\n"
                       "purposes = server, client\n%s%s\n%s",
                       scratch->dir, scene->names != NULL ? "names = " : "",
                       scene->names != NULL ? scene->names : "",
                       scene->is_distrusted ? "[source default]\n[source " NO "]\n"
                                              "project = " NO "\nmeaning = distrust\n"
                                            : "");

    ot_scratch_path(path, scratch, "orgtrust.conf");
    return ot_file_replace(path, text, (size_t)len, 0600, err);
}

static enum ot_status make_directories(struct ot_scratch *scratch, struct ot_error *err)
{
    static const char *const names[] = {"cache", "tmp"};
    const char *top = ot_env_get("TMPDIR");
    char path[OT_SCRATCH_PATH_MAX];

    if (top == NULL || top[0] != '/' ||
        strlen(top) + sizeof(TEMPLATE) > sizeof(scratch->dir))
        top = "/tmp";
    if (ot_place_check(top, err) != OT_OK)
        return OT_E_UNSAFE;
    snprintf(scratch->dir, sizeof(scratch->dir), "%s" TEMPLATE, top);
    if (mkdtemp(scratch->dir) == NULL) {
        scratch->dir[0] = '\0';
        return ot_error_errno(err, OT_E_IO, errno, "cannot make a directory in %s", top);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ot_scratch_path(path, scratch, names[i]);
        if (mkdir(path, 0700) != 0)
            return ot_error_errno(err, OT_E_IO, errno, "cannot make %s", path);
    }
    return OT_OK;
}

enum ot_status ot_scratch_open(struct ot_scratch *scratch, struct ot_error *err)
{
    const struct ot_source source = {.base_url = (char *)(uintptr_t)BASE_URL};
    enum ot_status status;

    *scratch = (struct ot_scratch){.scope = ot_source_scope(&source)};
    status = make_directories(scratch, err);
    if (status != OT_OK)
        return status;
    ot_scratch_path(scratch->snapshot, scratch, "cache/default." OT_SOURCE_SNAPSHOT);
    if (scratch->scope == NULL || !fill_scratch_environment(scratch))
        return ot_error_nomem(err);
    return write_configuration(scratch, &scenes[OT_SCENE_INACTIVE], err);
}

static enum ot_status parse_root(struct ot_cert **parsed, X509 *cert,
                                 struct ot_error *err)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    enum ot_status status;

    if (len <= 0)
        return ot_error_nomem(err);
    status = ot_cert_parse(parsed, der, (size_t)len, err);
    OPENSSL_free(der);
    return status;
}

/* A source of the scratch configuration, as the programs that read it will know it.
 * clear_source after success and failure. */
static enum ot_status init_source(struct ot_source *source, struct ot_limits *limits,
                                  const struct scene *scene, struct ot_error *err)
{
    enum ot_status status;

    *limits = (struct ot_limits){.not_after = 0};
    *source = (struct ot_source){.base_url = (char *)(uintptr_t)BASE_URL};
    if (scene->names == NULL)
        return OT_OK;
    status = ot_name_limits_parse(&limits->names, scene->names, err);
    if (status == OT_OK)
        source->names = strdup(limits->names.text);
    return status == OT_OK && source->names == NULL ? ot_error_nomem(err) : status;
}

static void clear_source(struct ot_source *source, struct ot_limits *limits)
{
    free(source->names);
    ot_limits_clear(limits);
}

struct written {
    struct ot_cert *cert;
    struct ot_limited *limited;
};

static void clear_written(struct written *written)
{
    ot_limited_free(written->limited);
    ot_cert_free(written->cert);
}

/* One certificate as a sync under these limits makes its record. */
static enum ot_status fill_record(struct ot_record *record, struct written *written,
                                  X509 *cert, const struct ot_limits *limits,
                                  struct ot_error *err)
{
    enum ot_status status = parse_root(&written->cert, cert, err);

    if (status == OT_OK && limits->names.count > 0)
        status = ot_limited_new(&written->limited, written->cert, limits, err);
    if (status != OT_OK)
        return status;
    if (written->limited != NULL)
        ot_limited_fill(written->limited, record);
    else
        ot_cert_fill(written->cert, record);
    record->created_at = time(NULL);
    return OT_OK;
}

static enum ot_status write_default(const struct ot_scratch *scratch,
                                    const struct ot_authority *authority,
                                    const struct scene *scene, struct ot_error *err)
{
    static const char *const ids[] = {"cert_doctor", "cert_bystander"};
    X509 *const certs[] = {authority->root, authority->bystander};
    const bool active[] = {scene->is_active, true};
    struct written written[2] = {{NULL, NULL}, {NULL, NULL}};
    struct ot_record records[2] = {{0}, {0}};
    struct ot_source source;
    struct ot_limits limits;
    enum ot_status status = init_source(&source, &limits, scene, err);

    for (size_t i = 0; status == OT_OK && i < 2; i++) {
        status = fill_record(&records[i], &written[i], certs[i], &limits, err);
        records[i].flags |= active[i] ? (uint32_t)OT_RECORD_ACTIVE : 0;
        records[i].field[OT_FIELD_ID] = ot_span_str(ids[i]);
    }
    if (status == OT_OK)
        status =
            ot_snapshot_write(scratch->snapshot, scratch->scope,
                              ot_source_limits(&source), records, 2, time(NULL), err);
    for (size_t i = 0; i < 2; i++)
        clear_written(&written[i]);
    clear_source(&source, &limits);
    return status;
}

static enum ot_status write_no(const struct ot_scratch *scratch,
                               const struct ot_authority *authority, struct ot_error *err)
{
    const struct ot_limits limits = {.not_after = 0};
    const struct ot_source source = {.base_url = (char *)(uintptr_t)BASE_URL,
                                     .project = (char *)(uintptr_t)NO};
    struct ot_record record = {.flags = 0};
    struct written written = {NULL, NULL};
    char path[OT_SCRATCH_PATH_MAX], *scope = ot_source_scope(&source);
    enum ot_status status = scope == NULL ? ot_error_nomem(err) : OT_OK;

    if (status == OT_OK)
        status = fill_record(&record, &written, authority->root, &limits, err);
    record.flags |= OT_RECORD_ACTIVE;
    record.field[OT_FIELD_ID] = ot_span_str("cert_doctor");
    ot_scratch_path(path, scratch, "cache/" NO "." OT_SOURCE_SNAPSHOT);
    if (status == OT_OK)
        status = ot_snapshot_write(path, scope, 0, &record, 1, time(NULL), err);
    clear_written(&written);
    free(scope);
    return status;
}

enum ot_status ot_scratch_set(const struct ot_scratch *scratch,
                              const struct ot_authority *authority, enum ot_scene scene,
                              struct ot_error *err)
{
    const struct scene *wanted = &scenes[scene];
    enum ot_status status = OT_OK;

    if (wanted->is_distrusted)
        status = write_no(scratch, authority, err);
    if (status == OT_OK)
        status = write_configuration(scratch, wanted, err);
    return status == OT_OK ? write_default(scratch, authority, wanted, err) : status;
}

void ot_scratch_close(struct ot_scratch *scratch)
{
    if (scratch->dir[0] != '\0')
        ot_dir_remove_tree(scratch->dir);
    for (size_t i = 0; scratch->environment[i] != NULL; i++)
        free(scratch->environment[i]);
    free(scratch->scope);
    *scratch = (struct ot_scratch){.scope = NULL};
}

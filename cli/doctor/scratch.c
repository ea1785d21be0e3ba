#include "doctor/scratch_internal.h"

#include <errno.h>
#include <openssl/x509.h>
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
#include "config/source.h"
#include "config/source_path.h"
#include "doctor/authority_internal.h"
#include "files/file.h"
#include "files/place.h"
#include "files/tree.h"
#include "snapshot/record.h"
#include "sync/snapshot_write.h"

#define TEMPLATE "/orgtrust-doctor.XXXXXX"
#define BASE_URL "https://doctor.invalid/v1" /* no name that anybody could have */

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

static enum ot_status write_configuration(const struct ot_scratch *scratch,
                                          struct ot_error *err)
{
    char path[OT_SCRATCH_PATH_MAX], text[2 * OT_SCRATCH_PATH_MAX];
    int len = snprintf(text, sizeof(text),
                       "base_url = " BASE_URL "\ncache_dir = %s/cache\n"
                       "auto_refresh = no\nmax_stale = never\n"
                       "purposes = server, client\n",
                       scratch->dir);

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
    return write_configuration(scratch, err);
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

enum ot_status ot_scratch_activate(const struct ot_scratch *scratch,
                                   const struct ot_authority *authority, bool is_active,
                                   struct ot_error *err)
{
    static const char *const ids[] = {"cert_doctor", "cert_bystander"};
    X509 *const certs[] = {authority->root, authority->bystander};
    const bool active[] = {is_active, true};
    struct ot_cert *parsed[2] = {NULL, NULL};
    struct ot_record records[2] = {{0}, {0}};
    const time_t now = time(NULL);
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < 2; i++) {
        status = parse_root(&parsed[i], certs[i], err);
        if (status != OT_OK)
            break;
        ot_cert_fill(parsed[i], &records[i]);
        records[i].flags |= active[i] ? (uint32_t)OT_RECORD_ACTIVE : 0;
        records[i].created_at = now;
        records[i].field[OT_FIELD_ID] = ot_span_str(ids[i]);
    }
    if (status == OT_OK)
        status =
            ot_snapshot_write(scratch->snapshot, scratch->scope, 0, records, 2, now, err);
    for (size_t i = 0; i < 2; i++)
        ot_cert_free(parsed[i]);
    return status;
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

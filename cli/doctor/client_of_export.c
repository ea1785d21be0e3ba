/* A program that reads files is given an export of the scratch source. */
#include <openssl/x509.h>
#include <stdio.h>
#include <time.h>

#include "base/error.h"
#include "config/source.h"
#include "doctor/clients_internal.h"
#include "doctor/java_internal.h"
#include "doctor/scratch_internal.h"
#include "doctor/tls_server_internal.h"
#include "doctor/trial_internal.h"
#include "export/anchors.h"
#include "export/export.h"
#include "export/files.h"
#include "export/format.h"
#include "install/tool.h"
#include "snapshot/snapshot.h"

/* An export of the scratch source, made by what makes the real ones. */
static enum ot_status prepare_scratch_export(const struct ot_bench *bench,
                                             enum ot_export_kind kind,
                                             struct ot_error *err)
{
    const enum ot_export_format format = ot_export_format_of(kind);
    struct ot_anchors anchors = {.place = ot_export_place(kind)};
    struct ot_snapshot *snapshot = NULL;
    char path[OT_SCRATCH_PATH_MAX];
    bool written;
    enum ot_status status =
        ot_snapshot_open(&snapshot, bench->scratch.snapshot, bench->scratch.scope, err);

    ot_scratch_path(path, &bench->scratch, ot_export_word(kind));
    if (status == OT_OK)
        status =
            ot_anchors_add(&anchors, snapshot, OT_PURPOSES_TLS, NULL, time(NULL), err);
    if (status == OT_OK) {
        ot_anchors_sort(&anchors);
        status = format == OT_FORMAT_DIR
                     ? ot_export_put_dir(path, &anchors, &written, err)
                     : ot_export_put_file(path, format, &anchors, &written, err);
    }
    ot_anchors_clear(&anchors);
    ot_snapshot_unref(snapshot);
    return status;
}

static enum ot_status prepare_bundle(const struct ot_bench *bench, struct ot_error *err)
{
    return prepare_scratch_export(bench, OT_EXPORT_BUNDLE, err);
}

static enum ot_status prepare_dir(const struct ot_bench *bench, struct ot_error *err)
{
    return prepare_scratch_export(bench, OT_EXPORT_DIR, err);
}

static enum ot_status prepare_java(const struct ot_bench *bench, struct ot_error *err)
{
    return prepare_scratch_export(bench, OT_EXPORT_JAVA, err);
}

static enum ot_status try_curl_on_export(const struct ot_bench *bench,
                                         enum ot_trials_kind kind,
                                         enum ot_export_kind made, const char *path,
                                         struct ot_three_trials *trials,
                                         const char **what, struct ot_error *err)
{
    char url[64];
    const char *const argv[] = {"curl",
                                "-q",
                                "--silent",
                                "--show-error",
                                "--noproxy",
                                "*",
                                made == OT_EXPORT_DIR ? "--capath" : "--cacert",
                                path,
                                url,
                                NULL};

    *what = made == OT_EXPORT_DIR ? "curl --capath" : "curl --cacert";
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/",
             ot_tls_server_port(bench->server));
    return ot_bench_try(bench, kind, argv, "SSL_CERT_DIR=/nonexistent",
                        made == OT_EXPORT_DIR ? prepare_dir : prepare_bundle, trials,
                        err);
}

static enum ot_status try_openssl_on_export(const struct ot_bench *bench,
                                            enum ot_trials_kind kind,
                                            enum ot_export_kind made, const char *path,
                                            struct ot_three_trials *trials,
                                            const char **what, struct ot_error *err)
{
    char address[32];
    const char *const argv[] = {"openssl",
                                "s_client",
                                "-connect",
                                address,
                                "-verify_ip",
                                "127.0.0.1",
                                "-verify_return_error",
                                "-brief",
                                "-no-CAstore",
                                made == OT_EXPORT_DIR ? "-no-CAfile" : "-no-CApath",
                                made == OT_EXPORT_DIR ? "-CApath" : "-CAfile",
                                path,
                                NULL};

    *what =
        made == OT_EXPORT_DIR ? "openssl s_client -CApath" : "openssl s_client -CAfile";
    snprintf(address, sizeof(address), "127.0.0.1:%u", ot_tls_server_port(bench->server));
    return ot_bench_try(bench, kind, argv, NULL,
                        made == OT_EXPORT_DIR ? prepare_dir : prepare_bundle, trials,
                        err);
}

enum ot_status ot_client_of_export(const struct ot_bench *bench, enum ot_trials_kind kind,
                                   enum ot_export_kind made,
                                   struct ot_three_trials *trials, const char **what,
                                   struct ot_error *err)
{
    char path[OT_SCRATCH_PATH_MAX];

    *what = NULL;
    *trials = (struct ot_three_trials){.kind = kind};
    ot_scratch_path(path, &bench->scratch, ot_export_word(made));
    switch (made) {
    case OT_EXPORT_JAVA:
        if (!ot_java_can_try())
            break;
        *what = "java";
        return ot_java_try_file(bench, kind, path, prepare_java, trials, err);
    case OT_EXPORT_BUNDLE:
    case OT_EXPORT_DIR:
        if (ot_tool_exists("curl"))
            return try_curl_on_export(bench, kind, made, path, trials, what, err);
        if (ot_tool_exists("openssl"))
            return try_openssl_on_export(bench, kind, made, path, trials, what, err);
        break;
    case OT_EXPORT_CONTAINERS:
    case OT_EXPORT_SYSTEM:
    case OT_EXPORT_CHROMIUM:
    case OT_EXPORT_ON_CHANGE:
    case OT_EXPORT_KIND_COUNT:
        break;
    }
    return OT_OK;
}

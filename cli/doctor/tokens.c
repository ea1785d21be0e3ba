#include "doctor/tokens_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "config/config.h"
#include "config/source.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/readers_internal.h"
#include "doctor/tls_server_internal.h"
#include "doctor/trial_internal.h"
#include "export/anchors.h"
#include "export/format.h"
#include "install/tool.h"
#include "snapshot/record.h"

/* 80 bytes a certificate (certutil); what is not written to costs nothing. */
#define OUTPUT_BYTES (16u * 1024 * 1024)
#define LABEL_MAX 160
#define ARGUMENTS_MAX 16
#define TRIES 2 /* a sync may come in between */

struct read {
    struct ot_doctor *doctor;
    const char *part, *database;
    const struct ot_source *source;
    bool is_default;
    char label[LABEL_MAX]; /* of its token */
    char *text;
};

static const struct kind {
    const char *program, *name, *what;
    enum ot_export_format format; /* in which it reads files; COUNT: in none */
    uint32_t place;               /* whose anchors are there */
    bool every_active;            /* and whatever else is active */
    const char *noun;
} kinds[] = {
    [OT_TOKEN_GNUTLS] = {"gnutls-cli", "GnuTLS", "the real token", OT_FORMAT_PEM,
                         OT_RECORD_WITHHELD_TOKEN | OT_RECORD_DENIED_SERVERS, false,
                         "anchor"},
    [OT_TOKEN_OPENSSL] = {"openssl", "OpenSSL", "the real store", OT_FORMAT_PEM,
                          OT_RECORD_WITHHELD_OPENSSL, true, "certificate"},
    [OT_TOKEN_NSS] = {"certutil", "NSS", "the real token", OT_FORMAT_COUNT,
                      OT_RECORD_WITHHELD_TOKEN, false, "anchor"},
    [OT_TOKEN_JAVA] = {"keytool", "Java", "the real token", OT_FORMAT_P12,
                       OT_RECORD_WITHHELD_TOKEN | OT_RECORD_NAMES_LIMITED |
                           OT_RECORD_DENIED_SERVERS,
                       false, "anchor"},
};

static size_t count_lines_of(const char *text, const char *label)
{
    size_t count = 0, len = strlen(label);

    for (const char *line = text; line != NULL && *line != '\0';) {
        count += strncmp(line, label, len) == 0 && line[len] == ':';
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return count;
}

static enum ot_status run_reader(const struct read *read, const char *const *argv,
                                 struct ot_error *err)
{
    int exit_status;

    return ot_bench_run_real(&read->doctor->bench, argv, read->source->cache_dir,
                             read->text, OUTPUT_BYTES, &exit_status, err);
}

static enum ot_status count_gnutls_token(const struct read *read, size_t *count,
                                         struct ot_error *err)
{
    char url[LABEL_MAX + 32], port[16];
    const char *const argv[] = {"gnutls-cli", "--x509cafile", url, "--port",
                                port,         "127.0.0.1",    NULL};
    enum ot_status status;

    snprintf(url, sizeof(url), "pkcs11:token=orgtrust%s%s", read->is_default ? "" : "%20",
             read->is_default ? "" : read->source->name);
    snprintf(port, sizeof(port), "%u", ot_tls_server_port(read->doctor->bench.server));
    status = run_reader(read, argv, err);
    *count = ot_readers_number(read->text, "Processed ");
    return status;
}

static enum ot_status count_openssl_store(const struct read *read, size_t *count,
                                          struct ot_error *err)
{
    char uri[LABEL_MAX];
    const char *const argv[] = {"openssl", "storeutl", "-noout", "-certs", uri, NULL};
    enum ot_status status;

    snprintf(uri, sizeof(uri), "orgtrust://%s/",
             read->is_default ? "" : read->source->name);
    status = run_reader(read, argv, err);
    *count = ot_readers_number(read->text, "Total found: ");
    return status;
}

static enum ot_status count_nss(const struct read *read, size_t *count,
                                struct ot_error *err)
{
    const char *const argv[] = {"certutil", "-L",        "-d", read->database,
                                "-h",       read->label, NULL};
    enum ot_status status = run_reader(read, argv, err);

    *count = count_lines_of(read->text, read->label);
    return status;
}

static const char java_security[] =
    "-J-Djava.security.properties=" ORGTRUST_DATADIR "/orgtrust.security";

static enum ot_status count_java(const struct read *read, size_t *count,
                                 struct ot_error *err)
{
    static const char *const argv[] = {
        "keytool", "-J-XX:-UsePerfData", java_security, "-list",      "-keystore",
        "NONE",    "-storetype",         "PKCS11",      "-storepass", "changeit",
        NULL};
    enum ot_status status = run_reader(read, argv, err);

    *count = ot_readers_entries(read->text);
    return status;
}

static enum ot_status count_it(const struct read *read, enum ot_token_reader reader,
                               size_t *count, struct ot_error *err)
{
    read->text[0] = '\0';
    switch (reader) {
    case OT_TOKEN_GNUTLS:
        return count_gnutls_token(read, count, err);
    case OT_TOKEN_OPENSSL:
        return count_openssl_store(read, count, err);
    case OT_TOKEN_NSS:
        return count_nss(read, count, err);
    case OT_TOKEN_JAVA:
        break;
    }
    return count_java(read, count, err);
}

static enum ot_status add_token_finding(const struct read *read,
                                        enum ot_token_reader reader, size_t count,
                                        const struct ot_anchors *anchors,
                                        struct ot_error *err)
{
    const struct kind *kind = &kinds[reader];
    char odd[OT_READERS_ODD_MAX] = "";
    enum ot_status status = OT_OK;

    if (count == anchors->count) {
        ot_finding_add(&read->doctor->findings, read->part, OT_VERDICT_PROVED,
                       read->label, NULL,
                       "%s of this source was read whole by %s: %zu %s%s", kind->what,
                       kind->name, count, kind->noun, count == 1 ? "" : "s");
        return OT_OK;
    }
    if (kind->format != OT_FORMAT_COUNT)
        status = ot_readers_find_odd(read->doctor, kind->program, kind->format, anchors,
                                     odd, err);
    if (status == OT_OK)
        ot_finding_add(&read->doctor->findings, read->part, OT_VERDICT_FAILS, read->label,
                       NULL, "%s reads %zu of the %zu %ss in %s of this source%s%s",
                       kind->name, count, anchors->count, kind->noun, kind->what,
                       odd[0] != '\0' ? ": it stumbles over " : "", odd);
    return status;
}

/* What the snapshot's state keeps from being known is a finding of the check of sources.
 */
static enum ot_status try_source(struct read *read, enum ot_token_reader reader,
                                 struct ot_error *err)
{
    enum ot_status status = OT_OK;
    bool done = false;

    for (int tries = 1; status == OT_OK && !done; tries++) {
        struct ot_anchors anchors = {.place = kinds[reader].place,
                                     .every_active = kinds[reader].every_active,
                                     .distrust = read->doctor->distrust};
        size_t count = 0;

        if (ot_anchors_add_source(&anchors, read->source, NULL) != OT_OK) {
            ot_anchors_clear(&anchors);
            return OT_OK;
        }
        status = count_it(read, reader, &count, err);
        done = count == anchors.count || tries == TRIES;
        if (status == OT_OK && done)
            status = add_token_finding(read, reader, count, &anchors, err);
        ot_anchors_clear(&anchors);
    }
    return status;
}

enum ot_status ot_tokens_try(struct ot_doctor *doctor, const char *part,
                             enum ot_token_reader reader, const char *database,
                             struct ot_error *err)
{
    struct read read = {.doctor = doctor, .part = part, .database = database};
    size_t count = doctor->config == NULL ? 0 : ot_config_count(doctor->config);
    enum ot_status status = OT_OK;

    if (!ot_tool_exists(kinds[reader].program))
        return OT_OK;
    read.text = malloc(OUTPUT_BYTES);
    if (read.text == NULL)
        return ot_error_nomem(err);
    if (reader == OT_TOKEN_JAVA && count > 1)
        count = 1;
    for (size_t i = 0; status == OT_OK && i < count; i++) {
        read.source = ot_config_at(doctor->config, i);
        read.is_default = strcmp(read.source->name, "default") == 0;
        snprintf(read.label, sizeof(read.label), "orgtrust%s%s",
                 read.is_default ? "" : " ", read.is_default ? "" : read.source->name);
        /* Those of other purposes are nobody's to verify servers by. */
        if (ot_source_distrusts(read.source))
            continue;
        if (reader == OT_TOKEN_OPENSSL ||
            (read.source->purposes & OT_PURPOSE_SERVER) != 0)
            status = try_source(&read, reader, err);
    }
    free(read.text);
    return status;
}

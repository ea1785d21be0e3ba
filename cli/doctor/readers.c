#include "doctor/readers_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/scratch_internal.h"
#include "doctor/tls_server_internal.h"
#include "doctor/trial_internal.h"
#include "doctor/whole_set_internal.h"
#include "export/anchors.h"
#include "export/format.h"
#include "files/file.h"
#include "install/tool.h"

/* 20 bytes a certificate (openssl), 130 (keytool); of GnuTLS the first lines. What is not
 * written to costs nothing. */
#define OUTPUT_BYTES (16u * 1024 * 1024)
#define ARGUMENTS_MAX 16

struct reader {
    enum ot_export_format format;
    const char *program;
    const char *name; /* for a sentence */
    /* Fills what follows the program's name; port: of a server that may be asked. */
    void (*fill)(const char *argv[ARGUMENTS_MAX], const char *path, const char *port);
    size_t (*count)(const char *text);
};

struct run {
    struct ot_doctor *doctor;
    const struct ot_anchors *certs;
    const struct reader *reader;
    char *text;
};

size_t ot_readers_number(const char *text, const char *words)
{
    size_t number = 0;

    for (const char *at = text; (at = strstr(at, words)) != NULL;) {
        at += strlen(words);
        number = strtoul(at, NULL, 10);
    }
    return number;
}

static void fill_gnutls(const char *argv[ARGUMENTS_MAX], const char *path,
                        const char *port)
{
    const char *const own[] = {"--x509cafile", path, "--port", port, "127.0.0.1"};

    memcpy(argv, own, sizeof(own));
}

static size_t count_gnutls(const char *text)
{
    return ot_readers_number(text, "Processed ");
}

static void fill_openssl(const char *argv[ARGUMENTS_MAX], const char *path,
                         const char *port)
{
    const char *const own[] = {"storeutl", "-noout", "-certs", "-passin", "pass:", path};

    (void)port;
    memcpy(argv, own, sizeof(own));
}

static size_t count_openssl(const char *text)
{
    return ot_readers_number(text, "Total found: ");
}

/* Java takes any password for a store that has none; its tool wants six characters. */
static void fill_keytool(const char *argv[ARGUMENTS_MAX], const char *path,
                         const char *port)
{
    const char *const own[] = {"-J-XX:-UsePerfData", "-list",  "-keystore",  path,
                               "-storetype",         "PKCS12", "-storepass", "changeit"};

    (void)port;
    memcpy(argv, own, sizeof(own));
}

size_t ot_readers_entries(const char *text)
{
    size_t count = 0;

    for (const char *at = text; (at = strstr(at, "trustedCertEntry")) != NULL; at++)
        count++;
    return count;
}

static const struct reader readers[] = {
    {OT_FORMAT_PEM, "gnutls-cli", "GnuTLS", fill_gnutls, count_gnutls},
    {OT_FORMAT_PEM, "openssl", "OpenSSL", fill_openssl, count_openssl},
    {OT_FORMAT_P12, "keytool", "Java", fill_keytool, ot_readers_entries},
    {OT_FORMAT_P12, "openssl", "OpenSSL", fill_openssl, count_openssl},
};

#define READER_COUNT (sizeof(readers) / sizeof(readers[0]))

static enum ot_status count_in(const struct run *run, const char *path, size_t *count,
                               struct ot_error *err)
{
    const char *argv[ARGUMENTS_MAX + 1] = {run->reader->program};
    int exit_status;
    char port[16];
    enum ot_status status;

    snprintf(port, sizeof(port), "%u", ot_tls_server_port(run->doctor->bench.server));
    run->reader->fill(argv + 1, path, port);
    status = ot_bench_run(&run->doctor->bench, argv, NULL, run->text, OUTPUT_BYTES,
                          &exit_status, err);
    *count = status == OT_OK ? run->reader->count(run->text) : 0;
    return status;
}

/* How many of certs[first..first + n) it reads, out of a file of their own. */
static enum ot_status count_of(const struct run *run, size_t first, size_t n,
                               size_t *count, struct ot_error *err)
{
    const struct ot_anchors some = {.items = run->certs->items + first, .count = n};
    char path[OT_SCRATCH_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len;
    enum ot_status status = ot_format_make(run->reader->format, &bytes, &len, &some, err);

    *count = 0;
    ot_scratch_path(path, &run->doctor->bench.scratch, "read");
    if (status == OT_OK)
        status = ot_file_replace(path, bytes, len, 0600, err);
    if (status == OT_OK)
        status = count_in(run, path, count, err);
    free(bytes);
    return status;
}

/* The first certificate up to which it does not read all; *found: it alone is the reason.
 * As many runs as the number has digits, in binary. */
static enum ot_status find_odd(const struct run *run, size_t *at, bool *found,
                               struct ot_error *err)
{
    size_t whole = 0, broken = run->certs->count, count;
    enum ot_status status = OT_OK;

    while (status == OT_OK && broken - whole > 1) {
        size_t middle = whole + (broken - whole) / 2;

        status = count_of(run, 0, middle, &count, err);
        if (count == middle)
            whole = middle;
        else
            broken = middle;
    }
    *at = broken - 1;
    if (status == OT_OK)
        status = count_of(run, *at, 1, &count, err);
    *found = status == OT_OK && count != 1;
    return status;
}

static enum ot_status describe_odd(const struct run *run, char odd[OT_READERS_ODD_MAX],
                                   struct ot_error *err)
{
    size_t at = 0;
    bool found = false;
    enum ot_status status = find_odd(run, &at, &found, err);

    odd[0] = '\0';
    if (status == OT_OK && found)
        ot_whole_set_describe(odd, OT_READERS_ODD_MAX, &run->certs->items[at]);
    return status;
}

static enum ot_status try_one(const struct run *run, const struct ot_real_file *file,
                              char names[OT_READERS_NAMES_MAX], bool *good,
                              struct ot_error *err)
{
    const size_t expected = run->certs->count, len = strlen(names);
    char odd[OT_READERS_ODD_MAX];
    size_t count = 0;
    enum ot_status status = file->path != NULL ? count_in(run, file->path, &count, err)
                                               : count_of(run, 0, expected, &count, err);

    if (status != OT_OK)
        return status;
    if (count == expected) {
        snprintf(names + len, OT_READERS_NAMES_MAX - len, "%s%s", len > 0 ? " and " : "",
                 run->reader->name);
        return OT_OK;
    }
    *good = false;
    status = describe_odd(run, odd, err);
    if (status == OT_OK)
        ot_finding_add(&run->doctor->findings, file->part, OT_VERDICT_FAILS,
                       file->subject, file->fix,
                       "%s reads %zu of the %zu certificates in it%s%s",
                       run->reader->name, count, expected,
                       odd[0] != '\0' ? ": it stumbles over " : "", odd);
    return status;
}

enum ot_status ot_readers_try(struct ot_doctor *doctor, const struct ot_real_file *file,
                              char names[OT_READERS_NAMES_MAX], bool *good,
                              struct ot_error *err)
{
    struct run run = {
        .doctor = doctor, .certs = &file->set->certs, .text = malloc(OUTPUT_BYTES)};
    enum ot_status status = run.text == NULL ? ot_error_nomem(err) : OT_OK;

    names[0] = '\0';
    *good = true;
    for (size_t i = 0; status == OT_OK && run.certs->count > 0 && i < READER_COUNT; i++) {
        run.reader = &readers[i];
        if (run.reader->format == file->format && ot_tool_exists(run.reader->program))
            status = try_one(&run, file, names, good, err);
    }
    free(run.text);
    return status;
}

enum ot_status ot_readers_find_odd(struct ot_doctor *doctor, const char *program,
                                   enum ot_export_format format,
                                   const struct ot_anchors *certs,
                                   char odd[OT_READERS_ODD_MAX], struct ot_error *err)
{
    struct run run = {.doctor = doctor, .certs = certs, .text = malloc(OUTPUT_BYTES)};
    enum ot_status status = run.text == NULL ? ot_error_nomem(err) : OT_OK;

    odd[0] = '\0';
    for (size_t i = 0; status == OT_OK && certs->count > 0 && i < READER_COUNT; i++) {
        run.reader = &readers[i];
        if (run.reader->format == format && strcmp(run.reader->program, program) == 0)
            status = describe_odd(&run, odd, err);
    }
    free(run.text);
    return status;
}

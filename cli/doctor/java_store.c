/* The store that Debian's JDKs share, which its hook makes from the system's store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/exported_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/fix_internal.h"
#include "doctor/java_internal.h"
#include "doctor/trial_internal.h"
#include "export/anchors.h"
#include "export/export.h"
#include "files/file.h"
#include "install/tool.h"
#include "snapshot/record.h"

#define STORE OT_JAVA_STORE
#define HOOK "/etc/ca-certificates/update.d/jks-keystore"
#define PASSWORD "changeit" /* of every Java installation: it keeps nothing secret */
#define LIST_BYTES (1024u * 1024) /* 130 bytes an entry */

#define PEM_BYTES (8u * 1024 * 1024)

enum ot_status ot_java_store_read(char path[OT_SCRATCH_PATH_MAX],
                                  const struct ot_bench *bench, struct ot_error *err)
{
    static const char *const argv[] = {
        "keytool", "-J-XX:-UsePerfData", "-list",  "-rfc", "-keystore",
        STORE,     "-storepass",         PASSWORD, NULL};
    char *text;
    int exit_status;
    enum ot_status status;

    if (access(STORE, R_OK) != 0 || !ot_tool_exists("keytool"))
        return OT_E_NOT_FOUND;
    ot_scratch_path(path, &bench->scratch, "java-store");
    if (access(path, F_OK) == 0) /* a JVM takes a second to start */
        return OT_OK;
    text = malloc(PEM_BYTES);
    if (text == NULL)
        return ot_error_nomem(err);
    status = ot_bench_run(bench, argv, NULL, text, PEM_BYTES, &exit_status, err);
    if (status == OT_OK && exit_status != 0)
        status = ot_error_set(err, OT_E_CORRUPT, "keytool cannot read it");
    if (status == OT_OK)
        status = ot_file_replace(path, text, strlen(text), 0600, err);
    free(text);
    return status;
}

/* As keytool writes it: 01:23:AB… */
static bool is_in_keytool_list(const char *text, const struct ot_anchor *anchor)
{
    char hex[3 * OT_ANCHOR_ID_LEN + 1];

    for (size_t i = 0; i < OT_ANCHOR_ID_LEN; i++)
        snprintf(hex + 3 * i, 4, "%02X:", anchor->id[i]);
    hex[3 * OT_ANCHOR_ID_LEN - 1] = '\0';
    return strstr(text, hex) != NULL;
}

static enum ot_status compare_java_store(struct ot_doctor *doctor,
                                         const struct ot_anchors *anchors,
                                         struct ot_error *err)
{
    static const char *const argv[] = {
        "keytool", "-J-XX:-UsePerfData", "-list",  "-keystore",
        STORE,     "-storepass",         PASSWORD, NULL};
    char *text = malloc(LIST_BYTES);
    size_t missing = 0;
    int exit_status;
    enum ot_status status;

    if (text == NULL)
        return ot_error_nomem(err);
    status =
        ot_bench_run(&doctor->bench, argv, NULL, text, LIST_BYTES, &exit_status, err);
    for (size_t i = 0; status == OT_OK && i < anchors->count; i++)
        missing += !is_in_keytool_list(text, &anchors->items[i]);
    free(text);
    if (status != OT_OK)
        return status;
    if (exit_status != 0)
        ot_finding_add(&doctor->findings, ot_check_java.name, OT_VERDICT_NOT_PROVED,
                       STORE, NULL, "keytool cannot read it");
    else if (missing > 0)
        ot_finding_add(&doctor->findings, ot_check_java.name, OT_VERDICT_FAILS, STORE,
                       OT_FIX_AS_ROOT(doctor, "update-ca-certificates --fresh"),
                       "lacks %zu of the organization's %zu anchors, although the "
                       "system's store is kept and " HOOK " is there",
                       missing, anchors->count);
    else
        ot_finding_add(&doctor->findings, ot_check_java.name, OT_VERDICT_PROVED, STORE,
                       NULL,
                       "holds the organization's %zu anchor%s; compared, no handshake "
                       "was tried; a JVM reads it when it starts",
                       anchors->count, anchors->count == 1 ? "" : "s");
    return OT_OK;
}

static enum ot_status check_java_export(struct ot_doctor *doctor,
                                        const struct ot_exports *exports,
                                        const struct ot_export *item,
                                        struct ot_error *err)
{
    /* The hook leaves out what Java cannot read. */
    struct ot_anchors anchors = {.place = OT_RECORD_WITHHELD_JAVA};
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status status = OT_OK;

    if (ot_exported_anchors(&anchors, exports, item, &why) == OT_OK)
        status = compare_java_store(doctor, &anchors, err);
    else
        ot_finding_add(&doctor->findings, ot_check_java.name, OT_VERDICT_NOT_PROVED,
                       STORE, ot_fix_sync(doctor), "what it should hold is not known: %s",
                       why.message);
    ot_anchors_clear(&anchors);
    return status;
}

enum ot_status ot_java_look_at_store(struct ot_doctor *doctor, struct ot_error *err)
{
    struct ot_exports *exports = NULL;
    const struct ot_export *system = NULL;
    enum ot_status status = OT_OK;

    if (access(HOOK, F_OK) != 0 || access(STORE, F_OK) != 0)
        return OT_OK;
    /* What is wrong with the exports is a finding of the check of these. */
    if (doctor->config != NULL)
        ot_exports_new(&exports, doctor->config, NULL);
    for (size_t i = 0; exports != NULL && i < exports->count; i++)
        if (exports->items[i].kind == OT_EXPORT_SYSTEM && exports->items[i].sources != 0)
            system = &exports->items[i];
    if (system == NULL)
        ot_finding_add(&doctor->findings, ot_check_java.name, OT_VERDICT_NOTE, STORE,
                       OT_FIX_AS_ROOT(doctor, "orgtrust install system"),
                       "what these JDKs trust by default is made from the system's "
                       "store, which orgtrust does not keep");
    else if (ot_tool_exists("keytool"))
        status = check_java_export(doctor, exports, system, err);
    else
        ot_finding_add(&doctor->findings, ot_check_java.name, OT_VERDICT_NOT_PROVED,
                       STORE, NULL,
                       "made from the system's store; there is no keytool in the "
                       "system's directories to compare it with");
    free(exports);
    return status;
}

/* The files that the configuration keeps in step: whether they are what the snapshot
 * says, whether everybody can read them, and whether a program that is given such a file
 * follows. */
#include <limits.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/clients_internal.h"
#include "doctor/exported_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/fix_internal.h"
#include "doctor/readers_internal.h"
#include "doctor/trial_internal.h"
#include "doctor/whole_set_internal.h"
#include "export/anchors.h"
#include "export/export.h"
#include "export/files.h"
#include "export/format.h"
#include "export/mount_dir.h"

#define PART "exports"

/* The files by their names, as OpenSSL looks for them; there are others who read all that
 * is in it. */
static enum ot_status compare_dir(bool *same, const char *path,
                                  const struct ot_anchors *anchors, struct ot_error *err)
{
    struct ot_whole_set held = {.owned = NULL};
    enum ot_status status = ot_export_compare_dir(same, path, anchors, err);

    if (status != OT_OK || !*same)
        return status;
    status = ot_whole_set_add_dir(&held, path, err);
    if (status == OT_OK && held.certs.count != anchors->count)
        status = ot_error_set(err, OT_E_UNSAFE,
                              "the directory %s holds certificates that orgtrust did not "
                              "write, in files of other names; remove these",
                              path);
    ot_whole_set_clear(&held);
    return status;
}

static enum ot_status compare_file(bool *same, const char *path,
                                   enum ot_export_format format,
                                   const struct ot_anchors *anchors, struct ot_error *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum ot_status status = ot_format_make(format, &bytes, &len, anchors, err);

    if (status == OT_OK)
        status = ot_export_compare_file(same, path, bytes, len, format, err);
    free(bytes);
    return status;
}

static enum ot_status compare_path(bool *same, const char *path,
                                   enum ot_export_format format,
                                   const struct ot_anchors *anchors, struct ot_error *err)
{
    return format == OT_FORMAT_DIR ? compare_dir(same, path, anchors, err)
                                   : compare_file(same, path, format, anchors, err);
}

/* What a sync refuses to touch, it does not mend, and has said so in the same words. */
static void add_refused(struct ot_doctor *doctor, const struct ot_export *item,
                        const struct ot_error *why, const char *more)
{
    if (why->status == OT_E_UNSAFE)
        ot_finding_add_error(&doctor->findings, PART, OT_VERDICT_FAILS, item->target, "",
                             why);
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, item->target,
                       ot_fix_sync(doctor), "%s%s", why->message, more);
}

static enum ot_status read_whole_set(struct ot_whole_set *set, const char *path,
                                     enum ot_export_format format)
{
    switch (format) {
    case OT_FORMAT_PEM:
        return ot_whole_set_add_pem(set, path, NULL);
    case OT_FORMAT_P12:
        return ot_whole_set_add_p12(set, path, NULL);
    case OT_FORMAT_DIR:
        return ot_whole_set_add_dir(set, path, NULL);
    case OT_FORMAT_DER:
    case OT_FORMAT_COUNT:
        break;
    }
    return OT_E_NOT_FOUND;
}

/* The very file, by whoever reads such: another of its kind is no proof. */
static enum ot_status try_readers_on_export(struct ot_doctor *doctor,
                                            const struct ot_export *item,
                                            char names[OT_READERS_NAMES_MAX], bool *good,
                                            struct ot_error *err)
{
    const enum ot_export_format format = ot_export_format_of(item->kind);
    const bool is_dir = format == OT_FORMAT_DIR;
    struct ot_whole_set set = {.owned = NULL};
    const struct ot_real_file file = {.part = PART,
                                      .subject = item->target,
                                      .fix = ot_fix_sync(doctor),
                                      .path = is_dir ? NULL : item->target,
                                      .format = is_dir ? OT_FORMAT_PEM : format,
                                      .set = &set};
    enum ot_status status;

    *good = true;
    names[0] = '\0';
    status = read_whole_set(&set, item->target, format);
    /* What cannot be read was found by the comparison. */
    status = status == OT_OK ? ot_readers_try(doctor, &file, names, good, err) : OT_OK;
    ot_whole_set_clear(&set);
    return status;
}

static enum ot_status prove_export(struct ot_doctor *doctor, const struct ot_export *item,
                                   size_t anchors, const char *names,
                                   struct ot_error *err)
{
    struct ot_three_trials trials;
    struct ot_finding *finding = NULL;
    const char *what;
    enum ot_status status = ot_client_of_export(&doctor->bench, OT_TRIALS_FOLLOW,
                                                item->kind, &trials, &what, err);

    if (status != OT_OK)
        return status;
    if (what == NULL)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, item->target, NULL,
                       "holds the organization's %zu anchor%s, for everybody to read; no "
                       "program is here to try such a file with",
                       anchors, anchors == 1 ? "" : "s");
    else if (ot_trials_outcome_of(&trials) == OT_TRIALS_PROVED)
        finding = ot_finding_add(
            &doctor->findings, PART, OT_VERDICT_PROVED, item->target, NULL,
            "holds the organization's %zu anchor%s, for everybody to read%s%s; with "
            "another "
            "of its kind, %s believed a server only while its authority was active",
            anchors, anchors == 1 ? "" : "s", names[0] != '\0' ? ", read whole by " : "",
            names, what);
    else
        finding = ot_finding_add(
            &doctor->findings, PART, OT_VERDICT_FAILS, item->target, NULL,
            "with a file of this kind %s does not follow: %s", what,
            trials.words[0] != '\0' ? trials.words : "it believed what was not active");
    if (finding != NULL)
        finding->trials = trials;
    return OT_OK;
}

/* Whether others cannot read it. */
static bool add_closed_fault(struct ot_doctor *doctor, const struct ot_export *item,
                             const char *file)
{
    char closed[PATH_MAX], *fix = NULL;

    if (!ot_fix_closed(&fix, closed, doctor, file))
        return false;
    ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, item->target, fix,
                   "programs of other users cannot read it: %s is closed to them%s",
                   closed, fix == NULL ? "; name another place" : "");
    free(fix);
    return true;
}

static enum ot_status check_export(struct ot_doctor *doctor,
                                   const struct ot_exports *exports,
                                   const struct ot_export *item, struct ot_error *err)
{
    struct ot_findings *findings = &doctor->findings;
    struct ot_anchors anchors = {0};
    struct ot_error why = OT_ERROR_INIT;
    char more[OT_ERROR_MAX + 64], names[OT_READERS_NAMES_MAX];
    bool same = false, good = true;
    enum ot_status status = try_readers_on_export(doctor, item, names, &good, err);

    if (status != OT_OK)
        return status;
    ot_exported_why(more, sizeof(more), exports, item);
    if (ot_exported_anchors(&anchors, exports, item, &why) != OT_OK)
        ot_finding_add(findings, PART, OT_VERDICT_NOT_PROVED, item->target,
                       ot_fix_sync(doctor), "what it should hold is not known: %s",
                       why.message);
    else if (compare_path(&same, item->target, ot_export_format_of(item->kind), &anchors,
                          &why) != OT_OK)
        add_refused(doctor, item, &why, more);
    else if (!same)
        ot_finding_add(
            findings, PART, OT_VERDICT_FAILS, item->target, ot_fix_sync(doctor),
            "does not hold the organization's %zu anchor%s as the snapshot has "
            "%s%s",
            anchors.count, anchors.count == 1 ? "" : "s",
            anchors.count == 1 ? "it" : "them", more);
    else if (!add_closed_fault(doctor, item, item->target) && good)
        status = prove_export(doctor, item, anchors.count, names, err);
    ot_anchors_clear(&anchors);
    return status;
}

/* What the files of a directory for containers are compared with. */
struct comparison {
    const struct ot_exports *exports;
    const struct ot_export *item;
    char odd[PATH_MAX]; /* the first that differs; "": none */
    size_t anchors;     /* of the organization alone */
};

static enum ot_status fill_comparison(struct ot_anchors *anchors, void *arg,
                                      struct ot_error *err)
{
    struct comparison *comparison = arg;
    enum ot_status status =
        ot_exported_anchors_at(anchors, comparison->exports, comparison->item, err);

    if (status == OT_OK && !anchors->with_machine)
        comparison->anchors = anchors->count;
    return status;
}

static enum ot_status compare_part(void *arg, const char *path,
                                   enum ot_export_format format,
                                   const struct ot_anchors *anchors, struct ot_error *err)
{
    struct comparison *comparison = arg;
    bool same = true;
    enum ot_status status = OT_OK;

    if (comparison->odd[0] == '\0')
        status = compare_path(&same, path, format, anchors, err);
    if (status == OT_OK && !same)
        snprintf(comparison->odd, sizeof(comparison->odd), "%s", path);
    return status;
}

/* A directory for containers. Its files are those of other kinds, which are tried where
 * the configuration has them; here they are compared. */
static enum ot_status check_mount_dir(struct ot_doctor *doctor,
                                      const struct ot_exports *exports,
                                      const struct ot_export *item, struct ot_error *err)
{
    struct ot_findings *findings = &doctor->findings;
    struct comparison comparison = {.exports = exports, .item = item};
    struct ot_error why = OT_ERROR_INIT;
    char more[OT_ERROR_MAX + 64], file[PATH_MAX];
    enum ot_status status = ot_mount_dir_each(item->target, fill_comparison, &comparison,
                                              compare_part, &comparison, &why);

    if (status == OT_E_NOMEM)
        return ot_error_nomem(err);
    ot_exported_why(more, sizeof(more), exports, item);
    snprintf(file, sizeof(file), "%s/" OT_MOUNT_STORE, item->target);
    if (status != OT_OK)
        add_refused(doctor, item, &why, more);
    else if (comparison.odd[0] != '\0')
        ot_finding_add(findings, PART, OT_VERDICT_FAILS, item->target,
                       ot_fix_sync(doctor), "%s is not as a sync would make it now%s",
                       comparison.odd, more);
    else if (!add_closed_fault(doctor, item, file))
        ot_finding_add(
            findings, PART, OT_VERDICT_PROVED, item->target, NULL,
            "holds the organization's %zu anchor%s in the files for containers, "
            "for everybody to read",
            comparison.anchors, comparison.anchors == 1 ? "" : "s");
    return OT_OK;
}

static enum ot_status check_exports(struct ot_doctor *doctor, struct ot_error *err)
{
    struct ot_exports *exports = NULL;
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status status = OT_OK;
    bool found = false;

    if (ot_exports_new(&exports, doctor->config, &why) != OT_OK) {
        ot_finding_add_error(&doctor->findings, PART, OT_VERDICT_FAILS, NULL, "", &why);
        return OT_OK;
    }
    for (size_t i = 0; status == OT_OK && i < exports->count; i++) {
        const struct ot_export *item = &exports->items[i];

        if (ot_export_format_of(item->kind) == OT_FORMAT_COUNT &&
            item->kind != OT_EXPORT_CONTAINERS)
            continue;
        found = true;
        status = item->kind == OT_EXPORT_CONTAINERS
                     ? check_mount_dir(doctor, exports, item, err)
                     : check_export(doctor, exports, item, err);
    }
    if (!found && status == OT_OK)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_ABSENT, NULL, NULL,
                       "the configuration has no export_ key that names a file");
    free(exports);
    return status;
}

const struct ot_check ot_check_exports = {PART, "the files that are kept in step",
                                          check_exports, true};

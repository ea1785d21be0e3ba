/* The system's own anchors. They cannot be tried: a throw-away authority would have to be
 * written where every program of the machine believes it. So what the store holds is
 * compared with what the organization says. */
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "config/config.h"
#include "config/source.h"
#include "doctor/check_internal.h"
#include "doctor/exported_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/fix_internal.h"
#include "doctor/readers_internal.h"
#include "doctor/whole_set_internal.h"
#include "export/anchors.h"
#include "export/export.h"
#include "export/format.h"
#include "export/system_links.h"
#include "machine/machine_trust.h"

#define PART "system"
#define DEBIAN_TOOL "/usr/sbin/update-ca-certificates"

/* The whole of it, the distribution's own included: one certificate takes them all away
 * from some. */
static enum ot_status try_readers_on_bundle(struct ot_doctor *doctor, const char *bundle,
                                            struct ot_whole_set *held,
                                            char names[OT_READERS_NAMES_MAX], bool *good,
                                            struct ot_error *err)
{
    const struct ot_real_file file = {.part = PART,
                                      .subject = bundle,
                                      .path = bundle,
                                      .format = OT_FORMAT_PEM,
                                      .set = held};

    return ot_readers_try(doctor, &file, names, good, err);
}

/* A sync has the distribution's tool run only where it changed something itself. */
static const char *fix_of_bundle(const struct ot_doctor *doctor)
{
    if (access(DEBIAN_TOOL, X_OK) == 0)
        return doctor->env.is_root ? "orgtrust sync && update-ca-certificates"
                                   : "sudo orgtrust sync && sudo update-ca-certificates";
    if (access("/usr/bin/update-ca-trust", X_OK) == 0)
        return doctor->env.is_root ? "orgtrust sync && update-ca-trust"
                                   : "sudo orgtrust sync && sudo update-ca-trust";
    return OT_FIX_AS_ROOT(doctor, "orgtrust sync");
}

static enum ot_status compare_system_store(struct ot_doctor *doctor,
                                           const struct ot_exports *exports,
                                           const struct ot_export *item,
                                           const struct ot_anchors *anchors,
                                           struct ot_error *err)
{
    const char *fix = fix_of_bundle(doctor);
    const char *bundle = ot_machine_bundle();
    struct ot_whole_set held = {.owned = NULL};
    struct ot_error why = OT_ERROR_INIT;
    char more[OT_ERROR_MAX + 64], names[OT_READERS_NAMES_MAX] = "";
    enum ot_status status, own = OT_OK;
    bool good = true;
    size_t missing;

    ot_exported_why(more, sizeof(more), exports, item);
    status = bundle != NULL ? ot_whole_set_add_pem(&held, bundle, &why)
                            : ot_error_set(&why, OT_E_NOT_FOUND,
                                           "this system has no bundle that we know of");
    missing = ot_whole_set_missing(&held, anchors);
    if (status == OT_OK)
        own = try_readers_on_bundle(doctor, bundle, &held, names, &good, err);
    if (status == OT_OK && access(DEBIAN_TOOL, F_OK) == 0)
        status = ot_system_links_check(anchors, &why);
    if (bundle == NULL || (status != OT_OK && missing == 0))
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, NULL, fix, "%s%s",
                       why.message, more);
    else if (missing > 0)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, NULL, fix,
                       "%zu of %zu anchors are not in %s%s", missing, anchors->count,
                       bundle, more);
    else if (good)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_PROVED, NULL, NULL,
                       "%s holds the organization's %zu anchor%s, and none that orgtrust "
                       "put there before%s%s; compared, no handshake was tried",
                       bundle, anchors->count, anchors->count == 1 ? "" : "s",
                       names[0] != '\0' ? "; read whole by " : "", names);
    ot_whole_set_clear(&held);
    return own;
}

/* That it lacks anchors on purpose. */
static void note_spared(struct ot_doctor *doctor)
{
    for (size_t i = 0; i < ot_config_count(doctor->config); i++) {
        const struct ot_source *source = ot_config_at(doctor->config, i);

        if (ot_export_spares_system(source))
            ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, source->name, NULL,
                           "its anchors are limited to names and not in the system's "
                           "store, of which Java's is made: what reads only that, such "
                           "as curl, believes none of them; a file by export_bundle "
                           "has them");
    }
}

static enum ot_status check_system_export(struct ot_doctor *doctor,
                                          const struct ot_exports *exports,
                                          const struct ot_export *item,
                                          struct ot_error *err)
{
    enum ot_status status = OT_OK;
    struct ot_anchors anchors = {0};
    struct ot_error why = OT_ERROR_INIT;

    if (item->sources == 0 && !item->says_no)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, NULL,
                       OT_FIX_AS_ROOT(doctor, "orgtrust sync"),
                       "export_system is no longer set, and anchors of orgtrust's are "
                       "still in the system's store");
    else if (ot_exported_anchors(&anchors, exports, item, &why) == OT_OK)
        status = compare_system_store(doctor, exports, item, &anchors, err);
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, NULL,
                       ot_fix_sync(doctor), "what the store should hold is not known: %s",
                       why.message);
    ot_anchors_clear(&anchors);
    return status;
}

static enum ot_status check_system(struct ot_doctor *doctor, struct ot_error *err)
{
    struct ot_exports *exports = NULL;
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status status = OT_OK;
    bool found = false;

    if (ot_exports_new(&exports, doctor->config, &why) != OT_OK) {
        ot_finding_add_error(&doctor->findings, PART, OT_VERDICT_FAILS, NULL, "", &why);
        return OT_OK;
    }
    for (size_t i = 0; status == OT_OK && i < exports->count; i++)
        if (exports->items[i].kind == OT_EXPORT_SYSTEM) {
            status = check_system_export(doctor, exports, &exports->items[i], err);
            note_spared(doctor);
            found = true;
        }
    if (!found)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_WIRED, NULL,
                       OT_FIX_AS_ROOT(doctor, "orgtrust install system"),
                       "the configuration does not say export_system: programs that read "
                       "only the system's store do not follow");
    free(exports);
    return status;
}

const struct ot_check ot_check_system = {PART, "the system's anchors", check_system,
                                         true};

/* Chromium, Chrome and Edge: whether the policy that a sync keeps is what it should be,
 * and whether other policy files let it count. No browser is started: it takes what it
 * likes of its user's files, and seconds. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "doctor/check_internal.h"
#include "doctor/exported_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/fix_internal.h"
#include "doctor/policy_files_internal.h"
#include "doctor/sandboxed_internal.h"
#include "export/anchors.h"
#include "export/chromium.h"
#include "export/chromium_lists.h"
#include "export/chromium_policy.h"
#include "export/export.h"

#define PART "chromium"

static void add_hidden(struct ot_doctor *doctor,
                       const struct ot_chromium_browser *browser,
                       const struct ot_hidden_list *hidden)
{
    ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, browser->name, NULL,
                   "%s of %s is not read: %s sets it, too, and %s does not say that they "
                   "are put together; add %s to " OT_CHROMIUM_MERGE " in %s/%s",
                   hidden->list, OT_CHROMIUM_FILE, hidden->from, hidden->by, hidden->list,
                   browser->dir, hidden->by);
}

/* What other files say of ours; whether that is something bad. */
static enum ot_status look_at_others(struct ot_doctor *doctor,
                                     const struct ot_chromium_browser *browser,
                                     bool *good, struct ot_error *err)
{
    struct ot_policy_files files;
    enum ot_status status = ot_policy_files_read(&files, browser->dir, err);
    struct ot_hidden_list hidden;

    for (size_t i = 0; status == OT_OK && ot_chromium_lists[i] != NULL; i++)
        if (ot_policy_files_hide(&files, ot_chromium_lists[i], &hidden)) {
            add_hidden(doctor, browser, &hidden);
            *good = false;
        }
    for (size_t i = 0; status == OT_OK && i < files.count; i++) {
        if (files.items[i].policies == NULL)
            ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, browser->name, NULL,
                           "%s/%s cannot be read as JSON: the browser passes it over",
                           browser->dir, files.items[i].name);
        else if (ot_policy_files_are_without_nss(&files.items[i]))
            ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOTE, browser->name, NULL,
                           "%s/%s says CAPlatformIntegrationEnabled = false: what users' "
                           "NSS databases trust does not count, the policy's lists do",
                           browser->dir, files.items[i].name);
    }
    ot_policy_files_clear(&files);
    return status;
}

/* A browser is not root's alone. */
static void look_whether_readable(struct ot_doctor *doctor,
                                  const struct ot_chromium_browser *browser, bool *good)
{
    char path[PATH_MAX], closed[PATH_MAX], *fix = NULL;

    snprintf(path, sizeof(path), "%s/" OT_CHROMIUM_FILE, browser->dir);
    if (!ot_fix_closed(&fix, closed, doctor, path))
        return;
    ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, browser->name, fix,
                   "the browsers of other users cannot read the policy: %s is closed to "
                   "them",
                   closed);
    free(fix);
    *good = false;
}

static enum ot_status
check_browser(struct ot_doctor *doctor, const struct ot_exports *exports,
              const struct ot_export *item, const struct ot_chromium_browser *browser,
              const struct ot_chromium_content *content, struct ot_error *err)
{
    struct ot_error why = OT_ERROR_INIT;
    char more[OT_ERROR_MAX + 64];
    bool same = false, good = true;
    enum ot_status status = ot_chromium_compare(&same, browser, content, &why);

    if (status != OT_OK) { /* no sync would change that */
        ot_finding_add_error(&doctor->findings, PART, OT_VERDICT_FAILS, browser->name, "",
                             &why);
        return status == OT_E_NOMEM ? ot_error_nomem(err) : OT_OK;
    }
    if (!same) {
        ot_exported_why(more, sizeof(more), exports, item);
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, browser->name,
                       OT_FIX_AS_ROOT(doctor, "orgtrust sync"),
                       "its policy " OT_CHROMIUM_FILE " is not what the snapshot says%s",
                       more);
        return OT_OK;
    }
    look_whether_readable(doctor, browser, &good);
    status = look_at_others(doctor, browser, &good, err);
    if (status == OT_OK && good)
        ot_finding_add(
            &doctor->findings, PART, OT_VERDICT_PROVED, browser->name, NULL,
            "%s/" OT_CHROMIUM_FILE " holds the organization's %zu anchor%s and "
            "the %zu that it distrusts; compared, the browser was not started",
            browser->dir, content->trusted->count,
            content->trusted->count == 1 ? "" : "s", content->distrusted->count);
    return status;
}

static enum ot_status check_policies(struct ot_doctor *doctor,
                                     const struct ot_exports *exports,
                                     const struct ot_export *item, struct ot_error *err)
{
    struct ot_anchors trusted = {0}, distrusted = {0};
    const struct ot_chromium_content content = {&trusted, &distrusted};
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status status = ot_exported_anchors(&trusted, exports, item, &why);

    if (status == OT_OK)
        status = ot_chromium_distrusted(&distrusted, exports, item, &why);
    if (status != OT_OK)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, NULL,
                       ot_fix_sync(doctor),
                       "what the policies should hold is not known: %s", why.message);
    for (size_t i = 0; status == OT_OK && i < OT_CHROMIUM_BROWSERS; i++)
        if (ot_chromium_is_installed(&ot_chromium_browsers[i]))
            status = check_browser(doctor, exports, item, &ot_chromium_browsers[i],
                                   &content, err);
    ot_anchors_clear(&trusted);
    ot_anchors_clear(&distrusted);
    return status == OT_E_NOMEM ? ot_error_nomem(err) : OT_OK;
}

static void add_unwired_browsers(struct ot_doctor *doctor, bool found)
{

    for (size_t i = 0; i < OT_CHROMIUM_BROWSERS; i++) {
        if (!ot_chromium_is_installed(&ot_chromium_browsers[i]))
            continue;
        found = true;
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_WIRED,
                       ot_chromium_browsers[i].name,
                       OT_FIX_AS_ROOT(doctor, "orgtrust install chromium"),
                       "no policy of the machine has it trust the organization; a user's "
                       "NSS database may");
    }
    if (!found)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_ABSENT, NULL, NULL,
                       "no Chromium, Chrome or Edge is on this machine");
}

static enum ot_status check_chromium(struct ot_doctor *doctor, struct ot_error *err)
{
    struct ot_exports *exports = NULL;
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status status = OT_OK;
    const struct ot_export *item = NULL;
    const bool has_sandboxed = ot_sandboxed_look(doctor, PART);

    if (ot_exports_new(&exports, doctor->config, &why) != OT_OK) {
        ot_finding_add_error(&doctor->findings, PART, OT_VERDICT_FAILS, NULL, "", &why);
        return OT_OK;
    }
    for (size_t i = 0; i < exports->count; i++)
        if (exports->items[i].kind == OT_EXPORT_CHROMIUM)
            item = &exports->items[i];
    if (item != NULL && item->sources == 0 && !item->says_no)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, NULL,
                       OT_FIX_AS_ROOT(doctor, "orgtrust sync"),
                       "export_chromium is no longer set, and policies of orgtrust's are "
                       "still there");
    else if (item != NULL)
        status = check_policies(doctor, exports, item, err);
    else
        add_unwired_browsers(doctor, has_sandboxed);
    free(exports);
    return status;
}

const struct ot_check ot_check_chromium = {PART, "policies of Chromium, Chrome and Edge",
                                           check_chromium, true};

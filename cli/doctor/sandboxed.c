#include "doctor/sandboxed_internal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"

/* Chromium as a snap has a policy of the machine, which its check looks at.
 * Of the snap of Firefox: canonical/firefox-snap's pull request 8 lets it read
 * /etc/firefox. */
static const struct sandboxed {
    const char *part;
    const char *place; /* below the machine's directories of snaps or of flatpaks */
    bool is_snap;
    const char *sentence;
} sandboxed[] = {
    {"firefox", "firefox", true,
     "a snap loads no module of the machine, so nothing that follows reaches it; of "
     "policies it reads those in /etc/firefox, and what Certificates.Install names there "
     "is never removed from its profiles again. A Firefox of Mozilla's or the "
     "distribution's package in its place follows"},
    {"firefox", "org.mozilla.firefox", false,
     "nothing reaches it: a flatpak sees neither a module nor a policy of the machine. A "
     "Firefox of Mozilla's or the distribution's package in its place follows"},
    {"chromium", "org.chromium.Chromium", false,
     "nothing reaches it: a flatpak sees no policy of the machine. A Chromium of the "
     "distribution's package in its place follows"},
    {"chromium", "com.google.Chrome", false,
     "nothing reaches it: a flatpak sees no policy of the machine. Google's own package "
     "in its place follows"},
    {"chromium", "com.microsoft.Edge", false,
     "nothing reaches it: a flatpak sees no policy of the machine. Microsoft's own "
     "package in its place follows"},
};

static bool add_where_it_is(struct ot_doctor *doctor, const struct sandboxed *browser,
                            const char *above, const char *below)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s%s/%s", above, below, browser->place) >=
            (int)sizeof(path) ||
        access(path, F_OK) != 0)
        return false;
    ot_finding_add(&doctor->findings, browser->part, OT_VERDICT_NOT_WIRED, path, NULL,
                   "%s", browser->sentence);
    return true;
}

bool ot_sandboxed_look(struct ot_doctor *doctor, const char *part)
{
    bool found = false;

    for (size_t i = 0; i < sizeof(sandboxed) / sizeof(sandboxed[0]); i++) {
        const struct sandboxed *browser = &sandboxed[i];

        if (strcmp(browser->part, part) != 0)
            continue;
        if (browser->is_snap) {
            found |= add_where_it_is(doctor, browser, "/snap", "");
            continue;
        }
        found |= add_where_it_is(doctor, browser, "/var/lib/flatpak", "/app");
        found |= add_where_it_is(doctor, browser, doctor->env.home,
                                 "/.local/share/flatpak/app");
    }
    return found;
}

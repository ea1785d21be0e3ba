/* Chromium and its kin by a managed policy: a file of ours in the directory where each
 * that is installed looks, beside other policy files, which stay as they are. Seen with
 * Debian's Chromium: one that runs reads the directory again within some 10 seconds of a
 * change, also where it is made then. */
#ifndef OT_EXPORT_CHROMIUM_H
#define OT_EXPORT_CHROMIUM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ot_anchors;

/* Files are read in the order of their names, and of what several set the last counts:
 * what an administrator has stands. */
#define OT_CHROMIUM_FILE "00-orgtrust.json"

struct ot_chromium_browser {
    const char *name; /* "Chromium" */
    const char
        *programs[4]; /* one of them is there where it is installed; up to a NULL */
    const char *dir;  /* of managed policies */
};
#define OT_CHROMIUM_BROWSERS 4
extern const struct ot_chromium_browser ot_chromium_browsers[OT_CHROMIUM_BROWSERS];

bool ot_chromium_is_installed(const struct ot_chromium_browser *browser);

/* What the file is to hold. Of a part that is NULL, and unknown, what it has stays. */
struct ot_chromium_content {
    const struct ot_anchors *trusted, *distrusted;
};

/* Whether a file of ours, or a directory for it, was put anywhere by the configuration
 * with this directory (.exports), or by one that is gone; asked by root. */
bool ot_chromium_is_marked(const char *dir);

/* dir: as above. Brings the file of each installed browser to this content, and takes
 * that of another away; content NULL: of all, with the directories that were made for
 * them. A file of its name that we have not written is OT_E_UNSAFE, and does not stop the
 * others. */
enum ot_status ot_chromium_put(const char *dir, const struct ot_chromium_content *content,
                               bool *written, struct ot_error *err);

/* Whether the browser's file is exactly this content, of which no part is NULL. */
enum ot_status ot_chromium_compare(bool *same, const struct ot_chromium_browser *browser,
                                   const struct ot_chromium_content *content,
                                   struct ot_error *err);

#endif

#include "doctor/confined_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/source.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "export/export.h"

#define SYSTEM_DIR "/etc/ssl/certs"
#define SYSTEM_BUNDLE SYSTEM_DIR "/ca-certificates.crt"
#define SYSTEM_WORD "@system-ca" /* haproxy's, for what OpenSSL has by default */
/* What the documents have export_bundle name. */
#define BUNDLE "/var/lib/orgtrust/export/ca.pem"
#define BLANKS " \t\r\n"

bool ot_confined_covers(const char *dir, const char *path)
{
    size_t len = strlen(dir);

    while (len > 0 && dir[len - 1] == '/')
        len--;
    return strncmp(dir, path, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

bool ot_confined_is_kept(const struct ot_confined *confined, const char *path)
{
    const struct ot_exports *exports = confined->exports;

    if (confined->system_holds &&
        (strcmp(path, SYSTEM_WORD) == 0 || ot_confined_covers(SYSTEM_DIR, path)))
        return true;
    for (size_t i = 0; exports != NULL && i < exports->count; i++) {
        const struct ot_export *item = &exports->items[i];

        if (item->kind != OT_EXPORT_ON_CHANGE && item->target != NULL &&
            ot_confined_covers(item->target, path))
            return true;
    }
    return false;
}

static bool has_on_change(const struct ot_confined *confined, const char *command)
{
    const struct ot_exports *exports = confined->exports;

    for (size_t i = 0; exports != NULL && i < exports->count; i++)
        if (exports->items[i].kind == OT_EXPORT_ON_CHANGE &&
            strstr(exports->items[i].target, command) != NULL)
            return true;
    return false;
}

/* A bundle that is kept already; NULL: none. */
static const char *find_kept_bundle(const struct ot_confined *confined)
{
    const struct ot_exports *exports = confined->exports;

    if (confined->system_holds)
        return SYSTEM_BUNDLE;
    for (size_t i = 0; exports != NULL && i < exports->count; i++)
        if (exports->items[i].kind == OT_EXPORT_BUNDLE)
            return exports->items[i].target;
    return NULL;
}

static void add_other_file(const struct ot_confined *confined,
                           const struct ot_confined_daemon *daemon, const char *file)
{
    const char *bundle = find_kept_bundle(confined);
    char advice[2 * PATH_MAX];

    snprintf(advice, sizeof(advice), "%s%s%s%s, and on_change = %s in orgtrust.conf",
             bundle != NULL ? "" : "export_bundle = " BUNDLE " in orgtrust.conf, ",
             daemon->setting, bundle != NULL ? bundle : BUNDLE, daemon->where,
             daemon->reload);
    if (file == NULL)
        ot_finding_add(&confined->doctor->findings, OT_CONFINED_PART,
                       OT_VERDICT_NOT_WIRED, daemon->name, NULL,
                       "enters %s, and names no file of authorities that it would read "
                       "before; it follows by %s",
                       daemon->root, advice);
    else
        ot_finding_add(&confined->doctor->findings, OT_CONFINED_PART,
                       OT_VERDICT_NOT_WIRED, daemon->name, NULL,
                       "reads %s before it enters %s, which orgtrust does not keep in "
                       "step; it follows by %s",
                       file, daemon->root, advice);
}

void ot_confined_add_file(const struct ot_confined *confined,
                          const struct ot_confined_daemon *daemon, const char *file)
{
    bool is_reloaded = has_on_change(confined, daemon->reload);

    if (file == NULL || !ot_confined_is_kept(confined, file))
        add_other_file(confined, daemon, file);
    else
        ot_finding_add(&confined->doctor->findings, OT_CONFINED_PART, OT_VERDICT_NOTE,
                       daemon->name, NULL,
                       "reads %s, which orgtrust keeps in step, before it enters %s: a "
                       "process that runs sees a change after %s, which on_change %s",
                       file, daemon->root, daemon->reload,
                       is_reloaded ? "does" : "in orgtrust.conf can do");
}

static char *trim_line(char *line)
{
    size_t len;

    line += strspn(line, BLANKS);
    len = strlen(line);
    while (len > 0 && strchr(BLANKS, line[len - 1]) != NULL)
        line[--len] = '\0';
    return line;
}

/* Puts line behind what was before it; false: that is all of one, in *whole. */
static bool goes_on(char **whole, const char *line)
{
    size_t before = *whole != NULL ? strlen(*whole) : 0, len = strlen(line);
    bool more = len > 0 && line[len - 1] == '\\';
    char *longer = realloc(*whole, before + len + 2);

    if (longer == NULL)
        return false;
    snprintf(longer + before, len + 2, "%.*s%s", (int)(more ? len - 1 : len), line,
             more ? " " : "");
    *whole = longer;
    return more;
}

void ot_confined_read_lines(const char *path, ot_confined_seen *seen, void *arg)
{
    FILE *in = fopen(path, "re");
    char *line = NULL, *whole = NULL;
    size_t room = 0;

    while (in != NULL && getline(&line, &room, in) >= 0) {
        if (goes_on(&whole, trim_line(line)))
            continue;
        if (whole != NULL)
            seen(arg, whole);
        free(whole);
        whole = NULL;
    }
    free(whole);
    free(line);
    if (in != NULL)
        fclose(in);
}

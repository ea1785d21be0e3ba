/* Services of systemd with a root of their own, or of which a part of the tree is hidden
 * where programs look for the organization's certificates. ProtectSystem=, DynamicUser=
 * and the like hide nothing that a program reads, and make no finding. */
#include "doctor/confined_internal.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "export/mount_dir.h"

/* The first that has a unit counts. */
static const char *const unit_dirs[] = {
    "/etc/systemd/system",     "/run/systemd/system", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system",
};
#define UNIT_DIRS (sizeof(unit_dirs) / sizeof(unit_dirs[0]))

/* What a program in the service may need: files of authorities, or what plugins read. */
enum { FOR_FILES, FOR_PLUGINS, PLACES };
static const char *const unit_places[PLACES] = {OT_MOUNT_POINT, "/var/cache/orgtrust"};

struct held_unit {
    char root[PATH_MAX]; /* "": that of the machine */
    bool is_image;
    bool is_hidden[PLACES], is_bound[PLACES];
    bool is_named; /* a variable names a file of ours */
};

static void take_root(struct held_unit *unit, const char *value, bool is_image)
{
    snprintf(unit->root, sizeof(unit->root), "%s", value);
    unit->is_image = is_image;
}

/* The path of an item: a sign before it may say that it may lack, and options follow.
 * has_source: "source:path:options", where the path is the source's unless it is said. */
static char *find_unit_path(char *item, bool has_source)
{
    char *path = item + strspn(item, "-+"), *colon = strchr(path, ':');

    if (has_source && colon != NULL) {
        path = colon + 1;
        colon = strchr(path, ':');
    }
    if (colon != NULL)
        *colon = '\0';
    return path;
}

static void take_paths(bool places[PLACES], char *value, bool has_source)
{
    char *rest;

    for (char *item = strtok_r(value, " \t\"", &rest); item != NULL;
         item = strtok_r(NULL, " \t\"", &rest)) {
        const char *path = find_unit_path(item, has_source);

        for (int i = 0; i < PLACES; i++)
            places[i] = places[i] || ot_confined_covers(path, unit_places[i]);
    }
}

/* An empty value takes back what was said before. */
static void take_list(bool places[PLACES], char *value, bool has_source)
{
    if (value[0] == '\0')
        memset(places, 0, PLACES * sizeof(places[0]));
    take_paths(places, value, has_source);
}

static void take_assignment(void *arg, char *line)
{
    struct held_unit *unit = arg;
    char *value = strchr(line, '=');
    size_t len = value != NULL ? (size_t)(value - line) : 0;

    if (value == NULL || line[0] == '#' || line[0] == ';')
        return;
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    line[len] = '\0';
    value += 1 + strspn(value + 1, " \t");
    if (strcmp(line, "RootDirectory") == 0 || strcmp(line, "RootImage") == 0)
        take_root(unit, value, line[4] == 'I');
    else if (strcmp(line, "TemporaryFileSystem") == 0 ||
             strcmp(line, "InaccessiblePaths") == 0)
        take_list(unit->is_hidden, value, false);
    else if (strcmp(line, "BindPaths") == 0 || strcmp(line, "BindReadOnlyPaths") == 0)
        take_list(unit->is_bound, value, true);
    else if (strcmp(line, "Environment") == 0 && strstr(value, OT_MOUNT_POINT) != NULL)
        unit->is_named = true;
}

static bool sees_place(const struct held_unit *unit, int i)
{
    char inside[2 * PATH_MAX];

    if (unit->is_bound[i] || unit->is_hidden[i])
        return unit->is_bound[i];
    if (unit->root[0] == '\0')
        return true;
    snprintf(inside, sizeof(inside), "%s%s", unit->root, unit_places[i]);
    return !unit->is_image && access(inside, F_OK) == 0;
}

/* What is still missing, of the configuration and of the unit. */
static void write_advice(char *advice, size_t size, const struct held_unit *unit,
                         bool has_mount, bool is_kept)
{
    const bool needs_unit = !has_mount || !unit->is_named;

    snprintf(advice, size, "; it follows by %s%s%s%s%s%s",
             is_kept ? "" : "export_containers = " OT_MOUNT_POINT " in orgtrust.conf",
             !is_kept && needs_unit ? ", " : "",
             has_mount ? "" : "BindReadOnlyPaths=" OT_MOUNT_POINT,
             !has_mount && !unit->is_named ? " and " : "",
             unit->is_named ? ""
                            : "Environment=SSL_CERT_FILE=" OT_MOUNT_POINT
                              "/" OT_MOUNT_BUNDLE,
             needs_unit ? " (systemctl edit)" : "");
}

static void add_unit(const struct ot_confined *confined, const char *name,
                     const struct held_unit *unit)
{
    const bool files = sees_place(unit, FOR_FILES),
               plugins = sees_place(unit, FOR_PLUGINS);
    const bool is_kept = ot_confined_is_kept(confined, OT_MOUNT_POINT);
    char how[PATH_MAX + 32] = "InaccessiblePaths= or TemporaryFileSystem=", advice[512];

    if (unit->root[0] != '\0')
        snprintf(how, sizeof(how), "Root%s=%s", unit->is_image ? "Image" : "Directory",
                 unit->root);
    else if (files && plugins)
        return;
    write_advice(advice, sizeof(advice), unit, files, is_kept);
    ot_finding_add(&confined->doctor->findings, OT_CONFINED_PART,
                   (files && is_kept) || plugins ? OT_VERDICT_NOTE : OT_VERDICT_NOT_WIRED,
                   name, NULL, "by %s it sees %s%s", how,
                   files && plugins   ? "both files of authorities and snapshots of ours"
                   : files && is_kept ? OT_MOUNT_POINT ", which orgtrust keeps in step"
                   : plugins ? "the snapshots, and programs in it follow that have the "
                               "provider or the PKCS#11 module"
                             : "nothing that orgtrust keeps",
                   (files && is_kept && unit->is_named) || plugins ? "" : advice);
}

static void read_drop_ins(struct held_unit *unit, const char *name)
{
    char pattern[PATH_MAX];
    glob_t files;
    int flags = 0;

    for (size_t i = 0; i < UNIT_DIRS; i++, flags = GLOB_APPEND) {
        snprintf(pattern, sizeof(pattern), "%s/%s.d/*.conf", unit_dirs[UNIT_DIRS - 1 - i],
                 name);
        (void)glob(pattern, flags, NULL, &files);
    }
    for (size_t i = 0; i < files.gl_pathc; i++)
        ot_confined_read_lines(files.gl_pathv[i], take_assignment, unit);
    globfree(&files);
}

static bool has_earlier(size_t dirs, const char *name)
{
    char path[PATH_MAX];

    for (size_t i = 0; i < dirs; i++) {
        snprintf(path, sizeof(path), "%s/%s", unit_dirs[i], name);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

static void look_at_unit(const struct ot_confined *confined, size_t dir, const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    struct held_unit unit = {.is_image = false};

    if (has_earlier(dir, name))
        return;
    ot_confined_read_lines(path, take_assignment, &unit);
    read_drop_ins(&unit, name);
    add_unit(confined, name, &unit);
}

void ot_confined_look_at_units(const struct ot_confined *confined)
{
    char pattern[PATH_MAX];
    glob_t files;

    for (size_t dir = 0; dir < UNIT_DIRS; dir++) {
        snprintf(pattern, sizeof(pattern), "%s/*.service", unit_dirs[dir]);
        (void)glob(pattern, 0, NULL, &files);
        for (size_t i = 0; i < files.gl_pathc; i++)
            look_at_unit(confined, dir, files.gl_pathv[i]);
        globfree(&files);
    }
}

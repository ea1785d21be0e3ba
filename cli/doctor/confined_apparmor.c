/* Profiles of AppArmor that include an abstraction to which the packages add. */
#include "doctor/confined_internal.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"

#define ENABLED "/sys/module/apparmor/parameters/enabled"
#define PROFILES "/etc/apparmor.d"
#define ABSTRACTIONS ORGTRUST_SYSCONFDIR "/apparmor.d/abstractions"

static const struct {
    const char *name, *gives;
} abstractions[] = {
    {"openssl", "OpenSSL's store"},
    {"p11-kit", "the PKCS#11 module"},
    {"ssl_certs", "the files that are kept in step"},
};
#define ABSTRACTION_COUNT (sizeof(abstractions) / sizeof(abstractions[0]))

struct profile_look {
    bool has[ABSTRACTION_COUNT];
};

static void take_enabled(void *arg, char *line)
{
    *(bool *)arg = line[0] == 'Y';
}

static void take_include(void *arg, char *line)
{
    struct profile_look *look = arg;
    char word[64];

    for (size_t i = 0; i < ABSTRACTION_COUNT; i++) {
        snprintf(word, sizeof(word), "include <abstractions/%s>", abstractions[i].name);
        look->has[i] =
            look->has[i] || strncmp(line + (line[0] == '#'), word, strlen(word)) == 0;
    }
}

/* How many of the abstractions a profile has, as a list; only those that ours is in. */
static int list_what_it_sees(char *buf, size_t size, const struct profile_look *look)
{
    char path[256];
    size_t len = 0;
    int count = 0;

    for (size_t i = 0; i < ABSTRACTION_COUNT; i++) {
        snprintf(path, sizeof(path), ABSTRACTIONS "/%s.d/orgtrust", abstractions[i].name);
        if (!look->has[i] || access(path, F_OK) != 0)
            continue;
        len += (size_t)snprintf(buf + len, size - len, "%s%s (<abstractions/%s>)",
                                count++ > 0 ? ", " : "", abstractions[i].gives,
                                abstractions[i].name);
    }
    return count;
}

static bool look_at_profile(const struct ot_confined *confined, const char *path)
{
    struct profile_look look = {.has = {false}};
    char sees[256];

    ot_confined_read_lines(path, take_include, &look);
    if (list_what_it_sees(sees, sizeof(sees), &look) == 0)
        return false;
    ot_finding_add(&confined->doctor->findings, OT_CONFINED_PART, OT_VERDICT_NOTE, path,
                   NULL, "since this profile was last loaded its programs see %s", sees);
    return true;
}

void ot_confined_look_at_apparmor(const struct ot_confined *confined)
{
    size_t others = 0;
    glob_t files;
    bool is_on = false;

    ot_confined_read_lines(ENABLED, take_enabled, &is_on);
    if (!is_on)
        return;
    (void)glob(PROFILES "/*[a-z0-9]", GLOB_MARK, NULL, &files);
    for (size_t i = 0; i < files.gl_pathc; i++)
        if (files.gl_pathv[i][strlen(files.gl_pathv[i]) - 1] != '/' &&
            !look_at_profile(confined, files.gl_pathv[i]))
            others++;
    globfree(&files);
    if (others > 0)
        ot_finding_add(
            &confined->doctor->findings, OT_CONFINED_PART, OT_VERDICT_NOTE, PROFILES,
            NULL,
            "%zu profile%s of AppArmor include%s none of <abstractions/openssl>, "
            "p11-kit and ssl_certs: where such a program should follow, "
            "/etc/apparmor.d/local has a file for a line like "
            "'include <abstractions/ssl_certs>'",
            others, others == 1 ? "" : "s", others == 1 ? "s" : "");
}

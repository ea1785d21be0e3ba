/* Daemons that enter a root of their own: postfix's clients, and haproxy. Both read a
 * file of authorities before; what they look up later they look up inside. */
#include "doctor/confined_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"

#define BLANKS " \t"

struct postfix {
    char queue[PATH_MAX], file[PATH_MAX], dir[PATH_MAX];
    char level[16];
    bool has_client; /* one of its clients has a root of its own */
};

static void take_main_line(void *arg, char *line)
{
    struct postfix *postfix = arg;
    char *value = strchr(line, '=');
    const struct {
        const char *key;
        char *to;
        size_t size;
    } keys[] = {
        {"queue_directory", postfix->queue, sizeof(postfix->queue)},
        {"smtp_tls_CAfile", postfix->file, sizeof(postfix->file)},
        {"smtp_tls_CApath", postfix->dir, sizeof(postfix->dir)},
        {"compatibility_level", postfix->level, sizeof(postfix->level)},
    };

    if (value == NULL || line[0] == '#')
        return;
    *value++ = '\0';
    line[strcspn(line, BLANKS)] = '\0';
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(line, keys[i].key) == 0)
            snprintf(keys[i].to, keys[i].size, "%s", value + strspn(value, BLANKS));
}

/* service type private unprivileged chroot wakeup maxproc command. For "-" the level of
 * compatibility says which. */
static void take_master_line(void *arg, char *line)
{
    struct postfix *postfix = arg;
    char *words[8], *rest, *word = strtok_r(line, BLANKS, &rest);
    size_t count = 0;

    while (word != NULL && count < 8) {
        words[count++] = word;
        word = strtok_r(NULL, BLANKS, &rest);
    }
    if (count < 8 || words[0][0] == '#' ||
        (strcmp(words[7], "smtp") != 0 && strcmp(words[7], "lmtp") != 0))
        return;
    if (words[4][0] == 'y' || (words[4][0] == '-' && strtod(postfix->level, NULL) < 1))
        postfix->has_client = true;
}

static void add_postfix_dir(const struct ot_confined *confined,
                            const struct postfix *postfix)
{
    char inside[2 * PATH_MAX];

    snprintf(inside, sizeof(inside), "%s%s",
             ot_confined_covers(postfix->queue, postfix->dir) ? "" : postfix->queue,
             postfix->dir);
    if (ot_confined_is_kept(confined, inside))
        ot_finding_add(
            &confined->doctor->findings, OT_CONFINED_PART, OT_VERDICT_NOTE, "postfix",
            NULL,
            "its clients look in %s, inside their root, which orgtrust keeps in "
            "step",
            inside);
    else
        ot_finding_add(&confined->doctor->findings, OT_CONFINED_PART,
                       OT_VERDICT_NOT_WIRED, "postfix", NULL,
                       "its clients look in %s, inside their root, which is as old as "
                       "postfix's start; smtp_tls_CAfile is read before that",
                       inside);
}

void ot_confined_look_at_postfix(const struct ot_confined *confined)
{
    struct postfix postfix = {.queue = "/var/spool/postfix"};
    const struct ot_confined_daemon clients = {
        "postfix", postfix.queue, "postconf -e smtp_tls_CAfile=", "", "postfix reload"};

    ot_confined_read_lines("/etc/postfix/main.cf", take_main_line, &postfix);
    ot_confined_read_lines("/etc/postfix/master.cf", take_master_line, &postfix);
    if (!postfix.has_client)
        return;
    if (postfix.file[0] != '\0' || postfix.dir[0] == '\0')
        ot_confined_add_file(confined, &clients,
                             postfix.file[0] != '\0' ? postfix.file : NULL);
    else
        add_postfix_dir(confined, &postfix);
}

struct haproxy {
    const struct ot_confined *confined;
    char root[PATH_MAX], base[PATH_MAX];
    char file[PATH_MAX]; /* the first that is not kept; else the last */
    bool has_other;
};

static void take_haproxy_file(struct haproxy *haproxy, const char *name)
{
    char path[2 * PATH_MAX];
    const bool is_whole = name[0] == '/' || name[0] == '@' || haproxy->base[0] == '\0';

    snprintf(path, sizeof(path), "%s%s%s", is_whole ? "" : haproxy->base,
             is_whole ? "" : "/", name);
    if (haproxy->has_other)
        return;
    snprintf(haproxy->file, sizeof(haproxy->file), "%.*s", PATH_MAX - 1, path);
    haproxy->has_other = !ot_confined_is_kept(haproxy->confined, path);
}

static void take_haproxy_line(void *arg, char *line)
{
    struct haproxy *haproxy = arg;
    char *rest, *word;

    line[strcspn(line, "#")] = '\0';
    for (char *before = strtok_r(line, BLANKS, &rest); before != NULL; before = word) {
        word = strtok_r(NULL, BLANKS, &rest);
        if (word == NULL)
            return;
        if (strcmp(before, "chroot") == 0)
            snprintf(haproxy->root, sizeof(haproxy->root), "%s", word);
        else if (strcmp(before, "ca-base") == 0)
            snprintf(haproxy->base, sizeof(haproxy->base), "%s", word);
        else if (strcmp(before, "ca-file") == 0)
            take_haproxy_file(haproxy, word);
    }
}

void ot_confined_look_at_haproxy(const struct ot_confined *confined)
{
    struct haproxy haproxy = {.confined = confined};
    const struct ot_confined_daemon workers = {"haproxy", haproxy.root, "ca-file ",
                                               " in haproxy.cfg",
                                               "systemctl reload haproxy"};

    ot_confined_read_lines("/etc/haproxy/haproxy.cfg", take_haproxy_line, &haproxy);
    if (haproxy.root[0] != '\0')
        ot_confined_add_file(confined, &workers,
                             haproxy.file[0] != '\0' ? haproxy.file : NULL);
}

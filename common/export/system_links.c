#include "export/system_links.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory_stream.h"
#include "export/anchors.h"
#include "files/file.h"
#include "files/path.h"
#include "files/place.h"
#include "machine/system_store.h"

#define LINKS "/etc/ssl/certs"
#define LIST "/etc/ca-certificates.conf"
#define LIST_BYTES_MAX (1024u * 1024)

_Static_assert(OT_ANCHOR_NAME_LEN == OT_SYSTEM_NAME_LEN, "one name for a file");

static int digit_of(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Compared as bytes: there may be many of both. */
bool ot_system_is_wanted(const char *name, const struct ot_anchors *anchors)
{
    const char *hex = name + strlen(OT_SYSTEM_PREFIX);
    uint8_t id[OT_ANCHOR_NAME_LEN / 2];

    for (size_t i = 0; i < sizeof(id); i++)
        id[i] = (uint8_t)(digit_of(hex[2 * i]) << 4 | digit_of(hex[2 * i + 1]));
    for (size_t i = 0; i < anchors->count; i++)
        if (memcmp(anchors->items[i].id, id, sizeof(id)) == 0)
            return true;
    return false;
}

/* The links of ours that are no anchor's: counted, and put into the list, if any. */
static enum ot_status find_stale(const struct ot_anchors *anchors, FILE *list,
                                 size_t *count, struct ot_error *err)
{
    const struct dirent *entry;
    DIR *dir = opendir(LINKS);

    *count = 0;
    if (dir == NULL)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read the directory %s", LINKS);
    while ((entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;

        if (!ot_system_is_ours(name, ".pem") || ot_system_is_wanted(name, anchors))
            continue;
        ++*count;
        if (list != NULL)
            fprintf(list, "!orgtrust/%.*s.crt\n", (int)(strlen(name) - strlen(".pem")),
                    name);
    }
    closedir(dir);
    return OT_OK;
}

/* The system's list, which may be absent. */
static enum ot_status copy_list(FILE *to, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    char buf[4096];
    ssize_t n;
    int fd;

    status = ot_path_open(&fd, LIST, LIST_BYTES_MAX, err);
    if (status == OT_E_NOT_FOUND) {
        ot_error_clear(err);
        return OT_OK;
    }
    if (status != OT_OK)
        return status;
    while ((n = read(fd, buf, sizeof(buf))) > 0)
        fwrite(buf, 1, (size_t)n, to);
    if (n < 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot read %s", LIST);
    close(fd);
    fputc('\n', to); /* should its last line have no end */
    return status;
}

enum ot_status ot_system_links_conf(char *conf, bool *made, const char *dir,
                                    const struct ot_anchors *anchors,
                                    struct ot_error *err)
{
    char *text = NULL;
    size_t len = 0, stale = 0;
    FILE *list = open_memstream(&text, &len);
    enum ot_status status;

    *made = false;
    if (list == NULL)
        return ot_error_nomem(err);
    status = copy_list(list, err);
    if (status == OT_OK)
        status = find_stale(anchors, list, &stale, err);
    if (ot_memory_stream_end(list, &text) == NULL && status == OT_OK)
        status = ot_error_nomem(err);
    if (status == OT_OK && stale > 0) {
        snprintf(conf, PATH_MAX, "%s/ca-certificates.conf", dir);
        status = ot_file_replace(conf, text, len, 0644, err);
        *made = status == OT_OK;
    }
    free(text);
    return status;
}

/* The link of a file, without its directory: as the tool takes it away, and as it makes
 * it. false: these are the same. */
static bool name_links(char removed[NAME_MAX + 1], char made[NAME_MAX + 1],
                       const char *file)
{
    const char *base = strrchr(file, '/') + 1;
    size_t len = strlen(base), end = strlen(".crt");
    bool differs = false;

    if (len > end && strcmp(base + len - end, ".crt") == 0)
        len -= end;
    if (snprintf(removed, NAME_MAX + 1, "%.*s.pem", (int)len, base) > NAME_MAX)
        return false;
    strcpy(made, removed);
    for (char *at = made; *at != '\0'; at++) {
        char c = *at;

        *at = (char)(c == ' ' || c == ',' ? '_' : c == '(' || c == ')' ? '=' : c);
        differs = differs || *at != c;
    }
    return differs;
}

enum ot_status ot_system_links_give_up(const char *file, bool *changed,
                                       struct ot_error *err)
{
    char removed[NAME_MAX + 1], made[NAME_MAX + 1], path[PATH_MAX], target[PATH_MAX];
    struct ot_place place;
    enum ot_status status;
    ssize_t len;

    if (!name_links(removed, made, file))
        return OT_OK;
    snprintf(path, sizeof(path), LINKS "/%s", made);
    status = ot_place_open(&place, path, true, err);
    if (status != OT_OK)
        return status;
    len = readlinkat(place.dir, place.name, target, sizeof(target));
    if (len > 0 && (size_t)len == strlen(file) &&
        memcmp(target, file, (size_t)len) == 0) {
        *changed = true;
        if (renameat(place.dir, place.name, place.dir, removed) != 0)
            status = ot_error_errno(err, OT_E_IO, errno, "cannot rename %s", path);
    }
    ot_place_close(&place);
    return status;
}

enum ot_status ot_system_links_check(const struct ot_anchors *anchors,
                                     struct ot_error *err)
{
    size_t stale;
    enum ot_status status = find_stale(anchors, NULL, &stale, err);

    if (status == OT_OK && stale > 0)
        return ot_error_set(err, OT_E_IO,
                            "update-ca-certificates left %zu anchors in " LINKS
                            " that are not wanted any more",
                            stale);
    for (size_t i = 0; status == OT_OK && i < anchors->count; i++) {
        char name[OT_ANCHOR_NAME_LEN + 1], path[PATH_MAX];
        struct stat st;

        ot_anchor_name(name, &anchors->items[i]);
        snprintf(path, sizeof(path), LINKS "/" OT_SYSTEM_PREFIX "%s.pem", name);
        if (stat(path, &st) != 0)
            status = ot_error_errno(err, OT_E_IO, errno,
                                    "update-ca-certificates did not make %s", path);
    }
    return status;
}

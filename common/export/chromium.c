#include "export/chromium.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory_stream.h"
#include "export/anchors.h"
#include "export/chromium_policy.h"
#include "export/files.h"
#include "export/system_mark_internal.h"
#include "files/file.h"
#include "files/path.h"
#include "files/place.h"
#include "files/read_all.h"
#include "files/tree.h"

/* The directories that were made, the outermost first. It is there before the first file,
 * and until the last is gone. */
#define RECORD OT_SYSTEM_MARK_CHROMIUM

const struct ot_chromium_browser ot_chromium_browsers[OT_CHROMIUM_BROWSERS] = {
    {"Chromium",
     {"/usr/bin/chromium", "/usr/lib/chromium/chromium",
      "/usr/lib64/chromium-browser/chromium-browser", NULL},
     "/etc/chromium/policies/managed"},
    {"Google Chrome",
     {"/opt/google/chrome/chrome", "/opt/google/chrome-beta/chrome",
      "/opt/google/chrome-unstable/chrome", NULL},
     "/etc/opt/chrome/policies/managed"},
    {"Microsoft Edge",
     {"/opt/microsoft/msedge/msedge", "/opt/microsoft/msedge-beta/msedge",
      "/opt/microsoft/msedge-dev/msedge", NULL},
     "/etc/opt/edge/policies/managed"},
    /* Ubuntu's, of which the snap sees this directory of the machine. */
    {"Chromium as a snap",
     {"/snap/bin/chromium", NULL},
     "/etc/chromium-browser/policies/managed"},
};

bool ot_chromium_is_installed(const struct ot_chromium_browser *browser)
{
    for (size_t i = 0; browser->programs[i] != NULL; i++)
        if (access(browser->programs[i], F_OK) == 0)
            return true;
    return false;
}

static void policy_path(char path[PATH_MAX], const struct ot_chromium_browser *browser)
{
    snprintf(path, PATH_MAX, "%s/" OT_CHROMIUM_FILE, browser->dir);
}

bool ot_chromium_is_marked(const char *dir)
{
    return geteuid() == 0 && ot_system_mark_is_of(RECORD, dir);
}

/* A whole file as a text that the caller frees; NULL where there is none. */
static enum ot_status read_policy_text(char **text, const char *path,
                                       struct ot_error *err)
{
    struct ot_error why = OT_ERROR_INIT;
    enum ot_status status;
    struct stat st;
    ssize_t len = -1;
    int fd;

    *text = NULL;
    status = ot_path_open(&fd, path, OT_EXPORT_BYTES_MAX, &why);
    if (status == OT_E_NOT_FOUND)
        return OT_OK;
    if (status != OT_OK) {
        if (err != NULL)
            *err = why;
        return status;
    }
    if (fstat(fd, &st) == 0 && (*text = malloc((size_t)st.st_size + 1)) != NULL)
        len = ot_read_all(fd, *text, (size_t)st.st_size);
    if (len < 0)
        status = ot_error_errno(err, OT_E_IO, errno, "cannot read %s", path);
    else
        (*text)[len] = '\0';
    close(fd);
    return status;
}

static enum ot_status read_policy_file(char **text, const char *path,
                                       struct ot_error *err)
{
    enum ot_status status = read_policy_text(text, path, err);

    if (status == OT_OK && *text != NULL && !ot_chromium_policy_is_ours(*text))
        status = ot_error_set(err, OT_E_UNSAFE,
                              "%s holds something that orgtrust did not write; give it "
                              "another name, or remove it if it is not needed",
                              path);
    return status;
}

/* content as text; before: what is there, or NULL. */
static enum ot_status make_policy_text(char **text,
                                       const struct ot_chromium_content *content,
                                       const char *before, struct ot_error *err)
{
    struct ot_chromium_policy policy = {.items = {NULL}};
    enum ot_status status = OT_OK;

    for (int list = 0; status == OT_OK && before != NULL && list < OT_CHROMIUM_LISTS;
         list++)
        status =
            ot_chromium_policy_keep(&policy, (enum ot_chromium_list)list, before, err);
    if (status == OT_OK && content->trusted != NULL)
        status = ot_chromium_policy_trust(&policy, content->trusted, err);
    if (status == OT_OK && content->distrusted != NULL)
        status = ot_chromium_policy_distrust(&policy, content->distrusted, err);
    *text = status == OT_OK ? ot_chromium_policy_text(&policy) : NULL;
    if (status == OT_OK && *text == NULL)
        status = ot_error_nomem(err);
    ot_chromium_policy_clear(&policy);
    return status;
}

static bool was_made(const char *made, const char *dir)
{
    size_t len = strlen(dir);

    for (const char *at = made; (at = strstr(at, dir)) != NULL; at++)
        if ((at == made || at[-1] == '\n') && at[len] == '\n')
            return true;
    return false;
}

/* Adds to the record those of a browser's directory and of what is above it that are not
 * there; an empty record is a mark, too. */
static enum ot_status record_dirs(const char *owner, const char *dir,
                                  struct ot_error *err)
{
    char above[PATH_MAX], *made = NULL, *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    enum ot_status status = ot_system_mark_read(&made, RECORD, err);

    if (out == NULL || status != OT_OK) {
        if (out != NULL)
            fclose(out);
        free(text);
        free(made);
        return status != OT_OK ? status : ot_error_nomem(err);
    }
    fputs(made, out);
    for (size_t i = 1; i <= strlen(dir); i++) {
        if (dir[i] != '/' && dir[i] != '\0')
            continue;
        snprintf(above, sizeof(above), "%.*s", (int)i, dir);
        if (access(above, F_OK) != 0 && !was_made(made, above))
            fprintf(out, "%s\n", above);
    }
    if (ot_memory_stream_end(out, &text) == NULL)
        status = ot_error_nomem(err);
    else if (!ot_system_mark_is_of(RECORD, owner) || strcmp(made, text) != 0)
        status = ot_system_mark_write(RECORD, owner, text, err);
    free(made);
    free(text);
    return status;
}

static enum ot_status put_policy(const char *owner,
                                 const struct ot_chromium_browser *browser,
                                 const struct ot_chromium_content *content, bool *written,
                                 struct ot_error *err)
{
    char path[PATH_MAX], *before = NULL, *text = NULL;
    enum ot_status status = record_dirs(owner, browser->dir, err);

    policy_path(path, browser);
    if (status == OT_OK)
        status = ot_place_make_around(path, err);
    if (status == OT_OK)
        status = read_policy_file(&before, path, err);
    if (status == OT_OK)
        status = make_policy_text(&text, content, before, err);
    if (status == OT_OK && (before == NULL || strcmp(before, text) != 0)) {
        ot_file_reap(path);
        status = ot_file_replace(path, text, strlen(text), 0644, err);
        *written = *written || status == OT_OK;
    }
    free(before);
    free(text);
    return status;
}

/* The directories of one browser's that were made, the innermost first. What others have
 * put into them stays. */
static void remove_made_dirs(const char *made, const char *dir)
{
    char above[PATH_MAX];

    for (size_t i = strlen(dir); i > 0; i--) {
        if (dir[i] != '/' && dir[i] != '\0')
            continue;
        snprintf(above, sizeof(above), "%.*s", (int)i, dir);
        if (was_made(made, above))
            ot_dir_remove(above);
    }
}

static enum ot_status take_policy(const char *owner,
                                  const struct ot_chromium_browser *browser,
                                  bool *written, struct ot_error *err)
{
    char path[PATH_MAX], *before = NULL, *made = NULL;
    enum ot_status status;

    /* A mark of ours is needed: else it is somebody else's, or of another cache. */
    if (!ot_system_mark_is_of(RECORD, owner))
        return OT_OK;
    policy_path(path, browser);
    status = ot_system_mark_read(&made, RECORD, err);
    if (status == OT_OK && access(browser->dir, F_OK) == 0) {
        ot_file_reap(path); /* one that died may have written nothing else */
        status = read_policy_file(&before, path, err);
    }
    if (status == OT_OK && before != NULL) {
        status = ot_file_remove(path, err);
        *written = *written || status == OT_OK;
    }
    if (status == OT_OK)
        remove_made_dirs(made, browser->dir);
    free(before);
    free(made);
    return status;
}

enum ot_status ot_chromium_put(const char *dir, const struct ot_chromium_content *content,
                               bool *written, struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; i < OT_CHROMIUM_BROWSERS; i++) {
        const struct ot_chromium_browser *browser = &ot_chromium_browsers[i];
        struct ot_error why = OT_ERROR_INIT;
        enum ot_status next = content != NULL && ot_chromium_is_installed(browser)
                                  ? put_policy(dir, browser, content, written, &why)
                                  : take_policy(dir, browser, written, &why);

        if (status == OT_OK && next != OT_OK) {
            status = next;
            if (err != NULL)
                *err = why;
        }
    }
    if (status == OT_OK && content == NULL)
        status = ot_system_mark_remove(RECORD, err);
    return status;
}

enum ot_status ot_chromium_compare(bool *same, const struct ot_chromium_browser *browser,
                                   const struct ot_chromium_content *content,
                                   struct ot_error *err)
{
    char path[PATH_MAX], *there = NULL, *text = NULL;
    enum ot_status status;

    policy_path(path, browser);
    *same = false;
    status = read_policy_file(&there, path, err);
    if (status == OT_OK)
        status = make_policy_text(&text, content, NULL, err);
    if (status == OT_OK)
        *same = there != NULL && strcmp(there, text) == 0;
    free(there);
    free(text);
    return status;
}

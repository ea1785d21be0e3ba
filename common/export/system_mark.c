#include "export/system_mark_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/file.h"
#include "files/path.h"
#include "files/read_all.h"
#include "files/tree.h"

#define BYTES_MAX (1024u * 1024)
#define STATE_DIR "/var/lib/orgtrust"

/* The first line: whose the rest is. */
#define OWNER "# of "

enum ot_status ot_system_text_read(char **text, const char *path, struct ot_error *err)
{
    enum ot_status status;
    ssize_t len = 0;
    int fd = -1;

    *text = malloc(BYTES_MAX + 1);
    if (*text == NULL)
        return ot_error_nomem(err);
    status = ot_path_open(&fd, path, BYTES_MAX, err);
    if (status == OT_E_NOT_FOUND) {
        ot_error_clear(err);
        status = OT_OK;
    } else if (status == OT_OK) {
        len = ot_read_all(fd, *text, BYTES_MAX);
        if (len < 0)
            status = ot_error_errno(err, OT_E_IO, errno, "cannot read %s", path);
        close(fd);
    }
    (*text)[len > 0 ? len : 0] = '\0';
    if (status == OT_OK && strlen(*text) != (size_t)len)
        status = ot_error_set(err, OT_E_UNSAFE,
                              "%s is no text: it is left as it is; mend it first", path);
    return status;
}

bool ot_system_mark_is_of(const char *path, const char *dir)
{
    bool is_of = access(path, F_OK) == 0;
    char *text = NULL, *owner;

    if (is_of && ot_system_text_read(&text, path, NULL) == OT_OK &&
        strncmp(text, OWNER, strlen(OWNER)) == 0) {
        owner = text + strlen(OWNER);
        owner[strcspn(owner, "\n")] = '\0';
        is_of = strcmp(owner, dir) == 0 || (access(owner, F_OK) != 0 && errno == ENOENT);
    }
    free(text);
    return is_of;
}

enum ot_status ot_system_mark_read(char **text, const char *path, struct ot_error *err)
{
    enum ot_status status = ot_system_text_read(text, path, err);

    if (status == OT_OK && *text != NULL && strncmp(*text, OWNER, strlen(OWNER)) == 0) {
        size_t len = strcspn(*text, "\n");

        len += (*text)[len] == '\n';
        memmove(*text, *text + len, strlen(*text + len) + 1);
    }
    return status;
}

enum ot_status ot_system_mark_write(const char *path, const char *dir, const char *text,
                                    struct ot_error *err)
{
    enum ot_status status = ot_file_make_dir(STATE_DIR, err);
    char *whole = NULL;
    int len = asprintf(&whole, OWNER "%s\n%s", dir, text);

    if (len < 0)
        return ot_error_nomem(err);
    if (status == OT_OK) {
        ot_file_reap(path);
        status = ot_file_replace(path, whole, (size_t)len, 0644, err);
    }
    free(whole);
    return status;
}

enum ot_status ot_system_mark_remove(const char *path, struct ot_error *err)
{
    enum ot_status status;

    if (access(STATE_DIR, F_OK) != 0)
        return OT_OK;
    ot_file_reap(path);
    status = ot_file_remove(path, err);
    ot_dir_remove(STATE_DIR); /* what else is in it keeps it */
    return status;
}

#include "export/system_list_internal.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache/distrust.h"
#include "cert/cert.h"
#include "config/source.h"
#include "export/system_links.h"
#include "export/system_mark_internal.h"
#include "files/file.h"
#include "files/plain_file.h"
#include "machine/pem_blocks.h"
#include "machine/system_store.h"
#include "snapshot/record.h"

#define LIST "/etc/ca-certificates.conf"
#define AUTHORITIES "/usr/share/ca-certificates"

/* A text of lines in memory that grows. */
struct lines {
    FILE *out;
    char *text;
    size_t len;
};

static bool lines_begin(struct lines *lines)
{
    *lines = (struct lines){.out = NULL};
    lines->out = open_memstream(&lines->text, &lines->len);
    return lines->out != NULL;
}

static bool lines_end(struct lines *lines)
{
    FILE *out = lines->out;

    lines->out = NULL;
    return out != NULL && fclose(out) == 0;
}

static void lines_clear(struct lines *lines)
{
    (void)lines_end(lines);
    free(lines->text);
}

/* Whether a text has this line. */
static bool has_line(const char *text, const char *line, size_t len)
{
    while (*text != '\0') {
        size_t here = strcspn(text, "\n");

        if (here == len && memcmp(text, line, len) == 0)
            return true;
        text += here + (text[here] == '\n');
    }
    return false;
}

struct question {
    struct ot_distrust *distrust;
    bool is_distrusted;
};

static enum ot_status ask_certificate(void *arg, const char *name, const uint8_t *der,
                                      size_t len, struct ot_error *err)
{
    struct question *question = arg;
    struct ot_record record = {.flags = 0};
    struct ot_error why = OT_ERROR_INIT;
    struct ot_cert *cert = NULL;

    (void)name;
    if (ot_cert_parse(&cert, der, len, &why) != OT_OK)
        return why.status == OT_E_NOMEM ? ot_error_nomem(err) : OT_OK;
    ot_cert_fill(cert, &record);
    /* A list for servers: what is denied for something else stays in it. */
    question->is_distrusted =
        question->is_distrusted ||
        ot_distrust_source(question->distrust, &record, OT_PURPOSE_SERVER) != NULL;
    ot_cert_free(cert);
    return OT_OK;
}

static bool find_authority_path(char path[PATH_MAX], const char *line, size_t len)
{
    struct ot_span name = ot_system_list_name(line, len);

    return snprintf(path, PATH_MAX, AUTHORITIES "/%.*s", (int)name.len,
                    (const char *)name.data) < PATH_MAX;
}

/* What a name of the list stands for; one that is not there is trusted by nobody. */
static enum ot_status ask_file(bool *is_distrusted, struct ot_distrust *distrust,
                               const char *line, size_t len, struct ot_error *err)
{
    struct question question = {.distrust = distrust};
    enum ot_status status;
    char path[PATH_MAX];
    FILE *file;
    BIO *bio;

    *is_distrusted = false;
    if (distrust == NULL || !find_authority_path(path, line, len))
        return OT_OK;
    /* As the system's tool reads it: whoever owns it and can write it. */
    file = ot_plain_open(path);
    if (file == NULL && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
                         errno == ENXIO)) /* none for the tool */
        return OT_OK;
    if (file == NULL)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read %s", path);
    bio = BIO_new_fp(file, BIO_NOCLOSE);
    status = bio != NULL ? ot_pem_blocks(bio, ask_certificate, &question, err)
                         : ot_error_nomem(err);
    BIO_free(bio);
    if (status == OT_OK && ferror(file) != 0)
        status = ot_error_errno(err, OT_E_IO, EIO, "cannot read %s", path);
    fclose(file);
    *is_distrusted = question.is_distrusted;
    return status;
}

/* The list as it is to be, and the names whose "!" is ours then. */
struct edit {
    struct ot_distrust *distrust;
    bool is_known; /* all that is distrusted: else nothing is taken back */
    const char *recorded;
    struct lines list, names;
};

static enum ot_status edit_line(struct edit *edit, const char *line, size_t len,
                                struct ot_error *err)
{
    bool is_no = len > 0 && line[0] == '!';
    const char *name = line + is_no;
    size_t name_len = len - is_no;
    bool is_ours = is_no && name_len > 0 && has_line(edit->recorded, name, name_len);
    bool is_distrusted = false;
    enum ot_status status = OT_OK;

    if (name_len > 0 && name[0] != '#' && (!is_no || is_ours))
        status = ask_file(&is_distrusted, edit->distrust, name, name_len, err);
    if (is_ours && !edit->is_known)
        is_distrusted = true;
    if (is_distrusted)
        fprintf(edit->names.out, "%.*s\n", (int)name_len, name);
    if (is_distrusted || (is_no && !is_ours))
        fputc('!', edit->list.out);
    fwrite(name, 1, name_len, edit->list.out);
    return status;
}

static enum ot_status edit_lines(struct edit *edit, const char *text,
                                 struct ot_error *err)
{
    enum ot_status status = OT_OK;

    while (status == OT_OK && *text != '\0') {
        size_t len = strcspn(text, "\n");

        status = edit_line(edit, text, len, err);
        if (text[len] == '\n')
            fputc('\n', edit->list.out);
        text += len + (text[len] == '\n');
    }
    return status;
}

/* With an empty line at its end until all is done. */
static enum ot_status write_record(const char *dir, const char *first, const char *second,
                                   bool is_done, struct ot_error *err)
{
    struct lines both;
    enum ot_status status = OT_OK;

    if (!lines_begin(&both))
        return ot_error_nomem(err);
    fprintf(both.out, "%s%s%s", first, second, is_done ? "" : "\n");
    if (!lines_end(&both))
        status = ot_error_nomem(err);
    if (status == OT_OK)
        status = ot_system_mark_write(OT_SYSTEM_MARK_LIST, dir, both.text, err);
    lines_clear(&both);
    return status;
}

/* The record first: should this be the last that happens, nothing is ours that it has
 * not. */
static enum ot_status write_list(const struct edit *edit, const char *dir,
                                 struct ot_error *err)
{
    enum ot_status status =
        write_record(dir, edit->recorded, edit->names.text, false, err);
    struct stat st;

    if (status != OT_OK)
        return status;
    if (stat(LIST, &st) != 0)
        return ot_error_errno(err, OT_E_IO, errno, "cannot examine %s", LIST);
    return ot_file_replace(LIST, edit->list.text, edit->list.len, st.st_mode & 07777,
                           err);
}

/* Of what the list says no to: see system_links.h. */
static enum ot_status give_up_links(const char *names, bool *changed,
                                    struct ot_error *err)
{
    enum ot_status status = OT_OK;

    while (status == OT_OK && *names != '\0') {
        size_t len = strcspn(names, "\n");
        char path[PATH_MAX];

        if (find_authority_path(path, names, len))
            status = ot_system_links_give_up(path, changed, err);
        names += len + (names[len] == '\n');
    }
    return status;
}

enum ot_status ot_system_list_put(const char *dir, struct ot_distrust *distrust,
                                  bool *changed, struct ot_error *err)
{
    struct edit edit = {.distrust = distrust, .is_known = ot_distrust_is_known(distrust)};
    char *text = NULL, *recorded = NULL;
    enum ot_status status = ot_system_text_read(&text, LIST, err);

    *changed = false;
    if (status == OT_OK)
        status = ot_system_mark_read(&recorded, OT_SYSTEM_MARK_LIST, err);
    edit.recorded = recorded;
    if (status == OT_OK && (!lines_begin(&edit.list) || !lines_begin(&edit.names)))
        status = ot_error_nomem(err);
    if (status == OT_OK)
        status = edit_lines(&edit, text, err);
    if (status == OT_OK && (!lines_end(&edit.list) || !lines_end(&edit.names)))
        status = ot_error_nomem(err);
    /* The record is longer than the names where a run was cut short. */
    *changed = status == OT_OK && (strcmp(edit.list.text, text) != 0 ||
                                   strcmp(edit.names.text, recorded) != 0);
    if (*changed && strcmp(edit.list.text, text) != 0)
        status = write_list(&edit, dir, err);
    if (status == OT_OK)
        status = give_up_links(edit.names.text, changed, err);
    lines_clear(&edit.list);
    lines_clear(&edit.names);
    free(recorded);
    free(text);
    return status;
}

enum ot_status ot_system_list_done(const char *dir, struct ot_error *err)
{
    char *text = NULL, *recorded = NULL;
    enum ot_status status = ot_system_text_read(&text, LIST, err);
    struct lines names = {.out = NULL};

    if (status == OT_OK)
        status = ot_system_mark_read(&recorded, OT_SYSTEM_MARK_LIST, err);
    if (status == OT_OK && !lines_begin(&names))
        status = ot_error_nomem(err);
    for (const char *line = text; status == OT_OK && *line != '\0';) {
        size_t len = strcspn(line, "\n");

        if (len > 1 && line[0] == '!' && has_line(recorded, line + 1, len - 1))
            fprintf(names.out, "%.*s\n", (int)len - 1, line + 1);
        line += len + (line[len] == '\n');
    }
    if (status == OT_OK && !lines_end(&names))
        status = ot_error_nomem(err);
    if (status == OT_OK && names.len > 0)
        status = write_record(dir, names.text, "", true, err);
    else if (status == OT_OK)
        status = ot_system_mark_remove(OT_SYSTEM_MARK_LIST, err);
    lines_clear(&names);
    free(recorded);
    free(text);
    return status;
}

#include "install/settings_text_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory_stream.h"
#include "config/ini_file.h"
#include "install/markers_internal.h"

#define HEADER "[source default]\n"

const char *const ot_setting_keys[OT_SETTING_COUNT] = {
    [OT_SETTING_BASE_URL] = "base_url",
    [OT_SETTING_ADMIN_KEY_FILE] = "admin_key_file",
    [OT_SETTING_CA_FILE] = "ca_file",
    [OT_SETTING_PROJECT] = "project",
};

/* What somebody has written by hand. */
struct outline {
    const char *const *values; /* what is to be said */
    bool in_default;           /* reading is in the section of the source */
    unsigned sections, default_line;
    unsigned section_key[OT_SETTING_COUNT]; /* lines that say it there, 0: none */
    bool head_has_key;                      /* the head says one that is to be said */
};

static enum ot_status note_section(void *arg, const char *name, unsigned line,
                                   struct ot_error *err)
{
    struct outline *outline = arg;
    const char *source = name + strcspn(name, " \t");

    (void)err;
    source += strspn(source, " \t");
    outline->sections++;
    outline->in_default = strncmp(source, "default", 7) == 0 &&
                          source[7 + strspn(source + 7, " \t")] == '\0';
    if (outline->in_default)
        outline->default_line = line;
    return OT_OK;
}

static enum ot_status note_pair(void *arg, const char *key, const char *value,
                                unsigned line, struct ot_error *err)
{
    struct outline *outline = arg;

    (void)value, (void)err;
    for (size_t i = 0; i < OT_SETTING_COUNT; i++) {
        if (strcmp(key, ot_setting_keys[i]) != 0)
            continue;
        if (outline->in_default)
            outline->section_key[i] = line;
        else if (outline->sections == 0 && outline->values[i] != NULL)
            outline->head_has_key = true;
    }
    return OT_OK;
}

static enum ot_status read_outline(struct outline *outline, const char *path,
                                   const struct ot_file_state *text, struct ot_error *err)
{
    const struct ot_ini ini = {note_section, note_pair, outline, OT_E_CONFIG};
    struct ot_file_state copy = {.kind = OT_FILE_ABSENT};
    enum ot_status status = ot_file_state_copy(&copy, text, err);

    if (status == OT_OK)
        status = ot_ini_parse(&ini, path, copy.data, copy.len, err);
    ot_file_state_clear(&copy);
    return status;
}

static enum ot_status check_section(const struct outline *outline, const char *path,
                                    struct ot_error *err)
{
    for (size_t i = 0; i < OT_SETTING_COUNT; i++)
        if (outline->values[i] != NULL && outline->section_key[i] != 0)
            return ot_error_set(err, OT_E_CONFIG,
                                "%s:%u has another %s, and setup does not change what "
                                "somebody has written: take that line out, or write %s "
                                "there",
                                path, outline->section_key[i], ot_setting_keys[i],
                                outline->values[i]);
    return OT_OK;
}

/* Where the line of this number ends, from 1. */
static size_t end_of_line(const struct ot_file_state *text, unsigned line)
{
    size_t at = 0;

    for (unsigned n = 0; n < line && at < text->len; n++) {
        const char *end = memchr(text->data + at, '\n', text->len - at);

        at = end == NULL ? text->len : (size_t)(end - text->data) + 1;
    }
    return at;
}

/* Where the lines go in what others have written, and whether they need a section. */
static enum ot_status find_settings_place(size_t *offset, bool *own_section,
                                          const char *path,
                                          const struct ot_file_state *theirs,
                                          const char *const *values, struct ot_error *err)
{
    struct outline outline = {.values = values};
    enum ot_status status = read_outline(&outline, path, theirs, err);

    if (status != OT_OK)
        return status;
    *own_section = false;
    *offset = 0;
    if (outline.default_line != 0) {
        *offset = end_of_line(theirs, outline.default_line);
        return check_section(&outline, path, err);
    }
    if (outline.sections > 0 || outline.head_has_key) {
        *own_section = true;
        *offset = theirs->len;
    }
    return OT_OK;
}

/* NULL: out of memory. */
static char *write_settings_body(const char *const *values, bool own_section)
{
    char *body = NULL;
    size_t len;
    FILE *stream = open_memstream(&body, &len);

    if (stream == NULL)
        return NULL;
    fputs(own_section ? HEADER : "", stream);
    for (size_t i = 0; i < OT_SETTING_COUNT; i++)
        if (values[i] != NULL)
            fprintf(stream, "%s = %s\n", ot_setting_keys[i], values[i]);
    return ot_memory_stream_end(stream, &body);
}

static bool is_any_needed(const char *const *values)
{
    for (size_t i = 0; i < OT_SETTING_COUNT; i++)
        if (values[i] != NULL)
            return true;
    return false;
}

enum ot_status ot_settings_write(struct ot_file_state *to, const char *path,
                                 const struct ot_file_state *text,
                                 const char *const values[OT_SETTING_COUNT],
                                 struct ot_error *err)
{
    struct ot_file_state theirs = {.kind = OT_FILE_ABSENT};
    bool was_there, own_section = false;
    size_t offset = 0, len = 0;
    char *body = NULL;
    enum ot_status status = ot_markers_strip_setup(&theirs, path, text, &was_there, err);

    if (status == OT_OK && !is_any_needed(values))
        status = ot_file_state_copy(to, &theirs, err);
    else if (status == OT_OK) {
        if (was_there && ot_markers_find_setup(text, &offset, &len))
            own_section = memmem(text->data + offset, len, "\n" HEADER,
                                 strlen("\n" HEADER)) != NULL;
        else
            status =
                find_settings_place(&offset, &own_section, path, &theirs, values, err);
        if (status == OT_OK && (body = write_settings_body(values, own_section)) == NULL)
            status = ot_error_nomem(err);
        if (status == OT_OK)
            status = ot_markers_insert_setup(to, &theirs, offset, body, err);
    }
    free(body);
    ot_file_state_clear(&theirs);
    return status;
}

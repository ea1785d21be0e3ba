#include "sync/sync_earlier_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/moment_tag.h"
#include "base/hex.h"
#include "base/memory_stream.h"
#include "config/identifier.h"
#include "config/ini_file.h"
#include "files/file.h"
#include "files/path.h"

#define TAG "tag"
#define SNAPSHOT "snapshot"

/* In the order in which cursors stand in the file; of the two ends there is at most one.
 */
static const struct cursor_key {
    const char *key;
    bool of_organization, is_end;
} cursor_keys[] = {{"behind", false, false},
                   {"end", false, true},
                   {"organization_behind", true, false},
                   {"organization_end", true, true}};

#define CURSOR_KEYS (sizeof(cursor_keys) / sizeof(cursor_keys[0]))

void ot_earlier_clear(struct ot_earlier *known)
{
    free(known->cursors);
    memset(known, 0, sizeof(*known));
}

enum ot_status ot_earlier_add(struct ot_earlier *known, const char *id,
                              bool of_organization, bool is_end, struct ot_error *err)
{
    struct ot_earlier_cursor *cursor;

    if (known->count == known->room) {
        size_t room = known->room > 0 ? 2 * known->room : 16;

        cursor = realloc(known->cursors, room * sizeof(*cursor));
        if (cursor == NULL)
            return ot_error_nomem(err);
        known->cursors = cursor;
        known->room = room;
    }
    cursor = &known->cursors[known->count++];
    snprintf(cursor->id, sizeof(cursor->id), "%s", id);
    cursor->of_organization = of_organization;
    cursor->is_end = is_end;
    return OT_OK;
}

static bool parse_sum(uint64_t *sum, const char *value)
{
    uint8_t bytes[sizeof(*sum)];

    if (strlen(value) != 2 * sizeof(bytes) || !ot_hex_read(bytes, sizeof(bytes), value))
        return false;
    *sum = 0;
    for (size_t i = 0; i < sizeof(bytes); i++)
        *sum = *sum << 8 | bytes[i];
    return true;
}

/* The key of a cursor, by its place among cursor_keys. */
static size_t key_of_cursor(const struct ot_earlier_cursor *cursor)
{
    return 2u * cursor->of_organization + cursor->is_end;
}

static enum ot_status take_cursor(struct ot_earlier *known, size_t key, const char *id,
                                  struct ot_error *err)
{
    const struct cursor_key *of = &cursor_keys[key];

    if (known->count > 0) {
        size_t last = key_of_cursor(&known->cursors[known->count - 1]);

        if (key < last || (key == last && of->is_end))
            return OT_E_CORRUPT;
    }
    if (!ot_is_cert_id(id, strlen(id)))
        return OT_E_CORRUPT;
    return ot_earlier_add(known, id, of->of_organization, of->is_end, err);
}

static enum ot_status take_earlier_line(void *arg, const char *key, const char *value,
                                        unsigned line, struct ot_error *err)
{
    struct ot_earlier *known = arg;

    (void)line;
    for (size_t i = 0; i < CURSOR_KEYS; i++)
        if (strcmp(key, cursor_keys[i].key) == 0)
            return take_cursor(known, i, value, err);
    if (strcmp(key, TAG) == 0)
        return ot_moment_tag_parse(known->tag, value) ? OT_OK : OT_E_CORRUPT;
    return strcmp(key, SNAPSHOT) == 0 && parse_sum(&known->snapshot, value)
               ? OT_OK
               : OT_E_CORRUPT;
}

void ot_earlier_read(struct ot_earlier *known, const char *path)
{
    const struct ot_ini ini = {NULL, take_earlier_line, known, OT_E_CORRUPT};
    enum ot_status status;
    int fd;

    memset(known, 0, sizeof(*known));
    if (ot_path_open(&fd, path, OT_EARLIER_BYTES_MAX, NULL) != OT_OK)
        return;
    status = ot_ini_read(&ini, path, fd, OT_EARLIER_BYTES_MAX, NULL);
    close(fd);
    if (status != OT_OK)
        ot_earlier_clear(known);
}

static bool says_same(const struct ot_earlier *a, const struct ot_earlier *b)
{
    if (strcmp(a->tag, b->tag) != 0 || a->count != b->count ||
        (a->tag[0] != '\0' && a->snapshot != b->snapshot))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->cursors[i].id, b->cursors[i].id) != 0 ||
            key_of_cursor(&a->cursors[i]) != key_of_cursor(&b->cursors[i]))
            return false;
    return true;
}

static void print_earlier(FILE *out, const struct ot_earlier *known)
{
    fputs("# What the last listing was like; orgtrust sync writes this.\n", out);
    if (known->tag[0] != '\0')
        fprintf(out, TAG " = %s\n" SNAPSHOT " = %016" PRIx64 "\n", known->tag,
                known->snapshot);
    for (size_t i = 0; i < known->count; i++)
        fprintf(out, "%s = %s\n", cursor_keys[key_of_cursor(&known->cursors[i])].key,
                known->cursors[i].id);
}

void ot_earlier_write(const struct ot_earlier *known, const struct ot_earlier *before,
                      const char *path)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out;

    if (says_same(known, before))
        return;
    ot_file_reap(path);
    out = open_memstream(&text, &len);
    if (out == NULL)
        return;
    print_earlier(out, known);
    if (ot_memory_stream_end(out, &text) != NULL && len <= OT_EARLIER_BYTES_MAX &&
        (known->tag[0] != '\0' || known->count > 0))
        (void)ot_file_replace_soon(path, text, len, 0644, NULL);
    else
        (void)ot_file_remove(path, NULL);
    free(text);
}

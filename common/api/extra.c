#include "api/extra.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/api_extension.h"
#include "base/limits.h"
#include "base/text.h"

/* "a.b.c": every level of an answer, with names that people would give fields. */
#define PATH_LEN_MAX 256

/* What the published schema has, and orgtrust-server beside it. */
static const char *const known[] = {"object",        "id",     "name",
                                    "created_at",    "active", "certificate_details",
                                    OT_DEACTIVATE_AT};
static const char *const known_details[] = {"valid_at", "expires_at", "content"};

static bool is_known(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Whether the three letters at `at` are a word by themselves: "cel_filter", "mtlsCel",
 * "CELPolicy", not "cancelled". Begun by its capital or by what is no letter; ended by
 * what is no letter, or by the capital of the next word. */
static bool is_word(const char *at, const char *text)
{
    bool is_capital = isupper((unsigned char)at[0]) != 0;
    char before = at > text ? at[-1] : '\0', behind = at[3];
    bool begins =
        !isalpha((unsigned char)before) || (is_capital && islower((unsigned char)before));
    bool ends = !isalpha((unsigned char)behind) ||
                (isupper((unsigned char)behind) &&
                 (islower((unsigned char)at[2]) || islower((unsigned char)at[4])));

    return begins && (ends || strncasecmp(behind != '\0' ? at + 3 : "", "expr", 4) == 0);
}

static bool names_restriction(const char *text)
{
    static const char *const parts[] = {"filter", "policy", "policies", "constraint"};

    for (size_t i = 0; text[i] != '\0'; i++) {
        for (size_t j = 0; j < sizeof(parts) / sizeof(parts[0]); j++)
            if (strncasecmp(text + i, parts[j], strlen(parts[j])) == 0)
                return true;
        if (strncasecmp(text + i, "cel", 3) == 0 && is_word(text + i, text))
            return true;
    }
    return false;
}

struct collector {
    char restricting[OT_EXTRA_MAX], others[OT_EXTRA_MAX];
};

static void append_extra(char list[OT_EXTRA_MAX], const char *mark, const char *name)
{
    size_t used = strlen(list), len = strlen(name), mark_len = strlen(mark);

    if (used + (used > 0) + mark_len + len >= OT_EXTRA_MAX)
        return;
    if (used > 0)
        list[used++] = '\n';
    memcpy(list + used, mark, mark_len);
    used += mark_len;
    memcpy(list + used, name, len + 1);
}

/* One level of the walk through a field: what is left of it, and how long the path was.
 */
struct level {
    const cJSON *next;
    size_t path_len;
};

static void extend_path(char path[PATH_LEN_MAX], size_t *len, const char *name)
{
    char shown[PATH_LEN_MAX];
    size_t more = ot_text_escape(shown, sizeof(shown), name, strlen(name));

    if (*len + 1 + more >= PATH_LEN_MAX)
        more = *len + 1 < PATH_LEN_MAX ? PATH_LEN_MAX - 2 - *len : 0;
    if (more == 0)
        return;
    if (*len > 0)
        path[(*len)++] = '.';
    memcpy(path + *len, shown, more);
    *len += more;
    path[*len] = '\0';
}

/* Everything below a field that is not known, and the field itself: a name that restricts
 * counts at any depth. What is null restricts nothing. */
static void add_unknown(struct collector *all, const char *base, const cJSON *field)
{
    struct level stack[OT_JSON_DEPTH_MAX + 1];
    char path[PATH_LEN_MAX] = "";
    size_t depth = 0, len = 0;
    bool found = false;

    if (base[0] != '\0')
        extend_path(path, &len, base);
    stack[depth++] = (struct level){field, len};
    while (depth > 0) {
        struct level *level = &stack[depth - 1];
        const cJSON *item = level->next;

        if (item == NULL) {
            depth--;
            continue;
        }
        level->next = depth == 1 ? NULL : item->next;
        len = level->path_len;
        path[len] = '\0';
        if (item->string != NULL)
            extend_path(path, &len, item->string);
        if (item->string != NULL && !cJSON_IsNull(item) &&
            names_restriction(item->string)) {
            append_extra(all->restricting, "!", path);
            found = true;
        } else if (item->child != NULL && depth <= OT_JSON_DEPTH_MAX) {
            stack[depth++] = (struct level){item->child, len};
        }
    }
    if (found)
        return;
    len = 0;
    if (base[0] != '\0')
        extend_path(path, &len, base);
    extend_path(path, &len, field->string);
    append_extra(all->others, "", path);
}

static void add_object(struct collector *all, const char *base, const cJSON *object,
                       const char *const *names, size_t count)
{
    for (const cJSON *field = object->child; field != NULL; field = field->next)
        if (field->string != NULL && !is_known(field->string, names, count))
            add_unknown(all, base, field);
}

enum ot_status ot_extra_collect(char **out, const cJSON *cert, struct ot_error *err)
{
    static const char details_name[] = "certificate_details";
    const cJSON *details = cJSON_GetObjectItemCaseSensitive(cert, details_name);
    struct collector all = {.restricting = "", .others = ""};
    char *line;

    *out = NULL;
    add_object(&all, "", cert, known, sizeof(known) / sizeof(known[0]));
    if (cJSON_IsObject(details))
        add_object(&all, details_name, details, known_details,
                   sizeof(known_details) / sizeof(known_details[0]));
    if (all.restricting[0] == '\0' && all.others[0] == '\0')
        return OT_OK;
    while (all.others[0] != '\0') {
        line = strchr(all.others, '\n');
        if (line != NULL)
            *line = '\0';
        append_extra(all.restricting, "", all.others);
        if (line == NULL)
            break;
        memmove(all.others, line + 1, strlen(line + 1) + 1);
    }
    *out = strdup(all.restricting);
    return *out != NULL ? OT_OK : ot_error_nomem(err);
}

struct ot_span ot_extra_restriction(struct ot_span extra)
{
    const uint8_t *end;

    if (extra.len == 0 || extra.data[0] != '!')
        return OT_SPAN_ABSENT;
    end = memchr(extra.data, '\n', extra.len);
    return ot_span_of(extra.data + 1,
                      (end != NULL ? (size_t)(end - extra.data) : extra.len) - 1);
}

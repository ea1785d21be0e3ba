#include "install/nss_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "install/file_state_internal.h"
#include "install/stack_internal.h"
#include "snapshot/record.h"

#define ORDER "trustOrder="
#define LIBRARY "library=" OT_PKCS11_MODULE "\n"
#define DISTRUST_LIBRARY "library=" OT_PKCS11_DISTRUST_MODULE "\n"

const char *const ot_nss_homes[] = {OT_NSS_OLDER_HOME, OT_NSS_NEWER_HOME, NULL};

/* They make the database when they first run; nobody should have to wait for that. */
const char *const ot_nss_browsers[] = {"chromium", "chromium-browser", "google-chrome",
                                       "google-chrome-stable", NULL};

/* Where the line of a library begins; NULL: the list has none. */
static const char *find_library(const struct ot_file_state *list, const char *line)
{
    const char *found;

    if (list->kind != OT_FILE_REGULAR)
        return NULL;
    for (found = list->data; (found = strstr(found, line)) != NULL; found++)
        if (found == list->data || found[-1] == '\n')
            break;
    return found;
}

bool ot_nss_list_has_distrust(const struct ot_file_state *list)
{
    return find_library(list, DISTRUST_LIBRARY) != NULL;
}

/* The lines about our module: its paragraph of the list. An empty one: there is none. */
static struct ot_span find_entry(const struct ot_file_state *list)
{
    const char *library = find_library(list, LIBRARY), *start, *end;

    if (library == NULL)
        return OT_SPAN_ABSENT;
    for (start = library; start > list->data; start--)
        if (start - list->data >= 2 && start[-1] == '\n' && start[-2] == '\n')
            break;
    end = strstr(library, "\n\n");
    return ot_span_of(
        start, (size_t)(end != NULL ? end + 1 - start : list->data + list->len - start));
}

/* Where a word stands in a part of the list, whatever its case, as NSS reads it; NULL: it
 * does not. */
static const char *find_word(struct ot_span part, const char *word)
{
    const char *text = (const char *)part.data;
    size_t len = strlen(word), at;

    for (at = 0; at + len <= part.len; at++)
        if (strncasecmp(text + at, word, len) == 0)
            return text + at;
    return NULL;
}

/* What NSS itself is told, behind "NSS=" to the end of the line; absent: nothing. */
static struct ot_span find_settings(struct ot_span entry)
{
    const char *line = find_word(entry, "\nNSS=");

    if (line == NULL)
        return OT_SPAN_ABSENT;
    line += strlen("\nNSS=");
    return ot_span_of(line, strcspn(line, "\n"));
}

enum ot_nss_wiring ot_nss_wiring_of(const struct ot_file_state *list)
{
    struct ot_span entry = find_entry(list);
    const char *order = find_word(find_settings(entry), ORDER);

    if (entry.data == NULL)
        return OT_NSS_UNLISTED;
    return order != NULL && strtol(order + strlen(ORDER), NULL, 10) >=
                                strtol(OT_NSS_ORDER, NULL, 10)
               ? OT_NSS_LISTED
               : OT_NSS_TOO_EARLY;
}

/* As far as this user may see; else one that is absent. */
static void read_list_in(struct ot_file_state *list, const char *dir)
{
    char *path;

    *list = (struct ot_file_state){.kind = OT_FILE_ABSENT};
    if (asprintf(&path, "%s/" OT_NSS_LIST, dir) < 0)
        return;
    if (ot_file_state_read(list, path, OT_EDITED_BYTES_MAX, NULL) != OT_OK)
        *list = (struct ot_file_state){.kind = OT_FILE_ABSENT};
    free(path);
}

enum ot_nss_wiring ot_nss_wiring_in(const char *dir)
{
    struct ot_file_state list;
    enum ot_nss_wiring wiring;

    read_list_in(&list, dir);
    wiring = ot_nss_wiring_of(&list);
    ot_file_state_clear(&list);
    return wiring;
}

bool ot_nss_has_distrust_in(const char *dir)
{
    struct ot_file_state list;
    bool has;

    read_list_in(&list, dir);
    has = ot_nss_list_has_distrust(&list);
    ot_file_state_clear(&list);
    return has;
}

enum ot_status ot_nss_list_set_order(struct ot_file_state *list, struct ot_error *err)
{
    struct ot_span entry = find_entry(list), settings = find_settings(entry);
    const char *order = find_word(settings, ORDER), *lead = "", *trail = "", *at, *rest;
    char *text;
    int len;

    if (entry.data == NULL)
        return OT_OK;
    if (order != NULL) {
        at = order;
        rest = order + strlen(ORDER) + strspn(order + strlen(ORDER), "0123456789");
    } else if (settings.data != NULL) {
        at = rest = (const char *)settings.data;
        trail = " ";
    } else {
        at = rest = strstr((const char *)entry.data, LIBRARY) + strlen(LIBRARY);
        lead = "NSS=";
        trail = "\n";
    }
    len = asprintf(&text, "%.*s%s" OT_NSS_ORDER_SETTING "%s%s", (int)(at - list->data),
                   list->data, lead, trail, rest);
    if (len < 0)
        return ot_error_nomem(err);
    ot_file_state_set(list, text, (size_t)len);
    return OT_OK;
}

#include "config/key_nearest_internal.h"

#include <stdbool.h>
#include <string.h>

#include "config/config_value_internal.h"

/* Longer than every key, so that what is longer still is like none. */
#define NAME_MAX_COMPARED 32

/* As it would have been written here: base-url and Base_Url are base_url. */
static char in_our_letters(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c + ('a' - 'A'));
    return c == '-' || c == ' ' || c == '.' ? '_' : c;
}

/* How many letters have to be put in, taken out or replaced (Levenshtein). */
static size_t edits_between(const char *a, const char *b)
{
    size_t row[NAME_MAX_COMPARED + 1], len = strlen(b);

    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t best = diagonal + (in_our_letters(a[i - 1]) != b[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[len];
}

static bool begins_alike(const char *name, const char *key)
{
    for (size_t i = 0; name[i] != '\0'; i++)
        if (in_our_letters(name[i]) != key[i])
            return false;
    return true;
}

/* The only key that begins with name, as admin_key_file does with admin_key. */
static const char *find_begun(const char *name)
{
    const char *found = NULL;

    for (size_t key = 0; key < OT_CONFIG_KEYS; key++) {
        if (!begins_alike(name, ot_config_key_name(key)))
            continue;
        if (found != NULL)
            return NULL;
        found = ot_config_key_name(key);
    }
    return found;
}

const char *ot_config_key_nearest(const char *name)
{
    size_t len = strlen(name), least = len / 4 + 1;
    const char *nearest = NULL;

    if (len < 4 || len > NAME_MAX_COMPARED)
        return NULL;
    for (size_t key = 0; key < OT_CONFIG_KEYS; key++) {
        size_t edits = edits_between(name, ot_config_key_name(key));

        if (edits < least) {
            least = edits;
            nearest = ot_config_key_name(key);
        }
    }
    return nearest != NULL ? nearest : find_begun(name);
}

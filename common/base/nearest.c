#include "base/nearest.h"

#include <stdbool.h>
#include <string.h>

/* Longer than every word, so that what is longer still is like none. */
#define NAME_MAX_COMPARED 32

/* Written alike: base-url and Base_Url are base_url. */
static char in_one_form(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c + ('a' - 'A'));
    return c == '-' || c == ' ' || c == '.' ? '_' : c;
}

static bool are_alike(char a, char b)
{
    return in_one_form(a) == in_one_form(b);
}

static size_t fewer_edits(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters have to be put in, taken out, replaced, or changed for their neighbour
 * (optimal string alignment). */
static size_t edits_between(const char *a, const char *b)
{
    size_t rows[3][NAME_MAX_COMPARED + 1], len = strlen(b), i;

    for (size_t j = 0; j <= len; j++)
        rows[0][j] = j;
    for (i = 1; a[i - 1] != '\0'; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];

        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            row[j] = above[j - 1] + !are_alike(a[i - 1], b[j - 1]);
            row[j] = fewer_edits(row[j], 1 + fewer_edits(above[j], row[j - 1]));
            if (i > 1 && j > 1 && are_alike(a[i - 1], b[j - 2]) &&
                are_alike(a[i - 2], b[j - 1]))
                row[j] = fewer_edits(row[j], 1 + rows[(i + 1) % 3][j - 2]);
        }
    }
    return rows[(i - 1) % 3][len];
}

static bool begins_alike(const char *name, const char *word)
{
    for (size_t i = 0; name[i] != '\0'; i++)
        if (!are_alike(name[i], word[i]))
            return false;
    return true;
}

/* The only word that begins with name, as admin_key_file does with admin_key. */
static const char *find_begun(const char *name, const char *const *words)
{
    const char *found = NULL;

    for (; *words != NULL; words++) {
        if (!begins_alike(name, *words))
            continue;
        if (found != NULL)
            return NULL;
        found = *words;
    }
    return found;
}

const char *ot_nearest(const char *name, const char *const *words)
{
    size_t len = strlen(name), least = len / 4 + 1;
    const char *nearest = NULL;

    if (len < 4 || len > NAME_MAX_COMPARED)
        return NULL;
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t edits = edits_between(name, words[i]);

        if (edits < least) {
            least = edits;
            nearest = words[i];
        }
    }
    return nearest != NULL ? nearest : find_begun(name, words);
}

enum ot_status ot_nearest_refuse(struct ot_error *err, const char *what, const char *name,
                                 const char *const *words, const char *help)
{
    const char *meant = ot_nearest(name, words);

    if (meant != NULL)
        return ot_error_set(err, OT_E_USAGE,
                            "there is no %s '%s'; did you mean '%s'? 'orgtrust %s' lists "
                            "them",
                            what, name, meant, help);
    return ot_error_set(err, OT_E_USAGE, "there is no %s '%s'; 'orgtrust %s' lists them",
                        what, name, help);
}

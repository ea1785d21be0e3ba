#include "api/moment_tag.h"

#include <stddef.h>
#include <string.h>

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789abcdef");
}

bool ot_moment_tag_parse(char tag[OT_MOMENT_TAG_MAX], const char *value)
{
    const size_t list_at = sizeof(OT_MOMENT_TAG_START) - 1;
    const size_t page_at = list_at + OT_MOMENT_TAG_DIGITS + 1;
    const size_t end_at = page_at + OT_MOMENT_TAG_PAGE_DIGITS;

    if (strncmp(value, "W/", 2) == 0)
        value += 2;
    tag[0] = '\0';
    if (strncmp(value, OT_MOMENT_TAG_START, list_at) != 0 ||
        count_digits(value + list_at) != OT_MOMENT_TAG_DIGITS ||
        value[page_at - 1] != '-' ||
        count_digits(value + page_at) != OT_MOMENT_TAG_PAGE_DIGITS ||
        strcmp(value + end_at, "\"") != 0)
        return false;
    strcpy(tag, value);
    return true;
}

bool ot_moment_tag_is_same(const char *a, const char *b)
{
    return a[0] != '\0' &&
           strncmp(a, b, sizeof(OT_MOMENT_TAG_START) - 1 + OT_MOMENT_TAG_DIGITS) == 0;
}

void ot_moment_tag_digits(char digits[OT_MOMENT_MAX], const char *tag)
{
    memcpy(digits, tag + sizeof(OT_MOMENT_TAG_START) - 1, OT_MOMENT_TAG_DIGITS);
    digits[OT_MOMENT_TAG_DIGITS] = '\0';
}

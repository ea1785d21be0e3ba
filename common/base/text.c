#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* One character from text[0..len): its length in bytes, or 0 when it is not well-formed
 * (Unicode 15, table 3-7). */
static size_t decode_utf8(uint32_t *out, const unsigned char *text, size_t len)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t c = text[0];
    size_t n;

    if (c < 0x80) {
        *out = c;
        return 1;
    }
    if (c >= 0xc2 && c <= 0xdf) {
        n = 2;
        c &= 0x1f;
    } else if (c >= 0xe0 && c <= 0xef) {
        n = 3;
        c &= 0x0f;
    } else if (c >= 0xf0 && c <= 0xf4) {
        n = 4;
        c &= 0x07;
    } else {
        return 0;
    }
    if (n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (text[i] & 0x3f);
    }
    if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *out = c;
    return n;
}

bool ot_text_is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Nearly all text is ASCII, of which eight bytes are looked at in one step. */
static bool is_ascii_word(const char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

bool ot_text_is_utf8(const char *text, size_t len)
{
    size_t i = 0, n;
    uint32_t c;

    while (i < len) {
        if (len - i >= sizeof(uint64_t) && is_ascii_word(text + i)) {
            i += sizeof(uint64_t);
            continue;
        }
        n = decode_utf8(&c, (const unsigned char *)text + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

/* Characters that would move the cursor, break the line or turn the direction of what a
 * person reads, and so could make one name look like another. */
static bool is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e ||
           c == 0x200f || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Whether each of eight bytes is from ' ' to '~': none has its highest bit, none would
 * get it by one more, and each gets it by so many as there are below. */
static bool is_plain_word(const char *text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highest = ones << 7;
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    return ((word | (word + ones)) & highest) == 0 &&
           ((word + ones * (0x80 - ' ')) & highest) == highest;
}

size_t ot_text_plain_len(const char *text, size_t len)
{
    size_t n = 0;

    while (len - n >= sizeof(uint64_t) && is_plain_word(text + n))
        n += sizeof(uint64_t);
    if (len >= sizeof(uint64_t) && len - n < sizeof(uint64_t) &&
        is_plain_word(text + len - sizeof(uint64_t)))
        return len;
    while (n < len && text[n] >= ' ' && text[n] <= '~')
        n++;
    return n;
}

size_t ot_text_escape(char *dst, size_t size, const char *text, size_t len)
{
    size_t used = 0, i = 0, n, shown, room;
    char escape[16];
    const char *from;
    uint32_t c;

    if (size == 0)
        return 0;
    while (i < len) {
        room = size - 1 - used;
        n = ot_text_plain_len(text + i, len - i < room ? len - i : room);
        memcpy(dst + used, text + i, n);
        used += n;
        i += n;
        if (i == len)
            break;
        n = decode_utf8(&c, (const unsigned char *)text + i, len - i);
        from = text + i;
        shown = n;
        if (n == 0 || (is_hidden(c) && c < 0x80)) {
            shown = (size_t)snprintf(escape, sizeof(escape), "\\x%02x",
                                     (unsigned)(unsigned char)text[i]);
            from = escape;
            n = 1;
        } else if (is_hidden(c)) {
            shown = (size_t)snprintf(escape, sizeof(escape), "\\u{%04X}", (unsigned)c);
            from = escape;
        }
        if (used + shown >= size)
            break;
        memcpy(dst + used, from, shown);
        used += shown;
        i += n;
    }
    dst[used] = '\0';
    return used;
}

int64_t ot_text_duration_ms(const char *text)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1},          {"s", 1000},         {"m", 60 * 1000},
                 {"h", 3600 * 1000}, {"d", 86400 * 1000}, {"w", INT64_C(604800) * 1000}};
    int64_t n = 0;

    if (*text < '0' || *text > '9')
        return -1;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, *text - '0', &n))
            return -1;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(text, units[i].unit) == 0)
            return __builtin_mul_overflow(n, units[i].ms, &n) ? -1 : n;
    return -1;
}

bool ot_text_number(int64_t *out, const char *text, int64_t most)
{
    int64_t n = 0;

    if (*text == '\0')
        return false;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, *text - '0', &n))
            return false;
    if (*text != '\0' || n > most)
        return false;
    *out = n;
    return true;
}

bool ot_text_day_end(int64_t *out, const char *text)
{
    struct tm day = {.tm_hour = 23, .tm_min = 59, .tm_sec = 59}, again;
    const char *end = strptime(text, "%Y-%m-%d", &day);
    char written[sizeof("2027-12-31")];
    time_t time;

    if (end == NULL || *end != '\0')
        return false;
    time = timegm(&day);
    /* What it reads beside that form, and days that no month has, come back otherwise. */
    if (time <= 0 || gmtime_r(&time, &again) == NULL ||
        strftime(written, sizeof(written), "%Y-%m-%d", &again) == 0 ||
        strcmp(written, text) != 0)
        return false;
    *out = time;
    return true;
}

char *ot_text_put_number(char *at, uint64_t n)
{
    char digits[OT_TEXT_NUMBER_MAX], *first = digits + sizeof(digits);

    do
        *--first = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    return mempcpy(at, first, (size_t)(digits + sizeof(digits) - first));
}

const char *ot_text_span(char *buf, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *one, *many;
    } units[] = {
        {86400, "day", "days"},
        {3600, "h", "h"},
        {60, "min", "min"},
        {1, "s", "s"},
    };
    char *at = buf;
    size_t i = 0;

    while (i < 3 && seconds < 2 * units[i].seconds)
        i++;
    seconds /= units[i].seconds;
    if (seconds < 0)
        *at++ = '-';
    at = ot_text_put_number(at, seconds < 0 ? -(uint64_t)seconds : (uint64_t)seconds);
    *at++ = ' ';
    strcpy(at, seconds == 1 ? units[i].one : units[i].many);
    return buf;
}

#include "api/json_scan_internal.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/hex.h"
#include "base/limits.h"

/* cJSON copies a number into a buffer of 64 and would split a longer one in two. */
#define NUMBER_CHARS_MAX 63

enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, /* behind '[' */
    EXPECT_KEY,
    EXPECT_KEY_OR_END, /* behind '{' */
    EXPECT_COLON,
    EXPECT_COMMA_OR_END,
    EXPECT_NOTHING
};

struct scan {
    const char *start, *p, *end;
    enum expect expect;
    unsigned depth;
    char closers[OT_JSON_DEPTH_MAX];
    struct ot_error *err;
};

static enum ot_status bad_at(const struct scan *scan, const char *what)
{
    return ot_error_set(scan->err, OT_E_PROTOCOL, "not valid JSON at byte %zu: %s",
                        (size_t)(scan->p - scan->start), what);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The value of four hexadecimal digits, -1 if they are something else. */
static long four_hex_digits(const char *p, const char *end)
{
    long value = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = ot_hex_value(p[i]);

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* At the 'u' of \uXXXX; leaves p behind it, and behind the other half of a pair. */
static enum ot_status scan_unicode_escape(struct scan *scan)
{
    long code = four_hex_digits(scan->p + 1, scan->end);

    if (code < 0)
        return bad_at(scan, "\\u needs four hexadecimal digits");
    if (code == 0)
        return bad_at(scan, "\\u0000 in a string");
    if (code >= 0xdc00 && code <= 0xdfff)
        return bad_at(scan, "half of a surrogate pair");
    scan->p += 5;
    if (code < 0xd800 || code > 0xdbff)
        return OT_OK;
    if (scan->end - scan->p < 6 || scan->p[0] != '\\' || scan->p[1] != 'u')
        return bad_at(scan, "half of a surrogate pair");
    code = four_hex_digits(scan->p + 2, scan->end);
    if (code < 0xdc00 || code > 0xdfff)
        return bad_at(scan, "half of a surrogate pair");
    scan->p += 6;
    return OT_OK;
}

/* Whether each of eight bytes stands for itself in a string: none is a control character,
 * a quotation mark or a backslash, that is, none is below ' ' by itself or zero where it
 * differs from one of these. */
static bool is_literal_word(const char *text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highest = ones << 7;
    uint64_t word, quote, escape;

    memcpy(&word, text, sizeof(word));
    quote = word ^ ones * '"';
    escape = word ^ ones * '\\';
    return ((((word - ones * ' ') & ~word) | ((quote - ones) & ~quote) |
             ((escape - ones) & ~escape)) &
            highest) == 0;
}

static void skip_literals(struct scan *scan)
{
    while (scan->end - scan->p >= (ptrdiff_t)sizeof(uint64_t) && is_literal_word(scan->p))
        scan->p += sizeof(uint64_t);
    while (scan->p < scan->end && (unsigned char)*scan->p >= ' ' && *scan->p != '"' &&
           *scan->p != '\\')
        scan->p++;
}

/* At the character behind a backslash. */
static enum ot_status scan_escape(struct scan *scan)
{
    if (*scan->p == 'u')
        return scan_unicode_escape(scan);
    if (*scan->p == '\0' || strchr("\"\\/bfnrt", *scan->p) == NULL)
        return bad_at(scan, "an unknown escape in a string");
    scan->p++;
    return OT_OK;
}

static enum ot_status scan_string(struct scan *scan)
{
    enum ot_status status = OT_OK;

    for (scan->p++; status == OT_OK;) {
        skip_literals(scan);
        if (scan->p == scan->end)
            break;
        if ((unsigned char)*scan->p < ' ')
            return bad_at(scan, "a control character in a string");
        if (*scan->p++ == '"')
            return OT_OK;
        if (scan->p == scan->end)
            break;
        status = scan_escape(scan);
    }
    return status != OT_OK ? status : bad_at(scan, "a string without an end");
}

static bool skip_digits(struct scan *scan)
{
    const char *first = scan->p;

    while (scan->p < scan->end && is_digit(*scan->p))
        scan->p++;
    return scan->p > first;
}

static enum ot_status scan_number(struct scan *scan)
{
    const char *first = scan->p;

    if (*scan->p == '-')
        scan->p++;
    if (scan->p < scan->end && *scan->p == '0')
        scan->p++;
    else if (!skip_digits(scan))
        return bad_at(scan, "a number without digits");
    if (scan->p < scan->end && *scan->p == '.') {
        scan->p++;
        if (!skip_digits(scan))
            return bad_at(scan, "a number without digits behind its point");
    }
    if (scan->p < scan->end && (*scan->p == 'e' || *scan->p == 'E')) {
        scan->p++;
        if (scan->p < scan->end && (*scan->p == '+' || *scan->p == '-'))
            scan->p++;
        if (!skip_digits(scan))
            return bad_at(scan, "a number without digits in its exponent");
    }
    if (scan->p - first > NUMBER_CHARS_MAX)
        return bad_at(scan, "a number of too many digits");
    return OT_OK;
}

static enum ot_status scan_word(struct scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i]);

        if ((size_t)(scan->end - scan->p) >= len && memcmp(scan->p, words[i], len) == 0) {
            scan->p += len;
            return OT_OK;
        }
    }
    return bad_at(scan, "a value was expected");
}

static enum ot_status scan_open(struct scan *scan, char closer, enum expect next)
{
    if (scan->depth == OT_JSON_DEPTH_MAX)
        return bad_at(scan, "nested too deep");
    scan->closers[scan->depth++] = closer;
    scan->expect = next;
    scan->p++;
    return OT_OK;
}

static void scan_value_ends(struct scan *scan)
{
    scan->expect = scan->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
}

static enum ot_status scan_close(struct scan *scan)
{
    scan->depth--;
    scan->p++;
    scan_value_ends(scan);
    return OT_OK;
}

static enum ot_status scan_value(struct scan *scan)
{
    enum ot_status status;

    if (*scan->p == '{')
        return scan_open(scan, '}', EXPECT_KEY_OR_END);
    if (*scan->p == '[')
        return scan_open(scan, ']', EXPECT_VALUE_OR_END);
    if (*scan->p == '"')
        status = scan_string(scan);
    else if (*scan->p == '-' || is_digit(*scan->p))
        status = scan_number(scan);
    else
        status = scan_word(scan);
    if (status == OT_OK)
        scan_value_ends(scan);
    return status;
}

static enum ot_status scan_key(struct scan *scan)
{
    if (*scan->p != '"')
        return bad_at(scan, "a member's name was expected");
    scan->expect = EXPECT_COLON;
    return scan_string(scan);
}

static enum ot_status scan_comma(struct scan *scan)
{
    if (*scan->p != ',')
        return bad_at(scan, "',' or the end of an object or array was expected");
    scan->expect = scan->closers[scan->depth - 1] == '}' ? EXPECT_KEY : EXPECT_VALUE;
    scan->p++;
    return OT_OK;
}

static enum ot_status scan_step(struct scan *scan)
{
    bool closes = scan->depth > 0 && *scan->p == scan->closers[scan->depth - 1];

    switch (scan->expect) {
    case EXPECT_VALUE_OR_END:
        return closes ? scan_close(scan) : scan_value(scan);
    case EXPECT_VALUE:
        return scan_value(scan);
    case EXPECT_KEY_OR_END:
        return closes ? scan_close(scan) : scan_key(scan);
    case EXPECT_KEY:
        return scan_key(scan);
    case EXPECT_COLON:
        if (*scan->p != ':')
            return bad_at(scan, "':' was expected");
        scan->expect = EXPECT_VALUE;
        scan->p++;
        return OT_OK;
    case EXPECT_COMMA_OR_END:
        return closes ? scan_close(scan) : scan_comma(scan);
    case EXPECT_NOTHING:
        break;
    }
    return bad_at(scan, "something follows the value");
}

enum ot_status ot_json_scan(const char *text, size_t len, struct ot_error *err)
{
    struct scan scan = {text, text, text + len, EXPECT_VALUE, 0, {0}, err};

    for (;;) {
        enum ot_status status;

        while (scan.p < scan.end &&
               (*scan.p == ' ' || *scan.p == '\t' || *scan.p == '\n' || *scan.p == '\r'))
            scan.p++;
        if (scan.p == scan.end)
            break;
        status = scan_step(&scan);
        if (status != OT_OK)
            return status;
    }
    if (scan.expect != EXPECT_NOTHING)
        return bad_at(&scan, len == 0 ? "there is nothing" : "it ends too early");
    return OT_OK;
}

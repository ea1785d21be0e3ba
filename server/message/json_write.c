#include "message/json_write.h"

#include <stdio.h>
#include <string.h>

#include "message/buffer.h"

/* Whether a comma belongs before the next value or key: unless a bracket or colon was
 * written last. No string can be mistaken for these: it ends in a quotation mark. */
static size_t comma_len(const struct ot_buffer *out)
{
    char last = out->len != 0 ? out->data[out->len - 1] : '{';

    return last != '{' && last != '[' && last != ':';
}

/* Room for what comes next, behind a comma where one belongs. NULL: out of room. */
static char *extend_value(struct ot_buffer *out, size_t len)
{
    size_t comma = comma_len(out);
    char *at = ot_buffer_extend(out, comma + len);

    if (at != NULL && comma != 0)
        *at++ = ',';
    return at;
}

static void put_value(struct ot_buffer *out, const char *text, size_t len)
{
    char *at = extend_value(out, len);

    if (at != NULL)
        memcpy(at, text, len);
}

void ot_jsonw_open(struct ot_buffer *out, char bracket)
{
    put_value(out, &bracket, 1);
}

void ot_jsonw_close(struct ot_buffer *out, char bracket)
{
    ot_buffer_append(out, &bracket, 1);
}

void ot_jsonw_key(struct ot_buffer *out, const char *key)
{
    size_t len = strlen(key);
    char *at = extend_value(out, len + 3);

    if (at == NULL)
        return;
    at[0] = '"';
    memcpy(at + 1, key, len);
    memcpy(at + 1 + len, "\":", 2);
}

/* RFC 8259 §7: quotation mark, reverse solidus and U+0000 to U+001F must be escaped. */
static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

static void put_escaped(struct ot_buffer *out, unsigned char byte)
{
    static const char names[] = "\"\"\\\\\nn\rr\tt\bb\ff";
    char escape[7];

    for (const char *name = names; *name != '\0'; name += 2) {
        if ((unsigned char)name[0] != byte)
            continue;
        escape[0] = '\\';
        escape[1] = name[1];
        ot_buffer_append(out, escape, 2);
        return;
    }
    snprintf(escape, sizeof(escape), "\\u%04x", byte);
    ot_buffer_append(out, escape, 6);
}

void ot_jsonw_text(struct ot_buffer *out, const char *text)
{
    size_t plain = 0;

    if (text == NULL) {
        put_value(out, "null", 4);
        return;
    }
    put_value(out, "\"", 1);
    for (;;) {
        while (is_plain((unsigned char)text[plain]))
            plain++;
        ot_buffer_append(out, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        put_escaped(out, (unsigned char)*text++);
        plain = 0;
    }
    ot_buffer_append(out, "\"", 1);
}

void ot_jsonw_raw(struct ot_buffer *out, const char *json)
{
    put_value(out, json, strlen(json));
}

void ot_jsonw_text_member(struct ot_buffer *out, const char *key, const char *text)
{
    ot_jsonw_key(out, key);
    ot_jsonw_text(out, text);
}

void ot_jsonw_int_member(struct ot_buffer *out, const char *key, int64_t number)
{
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    char digits[20]; /* of 2^63 there are 19, and the sign */
    size_t at = sizeof(digits);

    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (number < 0)
        digits[--at] = '-';
    ot_jsonw_key(out, key);
    put_value(out, digits + at, sizeof(digits) - at);
}

void ot_jsonw_bool_member(struct ot_buffer *out, const char *key, bool value)
{
    ot_jsonw_key(out, key);
    ot_jsonw_raw(out, value ? "true" : "false");
}

void ot_jsonw_time_member(struct ot_buffer *out, const char *key, int64_t when)
{
    if (when != 0)
        ot_jsonw_int_member(out, key, when);
    else
        ot_jsonw_text_member(out, key, NULL);
}

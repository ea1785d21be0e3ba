#include "json_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A value or key follows another one unless a bracket or colon was written last. No
 * string can be mistaken for these: it ends in a quotation mark. */
static void separate(struct ot_buffer *out)
{
    if (out->len != 0 && strchr("{[:", out->data[out->len - 1]) == NULL)
        ot_buffer_append(out, ",", 1);
}

void ot_jsonw_open(struct ot_buffer *out, char bracket)
{
    separate(out);
    ot_buffer_append(out, &bracket, 1);
}

void ot_jsonw_close(struct ot_buffer *out, char bracket)
{
    ot_buffer_append(out, &bracket, 1);
}

void ot_jsonw_key(struct ot_buffer *out, const char *key)
{
    separate(out);
    ot_buffer_append(out, "\"", 1);
    ot_buffer_append(out, key, strlen(key));
    ot_buffer_append(out, "\":", 2);
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

    separate(out);
    if (text == NULL) {
        ot_buffer_append(out, "null", 4);
        return;
    }
    ot_buffer_append(out, "\"", 1);
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

void ot_jsonw_int(struct ot_buffer *out, int64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRId64, number);

    separate(out);
    ot_buffer_append(out, digits, (size_t)len);
}

void ot_jsonw_bool(struct ot_buffer *out, bool value)
{
    separate(out);
    ot_buffer_append(out, value ? "true" : "false", value ? 4 : 5);
}

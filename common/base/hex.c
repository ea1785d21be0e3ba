#include "base/hex.h"

int ot_hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

int ot_hex_byte(const char *text)
{
    int high = ot_hex_value(text[0]);
    int low = high < 0 ? -1 : ot_hex_value(text[1]);

    return low < 0 ? -1 : high * 16 + low;
}

bool ot_hex_read(uint8_t *to, size_t len, const char *text)
{
    for (size_t i = 0; i < len; i++) {
        int byte = ot_hex_byte(text + 2 * i);

        if (byte < 0)
            return false;
        to[i] = (uint8_t)byte;
    }
    return true;
}

void ot_hex_write(char *to, const uint8_t *from, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        to[2 * i] = digits[from[i] >> 4];
        to[2 * i + 1] = digits[from[i] & 15];
    }
    to[2 * len] = '\0';
}

void ot_hex_text(char *buf, struct ot_span bytes, char separator)
{
    const char *digits = separator ? "0123456789ABCDEF" : "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        if (separator && i > 0)
            *buf++ = separator;
        *buf++ = digits[bytes.data[i] >> 4];
        *buf++ = digits[bytes.data[i] & 15];
    }
    *buf = '\0';
}

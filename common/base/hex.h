/* Bytes as hexadecimal digits, two a byte. */
#ifndef OT_BASE_HEX_H
#define OT_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* What a digit of either case is worth; -1: it is none. */
int ot_hex_value(char digit);

/* The byte of the two digits that text begins with; -1: they are not there. What is
 * behind a first character that is no digit is not looked at. */
int ot_hex_byte(const char *text);

/* len bytes from twice as many digits; false: something else stands there. */
bool ot_hex_read(uint8_t *to, size_t len, const char *text);

/* 2 * len digits in lower case, and a NUL. */
void ot_hex_write(char *to, const uint8_t *from, size_t len);

/* The digits as a person reads them: with a separator between the bytes in upper case,
 * else (0) as above. buf has three bytes for each. */
void ot_hex_text(char *buf, struct ot_span bytes, char separator);

#endif

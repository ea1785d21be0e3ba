/* Text from the network and from people: is it UTF-8, how is it shown, what does it say.
 */
#ifndef OT_BASE_TEXT_H
#define OT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An ASCII letter or digit, whatever the locale. */
bool ot_text_is_alnum(char c);

/* Well-formed UTF-8 (Unicode 15, table 3-7): no surrogates, no overlong forms. */
bool ot_text_is_utf8(const char *text, size_t len);

/* How many characters text begins with that are shown as they are, in every locale, and
 * take one column each: those of ASCII from the blank to the tilde. */
size_t ot_text_plain_len(const char *text, size_t len);

/* Copies text for display into dst (size bytes, always terminated), with C0 and C1
 * controls, DEL, line and paragraph separators, bidi controls (U+202A..E, U+2066..9,
 * U+200E/F, U+061C) and invalid bytes written as \xNN or \u{NNNN}. What does not fit is
 * cut at a whole character. Returns the length that was written. */
size_t ot_text_escape(char *dst, size_t size, const char *text, size_t len);

/* A whole number from 0 to most, of decimal digits and nothing else. false: it is not
 * one, and *out is as it was. */
bool ot_text_number(int64_t *out, const char *text, int64_t most);

/* A duration such as 500ms, 5s, 15m, 1h, 7d or 2w in milliseconds; -1: it is not one. */
int64_t ot_text_duration_ms(const char *text);

/* The last second, in Unix seconds, of a day such as 2027-12-31, which ends at midnight
 * UTC. false: it is no day after the first of 1970, and *out is as it was. */
bool ot_text_day_end(int64_t *out, const char *text);

/* The digits of a number, without a NUL; returns their end. */
#define OT_TEXT_NUMBER_MAX 20
char *ot_text_put_number(char *at, uint64_t n);

/* "45 s", "12 min", "5 h", "3 days": the largest unit that is at least two, or one.
 * buf has OT_TEXT_SPAN_MAX bytes. Returns buf. */
#define OT_TEXT_SPAN_MAX (sizeof("- days") + OT_TEXT_NUMBER_MAX)
const char *ot_text_span(char *buf, int64_t seconds);

#endif

/* Whether a text is JSON: RFC 8259 to the letter, without recursion.
 *
 * cJSON is lenient about control characters, escapes and numbers and takes any byte up to
 * 0x20 for white space; what passes here it reads right. */
#ifndef OT_API_JSON_SCAN_INTERNAL_H
#define OT_API_JSON_SCAN_INTERNAL_H

#include <stddef.h>

#include "base/error.h"

/* One value with white space around it, nested no deeper than OT_JSON_DEPTH_MAX, without
 * \u0000, halves of surrogate pairs or numbers of more than 63 characters. OT_E_PROTOCOL
 * says what is wrong at which byte. */
enum ot_status ot_json_scan(const char *text, size_t len, struct ot_error *err);

#endif

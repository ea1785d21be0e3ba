/* JSON into a buffer, one value after the other, without a tree in between: a page of a
 * hundred certificates costs one allocation or two. Commas are set by the writer. Strings
 * must be UTF-8; that is checked where they come in. */
#ifndef OT_SERVER_MESSAGE_JSON_WRITE_H
#define OT_SERVER_MESSAGE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

struct ot_buffer;

void ot_jsonw_open(struct ot_buffer *out, char bracket); /* '{' or '[' */
void ot_jsonw_close(struct ot_buffer *out, char bracket);
void ot_jsonw_key(struct ot_buffer *out, const char *key);   /* needs no escape */
void ot_jsonw_text(struct ot_buffer *out, const char *text); /* NULL: null */
void ot_jsonw_raw(struct ot_buffer *out, const char *json);  /* a value that is JSON */

/* Key and value in one. A time is in Unix seconds, 0: null. */
void ot_jsonw_text_member(struct ot_buffer *out, const char *key, const char *text);
void ot_jsonw_int_member(struct ot_buffer *out, const char *key, int64_t number);
void ot_jsonw_bool_member(struct ot_buffer *out, const char *key, bool value);
void ot_jsonw_time_member(struct ot_buffer *out, const char *key, int64_t when);

#endif

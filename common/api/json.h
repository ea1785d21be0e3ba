/* JSON from the network, checked before cJSON sees it.
 *
 * Rejected: invalid UTF-8, nesting beyond OT_JSON_DEPTH_MAX (counted without recursion),
 * NUL written as \u0000, halves of surrogate pairs, duplicate keys, more than 64 members
 * in one object, numbers outside ±(2^53 - 1), anything behind the value. A key of this
 * process that stands in a string is struck out (secret.h). The getters
 * check presence and type and name the field in the error. */
#ifndef OT_API_JSON_H
#define OT_API_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* text NULL: len is 0. The caller frees *out with cJSON_Delete. OT_E_PROTOCOL with the
 * reason. */
enum ot_status ot_json_parse(cJSON **out, const char *text, size_t len,
                             struct ot_error *err);

/* path is what the error calls the object: "data[3].certificate_details". Strings live as
 * long as the tree. A nullable string that is null gives NULL. */
enum ot_status ot_json_string(const cJSON *object, const char *key, const char *path,
                              const char **out, struct ot_error *err);
enum ot_status ot_json_string_or_null(const cJSON *object, const char *key,
                                      const char *path, const char **out,
                                      struct ot_error *err);
enum ot_status ot_json_int(const cJSON *object, const char *key, const char *path,
                           int64_t *out, struct ot_error *err);
enum ot_status ot_json_bool(const cJSON *object, const char *key, const char *path,
                            bool *out, struct ot_error *err);
enum ot_status ot_json_array(const cJSON *object, const char *key, const char *path,
                             const cJSON **out, struct ot_error *err);
enum ot_status ot_json_object(const cJSON *object, const char *key, const char *path,
                              const cJSON **out, struct ot_error *err);
/* The member must be this very string, as `object` always is. */
enum ot_status ot_json_literal(const cJSON *object, const char *key, const char *path,
                               const char *expected, struct ot_error *err);
bool ot_json_has(const cJSON *object, const char *key);

#endif

/* Making JSON for --json. */
#ifndef OT_CLI_VIEW_JSON_BUILD_H
#define OT_CLI_VIEW_JSON_BUILD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "snapshot/record.h"

/* JSON objects, member by member: the first that does not fit into memory sets *failed,
 * so that a builder is checked once, at its end. A span that is absent becomes null. */
void ot_json_put(cJSON *object, const char *key, cJSON *value, bool *failed);
void ot_json_put_string(cJSON *object, const char *key, const char *text, bool *failed);
void ot_json_put_span(cJSON *object, const char *key, struct ot_span text, bool *failed);
void ot_json_put_int(cJSON *object, const char *key, int64_t value, bool *failed);
/* at: Unix seconds; 0 becomes null. */
void ot_json_put_time(cJSON *object, const char *key, int64_t at, bool *failed);
void ot_json_put_bool(cJSON *object, const char *key, bool value, bool *failed);
cJSON *ot_json_put_array(cJSON *object, const char *key, bool *failed);
cJSON *ot_json_append_object(cJSON *array, bool *failed);
void ot_json_append_string(cJSON *array, const char *text, bool *failed);

#endif

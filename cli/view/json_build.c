#include "view/json_build.h"

#include <stdlib.h>
#include <string.h>

void ot_json_put(cJSON *object, const char *key, cJSON *value, bool *failed)
{
    if (value != NULL && object != NULL && cJSON_AddItemToObject(object, key, value))
        return;
    cJSON_Delete(value);
    *failed = true;
}

void ot_json_put_string(cJSON *object, const char *key, const char *text, bool *failed)
{
    ot_json_put(object, key, text ? cJSON_CreateString(text) : cJSON_CreateNull(),
                failed);
}

void ot_json_put_span(cJSON *object, const char *key, struct ot_span text, bool *failed)
{
    char *copy = NULL;

    if (text.data != NULL) {
        copy = strndup((const char *)text.data, text.len);
        if (copy == NULL) {
            *failed = true;
            return;
        }
    }
    ot_json_put_string(object, key, copy, failed);
    free(copy);
}

void ot_json_put_int(cJSON *object, const char *key, int64_t value, bool *failed)
{
    ot_json_put(object, key, cJSON_CreateNumber((double)value), failed);
}

void ot_json_put_time(cJSON *object, const char *key, int64_t at, bool *failed)
{
    ot_json_put(object, key,
                at != 0 ? cJSON_CreateNumber((double)at) : cJSON_CreateNull(), failed);
}

void ot_json_put_bool(cJSON *object, const char *key, bool value, bool *failed)
{
    ot_json_put(object, key, cJSON_CreateBool(value), failed);
}

cJSON *ot_json_put_array(cJSON *object, const char *key, bool *failed)
{
    cJSON *array = cJSON_CreateArray();

    if (array == NULL || !cJSON_AddItemToObject(object, key, array)) {
        cJSON_Delete(array);
        *failed = true;
        return NULL;
    }
    return array;
}

cJSON *ot_json_append_object(cJSON *array, bool *failed)
{
    cJSON *object = cJSON_CreateObject();

    if (object == NULL || !cJSON_AddItemToArray(array, object)) {
        cJSON_Delete(object);
        *failed = true;
        return NULL;
    }
    return object;
}

void ot_json_append_string(cJSON *array, const char *text, bool *failed)
{
    cJSON *string = cJSON_CreateString(text);

    if (string != NULL && array != NULL && cJSON_AddItemToArray(array, string))
        return;
    cJSON_Delete(string);
    *failed = true;
}

/* JSON of any kind: what is accepted keeps its promises, and prints and parses again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By recursion: the parser has bounded the depth. */
static void check(const cJSON *node, unsigned depth)
{
    if (depth > OT_JSON_DEPTH_MAX)
        abort();
    if (cJSON_IsNumber(node) &&
        !(node->valuedouble >= -0x1p53 && node->valuedouble <= 0x1p53))
        abort();
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        if (cJSON_IsObject(node) &&
            cJSON_GetObjectItemCaseSensitive(node, child->string) != child)
            abort(); /* a second member of that name */
        check(child, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ot_error err = OT_ERROR_INIT;
    cJSON *root = NULL, *again = NULL;
    enum ot_status status = ot_json_parse(&root, (const char *)data, size, &err);
    char *text;

    if (status != OT_OK) {
        if (root != NULL || err.status != status || err.message[0] == '\0')
            abort();
        return 0;
    }
    check(root, 0);
    text = cJSON_PrintUnformatted(root);
    if (text == NULL || ot_json_parse(&again, text, strlen(text), &err) != OT_OK ||
        !cJSON_Compare(root, again, 1))
        abort();
    cJSON_free(text);
    cJSON_Delete(again);
    cJSON_Delete(root);
    return 0;
}

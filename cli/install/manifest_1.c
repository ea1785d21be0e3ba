/* An index of version 1, which had the files inside, in base64. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "install/manifest_internal.h"

static enum ot_status get_kind(struct ot_file_state *state, const cJSON *object,
                               const char *path, struct ot_error *err)
{
    const char *word;
    enum ot_status status = ot_json_string(object, "before", path, &word, err);

    for (int i = OT_FILE_ABSENT; status == OT_OK && i <= OT_FILE_LINK; i++)
        if (strcmp(ot_file_kind_words[i], word) == 0) {
            state->kind = (enum ot_file_kind)i;
            return OT_OK;
        }
    return status != OT_OK
               ? status
               : ot_error_set(err, OT_E_PROTOCOL, "%s.before is '%s'", path, word);
}

static enum ot_status get_data(struct ot_file_state *state, const cJSON *object,
                               const char *path, struct ot_error *err)
{
    const char *text;
    int64_t size;
    int len;
    enum ot_status status = ot_json_string(object, "base64", path, &text, err);

    if (status == OT_OK)
        status = ot_json_int(object, "size", path, &size, err);
    if (status != OT_OK)
        return status;
    state->data = malloc(strlen(text) + 1);
    if (state->data == NULL)
        return ot_error_nomem(err);
    len = *text == '\0' ? 0
                        : EVP_DecodeBlock((unsigned char *)state->data,
                                          (const unsigned char *)text, (int)strlen(text));
    if (size < 0 || size > len || size < len - 2)
        return ot_error_set(err, OT_E_PROTOCOL, "%s.base64 does not have its size", path);
    state->len = (size_t)size;
    state->data[state->len] = '\0';
    return OT_OK;
}

enum ot_status ot_manifest_before_1(struct ot_file_state *state, const cJSON *object,
                                    const char *path, struct ot_error *err)
{
    int64_t sec = 0, nsec = 0;
    enum ot_status status = get_kind(state, object, path, err);

    if (status == OT_OK)
        status = get_data(state, object, path, err);
    if (status == OT_OK)
        status = ot_json_int(object, "mtime", path, &sec, err);
    if (status == OT_OK)
        status = ot_json_int(object, "mtime_ns", path, &nsec, err);
    state->mtime = (struct timespec){.tv_sec = sec, .tv_nsec = nsec};
    return status;
}

/* The JSON body of a request. Members that the API does not have are passed over: a
 * client of a later version of the API may send them. */
#ifndef OT_SERVER_MESSAGE_BODY_H
#define OT_SERVER_MESSAGE_BODY_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct ot_reply;
struct ot_request;

/* NULL: not a JSON object, reply says 400. The caller frees it with cJSON_Delete. */
cJSON *ot_body_parse(const struct ot_request *request, struct ot_reply *reply);

/* The member `name`: NULL when it is absent. false: not a string that can name a
 * certificate, reply says 400. */
bool ot_body_name(const cJSON *body, const char **name, struct ot_reply *reply);

/* Whether text is what a person can read as a name: UTF-8 without controls (Unicode's
 * Cc), at most OT_NAME_CHARS_MAX characters. reason says what is wrong. */
bool ot_name_is_valid(const char *text, const char **reason);

#endif

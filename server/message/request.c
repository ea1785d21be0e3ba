#include "message/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

enum ot_method ot_method_parse(const char *name)
{
    static const struct {
        const char *name;
        enum ot_method method;
    } methods[] = {
        {"GET", OT_METHOD_GET},         {"POST", OT_METHOD_POST},
        {"DELETE", OT_METHOD_DELETE},   {"HEAD", OT_METHOD_HEAD},
        {"OPTIONS", OT_METHOD_OPTIONS},
    };

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(methods[i].name, name) == 0)
            return methods[i].method;
    return OT_METHOD_OTHER;
}

/* RFC 3986 §2.1, in place. false: not two digits behind a '%', or a NUL, which could end
 * a string before its end. plus: '+' is a space, as forms have it. */
static bool decode_percent(char *text, bool plus)
{
    char *to = text;

    for (const char *at = text; *at != '\0'; at++, to++) {
        int byte;

        *to = plus && *at == '+' ? ' ' : *at;
        if (*at != '%')
            continue;
        byte = ot_hex_byte(at + 1);
        if (byte <= 0)
            return false;
        *to = (char)byte;
        at += 2;
    }
    *to = '\0';
    return true;
}

bool ot_request_decode_all(char *text)
{
    char *to = text;
    bool any = false;

    for (const char *at = text; *at != '\0'; at++, to++) {
        int byte = *at == '%' ? ot_hex_byte(at + 1) : -1;

        *to = *at;
        if (byte <= 0)
            continue;
        *to = (char)byte;
        at += 2;
        any = true;
    }
    *to = '\0';
    return any;
}

static bool split_path(struct ot_request *request, char *path)
{
    if (*path != '/')
        return false;
    while (path != NULL) {
        char *segment = path + 1;

        path = strchr(segment, '/');
        if (path != NULL)
            *path = '\0';
        if (request->segments == OT_SEGMENTS_MAX)
            return true; /* longer than any route: the last segment differs from it */
        if (!decode_percent(segment, false))
            return false;
        request->segment[request->segments++] = segment;
    }
    return true;
}

/* Room for the parameters of a query: few have more than two, and thousands of requests
 * may wait. */
static bool make_room(struct ot_request *request, const char *query)
{
    size_t count = 1;

    for (; *query != '\0' && count < OT_PARAMETERS_MAX; query++)
        count += *query == '&';
    request->parameters = calloc(count, sizeof(*request->parameters));
    return request->parameters != NULL;
}

static bool split_query(struct ot_request *request, char *text)
{
    char *rest = text;

    while (rest != NULL) {
        char *name = strsep(&rest, "&");
        char *value = strchr(name, '=');

        if (value != NULL)
            *value++ = '\0';
        if (!decode_percent(name, true) ||
            (value != NULL && !decode_percent(value, true)))
            return false;
        if (*name == '\0')
            continue;
        if (request->parameter_count == OT_PARAMETERS_MAX)
            return false;
        request->parameters[request->parameter_count++] =
            (struct ot_parameter){name, value != NULL ? value : ""};
    }
    return true;
}

static bool has_name(const struct ot_parameter *parameter, const char *name)
{
    size_t len = strcspn(name, "[");

    return strcmp(parameter->name, name) == 0 ||
           (strcmp(name + len, "[]") == 0 && strlen(parameter->name) == len &&
            memcmp(parameter->name, name, len) == 0);
}

const char *ot_request_next(const struct ot_request *request, const char *name,
                            unsigned *at)
{
    while (*at < request->parameter_count) {
        const struct ot_parameter *parameter = &request->parameters[(*at)++];

        if (has_name(parameter, name))
            return parameter->value;
    }
    return NULL;
}

/* RFC 9112 §3.2.2: what stands before the path of an absolute target is ours anyway. */
static char *path_of(char *target)
{
    char *authority = strstr(target, "://");
    char *path;

    if (*target == '/' || authority == NULL)
        return target;
    path = strchr(authority + 3, '/');
    return path != NULL ? path : target;
}

/* RFC 3986 §2: what is neither, such as a blank, is percent-encoded. */
static bool has_only_uri_bytes(const char *target)
{
    for (; *target != '\0'; target++)
        if ((unsigned char)*target <= ' ' || (unsigned char)*target >= 0x7f ||
            *target == '#')
            return false;
    return true;
}

bool ot_request_init(struct ot_request *request, const char *target)
{
    char *query;

    memset(request, 0, sizeof(*request));
    ot_buffer_init(&request->body, OT_BODY_MAX);
    request->target = strdup(target);
    if (request->target == NULL)
        return false;
    query = strchr(request->target, '?');
    if (query != NULL) {
        *query++ = '\0';
        if (!make_room(request, query)) {
            ot_request_clear(request);
            return false;
        }
    }
    if (strcmp(request->target, "*") == 0)
        return true; /* the server as a whole (§3.2.4): no segment */
    request->malformed = !has_only_uri_bytes(target) ||
                         !split_path(request, path_of(request->target)) ||
                         (query != NULL && !split_query(request, query));
    return true;
}

void ot_request_clear(struct ot_request *request)
{
    free(request->target);
    free(request->parameters);
    ot_buffer_clear(&request->body);
}

#include "http/framing_internal.h"

#include <string.h>
#include <strings.h>

#include "message/reply.h"
#include "shared/limits.h"

/* A head while it is looked at. */
struct head {
    struct ot_framing framing;
    size_t bytes;
    unsigned lengths, encodings, hosts, authorizations, types;
    const char *host;
    bool malformed; /* a name or a value has what it cannot have */
    bool
        is_contiguous; /* so far, nothing lies between the parts but what belongs there */
    uintptr_t at, begin, end; /* the buffer; at: behind the last value */
};

/* The library says so itself: the one that runs may be another than that of the build. */
static bool is_before_1_0(void)
{
    return strncmp(MHD_get_version(), "0.", 2) == 0;
}

unsigned ot_framing_flags(void)
{
    /* 0.9.75 would drop such connections without a word. */
    return is_before_1_0() ? 0u : (unsigned)MHD_USE_PEDANTIC_CHECKS;
}

/* RFC 9110 §5.6.2 */
static bool is_token(const char *text)
{
    static const char others[] = "!#$%&'*+-.^_`|~0123456789"
                                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return *text != '\0' && text[strspn(text, others)] == '\0';
}

/* RFC 9110 §5.5 */
static bool is_field_value(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

/* RFC 3986 §3.2.2 and §3.2.3: a name or address, and a port. */
static bool is_host_header(const char *text)
{
    static const char chars[] = "-._~!$&'()*+,;=:[]%0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    text += strspn(text, chars);
    return text[strspn(text, " \t")] == '\0'; /* the library leaves it at the end */
}

/* The line end that the library has made NULs of: CR and LF, and no lone one. */
static bool skip_line_end(struct head *head)
{
    const char *at = (const char *)head->at;

    if (head->at + 2 > head->end || at[0] != '\0' || at[1] != '\0')
        return false;
    head->at += 2;
    return true;
}

/* A line begins with its name, and between that and the value is white space alone. */
static bool skip_field(struct head *head, const char *name, const char *value)
{
    uintptr_t from = (uintptr_t)name, to = (uintptr_t)value;

    if (!skip_line_end(head) || from != head->at)
        return false;
    head->at = from + strlen(name) + 1;
    if (to < head->at || to >= head->end)
        return false;
    for (const char *at = (const char *)head->at; at < value; at++)
        if (*at != ' ' && *at != '\t')
            return false;
    head->at = to + strlen(value);
    return true;
}

static void count_field(struct head *head, const char *name, const char *value)
{
    const struct {
        const char *name;
        unsigned *count;
        const char **value;
    } once[] = {
        {MHD_HTTP_HEADER_CONTENT_LENGTH, &head->lengths, &head->framing.length},
        {MHD_HTTP_HEADER_TRANSFER_ENCODING, &head->encodings, &head->framing.encoding},
        {MHD_HTTP_HEADER_HOST, &head->hosts, &head->host},
        {MHD_HTTP_HEADER_AUTHORIZATION, &head->authorizations, NULL},
        {MHD_HTTP_HEADER_CONTENT_TYPE, &head->types, NULL},
    };

    if (strcasecmp(name, MHD_HTTP_HEADER_EXPECT) == 0)
        head->framing.expect = value;
    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        if (strcasecmp(name, once[i].name) != 0)
            continue;
        ++*once[i].count;
        if (once[i].value != NULL)
            *once[i].value = value;
    }
}

static enum MHD_Result see_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct head *head = cls;

    (void)kind;
    value = value != NULL ? value : "";
    head->bytes += strlen(name) + strlen(value) + sizeof(": \r\n") - 1;
    if (!is_token(name) || !is_field_value(value))
        head->malformed = true;
    if (head->is_contiguous)
        head->is_contiguous = skip_field(head, name, value);
    count_field(head, name, value);
    return MHD_YES;
}

/* From the first letter of the method to the end of the empty line, as the library
 * counted them; false: it does not say, or keeps the parts elsewhere. */
static bool find_buffer(struct head *head, struct MHD_Connection *connection,
                        const struct ot_request_line *line)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    if (!is_before_1_0() || info == NULL || info->header_size > OT_CONNECTION_MEMORY)
        return false;
    head->begin = (uintptr_t)line->method;
    head->end = head->begin + info->header_size;
    head->at = (uintptr_t)line->version + strlen(line->version);
    return head->at > head->begin && head->at < head->end;
}

/* One blank between the parts of the request line (§3), and no NUL in any. */
static bool is_line_whole(const struct ot_request_line *line)
{
    return line->target == (uintptr_t)line->method + strlen(line->method) + 1 &&
           (uintptr_t)line->version == line->target_end + 1;
}

static void read_head(struct head *head, struct MHD_Connection *connection,
                      const struct ot_request_line *line)
{
    bool known = find_buffer(head, connection, line);

    head->is_contiguous = known && is_line_whole(line);
    head->malformed = !is_token(line->method);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, see_field, head);
    if (!known)
        return;
    if (!head->is_contiguous || !skip_line_end(head) || !skip_line_end(head) ||
        head->at != head->end)
        head->malformed = true;
}

static bool has_one_body(const struct head *head, const char *version)
{
    if (head->lengths + head->encodings > 1)
        return false;
    return head->encodings == 0 || (strcasecmp(head->framing.encoding, "chunked") == 0 &&
                                    strcmp(version, "HTTP/1.1") == 0);
}

static bool has_one_host(const struct head *head, const char *version)
{
    if (head->hosts == 0)
        return strcmp(version, "HTTP/1.1") != 0;
    return head->hosts == 1 && is_host_header(head->host);
}

static void refuse_malformed(struct ot_reply *reply)
{
    ot_reply_error(
        reply, 400, "malformed_request", NULL,
        "The request's head is not as RFC 9112 asks: one blank between method, "
        "target and version, CR and LF at the end of each line, no blank before "
        "a header's name or its colon, no folded line, no control character.");
}

bool ot_framing_check(struct ot_framing *out, struct MHD_Connection *connection,
                      const struct ot_request_line *line, struct ot_reply *reply)
{
    struct head head = {.bytes = 0};

    read_head(&head, connection, line);
    *out = head.framing;
    out->is_last = head.encodings > 0 && is_before_1_0();
    if (head.bytes > OT_HEADERS_MAX)
        ot_reply_error(reply, 431, "headers_too_large", NULL,
                       "The request's headers are larger than %u bytes.", OT_HEADERS_MAX);
    else if (head.malformed)
        refuse_malformed(reply);
    else if (!has_one_body(&head, line->version))
        ot_reply_error(reply, 400, "invalid_framing", NULL,
                       "The request must have either one Content-Length or, in HTTP/1.1, "
                       "the one Transfer-Encoding 'chunked'.");
    else if (!has_one_host(&head, line->version))
        ot_reply_error(reply, 400, "invalid_host", NULL,
                       "The request must have one Host header, with a host in it.");
    else if (head.authorizations > 1 || head.types > 1)
        ot_reply_error(reply, 400, "duplicate_header", NULL,
                       "The request has two headers %s, of which there can be one.",
                       head.authorizations > 1 ? "Authorization" : "Content-Type");
    else
        return true;
    reply->close = true;
    return false;
}

bool ot_framing_check_trailers(struct MHD_Connection *connection, struct ot_reply *reply)
{
    struct head trailers = {.bytes = 0};

    MHD_get_connection_values(connection, MHD_FOOTER_KIND, see_field, &trailers);
    if (!trailers.malformed)
        return true;
    refuse_malformed(reply);
    reply->close = true;
    return false;
}

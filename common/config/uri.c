#include "config/uri.h"

#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/text.h"
#include "config/identifier.h"

#define SCHEME "orgtrust:"
#define EXAMPLE                                                                          \
    "for example orgtrust:///, orgtrust://SOURCE/cert_abc or "                           \
    "orgtrust:///?state=all&name=Corporate%20Root"

/* A length of text that does not own it. */
struct part {
    const char *text;
    size_t len;
};

/* The URI itself is not shown: it may be as long as it likes, and the caller has it. */
static enum ot_status refuse_uri(struct ot_error *err, const char *why)
{
    return ot_error_set(err, OT_E_USAGE, "URI: %s; %s", why, EXAMPLE);
}

/* What a query may hold unencoded: pchar, '/' and '?' (RFC 3986 §3.4), less '&', which
 * separates. '+' stands for itself. */
static bool is_query_char(char c)
{
    return c != '\0' && (ot_text_is_alnum(c) || strchr("-._~!$'()*+,;=:@/?", c) != NULL);
}

static enum ot_status decode_name(struct ot_uri *uri, struct part value,
                                  struct ot_error *err)
{
    size_t i = 0, n = 0;

    if (uri->has_name)
        return refuse_uri(err, "'name' is given twice");
    while (i < value.len) {
        int byte = (unsigned char)value.text[i++];

        if (byte == '%') {
            byte = value.len - i >= 2 ? ot_hex_byte(value.text + i) : -1;
            if (byte < 0)
                return refuse_uri(err, "'%' must be followed by two hexadecimal digits");
            if (byte == 0)
                return refuse_uri(err, "a name cannot hold %00");
            i += 2;
        } else if (!is_query_char((char)byte)) {
            return refuse_uri(
                err, "a name has characters that must be percent-encoded (a blank is "
                     "%20)");
        }
        if (n == OT_NAME_MAX)
            return refuse_uri(err, "the name is longer than a certificate's name can be");
        uri->name[n++] = (char)byte;
    }
    if (n == 0)
        return refuse_uri(err, "'name' is empty");
    if (!ot_text_is_utf8(uri->name, n))
        return refuse_uri(err, "the name is not UTF-8");
    uri->name[n] = '\0';
    uri->name_len = n;
    uri->has_name = true;
    return OT_OK;
}

static bool part_is(struct part part, const char *word)
{
    return part.len == strlen(word) && memcmp(part.text, word, part.len) == 0;
}

static enum ot_status take_state(struct ot_uri *uri, struct part value, bool *seen,
                                 struct ot_error *err)
{
    if (*seen)
        return refuse_uri(err, "'state' is given twice");
    *seen = true;
    if (part_is(value, "active"))
        uri->state = OT_STATE_ACTIVE;
    else if (part_is(value, "inactive"))
        uri->state = OT_STATE_INACTIVE;
    else if (part_is(value, "all"))
        uri->state = OT_STATE_ALL;
    else
        return refuse_uri(err, "'state' must be active, inactive or all");
    return OT_OK;
}

static enum ot_status take_original(struct ot_uri *uri, struct part value, bool *seen,
                                    struct ot_error *err)
{
    if (*seen)
        return refuse_uri(err, "'original' is given twice");
    *seen = true;
    uri->original = part_is(value, "yes");
    return uri->original || part_is(value, "no")
               ? OT_OK
               : refuse_uri(err, "'original' must be yes or no");
}

static enum ot_status take_query(struct ot_uri *uri, const char *query,
                                 struct ot_error *err)
{
    bool seen_state = false, seen_original = false;
    enum ot_status status = OT_OK;

    while (status == OT_OK) {
        struct part pair = {query, strcspn(query, "&")};
        const char *equals = memchr(query, '=', pair.len);
        struct part key, value;

        if (equals == NULL)
            return refuse_uri(
                err, "the query must be made of state=…, name=… and original=yes, with & "
                     "between");
        key = (struct part){query, (size_t)(equals - query)};
        value = (struct part){equals + 1, pair.len - key.len - 1};
        if (part_is(key, "state"))
            status = take_state(uri, value, &seen_state, err);
        else if (part_is(key, "name"))
            status = decode_name(uri, value, err);
        else if (part_is(key, "original"))
            status = take_original(uri, value, &seen_original, err);
        else
            return refuse_uri(err,
                              "the query may hold 'state', 'name' and 'original' only");
        if (query[pair.len] == '\0')
            break;
        query += pair.len + 1;
    }
    return status;
}

static void copy_part(char *dst, struct part part)
{
    memcpy(dst, part.text, part.len);
    dst[part.len] = '\0';
}

enum ot_status ot_uri_parse(struct ot_uri *uri, const char *text, struct ot_error *err)
{
    struct part source, id;
    const char *rest;

    uri->source[0] = uri->id[0] = uri->name[0] = '\0'; /* all of it is 4 KB */
    uri->name_len = 0;
    uri->has_name = uri->original = false;
    uri->state = OT_STATE_ACTIVE;
    if (strncasecmp(text, SCHEME, strlen(SCHEME)) != 0)
        return refuse_uri(err, "it must begin with orgtrust:");
    rest = text + strlen(SCHEME);
    if (*rest == '\0')
        return OT_OK;
    if (strncmp(rest, "//", 2) != 0)
        return refuse_uri(err,
                          "'orgtrust:' must be followed by // and a source, or by ///");
    source = (struct part){rest + 2, strcspn(rest + 2, "/?#")};
    rest = source.text + source.len;
    if (*rest != '/')
        return refuse_uri(err, "a slash must follow the source");
    if (source.len > 0 && !ot_is_source_name(source.text, source.len))
        return refuse_uri(
            err, "the source must be a section's name: letters, digits, '.', '_' and "
                 "'-', at most 23 of them");
    id = (struct part){rest + 1, strcspn(rest + 1, "?#")};
    rest = id.text + id.len;
    if (id.len > 0 && !ot_is_cert_id(id.text, id.len))
        return refuse_uri(
            err, "behind the source stands nothing or a certificate's id: letters, "
                 "digits, '_' and '-', at most 128 of them");
    if (strchr(rest, '#') != NULL)
        return refuse_uri(err, "it must have no fragment ('#' in a name is %23)");
    copy_part(uri->source, source);
    copy_part(uri->id, id);
    return *rest == '\0' ? OT_OK : take_query(uri, rest + 1, err);
}

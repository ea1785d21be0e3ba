/* Names of both kinds: a Name of RFC 5280 §4.1.2.4, a GeneralName of §4.2.1.6. */
#include <string.h>

#include "base/span.h"
#include "cert/der_internal.h"
#include "cert/fitness_parts_internal.h"

static bool is_type_oid(struct ot_span content, const char *der, size_t len)
{
    return content.len == len && memcmp(content.data, der, len) == 0;
}

/* Whether an attribute's value is a string that has something in it: those of X.520 that
 * name somebody, the e-mail address, the domain component, the user's id. Others (a
 * unique identifier, a postal address) may be of any form. */
static bool is_text_attribute(struct ot_span type)
{
    static const uint8_t x520[] = {3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                                   13, 17, 41, 42, 43, 44, 46, 65, 97};

    if (type.len == 3 && type.data[0] == 0x55 && type.data[1] == 0x04)
        return memchr(x520, type.data[2], sizeof(x520)) != NULL;
    return is_type_oid(type, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", 9) ||
           is_type_oid(type, "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", 10) ||
           is_type_oid(type, "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", 10);
}

static const char *attribute_fault(struct ot_span content)
{
    struct ot_span type, rest;
    struct ot_der_value value;
    bool is_string;

    if (!ot_der_take(&content, OT_DER_OID, &type) || !ot_der_is_short_oid(type))
        return "has an attribute without a proper type";
    rest = content;
    if (!ot_der_next(&rest, &value) || rest.len != 0)
        return "has an attribute without one value";
    /* OpenSSL reads no other form, whatever the type: a unique identifier is bits, a
     * postal address a list; and of the strings no VisibleString, which is none of a
     * DirectoryString's (RFC 5280 §4.1.2.4). */
    is_string = value.tag != OT_DER_SEQUENCE && value.tag != OT_DER_BITS;
    if (!is_text_attribute(type) && !is_string)
        return ot_der_is_whole(content) ? NULL : "has an attribute that is not DER";
    if (value.tag == OT_DER_VISIBLE || !ot_der_is_string(value.tag, value.content))
        return "has an attribute that is no well-formed string";
    return value.content.len > 0 || !is_text_attribute(type) ? NULL
                                                             : "has an empty attribute";
}

const char *ot_fitness_rdn_fault(struct ot_span content)
{
    const char *fault = NULL;

    if (content.len == 0)
        return "has an empty part";
    while (fault == NULL && content.len > 0) {
        struct ot_span attribute;

        if (!ot_der_take(&content, OT_DER_SEQUENCE, &attribute))
            return "is not a list of attributes";
        fault = attribute_fault(attribute);
    }
    return fault;
}

const char *ot_fitness_name_fault(struct ot_span content)
{
    const char *fault = NULL;

    while (fault == NULL && content.len > 0) {
        struct ot_span rdn;

        if (!ot_der_take(&content, OT_DER_SET, &rdn))
            return "is not a list of attributes";
        fault = ot_fitness_rdn_fault(rdn);
    }
    return fault;
}

static bool is_in(uint8_t c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool is_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Visible ASCII; of a name that programs compare, nothing else is meant. */
static bool is_printed(struct ot_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] > 0x7e)
            return false;
    return true;
}

/* The host behind "//", as far as '/', '?' or '#': letters, digits, '-' and '.', or an
 * address in brackets, and a port. */
static bool is_authority(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *user = memchr(at, '@', (size_t)(end - at));
    const uint8_t *port;

    at = user != NULL ? user + 1 : at;
    if (at < end && *at == '[') {
        for (at++; at < end && *at != ']'; at++)
            if (!is_in(*at, "0123456789abcdefABCDEF:."))
                return false;
        if (at++ == end)
            return false;
        port = at;
    } else {
        for (port = at; port < end && *port != ':'; port++)
            if (!is_alnum(*port) && *port != '-' && *port != '.')
                return false;
    }
    if (port == end)
        return true;
    if (*port != ':' || end - port > 6)
        return false;
    while (++port < end)
        if (*port < '0' || *port > '9')
            return false;
    return true;
}

/* RFC 3986: not a relative one, and no character that has to be escaped. */
static bool is_uri(struct ot_span text)
{
    const uint8_t *at = text.data, *end = at + text.len, *authority;

    while (at < end && (is_alnum(*at) || is_in(*at, "+-.")))
        at++;
    if (at == text.data || at == end || *at != ':' ||
        is_in(text.data[0], "0123456789+-."))
        return false;
    if (++at == end)
        return false;
    for (const uint8_t *p = at; p < end; p++) {
        if (*p == '%' && (end - p < 3 || !is_in(p[1], "0123456789abcdefABCDEF") ||
                          !is_in(p[2], "0123456789abcdefABCDEF")))
            return false;
        if (!is_alnum(*p) && !is_in(*p, "%-._~:/?#[]@!$&'()*+,;="))
            return false;
    }
    if (end - at < 2 || at[0] != '/' || at[1] != '/')
        return memchr(at, '[', (size_t)(end - at)) == NULL &&
               memchr(at, ']', (size_t)(end - at)) == NULL;
    authority = at += 2;
    while (at < end && !is_in(*at, "/?#"))
        at++;
    return is_authority(authority, at) && memchr(at, '[', (size_t)(end - at)) == NULL &&
           memchr(at, ']', (size_t)(end - at)) == NULL;
}

/* §4.2.1.10: of a URI the constraint is its host, or a domain with a dot in front. */
static bool is_host(struct ot_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.data[i]) && !is_in(text.data[i], "-."))
            return false;
    return text.len > 0 && !is_in(text.data[text.len - 1], "-.");
}

/* Java looks at no more of an address than what is behind its first '@'. */
static bool is_mail(struct ot_span text)
{
    const uint8_t *at = memchr(text.data, '@', text.len);
    size_t domain = at != NULL ? (size_t)(text.data + text.len - at) - 1 : text.len;

    return domain > 0 && (domain > 1 || text.data[text.len - 1] != '.');
}

static bool is_text_name(unsigned tag, struct ot_span text, enum ot_general_name_use use)
{
    bool is_subtree = use == OT_GENERAL_NAME_SUBTREE;

    if (!is_printed(text))
        return false;
    if (text.len == 0) /* every host: nothing else can say so */
        return is_subtree && tag == OT_DER_CONTEXT(2u);
    if (tag == OT_DER_CONTEXT(1u))
        return is_mail(text);
    if (tag == OT_DER_CONTEXT(6u) && is_subtree)
        return is_host(text);
    return tag != OT_DER_CONTEXT(6u) || use == OT_GENERAL_NAME_PLAIN || is_uri(text);
}

static bool is_other_name(struct ot_span content)
{
    struct ot_span type, value;

    return ot_der_take(&content, OT_DER_OID, &type) && ot_der_is_oid(type) &&
           ot_der_only(content, OT_DER_CONSTRUCTED(0u), &value) && ot_der_is_whole(value);
}

static bool is_directory_name(struct ot_span content)
{
    struct ot_span name;

    return ot_der_only(content, OT_DER_SEQUENCE, &name) &&
           ot_fitness_name_fault(name) == NULL;
}

static bool is_address(size_t len, enum ot_general_name_use use)
{
    return use == OT_GENERAL_NAME_SUBTREE ? len == 8 || len == 32 : len == 4 || len == 16;
}

bool ot_fitness_is_general_name(const struct ot_der_value *value,
                                enum ot_general_name_use use)
{
    switch (value->tag) {
    case OT_DER_CONSTRUCTED(0u):
        return is_other_name(value->content);
    case OT_DER_CONTEXT(1u):
    case OT_DER_CONTEXT(2u):
    case OT_DER_CONTEXT(6u):
        return is_text_name(value->tag, value->content, use);
    case OT_DER_CONSTRUCTED(4u):
        return is_directory_name(value->content);
    case OT_DER_CONTEXT(7u):
        return is_address(value->content.len, use);
    case OT_DER_CONTEXT(8u):
        return ot_der_is_oid(value->content);
    default: /* X.400 and EDI: nobody uses them, and GnuTLS cannot read them */
        return false;
    }
}

bool ot_fitness_is_general_names(struct ot_span content, enum ot_general_name_use use)
{
    struct ot_der_value value;

    if (content.len == 0)
        return false;
    while (content.len > 0)
        if (!ot_der_next(&content, &value) || !ot_fitness_is_general_name(&value, use))
            return false;
    return true;
}

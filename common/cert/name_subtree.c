#include "cert/name_subtree_internal.h"

#include <string.h>
#include <strings.h>

static bool has_dot_in_front(struct ot_span base)
{
    return base.len > 0 && base.data[0] == '.';
}

static struct ot_span host_of(struct ot_span mail)
{
    const uint8_t *at = memchr(mail.data, '@', mail.len);

    return at == NULL ? mail
                      : ot_span_of(at + 1, mail.len - (size_t)(at + 1 - mail.data));
}

static bool is_mailbox(struct ot_span mail)
{
    return memchr(mail.data, '@', mail.len) != NULL;
}

/* Letters, digits and what stands in names; no part is empty. */
static bool is_host_of_names(struct ot_span host)
{
    bool behind_dot = true;

    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.data[i];

        if (c <= ' ' || c > '~' || c == '@' || c == '*' || (c == '.' && behind_dot))
            return false;
        behind_dot = c == '.';
    }
    return host.len > 0 && !behind_dot;
}

static bool is_good_dns(struct ot_span base)
{
    if (base.len == 0) /* every name */
        return true;
    return is_host_of_names(
        has_dot_in_front(base) ? ot_span_of(base.data + 1, base.len - 1) : base);
}

/* The part before the @ of a mailbox is compared to the letter by some and without regard
 * to case by others. */
static bool is_good_mail(struct ot_span base)
{
    struct ot_span host = host_of(base);

    if (!is_mailbox(base))
        return base.len > 0 && is_good_dns(base);
    if (!is_host_of_names(host) || host.data == base.data + 1)
        return false;
    for (const uint8_t *c = base.data; c < host.data - 1; c++)
        if (*c <= ' ' || *c > '~' || *c == '"' || *c == '\\' || (*c >= 'A' && *c <= 'Z'))
            return false;
    return true;
}

/* A mask of ones and then zeros: another is refused by Go and OpenSSL's printing. */
static bool is_good_address(struct ot_span base)
{
    size_t octets = base.len / 2;
    bool ended = false;

    if (base.len != 8 && base.len != 32)
        return false;
    for (size_t i = 0; i < octets; i++)
        for (int bit = 7; bit >= 0; bit--) {
            bool is_set = (base.data[octets + i] >> bit & 1) != 0;

            if (is_set && ended)
                return false;
            ended = ended || !is_set;
        }
    return true;
}

bool ot_subtree_is_good(enum ot_name_kind kind, struct ot_span base)
{
    switch (kind) {
    case OT_NAME_DNS:
        return is_good_dns(base);
    case OT_NAME_MAIL:
        return is_good_mail(base);
    case OT_NAME_ADDRESS:
        return is_good_address(base);
    case OT_NAME_KINDS:
        break;
    }
    return false;
}

static bool equals_text(struct ot_span a, struct ot_span b)
{
    return a.len == b.len &&
           strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

/* Whether a name lies strictly below a domain, which has a dot in front or has not. */
static bool lies_below(struct ot_span name, struct ot_span domain)
{
    size_t dot = has_dot_in_front(domain) ? 0 : 1;

    if (name.len <= domain.len + dot)
        return false;
    if (dot == 1 && name.data[name.len - domain.len - 1] != '.')
        return false;
    return equals_text(ot_span_of(name.data + name.len - domain.len, domain.len), domain);
}

/* Whether all of the inner one lies in the outer one. */
static bool dns_holds(struct ot_span outer, struct ot_span inner)
{
    if (outer.len == 0 || equals_text(outer, inner))
        return true;
    if (!has_dot_in_front(outer) && has_dot_in_front(inner) &&
        equals_text(outer, ot_span_of(inner.data + 1, inner.len - 1)))
        return true;
    return inner.len > 0 && lies_below(inner, outer);
}

static bool mail_holds(struct ot_span outer, struct ot_span inner)
{
    if (equals_text(outer, inner))
        return true;
    if (is_mailbox(outer))
        return false;
    if (has_dot_in_front(outer))
        return lies_below(host_of(inner), outer);
    return is_mailbox(inner) && equals_text(outer, host_of(inner));
}

static bool meet_blocks(struct ot_subtree *out, struct ot_span a, struct ot_span b)
{
    size_t octets = a.len / 2;

    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < octets; i++) {
        uint8_t in_both = a.data[octets + i] & b.data[octets + i];

        if (((a.data[i] ^ b.data[i]) & in_both) != 0)
            return false;
        out->block[octets + i] = a.data[octets + i] | b.data[octets + i];
        out->block[i] = (uint8_t)((a.data[i] & a.data[octets + i]) |
                                  (b.data[i] & b.data[octets + i]));
    }
    out->base = ot_span_of(out->block, a.len);
    return true;
}

bool ot_subtree_meet(struct ot_subtree *out, enum ot_name_kind kind, struct ot_span a,
                     struct ot_span b)
{
    bool (*holds)(struct ot_span outer, struct ot_span inner) =
        kind == OT_NAME_DNS ? dns_holds : mail_holds;

    if (kind == OT_NAME_ADDRESS)
        return meet_blocks(out, a, b);
    if (!holds(a, b) && !holds(b, a))
        return false;
    out->base = holds(a, b) ? b : a;
    return true;
}

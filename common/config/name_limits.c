#include "config/name_limits.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define LABEL_MAX 63 /* RFC 1035 §2.3.4 */

/* "ffff:…:255.255.255.255/128", "@*." and a name. */
#define ITEM_MAX (OT_NAME_BASE_MAX + 4)

static const char forms[] =
    "a DNS name such as corp.example or *.internal, an address block such as 10.0.0.0/8 "
    "or fd00::/8, or a mail domain such as @corp.example";

static bool is_label_char(char c)
{
    return ot_text_is_alnum(c) || c == '-' || c == '_';
}

/* What is wrong with a host name, as words that follow "is"; NULL: nothing. */
static const char *host_fault(const char *name, size_t len)
{
    size_t label = 0;
    bool is_number = true;

    if (len == 0 || len > OT_NAME_BASE_MAX - 1)
        return "empty, or longer than the 253 letters that a DNS name can have";
    for (size_t i = 0; i <= len; i++) {
        if (i < len && name[i] != '.') {
            if (!is_label_char(name[i]))
                return "written with something else than letters, digits, '-' and '_' "
                       "(a name in another script is written in its form with xn--)";
            is_number = (label == 0 || is_number) && name[i] >= '0' && name[i] <= '9';
            label++;
            continue;
        }
        if (label == 0 || label > LABEL_MAX || name[i - 1] == '-' ||
            name[i - label] == '-')
            return "a name with a part that is empty, longer than 63 letters, or that "
                   "begins or ends with '-'";
        if (i < len)
            label = 0;
    }
    return is_number
               ? "neither an address nor a name: the last part of a name is no number"
               : NULL;
}

/* "*.internal" is what lies below, "corp.example" that, too. */
static const char *take_host(struct ot_name_limit *limit, const char *text, size_t len)
{
    bool is_below = len >= 2 && text[0] == '*' && text[1] == '.';
    size_t skipped = is_below ? 2 : 0;
    const char *fault = host_fault(text + skipped, len - skipped);

    if (fault != NULL)
        return fault;
    limit->len = 0;
    if (is_below)
        limit->base[limit->len++] = '.';
    for (size_t i = skipped; i < len; i++)
        limit->base[limit->len++] =
            (uint8_t)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    return NULL;
}

static int prefix_length(const char *text, int longest)
{
    int value = 0;
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 3 || text[digits] != '\0' ||
        (text[0] == '0' && digits > 1))
        return -1;
    for (; *text != '\0'; text++)
        value = value * 10 + (*text - '0');
    return value <= longest ? value : -1;
}

/* base: the address, then room for its mask. */
static const char *take_address_block(struct ot_name_limit *limit, char *text)
{
    char *slash = strchr(text, '/');
    int octets, prefix;

    if (slash != NULL)
        *slash = '\0';
    octets = inet_pton(AF_INET, text, limit->base) == 1    ? 4
             : inet_pton(AF_INET6, text, limit->base) == 1 ? 16
                                                           : 0;
    if (octets == 0)
        return "not an address";
    prefix = slash == NULL ? 8 * octets : prefix_length(slash + 1, 8 * octets);
    if (prefix < 0)
        return "an address with a prefix length that is none (at most /32, or /128 for "
               "IPv6)";
    for (int i = 0; i < octets; i++) {
        int bits = prefix - 8 * i;
        unsigned mask = bits >= 8 ? 0xff : bits <= 0 ? 0 : 0xff00u >> bits & 0xff;

        if ((limit->base[i] & ~mask) != 0)
            return "a block whose address has bits set behind its prefix length: write "
                   "the first address of the block";
        limit->base[octets + i] = (uint8_t)mask;
    }
    limit->len = 2 * (size_t)octets;
    return NULL;
}

static bool looks_like_address(const char *text)
{
    return strpbrk(text, ":/") != NULL || text[strspn(text, "0123456789.")] == '\0';
}

static const char *take_item(struct ot_name_limit *limit, const char *word, size_t len)
{
    char text[ITEM_MAX + 1];

    if (len == 0)
        return "empty";
    if (len > ITEM_MAX)
        return "too long";
    memcpy(text, word, len);
    text[len] = '\0';
    if (text[0] == '@') {
        limit->kind = OT_NAME_MAIL;
        return take_host(limit, text + 1, len - 1);
    }
    if (strchr(text, '@') != NULL)
        return "a mailbox: only whole mail domains can be named";
    if (looks_like_address(text)) {
        limit->kind = OT_NAME_ADDRESS;
        return take_address_block(limit, text);
    }
    limit->kind = OT_NAME_DNS;
    return take_host(limit, text, len);
}

static int compare_limits(const void *a, const void *b)
{
    const struct ot_name_limit *x = a, *y = b;
    int order = (x->kind > y->kind) - (x->kind < y->kind);

    if (order == 0)
        order = (x->len > y->len) - (x->len < y->len);
    return order != 0 ? order : memcmp(x->base, y->base, x->len);
}

static void sort_limits(struct ot_name_limits *limits)
{
    size_t kept = 0;

    qsort(limits->items, limits->count, sizeof(*limits->items), compare_limits);
    for (size_t i = 1; i < limits->count; i++)
        if (compare_limits(&limits->items[kept], &limits->items[i]) != 0)
            limits->items[++kept] = limits->items[i];
    limits->count = kept + 1;
}

static void put_block(char *out, size_t size, const struct ot_name_limit *limit)
{
    size_t octets = limit->len / 2, len;
    int prefix = 0;

    inet_ntop(octets == 4 ? AF_INET : AF_INET6, limit->base, out, (socklen_t)size);
    for (size_t i = octets; i < limit->len; i++)
        prefix += __builtin_popcount(limit->base[i]);
    len = strlen(out);
    snprintf(out + len, size - len, "/%d", prefix);
}

static void put_limit(char *out, size_t size, const struct ot_name_limit *limit)
{
    bool is_below = limit->base[0] == '.';

    if (limit->kind == OT_NAME_ADDRESS)
        put_block(out, size, limit);
    else
        snprintf(out, size, "%s%s%.*s", limit->kind == OT_NAME_MAIL ? "@" : "",
                 is_below ? "*" : "", (int)limit->len, (const char *)limit->base);
}

char *ot_name_limits_text(const struct ot_name_limits *limits)
{
    size_t size = limits->count * (ITEM_MAX + 2) + 1, len = 0;
    char *text = malloc(size);

    if (text == NULL)
        return NULL;
    text[0] = '\0';
    for (size_t i = 0; i < limits->count; i++) {
        if (i > 0)
            len += (size_t)snprintf(text + len, size - len, ", ");
        put_limit(text + len, size - len, &limits->items[i]);
        len += strlen(text + len);
    }
    return text;
}

enum ot_status ot_name_limits_parse(struct ot_name_limits *limits, const char *text,
                                    struct ot_error *err)
{
    size_t room = 1;

    *limits = (struct ot_name_limits){0};
    for (const char *c = text; *c != '\0'; c++)
        room += *c == ',';
    if (room > OT_NAME_LIMITS_MAX)
        return ot_error_set(err, OT_E_CONFIG, "names may hold at most %d items",
                            OT_NAME_LIMITS_MAX);
    limits->items = calloc(room, sizeof(*limits->items));
    if (limits->items == NULL)
        return ot_error_nomem(err);
    for (const char *word = text; limits->count < room; limits->count++) {
        size_t behind, len;
        const char *fault;

        word += strspn(word, " \t");
        behind = len = strcspn(word, ",");
        while (len > 0 && (word[len - 1] == ' ' || word[len - 1] == '\t'))
            len--;
        fault = take_item(&limits->items[limits->count], word, len);
        if (fault != NULL)
            return ot_error_set(err, OT_E_CONFIG,
                                "item %zu of names is %s; it must be %s",
                                limits->count + 1, fault, forms);
        word += behind + (word[behind] == ',');
    }
    sort_limits(limits);
    limits->text = ot_name_limits_text(limits);
    return limits->text != NULL ? OT_OK : ot_error_nomem(err);
}

void ot_name_limits_clear(struct ot_name_limits *limits)
{
    free(limits->items);
    free(limits->text);
    *limits = (struct ot_name_limits){0};
}

#include "export/chromium_policy.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory_stream.h"
#include "export/anchors.h"

/* What is in a browser's other policy files counts beside ours: without this the last of
 * them that sets a list would hide those of the others. */
#define HEAD                                                                             \
    "{\n"                                                                                \
    "  \"" OT_CHROMIUM_MERGE "\": [\n"                                                   \
    "    \"CACertificates\",\n"                                                          \
    "    \"CACertificatesWithConstraints\",\n"                                           \
    "    \"CADistrustedCertificates\"\n"                                                 \
    "  ]"

#define BEGIN_LIST ",\n  \"%s\": [\n"
#define END_LIST "\n  ]"

const char *const ot_chromium_lists[] = {
    "CACertificates", "CACertificatesWithConstraints", "CADistrustedCertificates", NULL};

_Static_assert(sizeof(ot_chromium_lists) / sizeof(ot_chromium_lists[0]) ==
                   OT_CHROMIUM_LISTS + 1,
               "a name for each list");

/* The lists while they grow. */
struct writer {
    FILE *out[OT_CHROMIUM_LISTS];
    char *text[OT_CHROMIUM_LISTS];
    size_t len[OT_CHROMIUM_LISTS], count[OT_CHROMIUM_LISTS];
};

static void write_base64(FILE *out, struct ot_span der)
{
    unsigned char text[65] = {0};

    for (size_t at = 0; at < der.len; at += 48) {
        size_t left = der.len - at < 48 ? der.len - at : 48;
        int len = EVP_EncodeBlock(text, der.data + at, (int)left);

        fwrite(text, 1, (size_t)len, out);
    }
}

/* The permitted names of one certificate: as Chromium would have them. */
struct permitted {
    char *dns, *cidrs; /* of a JSON array each, "" where there is none */
    bool is_odd;       /* there is one that Chromium has no word for */
};

/* A list of Chromium's is refused whole for an item that it cannot read. */
static bool is_plain_name(const ASN1_STRING *text)
{
    const unsigned char *data = ASN1_STRING_get0_data(text);
    int len = ASN1_STRING_length(text);

    for (int i = 0; i < len; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.",
                   data[i]) == NULL ||
            data[i] == '\0')
            return false;
    return len > 0;
}

/* The number of leading ones; -1: there are others behind a zero. */
static int mask_prefix_length(const unsigned char *mask, int len)
{
    int ones = 0;

    while (ones < len * 8 && (mask[ones / 8] & (0x80 >> ones % 8)) != 0)
        ones++;
    for (int i = ones; i < len * 8; i++)
        if ((mask[i / 8] & (0x80 >> i % 8)) != 0)
            return -1;
    return ones;
}

static bool write_cidr(FILE *out, const ASN1_STRING *block)
{
    const unsigned char *data = ASN1_STRING_get0_data(block);
    int len = ASN1_STRING_length(block) / 2, prefix;
    char text[INET6_ADDRSTRLEN];

    if (len != 4 && len != 16)
        return false;
    prefix = mask_prefix_length(data + len, len);
    if (prefix < 0 ||
        inet_ntop(len == 4 ? AF_INET : AF_INET6, data, text, sizeof(text)) == NULL)
        return false;
    fprintf(out, "%s\"%s/%d\"", ftell(out) > 0 ? ", " : "", text, prefix);
    return true;
}

static bool write_dns_name(FILE *out, const ASN1_STRING *name)
{
    if (!is_plain_name(name))
        return false;
    fprintf(out, "%s\"%.*s\"", ftell(out) > 0 ? ", " : "", ASN1_STRING_length(name),
            (const char *)ASN1_STRING_get0_data(name));
    return true;
}

static bool write_subtrees(struct permitted *permitted, const NAME_CONSTRAINTS *own,
                           FILE *dns, FILE *cidrs)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(own->permittedSubtrees); i++) {
        const GENERAL_NAME *base =
            sk_GENERAL_SUBTREE_value(own->permittedSubtrees, i)->base;

        if (base->type == GEN_DNS && !write_dns_name(dns, base->d.dNSName))
            permitted->is_odd = true;
        if (base->type == GEN_IPADD && !write_cidr(cidrs, base->d.iPAddress))
            permitted->is_odd = true;
    }
    return ferror(dns) == 0 && ferror(cidrs) == 0;
}

static bool read_permitted(struct permitted *permitted, struct ot_span der)
{
    const unsigned char *at = der.data;
    X509 *x509 = d2i_X509(NULL, &at, (long)der.len);
    NAME_CONSTRAINTS *own =
        x509 != NULL ? X509_get_ext_d2i(x509, NID_name_constraints, NULL, NULL) : NULL;
    size_t dns_len, cidrs_len;
    FILE *dns = open_memstream(&permitted->dns, &dns_len);
    FILE *cidrs = open_memstream(&permitted->cidrs, &cidrs_len);
    bool good = dns != NULL && cidrs != NULL;

    if (good && own != NULL)
        good = write_subtrees(permitted, own, dns, cidrs);
    good = dns != NULL && fclose(dns) == 0 && good;
    good = cidrs != NULL && fclose(cidrs) == 0 && good;
    NAME_CONSTRAINTS_free(own);
    X509_free(x509);
    return good;
}

static void write_constrained(FILE *out, struct ot_span der,
                              const struct permitted *permitted)
{
    bool has_both = permitted->dns[0] != '\0' && permitted->cidrs[0] != '\0';

    fputs("{\"certificate\": \"", out);
    write_base64(out, der);
    fputs("\", \"constraints\": {", out);
    if (permitted->dns[0] != '\0')
        fprintf(out, "\"permitted_dns_names\": [%s]%s", permitted->dns,
                has_both ? ", " : "");
    if (permitted->cidrs[0] != '\0')
        fprintf(out, "\"permitted_cidrs\": [%s]", permitted->cidrs);
    fputs("}}", out);
}

static void begin_item(struct writer *writer, enum ot_chromium_list list)
{
    fputs(writer->count[list]++ > 0 ? ",\n    " : "    ", writer->out[list]);
}

static void write_plain(struct writer *writer, enum ot_chromium_list list,
                        struct ot_span der)
{
    begin_item(writer, list);
    fputc('"', writer->out[list]);
    write_base64(writer->out[list], der);
    fputc('"', writer->out[list]);
}

static bool write_anchor(struct writer *writer, struct ot_span der)
{
    struct permitted permitted = {.dns = NULL};
    bool good = read_permitted(&permitted, der);

    if (good && !permitted.is_odd &&
        (permitted.dns[0] != '\0' || permitted.cidrs[0] != '\0')) {
        begin_item(writer, OT_CHROMIUM_CONSTRAINED);
        write_constrained(writer->out[OT_CHROMIUM_CONSTRAINED], der, &permitted);
    } else if (good) {
        write_plain(writer, OT_CHROMIUM_TRUSTED, der);
    }
    free(permitted.dns);
    free(permitted.cidrs);
    return good;
}

static bool begin_lists(struct writer *writer)
{
    bool good = true;

    *writer = (struct writer){.count = {0}};
    for (int list = 0; list < OT_CHROMIUM_LISTS; list++) {
        writer->out[list] = open_memstream(&writer->text[list], &writer->len[list]);
        good = good && writer->out[list] != NULL;
    }
    return good;
}

/* The lists from first to last become what was written; an empty one is not there. */
static enum ot_status end_lists(struct writer *writer, struct ot_chromium_policy *policy,
                                enum ot_chromium_list first, enum ot_chromium_list last,
                                bool good, struct ot_error *err)
{
    for (int list = 0; list < OT_CHROMIUM_LISTS; list++)
        good = writer->out[list] != NULL && fclose(writer->out[list]) == 0 && good;
    for (int list = 0; list < OT_CHROMIUM_LISTS; list++) {
        if (good && list >= (int)first && list <= (int)last) {
            free(policy->items[list]);
            policy->items[list] = writer->count[list] > 0 ? writer->text[list] : NULL;
            if (writer->count[list] > 0)
                continue;
        }
        free(writer->text[list]);
    }
    return good ? OT_OK : ot_error_nomem(err);
}

enum ot_status ot_chromium_policy_trust(struct ot_chromium_policy *policy,
                                        const struct ot_anchors *anchors,
                                        struct ot_error *err)
{
    struct writer writer;
    bool good = begin_lists(&writer);

    for (size_t i = 0; good && i < anchors->count; i++)
        good = write_anchor(&writer, anchors->items[i].der);
    return end_lists(&writer, policy, OT_CHROMIUM_TRUSTED, OT_CHROMIUM_CONSTRAINED, good,
                     err);
}

enum ot_status ot_chromium_policy_distrust(struct ot_chromium_policy *policy,
                                           const struct ot_anchors *distrusted,
                                           struct ot_error *err)
{
    struct writer writer;
    bool good = begin_lists(&writer);

    for (size_t i = 0; good && i < distrusted->count; i++)
        write_plain(&writer, OT_CHROMIUM_DISTRUSTED, distrusted->items[i].der);
    return end_lists(&writer, policy, OT_CHROMIUM_DISTRUSTED, OT_CHROMIUM_DISTRUSTED,
                     good, err);
}

enum ot_status ot_chromium_policy_keep(struct ot_chromium_policy *policy,
                                       enum ot_chromium_list list, const char *text,
                                       struct ot_error *err)
{
    const char *at, *end;
    char *begin, *copy = NULL;

    if (asprintf(&begin, BEGIN_LIST, ot_chromium_lists[list]) < 0)
        return ot_error_nomem(err);
    at = strstr(text, begin);
    end = at != NULL ? strstr(at + strlen(begin), END_LIST) : NULL;
    if (end != NULL)
        copy = strndup(at + strlen(begin), (size_t)(end - at) - strlen(begin));
    free(begin);
    if (end != NULL && copy == NULL)
        return ot_error_nomem(err);
    free(policy->items[list]);
    policy->items[list] = copy;
    return OT_OK;
}

char *ot_chromium_policy_text(const struct ot_chromium_policy *policy)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        return NULL;
    fputs(HEAD, out);
    for (int list = 0; list < OT_CHROMIUM_LISTS; list++) {
        if (policy->items[list] == NULL)
            continue;
        fprintf(out, BEGIN_LIST, ot_chromium_lists[list]);
        fputs(policy->items[list], out);
        fputs(END_LIST, out);
    }
    fputs("\n}\n", out);
    return ot_memory_stream_end(out, &text);
}

bool ot_chromium_policy_is_ours(const char *text)
{
    return text[0] == '\0' || strncmp(text, HEAD, strlen(HEAD)) == 0;
}

void ot_chromium_policy_clear(struct ot_chromium_policy *policy)
{
    for (int list = 0; list < OT_CHROMIUM_LISTS; list++)
        free(policy->items[list]);
    *policy = (struct ot_chromium_policy){.items = {NULL}};
}

/* What verifiers make of re-wrapped certificates. */
#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "certs.h"
#include "rewraps.h"
#include "unit.h"

#define SETS 2000

/* The same numbers in every run. */
static uint32_t random_state = 20261129;

static unsigned pick(unsigned count)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % count;
}

static const char *one_of(const char *const *words, size_t count)
{
    return words[pick((unsigned)count)];
}
#define ONE_OF(words) one_of(words, sizeof(words) / sizeof((words)[0]))

/* Few, so that they lie in each other often. */
static const char *const hosts[] = {"a",    "b.a",   "c.b.a", "B.A",  "d.c.b.a",
                                    "xb.a", "b.a.b", "a.b",   "b",    "c.a",
                                    "ab",   "b.ab",  "c-b.a", "d.b.a"};
static const char *const nets4[] = {"10.0.0.0/8",  "10.1.0.0/16", "10.1.2.0/24",
                                    "10.1.2.3/32", "0.0.0.0/0",   "172.16.0.0/12"};
static const char *const masks4[] = {"255.0.0.0",       "255.255.0.0", "255.255.255.0",
                                     "255.255.255.255", "0.0.0.0",     "255.240.0.0"};
static const char *const nets6[] = {"fd00::/8", "fd01::/16", "fd01:2::/32", "::/0"};
static const char *const masks6[] = {"ff00::", "ffff::", "ffff:ffff::", "::"};
static const char *const addresses[] = {"10.1.2.3",  "10.1.2.4",   "10.2.0.1",
                                        "11.0.0.1",  "172.16.0.1", "fd01:2::1",
                                        "fd01:3::1", "fd02::1",    "fe80::1"};
static const char *const people[] = {"u", "w"};

static void add_text(char *text, const char *a, const char *b, const char *c,
                     const char *d)
{
    size_t len = strlen(text);

    snprintf(text + len, REWRAP_TEXT_MAX - len, "%s%s%s%s%s", len > 0 ? "," : "", a, b, c,
             d);
}

static void add_limits(char *text)
{
    for (unsigned n = 1 + pick(5); n > 0; n--)
        switch (pick(6)) {
        case 0:
            add_text(text, ONE_OF(hosts), "", "", "");
            break;
        case 1:
            add_text(text, "*.", ONE_OF(hosts), "", "");
            break;
        case 2:
            add_text(text, ONE_OF(nets4), "", "", "");
            break;
        case 3:
            add_text(text, ONE_OF(nets6), "", "", "");
            break;
        case 4:
            add_text(text, "@", ONE_OF(hosts), "", "");
            break;
        default:
            add_text(text, "@*.", ONE_OF(hosts), "", "");
        }
}

static void add_net(char *text, const char *side, const char *const *nets,
                    const char *const *masks, unsigned count)
{
    unsigned i = pick(count);
    char net[128];

    snprintf(net, sizeof(net), "%s", nets[i]);
    strcpy(strchr(net, '/') + 1, masks[i]);
    add_text(text, side, ";IP:", net, "");
}

/* Of both families: GnuTLS takes addresses of the one to say nothing of the other, and
 * believes more than OpenSSL does. */
static void add_nets(char *text, const char *side)
{
    add_net(text, side, nets4, masks4, 6);
    add_net(text, side, nets6, masks6, 4);
}

/* As x509v3_config(5) has them; "" where there are none. */
static void add_own(char *text)
{
    unsigned n = pick(5);

    while (n-- > 0) {
        const char *side = pick(3) > 0 ? "permitted" : "excluded";

        switch (pick(5)) {
        case 0:
            add_text(text, side, ";DNS:", pick(2) ? "." : "", ONE_OF(hosts));
            break;
        case 1:
            add_text(text, side, ";DNS:", "", ONE_OF(hosts));
            break;
        case 2:
            add_nets(text, side);
            break;
        case 3:
            add_text(text, side, ";email:", pick(2) ? "." : "", ONE_OF(hosts));
            break;
        default:
            add_text(text, side, ";email:", pick(2) ? "u@" : "w@", ONE_OF(hosts));
        }
    }
}

static void add_names(char *text)
{
    for (unsigned n = 1 + pick(2); n > 0; n--)
        switch (pick(4)) {
        case 0:
            add_text(text, pick(4) ? "DNS:" : "DNS:*.", ONE_OF(hosts), "", "");
            break;
        case 1:
            add_text(text, "DNS:", ONE_OF(hosts), ".", ONE_OF(hosts));
            break;
        case 2:
            add_text(text, "IP:", ONE_OF(addresses), "", "");
            break;
        default:
            add_text(text, "email:", ONE_OF(people), "@", ONE_OF(hosts));
        }
}

static uint8_t *new_leaf(const char *names, size_t *len)
{
    X509 *x509 = certs_new("leaf", 78);
    X509_NAME *issuer = X509_NAME_new(), *nobody = X509_NAME_new();
    char value[REWRAP_TEXT_MAX + 16];
    int at;

    X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_UTF8, (const uint8_t *)"root", -1,
                               -1, 0);
    X509_set_issuer_name(x509, issuer);
    X509_set_subject_name(x509, nobody);
    X509_NAME_free(issuer);
    X509_NAME_free(nobody);
    while ((at = X509_get_ext_by_NID(x509, NID_basic_constraints, -1)) >= 0)
        X509_EXTENSION_free(X509_delete_ext(x509, at));
    snprintf(value, sizeof(value), "critical,%s", names);
    certs_add_ext(x509, NID_subject_alt_name, value);
    return certs_finish(x509, len);
}

static bool openssl_believes(struct ot_span anchor, struct ot_span leaf)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *root = rewraps_read(anchor), *end = rewraps_read(leaf);
    bool good;

    X509_STORE_add_cert(store, root);
    CU_ASSERT_EQUAL_FATAL(X509_STORE_CTX_init(ctx, store, end, NULL), 1);
    good = X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(root);
    X509_free(end);
    return good;
}

static gnutls_x509_crt_t import_gnutls(struct ot_span der)
{
    const gnutls_datum_t datum = {(unsigned char *)(uintptr_t)der.data,
                                  (unsigned)der.len};
    gnutls_x509_crt_t crt;

    CU_ASSERT_EQUAL_FATAL(gnutls_x509_crt_init(&crt), 0);
    CU_ASSERT_EQUAL_FATAL(gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER), 0);
    return crt;
}

static bool gnutls_believes(struct ot_span anchor, struct ot_span leaf)
{
    gnutls_x509_crt_t root = import_gnutls(anchor), end = import_gnutls(leaf);
    gnutls_x509_trust_list_t list;
    unsigned verdict = 1;

    CU_ASSERT_EQUAL_FATAL(gnutls_x509_trust_list_init(&list, 0), 0);
    CU_ASSERT_EQUAL_FATAL(gnutls_x509_trust_list_add_cas(list, &root, 1, 0), 1);
    CU_ASSERT_EQUAL(
        gnutls_x509_trust_list_verify_crt2(list, &end, 1, NULL, 0, 0, &verdict, NULL), 0);
    gnutls_x509_trust_list_deinit(list, 1); /* and root */
    gnutls_x509_crt_deinit(end);
    return verdict == 0;
}

/* The meaning of limits, written down once more: what is below a domain ends with a dot
 * and it. */
static bool host_is_in(const char *host, const char *item)
{
    size_t len = strlen(host), item_len = strlen(item);
    bool is_below = strncmp(item, "*.", 2) == 0;

    if (!is_below && strcasecmp(host, item) == 0)
        return true;
    if (is_below) {
        item += 2;
        item_len -= 2;
    }
    return len > item_len + 1 && host[len - item_len - 1] == '.' &&
           strcasecmp(host + len - item_len, item) == 0;
}

static bool mail_is_in(const char *mail, const char *item)
{
    const char *host = strchr(mail, '@') + 1;

    if (item[0] == '*')
        return host_is_in(host, item);
    return strcasecmp(host, item) == 0;
}

static bool address_is_in(const char *address, const char *item)
{
    char net[64];
    uint8_t a[16], b[16];
    int family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET, bits;

    snprintf(net, sizeof(net), "%s", item);
    bits = atoi(strchr(net, '/') + 1);
    *strchr(net, '/') = '\0';
    if (inet_pton(family, net, b) != 1 || inet_pton(family, address, a) != 1)
        return false;
    for (int i = 0; i < bits; i++)
        if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0)
            return false;
    return true;
}

static bool name_is_in(const char *name, const char *item)
{
    bool is_mail = item[0] == '@', is_address = strchr(item, '/') != NULL;

    if (strncmp(name, "email:", 6) == 0)
        return is_mail && mail_is_in(name + 6, item + 1);
    if (strncmp(name, "IP:", 3) == 0)
        return is_address && address_is_in(name + 3, item);
    return !is_mail && !is_address && host_is_in(name + 4, item);
}

static bool is_permitted(const char *name, const char *limits)
{
    char copy[REWRAP_TEXT_MAX], *rest = copy, *item;

    snprintf(copy, sizeof(copy), "%s", limits);
    while ((item = strsep(&rest, ",")) != NULL)
        if (name_is_in(name, item))
            return true;
    return false;
}

static bool are_permitted(const char *names, const char *limits)
{
    char copy[REWRAP_TEXT_MAX], *rest = copy, *name;

    snprintf(copy, sizeof(copy), "%s", names);
    while ((name = strsep(&rest, ",")) != NULL)
        if (!is_permitted(name, limits))
            return false;
    return true;
}

struct tally {
    unsigned believed, refused; /* with limits, of what was believed without */
};

/* One verifier's verdict on a leaf, without the limits and with them. */
struct trial {
    const char *who;
    bool (*believes)(struct ot_span anchor, struct ot_span leaf);
};

static void compare_verdicts(struct tally *tally, const struct trial *trial,
                             struct ot_span before, struct ot_span after,
                             struct ot_span leaf, bool permitted)
{
    bool was = trial->believes(before, leaf), is = trial->believes(after, leaf);

    CU_ASSERT_EQUAL(is, was && permitted);
    tally->believed += was && is;
    tally->refused += was && !is;
    if (is != (was && permitted))
        fprintf(stderr, "\n  %s %s:\n", trial->who, is ? "believes" : "refuses");
}

static void try_leaf(struct tally *tally, struct ot_span before, struct ot_span after,
                     const char *own, const char *limits)
{
    static const struct trial trials[] = {{"OpenSSL", openssl_believes},
                                          {"GnuTLS", gnutls_believes}};
    char names[REWRAP_TEXT_MAX] = "";
    unsigned failures = CU_get_number_of_failures();
    struct ot_span leaf;

    add_names(names);
    leaf.data = new_leaf(names, &leaf.len);
    for (size_t i = 0; i < 2; i++)
        compare_verdicts(tally, &trials[i], before, after, leaf,
                         are_permitted(names, limits));
    if (CU_get_number_of_failures() != failures)
        fprintf(stderr, "  names %s, limits %s, own %s\n", names, limits, own);
    rewraps_drop(leaf);
}

static void limits_permit_what_both_permit_and_nothing_else(void)
{
    struct tally tally = {0};

    for (int set = 0; set < SETS; set++) {
        char own[REWRAP_TEXT_MAX] = "", limits[REWRAP_TEXT_MAX] = "";
        struct ot_span before, after;

        add_own(own);
        add_limits(limits);
        before = rewraps_finish(rewraps_authority(own));
        after = rewraps_make(before, limits, 0);
        try_leaf(&tally, before, after, own, limits);
        rewraps_drop(before);
        rewraps_drop(after);
    }
    /* Else nothing would have been tried. */
    CU_ASSERT(tally.believed > SETS / 8 && tally.refused > SETS / 2);
}

static void version_1_becomes_an_authority_of_version_3(void)
{
    X509 *x509 = certs_new("old", 1), *made;
    struct ot_span before, after, leaf;

    while (X509_get_ext_count(x509) > 0)
        X509_EXTENSION_free(X509_delete_ext(x509, 0));
    X509_set_version(x509, X509_VERSION_1);
    before = rewraps_finish(x509);
    after = rewraps_make(before, "b.a", 0);
    made = rewraps_read(after);
    CU_ASSERT_EQUAL(X509_get_version(made), X509_VERSION_3);
    CU_ASSERT_EQUAL(X509_check_ca(made), 1);
    X509_free(made);
    rewraps_drop(before);
    rewraps_drop(after);
    x509 = certs_new("root", 1);
    while (X509_get_ext_count(x509) > 0)
        X509_EXTENSION_free(X509_delete_ext(x509, 0));
    X509_set_version(x509, X509_VERSION_1);
    before = rewraps_finish(x509);
    after = rewraps_make(before, "b.a", 0);
    leaf.data = new_leaf("DNS:c.b.a", &leaf.len);
    CU_ASSERT(openssl_believes(after, leaf) && gnutls_believes(after, leaf));
    rewraps_drop(leaf);
    leaf.data = new_leaf("DNS:c.a", &leaf.len);
    CU_ASSERT(!openssl_believes(after, leaf) && !gnutls_believes(after, leaf));
    rewraps_drop(leaf);
    rewraps_drop(before);
    rewraps_drop(after);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"limits_permit_what_both_permit_and_nothing_else",
         limits_permit_what_both_permit_and_nothing_else},
        {"version_1_becomes_an_authority_of_version_3",
         version_1_becomes_an_authority_of_version_3},
        {NULL, NULL},
    };

    return unit_main("rewrap_verdict", cases, argc, argv);
}

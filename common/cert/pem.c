#include "cert/pem.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/span.h"

#define DASHES "-----"
#define DASHES_LEN 5
#define LINE_BYTES 48u /* 64 characters, RFC 7468 §2 */
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/* A "-----BEGIN label-----" or "-----END label-----". */
struct marker {
    size_t start, end; /* of the whole marker in the text */
    struct ot_span label;
    bool begins;
};

static bool has_prefix(const char *text, size_t len, const char *prefix)
{
    return len >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

static bool label_is(struct ot_span label, const char *text)
{
    return ot_span_equal(label, ot_span_str(text));
}

/* Whether a marker of a private key begins at a dash. Fewer of them than five and a space
 * are SSH's own form (RFC 4716 §3.4), and what a careless copy makes of ours. */
static bool is_key_marker(const char *dash, size_t len)
{
    const char *word = dash + strlen("----");
    size_t n = 0;

    if (!has_prefix(dash, len, "----"))
        return false;
    len -= strlen("----");
    if (has_prefix(word, len, " ")) {
        word++;
        len--;
    }
    if (!has_prefix(word, len, "BEGIN ") && !has_prefix(word, len, "END "))
        return false;
    while (n < len && word[n] != '\n' && word[n] != '\r' &&
           !has_prefix(word + n, len - n, "----"))
        n++;
    return memmem(word, n, "PRIVATE KEY", strlen("PRIVATE KEY")) != NULL;
}

/* Looked for before anything else, so that no other defect can hide one. */
bool ot_pem_has_private_key(const char *pem, size_t len)
{
    const char *end = pem + len, *dash = pem;

    for (; (dash = memchr(dash, '-', (size_t)(end - dash))) != NULL; dash++)
        if (is_key_marker(dash, (size_t)(end - dash)))
            return true;
    return false;
}

/* Finds the next marker at or after from. False at the end; *broken when something that
 * starts like a marker does not end like one. */
static bool next_marker(const char *pem, size_t len, size_t from, struct marker *out,
                        bool *broken)
{
    for (size_t i = from; i + DASHES_LEN < len; i++) {
        const char *end, *dash = memchr(pem + i, '-', len - i);
        size_t at;

        if (dash == NULL)
            return false;
        i = (size_t)(dash - pem);
        out->begins = has_prefix(pem + i, len - i, DASHES "BEGIN ");
        if (!out->begins && !has_prefix(pem + i, len - i, DASHES "END "))
            continue;
        at = i + DASHES_LEN + (out->begins ? strlen("BEGIN ") : strlen("END "));
        end = memmem(pem + at, len - at, DASHES, DASHES_LEN);
        *broken =
            end == NULL || memchr(pem + at, '\n', (size_t)(end - (pem + at))) != NULL;
        if (*broken)
            return false;
        out->start = i;
        out->label = ot_span_of(pem + at, (size_t)(end - (pem + at)));
        out->end = at + out->label.len + DASHES_LEN;
        return true;
    }
    return false;
}

static bool is_certificate_label(struct ot_span label)
{
    return label_is(label, "CERTIFICATE") || label_is(label, "X509 CERTIFICATE");
}

/* What a block of another kind is called, for people; the text itself is never quoted. */
static const char *describe_label(struct ot_span label)
{
    static const struct {
        const char *label, *words;
    } known[] = {
        {"TRUSTED CERTIFICATE", "a certificate with OpenSSL's trust settings"},
        {"CERTIFICATE REQUEST", "a certificate request"},
        {"NEW CERTIFICATE REQUEST", "a certificate request"},
        {"X509 CRL", "a revocation list"},
        {"PUBLIC KEY", "a public key"},
        {"RSA PUBLIC KEY", "a public key"},
        {"PKCS7", "a PKCS #7 bundle"},
        {"CMS", "a CMS message"},
        {"DH PARAMETERS", "parameters of a key"},
        {"EC PARAMETERS", "parameters of a key"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (label_is(label, known[i].label))
            return known[i].words;
    return "a block of another kind";
}

/* Whether all blocks of the text are certificates, one behind the other, and how many. */
static enum ot_status count_blocks(const char *pem, size_t len, size_t *blocks,
                                   struct ot_error *err)
{
    struct marker current = {0}, marker = {0};
    bool broken = false, open = false;

    *blocks = 0;
    for (size_t from = 0; next_marker(pem, len, from, &marker, &broken);
         from = marker.end) {
        if (marker.begins == open)
            return ot_error_set(err, OT_E_PROTOCOL,
                                "its PEM markers do not come in pairs of BEGIN and END");
        open = marker.begins;
        if (open && !is_certificate_label(marker.label))
            return ot_error_set(err, OT_E_PROTOCOL,
                                "it holds %s, and only one CERTIFICATE block is allowed",
                                describe_label(marker.label));
        if (!open && !ot_span_equal(marker.label, current.label))
            return ot_error_set(err, OT_E_PROTOCOL,
                                "the labels of its BEGIN and END markers differ");
        *blocks += !open;
        current = marker;
    }
    if (broken || open)
        return ot_error_set(err, OT_E_PROTOCOL, "one of its PEM markers is cut off");
    if (*blocks == 0)
        return ot_error_set(err, OT_E_PROTOCOL, "it holds no CERTIFICATE block");
    return OT_OK;
}

/* What is wrong with base64 that cannot be decoded. */
static const char *explain_base64(const char *packed, size_t n)
{
    size_t digits = strspn(packed, BASE64);
    size_t padding = strspn(packed + digits, "=");

    if (digits + padding < n && packed[digits + padding] == ':')
        return "its block has PEM headers, as encrypted keys have";
    if (strspn(packed + digits + padding, BASE64 "=") < n - digits - padding)
        return "its block has a character that is not base64";
    if (digits + padding < n)
        return "its block goes on behind the padding";
    if (n % 4 != 0 || padding > 2)
        return "its base64 is cut off or wrongly padded";
    if (n == 0)
        return "its block is empty";
    return "its base64 cannot be decoded";
}

/* Decodes into out, which has three bytes for every four, by way of packed, which has
 * len + 1. NULL, or what is wrong: OpenSSL's decoder passes over blanks and dashes at the
 * ends, takes padding anywhere for zeros, and does not look at the bits that are left
 * over. */
static const char *decode_base64(uint8_t *out, size_t *out_len, char *packed,
                                 const char *text, size_t len)
{
    size_t n = 0, padding = 0;
    unsigned char last[5];

    for (size_t i = 0; i < len; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
            packed[n++] = text[i];
    packed[n] = '\0';
    while (padding < 2 && padding < n && packed[n - padding - 1] == '=')
        padding++;
    if (n == 0 || memchr(packed, '=', n - padding) != NULL ||
        EVP_DecodeBlock(out, (unsigned char *)packed, (int)n) != (int)(n / 4 * 3) ||
        n % 4 != 0)
        return explain_base64(packed, n);
    *out_len = n / 4 * 3 - padding;
    EVP_EncodeBlock(last, out + n / 4 * 3 - 3, (int)(3 - padding));
    return memcmp(last, packed + n - 4, 4) == 0 ? NULL : "its base64 has bits left over";
}

/* The next block at or after *from, which is moved behind it. There is one: they were
 * counted. */
static enum ot_status decode_block(uint8_t **der, size_t *der_len, const char *pem,
                                   size_t len, size_t *from, struct ot_error *err)
{
    struct marker begin = {0}, end = {0};
    enum ot_status status = OT_OK;
    const char *reason;
    bool broken;
    char *packed;
    uint8_t *out;
    size_t body;

    if (!next_marker(pem, len, *from, &begin, &broken) ||
        !next_marker(pem, len, begin.end, &end, &broken))
        return ot_error_set(err, OT_E_INTERNAL, "a PEM block that was counted is gone");
    *from = end.end;
    body = end.start - begin.end;
    out = malloc(body / 4 * 3 + 3);
    packed = malloc(body + 1);
    if (out == NULL || packed == NULL)
        status = ot_error_nomem(err);
    else if ((reason = decode_base64(out, der_len, packed, pem + begin.end, body)) !=
             NULL)
        status = ot_error_set(err, OT_E_PROTOCOL, "%s", reason);
    free(packed);
    if (status != OT_OK) {
        free(out);
        *der_len = 0;
        return status;
    }
    *der = out;
    return OT_OK;
}

static enum ot_status check_text(const char *pem, size_t len, size_t *blocks,
                                 struct ot_error *err)
{
    if (ot_pem_has_private_key(pem, len))
        return ot_error_set(err, OT_E_PROTOCOL,
                            "it holds a private key, which was not kept; delete the "
                            "entry, and do not use that key any more");
    if (len > OT_CERT_PEM_MAX)
        return ot_error_set(err, OT_E_PROTOCOL,
                            "it is %zu bytes long, more than the %u that a certificate "
                            "may have",
                            len, OT_CERT_PEM_MAX);
    return count_blocks(pem, len, blocks, err);
}

enum ot_status ot_pem_decode(uint8_t **der, size_t *der_len, const char *pem, size_t len,
                             struct ot_error *err)
{
    size_t blocks, from = 0;
    enum ot_status status;

    *der = NULL;
    *der_len = 0;
    status = check_text(pem, len, &blocks, err);
    if (status != OT_OK)
        return status;
    if (blocks > 1)
        return ot_error_set(
            err, OT_E_PROTOCOL,
            "it holds %zu certificates; upload each of them as an entry of its own",
            blocks);
    return decode_block(der, der_len, pem, len, &from, err);
}

enum ot_status ot_pem_each(const char *pem, size_t len, ot_pem_seen *seen, void *arg,
                           struct ot_error *err)
{
    size_t blocks, from = 0;
    enum ot_status status = check_text(pem, len, &blocks, err);

    for (size_t i = 0; status == OT_OK && i < blocks; i++) {
        uint8_t *der = NULL;
        size_t der_len = 0;

        status = decode_block(&der, &der_len, pem, len, &from, err);
        if (status == OT_OK)
            status = seen(arg, der, der_len, err);
        free(der);
    }
    return status;
}

char *ot_pem_encode(const uint8_t *der, size_t len)
{
    static const char head[] = DASHES "BEGIN CERTIFICATE" DASHES "\n";
    static const char tail[] = DASHES "END CERTIFICATE" DASHES "\n";
    size_t chars = (len + 2) / 3 * 4;
    char *pem, *p;

    if (len > SIZE_MAX / 4)
        return NULL;
    pem = malloc(sizeof(head) + chars + len / LINE_BYTES + 1 + sizeof(tail));
    if (pem == NULL)
        return NULL;
    p = memcpy(pem, head, sizeof(head) - 1);
    p += sizeof(head) - 1;
    for (size_t i = 0; i < len; i += LINE_BYTES) {
        size_t left = len - i < LINE_BYTES ? len - i : LINE_BYTES;

        p += EVP_EncodeBlock((unsigned char *)p, der + i, (int)left);
        *p++ = '\n';
    }
    memcpy(p, tail, sizeof(tail));
    return pem;
}

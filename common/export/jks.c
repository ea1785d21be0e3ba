/* Java's older key store, for programs that take nothing else. No maintained library here
 * writes it; the format, as OpenJDK's JavaKeyStore.java documents it, is a list of
 * entries with numbers in network order, and a SHA-1 keyed with the password over all of
 * it. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/format.h"

#define MAGIC 0xfeedfeedu
#define VERSION 2
#define TRUSTED_CERT 2
#define STRING_MAX 65535 /* its length has 16 bits */
#define SHA1_LEN 20

static void put_number(FILE *file, uint64_t value, int bytes)
{
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        fputc((int)(value >> shift & 0xff), file);
}

/* Two characters of three bytes each for one that UTF-8 writes with four: Java's modified
 * UTF-8 (java.io.DataInput) encodes the halves of UTF-16. */
static void put_pair(char *out, const unsigned char *in)
{
    unsigned c = ((in[0] & 0x07u) << 18 | (in[1] & 0x3fu) << 12 | (in[2] & 0x3fu) << 6 |
                  (in[3] & 0x3fu)) -
                 0x10000;
    unsigned half[2] = {0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff)};

    for (int i = 0; i < 2; i++) {
        out[3 * i] = (char)(0xe0 | half[i] >> 12);
        out[3 * i + 1] = (char)(0x80 | (half[i] >> 6 & 0x3f));
        out[3 * i + 2] = (char)(0x80 | (half[i] & 0x3f));
    }
}

/* Well-formed UTF-8 without NUL, as aliases are; cut at a character when too long. */
static bool put_string(FILE *file, const char *text)
{
    size_t len = strlen(text), used = 0, n;
    char *out = malloc(len / 4 * 6 + len % 4 + 1);

    if (out == NULL)
        return false;
    for (size_t i = 0; i < len; i += n) {
        unsigned char c = (unsigned char)text[i];

        n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        if (used + (n == 4 ? 6 : n) > STRING_MAX)
            break;
        if (n == 4)
            put_pair(out + used, (const unsigned char *)text + i);
        else
            memcpy(out + used, text + i, n);
        used += n == 4 ? 6 : n;
    }
    put_number(file, used, 2);
    fwrite(out, 1, used, file);
    free(out);
    return true;
}

static bool put_entry(FILE *file, const struct ot_anchor *anchor)
{
    char *alias = ot_java_alias(anchor);
    bool done;

    put_number(file, TRUSTED_CERT, 4);
    done = alias != NULL && put_string(file, alias);
    free(alias);
    /* When it was added: the upload, so that the same anchors give the same bytes. */
    put_number(file, (uint64_t)anchor->created_at * 1000, 8);
    done = done && put_string(file, "X.509");
    put_number(file, anchor->der.len, 4);
    fwrite(anchor->der.data, 1, anchor->der.len, file);
    return done;
}

/* Over the password in UTF-16, a fixed text, and all before it. */
static bool digest(uint8_t *sum, const void *data, size_t len)
{
    static const char password[] = OT_JKS_PASSWORD, text[] = "Mighty Aphrodite";
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL);

    for (size_t i = 0; done && i < sizeof(password) - 1; i++) {
        const char wide[2] = {0, password[i]};

        done = EVP_DigestUpdate(ctx, wide, sizeof(wide));
    }
    done = done && EVP_DigestUpdate(ctx, text, sizeof(text) - 1) &&
           EVP_DigestUpdate(ctx, data, len) && EVP_DigestFinal_ex(ctx, sum, NULL);
    EVP_MD_CTX_free(ctx);
    return done;
}

enum ot_status ot_jks_make(uint8_t **bytes, size_t *len, const struct ot_anchors *anchors,
                           struct ot_error *err)
{
    char *data = NULL;
    uint8_t sum[SHA1_LEN];
    FILE *file = open_memstream(&data, len);
    bool done = true, summed = false;

    if (file == NULL)
        return ot_error_nomem(err);
    put_number(file, MAGIC, 4);
    put_number(file, VERSION, 4);
    put_number(file, anchors->count, 4);
    for (size_t i = 0; done && i < anchors->count; i++)
        done = put_entry(file, &anchors->items[i]);
    done = done && fflush(file) == 0;
    summed = done && digest(sum, data, *len);
    if (summed)
        fwrite(sum, 1, sizeof(sum), file);
    done = done && ferror(file) == 0;
    if (fclose(file) == 0 && done && summed) {
        *bytes = (uint8_t *)data;
        return OT_OK;
    }
    free(data);
    if (done && !summed)
        return ot_error_set(err, OT_E_INTERNAL,
                            "OpenSSL offers no SHA-1 for a key store");
    return ot_error_nomem(err);
}

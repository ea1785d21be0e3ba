#include "change/cert_input.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/span.h"
#include "base/text.h"
#include "cert/cert.h"
#include "cert/pem.h"
#include "change/cert_extract_internal.h"
#include "snapshot/record.h"

struct first_cert {
    struct ot_cert *cert;
};

static const char begin_mark[] = "-----BEGIN ";

static void digest_of(uint8_t sha256[OT_SHA256_LEN], const struct ot_cert *cert)
{
    struct ot_record facts = {.flags = 0};

    ot_cert_fill(cert, &facts);
    memcpy(sha256, ot_record_digest(&facts, OT_DIGEST_SHA2_256).data, OT_SHA256_LEN);
}

const struct ot_cert_input *ot_cert_inputs_find(const struct ot_cert_inputs *inputs,
                                                const uint8_t sha256[OT_SHA256_LEN])
{
    for (size_t i = 0; i < inputs->count; i++)
        if (memcmp(inputs->items[i].sha256, sha256, OT_SHA256_LEN) == 0)
            return &inputs->items[i];
    return NULL;
}

static void clear_item(struct ot_cert_input *item)
{
    free(item->file);
    free(item->pem);
    free(item->reason);
}

static void cut_inputs(struct ot_cert_inputs *inputs, size_t count)
{
    while (inputs->count > count)
        clear_item(&inputs->items[--inputs->count]);
}

void ot_cert_inputs_clear(struct ot_cert_inputs *inputs)
{
    cut_inputs(inputs, 0);
    free(inputs->items);
    *inputs = (struct ot_cert_inputs){0};
}

static enum ot_status reserve_input(struct ot_cert_inputs *inputs, struct ot_error *err)
{
    size_t capacity = inputs->capacity ? 2 * inputs->capacity : 16;
    struct ot_cert_input *items;

    if (inputs->count < inputs->capacity)
        return OT_OK;
    items = reallocarray(inputs->items, capacity, sizeof(*items));
    if (items == NULL)
        return ot_error_nomem(err);
    inputs->items = items;
    inputs->capacity = capacity;
    return OT_OK;
}

static enum ot_status keep_input(struct ot_cert_inputs *inputs,
                                 struct ot_cert_input *item, const char *file,
                                 const struct ot_cert *cert, struct ot_error *err)
{
    struct ot_record record = {.flags = 0};
    struct ot_span der, why;

    ot_cert_fill(cert, &record);
    der = record.field[OT_FIELD_DER];
    why = record.field[OT_FIELD_WITHHELD];
    item->file = strdup(file);
    item->pem = ot_pem_encode(der.data, der.len);
    item->is_ca = (record.flags & OT_RECORD_CA) != 0;
    item->valid_at = record.valid_at;
    item->expires_at = record.expires_at;
    item->withheld = record.flags & OT_RECORD_WITHHELD;
    if (why.data != NULL)
        item->reason = strndup((const char *)why.data, why.len);
    inputs->items[inputs->count++] = *item;
    return item->file == NULL || item->pem == NULL ||
                   (why.data != NULL && item->reason == NULL)
               ? ot_error_nomem(err)
               : OT_OK;
}

/* A second one with the same certificate is passed over. */
static enum ot_status keep_new_input(struct ot_cert_inputs *inputs, const char *file,
                                     const struct ot_cert *cert, struct ot_error *err)
{
    struct ot_cert_input item = {.number = 1, .of = 1};
    enum ot_status status;

    digest_of(item.sha256, cert);
    if (ot_cert_inputs_find(inputs, item.sha256) != NULL)
        return OT_OK;
    status = reserve_input(inputs, err);
    return status == OT_OK ? keep_input(inputs, &item, file, cert, err) : status;
}

/* A certificate that must parse. */
static enum ot_status add_der(struct ot_cert_inputs *inputs, const char *file,
                              const uint8_t *der, size_t len, struct ot_error *err)
{
    struct ot_cert *cert = NULL;
    enum ot_status status = ot_cert_parse(&cert, der, len, err);

    if (status != OT_OK)
        return status;
    status = keep_new_input(inputs, file, cert, err);
    ot_cert_free(cert);
    return status;
}

static enum ot_status add_block(struct ot_cert_inputs *inputs, const char *file,
                                const char *pem, size_t len, struct ot_error *err)
{
    uint8_t *der = NULL;
    size_t der_len = 0;
    enum ot_status status = ot_pem_decode(&der, &der_len, pem, len, err);

    if (status == OT_OK)
        status = add_der(inputs, file, der, der_len, err);
    free(der);
    return status;
}

/* The text up to each BEGIN but the first belongs to the block before: so every byte is
 * looked at by ot_pem_decode, and none twice. */
static enum ot_status add_pem(struct ot_cert_inputs *inputs, const char *file,
                              const char *pem, size_t len, struct ot_error *err)
{
    const size_t mark = strlen(begin_mark);
    const char *end = pem + len, *at = pem;
    const char *first = memmem(pem, len, begin_mark, mark);
    enum ot_status status = OT_OK;
    unsigned number = 0;

    while (status == OT_OK && at < end) {
        const char *from = number == 0 ? first + mark : at + mark;
        const char *next = memmem(from, (size_t)(end - from), begin_mark, mark);

        if (next == NULL)
            next = end;
        status = add_block(inputs, file, at, (size_t)(next - at), err);
        number++;
        at = next;
    }
    if (status != OT_OK && number > 1)
        ot_error_prefix(err, "block %u", number);
    return status;
}

/* Every block must be a certificate; the digest is of the first. */
static enum ot_status see_digest(void *arg, const uint8_t *der, size_t len,
                                 struct ot_error *err)
{
    struct first_cert *first = arg;
    struct ot_cert *cert = NULL;
    enum ot_status status = ot_cert_parse(&cert, der, len, err);

    if (status == OT_OK && first->cert == NULL) {
        first->cert = cert;
        return OT_OK;
    }
    ot_cert_free(cert);
    return status;
}

static enum ot_status take_whole_text(struct ot_cert_input *item, const char *text,
                                      size_t len, struct ot_error *err)
{
    char *whole = strndup(text, len);

    if (whole == NULL)
        return ot_error_nomem(err);
    free(item->pem);
    item->pem = whole;
    return OT_OK;
}

/* The text as it stands, under the digest of its first certificate. */
static enum ot_status add_as_is(struct ot_cert_inputs *inputs, const char *file,
                                const char *text, size_t len, struct ot_error *err)
{
    const size_t before = inputs->count;
    struct first_cert first = {NULL};
    enum ot_status status;

    if (!ot_text_is_utf8(text, len) || memchr(text, '\0', len) != NULL)
        return ot_error_set(err, OT_E_PROTOCOL, "its text is not UTF-8");
    status = ot_pem_each(text, len, see_digest, &first, err);
    if (status == OT_OK)
        status = keep_new_input(inputs, file, first.cert, err);
    if (status == OT_OK && inputs->count > before)
        status = take_whole_text(&inputs->items[before], text, len, err);
    ot_cert_free(first.cert);
    return status;
}

/* Why something that is no certificate is none; it may be a secret. */
static const char *describe_der(const uint8_t *data, size_t len)
{
    const uint8_t *p = data;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, (long)len);
    X509_SIG *encrypted = NULL;
    PKCS12 *bundle = NULL;
    const char *words = NULL;

    p = data;
    if (key != NULL)
        words = "it is a private key";
    else if ((bundle = d2i_PKCS12(NULL, &p, (long)len)) != NULL)
        words = "it is a PKCS #12 bundle, as private keys are kept in";
    else if (p = data, (encrypted = d2i_X509_SIG(NULL, &p, (long)len)) != NULL)
        words = "it is an encrypted private key";
    EVP_PKEY_free(key);
    PKCS12_free(bundle);
    X509_SIG_free(encrypted);
    ERR_clear_error();
    return words;
}

/* Where what was extracted is added, and under which name. */
struct destination {
    struct ot_cert_inputs *inputs;
    const char *file;
};

static enum ot_status add_extracted(void *arg, const uint8_t *der, size_t len,
                                    struct ot_error *err)
{
    const struct destination *to = arg;

    return add_der(to->inputs, to->file, der, len, err);
}

/* Adds what the bytes hold, in whatever form the inputs are to be taken. */
static enum ot_status add_in_form(struct ot_cert_inputs *inputs, const char *file,
                                  const char *data, size_t len, bool is_pem,
                                  struct ot_error *err)
{
    struct destination to = {inputs, file};

    if (inputs->extracts)
        return ot_cert_extract(data, len, add_extracted, &to, err);
    if (!is_pem)
        return add_der(inputs, file, (const uint8_t *)data, len, err);
    return inputs->is_as_is ? add_as_is(inputs, file, data, len, err)
                            : add_pem(inputs, file, data, len, err);
}

static enum ot_status pass_over(void *arg, const uint8_t *der, size_t len,
                                struct ot_error *err)
{
    (void)arg;
    (void)der;
    (void)len;
    (void)err;
    return OT_OK;
}

static bool can_be_extracted(const struct ot_cert_inputs *inputs, const char *data,
                             size_t len)
{
    return !inputs->extracts && !inputs->is_as_is &&
           ot_cert_extract(data, len, pass_over, NULL, NULL) == OT_OK;
}

static enum ot_status refuse_input(const char *file, const char *why,
                                   struct ot_error *err)
{
    return ot_error_set(err, OT_E_USAGE,
                        "%s: %s; nothing was sent: give certificates only, in PEM or DER",
                        file, why);
}

/* Adds what the bytes hold; on failure some of it may have been added. */
static enum ot_status add_bytes(struct ot_cert_inputs *inputs, const char *file,
                                const char *data, size_t len, struct ot_error *err)
{
    bool is_pem = memmem(data, len, begin_mark, strlen(begin_mark)) != NULL;
    struct ot_error why = OT_ERROR_INIT;
    const char *words = NULL;
    enum ot_status status;

    if (len == 0)
        return refuse_input(file, "it is empty", err);
    if (ot_pem_has_private_key(data, len))
        return refuse_input(file, "it holds a private key", err);
    status = add_in_form(inputs, file, data, len, is_pem, &why);
    if (status == OT_OK)
        return OT_OK;
    if (status != OT_E_PROTOCOL) {
        if (err != NULL)
            *err = why;
        return status;
    }
    if (!is_pem)
        words = describe_der((const uint8_t *)data, len);
    if (words == NULL && can_be_extracted(inputs, data, len))
        return ot_error_set(
            err, OT_E_USAGE,
            "%s: there are certificates in it, but not those alone in PEM "
            "or one in DER; nothing was sent: --extract takes them out",
            file);
    if (!is_pem && words == NULL && !inputs->extracts)
        words = "it is neither PEM nor one certificate in DER";
    return refuse_input(file, words != NULL ? words : why.message, err);
}

enum ot_status ot_cert_inputs_add(struct ot_cert_inputs *inputs, const char *file,
                                  const void *data, size_t len, struct ot_error *err)
{
    size_t before = inputs->count;
    enum ot_status status = add_bytes(inputs, file, data, len, err);

    if (status != OT_OK)
        cut_inputs(inputs, before);
    for (size_t i = before; i < inputs->count; i++) {
        inputs->items[i].number = (unsigned)(i - before) + 1;
        inputs->items[i].of = (unsigned)(inputs->count - before);
    }
    return status;
}

static enum ot_status read_input(char *data, size_t size, size_t *len, const char *file,
                                 int fd, struct ot_error *err)
{
    *len = 0;
    while (*len < size) {
        ssize_t got = read(fd, data + *len, size - *len);

        if (got < 0 && errno == EINTR)
            return ot_error_set(err, OT_E_INTERRUPTED, "interrupted; nothing was sent");
        if (got < 0)
            return ot_error_errno(err, OT_E_IO, errno, "cannot read %s", file);
        if (got == 0)
            return OT_OK;
        *len += (size_t)got;
    }
    return ot_error_set(err, OT_E_USAGE,
                        "%s has more than the %u bytes that can be read at once", file,
                        OT_BUNDLE_BYTES_MAX);
}

enum ot_status ot_cert_inputs_add_fd(struct ot_cert_inputs *inputs, const char *file,
                                     int fd, struct ot_error *err)
{
    const size_t size = OT_BUNDLE_BYTES_MAX + 1;
    char *data = malloc(size);
    enum ot_status status;
    size_t len;

    if (data == NULL)
        return ot_error_nomem(err);
    status = read_input(data, size, &len, file, fd, err);
    if (status == OT_OK)
        status = ot_cert_inputs_add(inputs, file, data, len, err);
    OPENSSL_cleanse(data, len); /* it may have been a key */
    free(data);
    return status;
}

enum ot_status ot_cert_inputs_add_file(struct ot_cert_inputs *inputs, const char *path,
                                       struct ot_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum ot_status status;

    if (fd < 0)
        return ot_error_errno(err, errno == ENOENT ? OT_E_NOT_FOUND : OT_E_IO, errno,
                              "cannot open %s", path);
    status = ot_cert_inputs_add_fd(inputs, path, fd, err);
    close(fd);
    return status;
}

/* What stands behind the first is not looked at. */
static enum ot_status see_first(void *arg, const uint8_t *der, size_t len,
                                struct ot_error *err)
{
    struct first_cert *first = arg;

    return first->cert != NULL ? OT_OK : ot_cert_parse(&first->cert, der, len, err);
}

enum ot_status ot_cert_input_digest(uint8_t sha256[OT_SHA256_LEN], const char *pem,
                                    struct ot_error *err)
{
    struct first_cert first = {NULL};
    enum ot_status status = ot_pem_each(pem, strlen(pem), see_first, &first, err);

    if (first.cert != NULL)
        digest_of(sha256, first.cert);
    ot_cert_free(first.cert);
    return status;
}

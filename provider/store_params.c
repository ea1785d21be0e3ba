#include "base/limits.h"
#include "store_params_internal.h"

#include <endian.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

/* A name or serial that is longer than the longest certificate is in none. */
#define VALUE_MAX OT_CERT_DER_MAX

/* How a parameter's bytes are laid out. */
enum form {
    FORM_INT,      /* a C int */
    FORM_OCTETS,   /* as they are */
    FORM_TEXT,     /* UTF-8, not necessarily terminated */
    FORM_UNSIGNED, /* a whole number of any size in native byte order */
    FORM_DIGEST,   /* a digest's name */
    FORM_IGNORED   /* concerns only how the core chose us */
};

static const struct {
    const char *key;
    enum form form;
    size_t offset; /* in struct ot_criteria */
} known[] = {
    {OSSL_STORE_PARAM_EXPECT, FORM_INT, offsetof(struct ot_criteria, expect)},
    {OSSL_STORE_PARAM_SUBJECT, FORM_OCTETS, offsetof(struct ot_criteria, subject)},
    {OSSL_STORE_PARAM_ISSUER, FORM_OCTETS, offsetof(struct ot_criteria, issuer)},
    {OSSL_STORE_PARAM_SERIAL, FORM_UNSIGNED, offsetof(struct ot_criteria, serial)},
    {OSSL_STORE_PARAM_DIGEST, FORM_DIGEST, offsetof(struct ot_criteria, digest)},
    {OSSL_STORE_PARAM_FINGERPRINT, FORM_OCTETS,
     offsetof(struct ot_criteria, fingerprint)},
    {OSSL_STORE_PARAM_ALIAS, FORM_TEXT, offsetof(struct ot_criteria, alias)},
    {OSSL_STORE_PARAM_PROPERTIES, FORM_IGNORED, 0},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

const OSSL_PARAM *ot_criteria_settable(void)
{
    /* The core compares names only; a serial has whatever size it needs. */
    static const OSSL_PARAM settable[] = {
        OSSL_PARAM_DEFN(OSSL_STORE_PARAM_EXPECT, OSSL_PARAM_INTEGER, NULL, sizeof(int)),
        OSSL_PARAM_octet_string(OSSL_STORE_PARAM_SUBJECT, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_STORE_PARAM_ISSUER, NULL, 0),
        OSSL_PARAM_BN(OSSL_STORE_PARAM_SERIAL, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_STORE_PARAM_FINGERPRINT, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_ALIAS, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_PROPERTIES, NULL, 0),
        OSSL_PARAM_END,
    };

    return settable;
}

static enum ot_status refuse_param(const OSSL_PARAM *param, struct ot_error *err)
{
    return ot_error_set(err, OT_E_USAGE,
                        "the search parameter '%s' has the wrong type or size",
                        param->key);
}

enum ot_status ot_bytes_set(struct ot_bytes *bytes, const void *data, size_t len,
                            struct ot_error *err)
{
    uint8_t *copy =
        malloc(len + 1); /* never 0 bytes, which malloc may answer with NULL */

    if (copy == NULL)
        return ot_error_nomem(err);
    if (len > 0)
        memcpy(copy, data, len);
    free(bytes->data);
    bytes->data = copy;
    bytes->len = len;
    return OT_OK;
}

static enum ot_status set_int(int *value, const OSSL_PARAM *param, struct ot_error *err)
{
    int64_t wide;

    if (param->data_type != OSSL_PARAM_INTEGER &&
        param->data_type != OSSL_PARAM_UNSIGNED_INTEGER)
        return refuse_param(param, err);
    if (param->data_size == sizeof(int)) {
        memcpy(value, param->data, sizeof(int));
        return OT_OK;
    }
    if (param->data_size != sizeof(wide))
        return refuse_param(param, err);
    memcpy(&wide, param->data, sizeof(wide));
    if (wide < 0 || wide > INT32_MAX)
        return refuse_param(param, err);
    *value = (int)wide;
    return OT_OK;
}

/* Native byte order to big-endian; a negative number, which newer cores pass as a signed
 * one, becomes its magnitude. */
static enum ot_status set_serial_criterion(struct ot_bytes *serial,
                                           const OSSL_PARAM *param, struct ot_error *err)
{
    const uint8_t *native = param->data;
    size_t len = param->data_size;
    unsigned carry = 1, octet;
    enum ot_status status;
    bool negative;

    if (param->data_type != OSSL_PARAM_UNSIGNED_INTEGER &&
        param->data_type != OSSL_PARAM_INTEGER)
        return refuse_param(param, err);
    status = ot_bytes_set(serial, native, len, err);
    if (status != OT_OK)
        return status;
#if __BYTE_ORDER == __LITTLE_ENDIAN
    for (size_t i = 0; i < len; i++)
        serial->data[i] = native[len - 1 - i];
#endif
    negative = param->data_type == OSSL_PARAM_INTEGER && len > 0 &&
               (serial->data[0] & 0x80) != 0;
    for (size_t i = len; negative && i > 0; i--) {
        octet = (~(unsigned)serial->data[i - 1] & 0xffu) + carry;
        serial->data[i - 1] = (uint8_t)octet;
        carry = octet >> 8;
    }
    return OT_OK;
}

static enum ot_status set_digest(enum ot_digest *digest, const OSSL_PARAM *param,
                                 struct ot_error *err)
{
    size_t len;

    if (param->data_type != OSSL_PARAM_UTF8_STRING)
        return refuse_param(param, err);
    len = strnlen(param->data, param->data_size);
    *digest = ot_digest_by_name(param->data, len);
    if (*digest != OT_DIGEST_COUNT)
        return OT_OK;
    return ot_error_set(err, OT_E_USAGE,
                        "no fingerprints by digest '%.*s' are kept; search by SHA2-256",
                        (int)(len < 64 ? len : 64), (const char *)param->data);
}

static enum ot_status set_criterion(struct ot_criteria *criteria, const OSSL_PARAM *param,
                                    enum form form, size_t offset, struct ot_error *err)
{
    void *member = (char *)criteria + offset;

    if (form == FORM_IGNORED)
        return OT_OK;
    if (param->data == NULL || param->data_size > VALUE_MAX)
        return refuse_param(param, err);
    switch (form) {
    case FORM_INT:
        return set_int(member, param, err);
    case FORM_OCTETS:
        return param->data_type == OSSL_PARAM_OCTET_STRING
                   ? ot_bytes_set(member, param->data, param->data_size, err)
                   : refuse_param(param, err);
    case FORM_TEXT:
        return param->data_type == OSSL_PARAM_UTF8_STRING
                   ? ot_bytes_set(member, param->data,
                                  strnlen(param->data, param->data_size), err)
                   : refuse_param(param, err);
    case FORM_UNSIGNED:
        return set_serial_criterion(member, param, err);
    case FORM_DIGEST:
        return set_digest(member, param, err);
    case FORM_IGNORED:
        break;
    }
    return OT_OK;
}

enum ot_status ot_criteria_set(struct ot_criteria *criteria, const OSSL_PARAM params[],
                               struct ot_error *err)
{
    const OSSL_PARAM *param;
    enum ot_status status;

    for (param = params; param != NULL && param->key != NULL; param++)
        for (size_t i = 0; i < KNOWN; i++) {
            if (strcmp(param->key, known[i].key) != 0)
                continue;
            status = set_criterion(criteria, param, known[i].form, known[i].offset, err);
            if (status != OT_OK)
                return status;
        }
    return OT_OK;
}

static struct ot_span bytes_span(const struct ot_bytes *bytes)
{
    return (struct ot_span){bytes->data, bytes->len};
}

void ot_criteria_apply(const struct ot_criteria *criteria, struct ot_query *query)
{
    query->subject = bytes_span(&criteria->subject);
    query->issuer = bytes_span(&criteria->issuer);
    query->serial = bytes_span(&criteria->serial);
    query->alias = bytes_span(&criteria->alias);
    query->fingerprint = bytes_span(&criteria->fingerprint);
    query->digest = criteria->digest;
}

bool ot_criteria_is_search(const struct ot_criteria *criteria)
{
    return criteria->subject.data != NULL || criteria->issuer.data != NULL ||
           criteria->serial.data != NULL || criteria->alias.data != NULL ||
           criteria->fingerprint.data != NULL;
}

void ot_criteria_clear(struct ot_criteria *criteria)
{
    free(criteria->subject.data);
    free(criteria->issuer.data);
    free(criteria->serial.data);
    free(criteria->fingerprint.data);
    free(criteria->alias.data);
    *criteria = (struct ot_criteria)OT_CRITERIA_INIT;
}

#include "cert/rewrap.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "cert/der_writer_internal.h"
#include "cert/digest_method_internal.h"
#include "cert/name_constraints_internal.h"
#include "cert/tbs_internal.h"
#include "config/source.h"

/* RFC 5280 §4.1.2.2: at most so many octets, and positive. */
#define SERIAL_LEN 20

/* The last arcs of id-ce (§4.2.1). */
#define CE_BASIC_CONSTRAINTS 19
#define CE_NAME_CONSTRAINTS 30
#define CE_AUTHORITY_KEY_ID 35

/* More than all that may come in beside the constraints: headers that grow, a version,
 * the number, a time, and basic constraints. */
#define ADDED_MAX 160

/* What of its list of extensions counts here. */
struct extensions {
    struct ot_span list;         /* all of them, one behind the other; may be absent */
    struct ot_extension own;     /* its name constraints; absent: it has none */
    bool needs_basic;            /* only its version says that it may be a CA */
    bool names_itself_by_serial; /* in its authority key identifier */
};

/* What takes the place of what it has; absent: that stays. */
struct new_parts {
    struct ot_span serial;      /* INTEGER's contents */
    struct ot_span to;          /* Time, whole */
    struct ot_span constraints; /* the extension's contents */
    uint8_t number[SERIAL_LEN];
    uint8_t *to_der, *constraints_der; /* OpenSSL's */
};

enum ot_status ot_limits_init(struct ot_limits *limits, const struct ot_source *source,
                              struct ot_error *err)
{
    enum ot_status status;

    *limits = (struct ot_limits){.not_after = source->not_after_s};
    if (source->names == NULL)
        return OT_OK;
    status = ot_name_limits_parse(&limits->names, source->names, err);
    if (status == OT_OK)
        status = ot_name_constraints_make(&limits->constraints, &limits->constraints_len,
                                          OT_SPAN_ABSENT, &limits->names, err);
    return status;
}

void ot_limits_clear(struct ot_limits *limits)
{
    ot_name_limits_clear(&limits->names);
    OPENSSL_free(limits->constraints);
    limits->constraints = NULL;
}

static bool is_id_ce(const struct ot_extension *extension, uint8_t arc)
{
    const uint8_t oid[] = {0x55, 0x1d, arc};

    return ot_span_equal(extension->type, ot_span_of(oid, sizeof(oid)));
}

/* Whether the contents of an authority key identifier name that number. */
static bool names_serial(struct ot_span value, struct ot_span serial)
{
    struct ot_der_value part;
    struct ot_span content;

    if (!ot_der_only(value, OT_DER_SEQUENCE, &content))
        return false;
    while (ot_der_next(&content, &part))
        if (part.tag == OT_DER_CONTEXT(2u))
            return ot_span_equal(part.content, serial);
    return false;
}

/* Of version 1 it becomes one of version 3, which has constraints; there a CA has to say
 * that it is one. */
static enum ot_status read_extensions(struct extensions *out, const struct ot_tbs *tbs,
                                      struct ot_error *err)
{
    struct ot_extension extension;
    struct ot_span rest;

    *out = (struct extensions){.needs_basic = !ot_tbs_is_version_3(tbs)};
    if (tbs->extensions.data != NULL &&
        !ot_der_only(tbs->extensions, OT_DER_SEQUENCE, &out->list))
        return ot_error_set(err, OT_E_PROTOCOL, "its list of extensions is not DER");
    for (rest = out->list; rest.len > 0;) {
        if (!ot_extension_take(&rest, &extension))
            return ot_error_set(err, OT_E_PROTOCOL, "one of its extensions is not DER");
        if (is_id_ce(&extension, CE_BASIC_CONSTRAINTS)) {
            out->needs_basic = false;
        } else if (is_id_ce(&extension, CE_AUTHORITY_KEY_ID)) {
            out->names_itself_by_serial = names_serial(extension.value, tbs->serial);
        } else if (is_id_ce(&extension, CE_NAME_CONSTRAINTS)) {
            if (out->own.whole.data != NULL)
                return ot_error_set(err, OT_E_PROTOCOL, "it has name constraints twice");
            out->own = extension;
        }
    }
    return OT_OK;
}

static enum ot_status constrain_names(struct new_parts *parts, struct ot_span own,
                                      const struct ot_limits *limits,
                                      struct ot_error *err)
{
    size_t len = 0;
    enum ot_status status;

    if (limits->names.count == 0)
        return OT_OK;
    if (own.data == NULL && limits->constraints != NULL) {
        parts->constraints = ot_span_of(limits->constraints, limits->constraints_len);
        return OT_OK;
    }
    status =
        ot_name_constraints_make(&parts->constraints_der, &len, own, &limits->names, err);
    if (status == OT_OK)
        parts->constraints = ot_span_of(parts->constraints_der, len);
    return status;
}

/* Of what ot_cert_parse has taken, nothing fails but for want of memory. */
static enum ot_status end_at(struct new_parts *parts, time_t end, struct ot_error *err)
{
    ASN1_TIME *time = ASN1_TIME_set(NULL, end);
    int n = time != NULL ? i2d_ASN1_TIME(time, &parts->to_der) : -1;

    ASN1_TIME_free(time);
    if (n <= 0)
        return ot_error_nomem(err);
    parts->to = ot_span_of(parts->to_der, (size_t)n);
    return OT_OK;
}

static enum ot_status shorten_life(struct new_parts *parts, struct ot_span to,
                                   int64_t not_after, struct ot_error *err)
{
    const uint8_t *p = to.data;
    ASN1_TIME *time;
    int order;

    if (not_after == 0)
        return OT_OK;
    time = d2i_ASN1_TIME(NULL, &p, (long)to.len);
    order = time != NULL ? ASN1_TIME_cmp_time_t(time, (time_t)not_after) : -2;
    ASN1_TIME_free(time);
    if (order == -2) /* of a time that is none, ot_cert_parse has told */
        return ot_error_set(err, OT_E_PROTOCOL, "its notAfter is not a time");
    return order > 0 ? end_at(parts, (time_t)not_after, err) : OT_OK;
}

/* SHA-256 over what makes the certificate that is handed out, cut to 159 bits of which
 * the highest is set: positive, as long as may be, and the same on every machine. */
static enum ot_status derive_serial(struct new_parts *parts, struct ot_span der,
                                    const struct ot_limits *limits, struct ot_error *err)
{
    static const char word[] = "orgtrust limits";
    const char *names = limits->names.text != NULL ? limits->names.text : "";
    uint8_t sum[EVP_MAX_MD_SIZE], not_after[8];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *method = ot_digest_method(OT_DIGEST_SHA2_256);
    bool done;

    ot_put_u64(not_after, (uint64_t)limits->not_after);
    done = ctx != NULL && method != NULL && EVP_DigestInit_ex(ctx, method, NULL) == 1 &&
           EVP_DigestUpdate(ctx, word, sizeof(word)) == 1 &&
           EVP_DigestUpdate(ctx, der.data, der.len) == 1 &&
           EVP_DigestUpdate(ctx, not_after, sizeof(not_after)) == 1 &&
           EVP_DigestUpdate(ctx, names, strlen(names)) == 1 &&
           EVP_DigestFinal_ex(ctx, sum, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    if (!done)
        return ot_error_nomem(err);
    memcpy(parts->number, sum, SERIAL_LEN);
    parts->number[0] = (parts->number[0] & 0x7f) | 0x40;
    parts->serial = ot_span_of(parts->number, SERIAL_LEN);
    return OT_OK;
}

/* A critical one. */
static void put_extension(struct ot_der_writer *writer, uint8_t arc, struct ot_span value)
{
    const uint8_t oid[] = {0x55, 0x1d, arc}, yes[] = {0xff};
    const uint8_t *end = writer->at;

    ot_der_put_value(writer, OT_DER_OCTETS, value);
    ot_der_put_value(writer, OT_DER_BOOLEAN, ot_span_of(yes, sizeof(yes)));
    ot_der_put_value(writer, OT_DER_OID, ot_span_of(oid, sizeof(oid)));
    ot_der_wrap(writer, OT_DER_SEQUENCE, end);
}

/* Constraints take the place of its own; the others stay as they stand. */
static void put_extensions(struct ot_der_writer *writer, const struct extensions *has,
                           struct ot_span constraints)
{
    static const uint8_t is_ca[] = {OT_DER_SEQUENCE, 3, OT_DER_BOOLEAN, 1, 0xff};
    const uint8_t *end = writer->at;
    struct ot_span before = has->list, after = OT_SPAN_ABSENT;

    if (constraints.data != NULL && has->own.whole.data != NULL) {
        before.len = (size_t)(has->own.whole.data - has->list.data);
        after = ot_span_of(has->own.whole.data + has->own.whole.len,
                           has->list.len - before.len - has->own.whole.len);
    }
    if (has->needs_basic)
        put_extension(writer, CE_BASIC_CONSTRAINTS, ot_span_of(is_ca, sizeof(is_ca)));
    ot_der_put(writer, after);
    if (constraints.data != NULL)
        put_extension(writer, CE_NAME_CONSTRAINTS, constraints);
    ot_der_put(writer, before);
    ot_der_wrap(writer, OT_DER_SEQUENCE, end);
    ot_der_wrap(writer, OT_DER_CONSTRUCTED(3u), end);
}

static void put_certificate(struct ot_der_writer *writer, const struct ot_tbs *tbs,
                            const struct extensions *has, const struct new_parts *parts)
{
    static const uint8_t version[] = {OT_DER_INTEGER, 1, OT_TBS_VERSION_3};
    const uint8_t *end = writer->at, *tbs_end, *validity_end;

    ot_der_put(writer, tbs->behind);
    tbs_end = writer->at;
    put_extensions(writer, has, parts->constraints);
    ot_der_put(writer, tbs->validity_to_extensions);
    validity_end = writer->at;
    ot_der_put(writer, parts->to.data != NULL ? parts->to : tbs->to.whole);
    ot_der_put(writer, tbs->from.whole);
    ot_der_wrap(writer, OT_DER_SEQUENCE, validity_end);
    ot_der_put(writer, tbs->serial_to_validity);
    ot_der_put_value(writer, OT_DER_INTEGER,
                     parts->serial.data != NULL ? parts->serial : tbs->serial);
    ot_der_put_value(writer, OT_DER_CONSTRUCTED(0u),
                     ot_span_of(version, sizeof(version)));
    ot_der_wrap(writer, OT_DER_SEQUENCE, tbs_end);
    ot_der_wrap(writer, OT_DER_SEQUENCE, end);
}

static enum ot_status put_together(uint8_t **out, size_t *len, const struct ot_tbs *tbs,
                                   const struct extensions *has,
                                   const struct new_parts *parts, size_t size,
                                   struct ot_error *err)
{
    uint8_t *bytes = malloc(size);
    struct ot_der_writer writer;

    if (bytes == NULL)
        return ot_error_nomem(err);
    writer.at = bytes + size;
    put_certificate(&writer, tbs, has, parts);
    *len = (size_t)(bytes + size - writer.at);
    if (*len > OT_CERT_DER_MAX) {
        free(bytes);
        return ot_error_set(err, OT_E_PROTOCOL,
                            "it would have %zu bytes, more than the %u that a "
                            "certificate may have",
                            *len, OT_CERT_DER_MAX);
    }
    memmove(bytes, writer.at, *len);
    *out = bytes;
    return OT_OK;
}

enum ot_status ot_rewrap(uint8_t **out, size_t *len, struct ot_span der,
                         const struct ot_limits *limits, struct ot_error *err)
{
    struct new_parts parts = {.serial = OT_SPAN_ABSENT};
    struct extensions has;
    struct ot_tbs tbs;
    enum ot_status status;

    *out = NULL;
    if (!ot_tbs_split(&tbs, der))
        return ot_error_set(err, OT_E_PROTOCOL, "its outermost parts are not DER");
    status = read_extensions(&has, &tbs, err);
    if (status == OT_OK)
        status = constrain_names(&parts, has.own.value, limits, err);
    if (status == OT_OK)
        status = shorten_life(&parts, tbs.to.whole, limits->not_after, err);
    if (status == OT_OK && !has.names_itself_by_serial)
        status = derive_serial(&parts, der, limits, err);
    if (status == OT_OK)
        status = put_together(out, len, &tbs, &has, &parts,
                              der.len + parts.constraints.len + ADDED_MAX, err);
    OPENSSL_free(parts.constraints_der);
    OPENSSL_free(parts.to_der);
    ERR_clear_error();
    return status;
}

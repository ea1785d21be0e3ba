#include "cert/tbs_internal.h"

static bool take_optional(struct ot_span *in, unsigned tag, struct ot_span *content)
{
    *content = OT_SPAN_ABSENT;
    return !ot_der_is_next(*in, tag) || ot_der_take(in, tag, content);
}

static bool split_head(struct ot_tbs *out, struct ot_span *tbs)
{
    return take_optional(tbs, OT_DER_CONSTRUCTED(0), &out->version) &&
           (out->version.data == NULL ||
            ot_der_only(out->version, OT_DER_INTEGER, &out->version)) &&
           ot_der_take(tbs, OT_DER_INTEGER, &out->serial) &&
           ot_der_is_integer(out->serial);
}

static bool split_validity(struct ot_tbs *out, struct ot_span *tbs)
{
    struct ot_span validity;

    return ot_der_take(tbs, OT_DER_SEQUENCE, &validity) &&
           ot_der_next(&validity, &out->from) && ot_der_next(&validity, &out->to) &&
           validity.len == 0;
}

static bool split_subject(struct ot_tbs *out, struct ot_span *tbs)
{
    return ot_der_take(tbs, OT_DER_SEQUENCE, &out->subject) &&
           ot_der_take(tbs, OT_DER_SEQUENCE, &out->key) &&
           take_optional(tbs, OT_DER_CONTEXT(1), &out->issuer_id) &&
           take_optional(tbs, OT_DER_CONTEXT(2), &out->subject_id) &&
           (out->issuer_id.data == NULL || ot_der_is_bits(out->issuer_id)) &&
           (out->subject_id.data == NULL || ot_der_is_bits(out->subject_id));
}

/* From where one reading began to where another is now. */
static struct ot_span span_between(struct ot_span begin, struct ot_span now)
{
    return ot_span_of(begin.data, (size_t)(now.data - begin.data));
}

static bool split_content(struct ot_tbs *out, struct ot_span tbs)
{
    struct ot_span begin;

    if (!split_head(out, &tbs))
        return false;
    begin = tbs;
    if (!ot_der_take(&tbs, OT_DER_SEQUENCE, &out->inner) ||
        !ot_der_take(&tbs, OT_DER_SEQUENCE, &out->issuer))
        return false;
    out->serial_to_validity = span_between(begin, tbs);
    if (!split_validity(out, &tbs))
        return false;
    begin = tbs;
    if (!split_subject(out, &tbs))
        return false;
    out->validity_to_extensions = span_between(begin, tbs);
    return take_optional(&tbs, OT_DER_CONSTRUCTED(3), &out->extensions) && tbs.len == 0;
}

bool ot_tbs_split(struct ot_tbs *out, struct ot_span der)
{
    struct ot_span certificate, tbs, signature;

    if (!ot_der_only(der, OT_DER_SEQUENCE, &certificate) ||
        !ot_der_take(&certificate, OT_DER_SEQUENCE, &tbs))
        return false;
    out->behind = certificate;
    return ot_der_take(&certificate, OT_DER_SEQUENCE, &out->outer) &&
           ot_der_only(certificate, OT_DER_BITS, &signature) &&
           ot_der_is_bits(signature) && split_content(out, tbs);
}

bool ot_tbs_is_version_3(const struct ot_tbs *tbs)
{
    return tbs->version.len == 1 && tbs->version.data[0] == OT_TBS_VERSION_3;
}

bool ot_extension_take(struct ot_span *list, struct ot_extension *out)
{
    struct ot_span content, critical, begin = *list;

    *out = (struct ot_extension){.is_critical = false};
    if (!ot_der_take(list, OT_DER_SEQUENCE, &content) ||
        !ot_der_take(&content, OT_DER_OID, &out->type) || !ot_der_is_short_oid(out->type))
        return false;
    out->whole = span_between(begin, *list);
    if (ot_der_is_next(content, OT_DER_BOOLEAN)) {
        if (!ot_der_take(&content, OT_DER_BOOLEAN, &critical))
            return false;
        out->is_critical = ot_der_is_true(critical);
        /* Real ones say FALSE, though DER leaves it out. */
        if (!out->is_critical && (critical.len != 1 || critical.data[0] != 0))
            return false;
    }
    return ot_der_only(content, OT_DER_OCTETS, &out->value);
}

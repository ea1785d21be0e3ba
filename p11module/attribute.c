#include "attribute.h"

#include <stdio.h>
#include <string.h>

#include "config/source.h"

#define CERT (1u << OT_OBJECT_CERTIFICATE)
#define NSS (1u << OT_OBJECT_NSS_TRUST)
#define TRUST (1u << OT_OBJECT_TRUST)
#define EXTENSION (1u << OT_OBJECT_EXTENSION)
#define PROFILE (1u << OT_OBJECT_PROFILE)
#define ALL OT_OBJECT_ALL_KINDS

/* Where a value comes from. */
enum how {
    CLASS,
    BOOL,   /* arg, always */
    ADMIN,  /* whether the token is one for administration */
    NUMBER, /* arg, always */
    HASH_ALGORITHM,
    FIELD,  /* enum ot_field of the record */
    DIGEST, /* enum ot_digest of the certificate */
    WHOLE,  /* the certificate, or the extension, in DER */
    EMPTY,
    LABEL,
    UNIQUE_ID,
    TRUSTED,
    CATEGORY,
    CHECK_VALUE,
    ISSUER_KEY_HASH,
    START_DATE,
    END_DATE,
    EXTENSION_ID,
    DISTRUSTED,
    PURPOSE /* enum ot_purpose that has to be configured; 0: one that cannot be */
};

/* A rule lies where the ten lowest bits of its attribute's type say, which no two of
 * these types share: of two in one place the compiler warns. A read takes one look, where
 * an application asks for fifteen attributes of each of a thousand objects. */
#define PLACES 0x400u
#define RULE(type, kinds, how, arg) [(type) % PLACES] = {(type), (kinds), (how), (arg)}

/* The purposes that a source does not have are MUST_VERIFY, as in NSS's own list of
 * roots: neither trusted nor distrusted on account of this object. */
static const struct rule {
    uint32_t type;
    unsigned kinds : 8; /* none: no attribute lies here */
    enum how how : 8;
    unsigned arg : 16;
} rules[PLACES] = {
    /* §4.4 storage objects */
    RULE(CKA_CLASS, ALL, CLASS, 0),
    RULE(CKA_TOKEN, ALL, BOOL, CK_TRUE),
    RULE(CKA_PRIVATE, ALL, ADMIN, 0),
    RULE(CKA_MODIFIABLE, ALL, ADMIN, 0),
    RULE(CKA_COPYABLE, ALL, BOOL, CK_FALSE),
    RULE(CKA_DESTROYABLE, ALL, ADMIN, 0),
    RULE(CKA_LABEL, ALL, LABEL, 0),
    RULE(CKA_UNIQUE_ID, ALL, UNIQUE_ID, 0),
    /* §4.6.2 certificate objects */
    RULE(CKA_CERTIFICATE_TYPE, CERT, NUMBER, CKC_X_509),
    RULE(CKA_TRUSTED, CERT, TRUSTED, 0),
    RULE(CKA_CERTIFICATE_CATEGORY, CERT, CATEGORY, 0),
    RULE(CKA_CHECK_VALUE, CERT, CHECK_VALUE, 0),
    RULE(CKA_START_DATE, CERT, START_DATE, 0),
    RULE(CKA_END_DATE, CERT, END_DATE, 0),
    RULE(CKA_PUBLIC_KEY_INFO, CERT | EXTENSION, FIELD, OT_FIELD_SPKI),
    /* §4.6.3 X.509 public key certificate objects */
    RULE(CKA_SUBJECT, CERT, FIELD, OT_FIELD_SUBJECT),
    RULE(CKA_ID, CERT, FIELD, OT_FIELD_KEY_ID),
    RULE(CKA_ISSUER, CERT | NSS | TRUST, FIELD, OT_FIELD_ISSUER),
    RULE(CKA_SERIAL_NUMBER, CERT | NSS | TRUST, FIELD, OT_FIELD_SERIAL),
    RULE(CKA_VALUE, CERT | EXTENSION, WHOLE, 0),
    RULE(CKA_URL, CERT, EMPTY, 0),
    RULE(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, CERT, FIELD, OT_FIELD_SPKI_SHA1),
    RULE(CKA_HASH_OF_ISSUER_PUBLIC_KEY, CERT, ISSUER_KEY_HASH, 0),
    RULE(CKA_JAVA_MIDP_SECURITY_DOMAIN, CERT, NUMBER, OT_CK_SECURITY_DOMAIN_UNSPECIFIED),
    RULE(CKA_NAME_HASH_ALGORITHM, CERT | TRUST, HASH_ALGORITHM, 0),
    /* p11-kit: an anchor that is also a distrusted one would be ignored */
    RULE(OT_CKA_X_DISTRUSTED, CERT, DISTRUSTED, 0),
    /* p11-kit's certificate extensions */
    RULE(CKA_OBJECT_ID, EXTENSION, EXTENSION_ID, 0),
    /* NSS's trust objects */
    RULE(OT_CKA_NSS_CERT_SHA1_HASH, NSS, DIGEST, OT_DIGEST_SHA1),
    RULE(OT_CKA_NSS_CERT_MD5_HASH, NSS, DIGEST, OT_DIGEST_MD5),
    RULE(OT_CKA_NSS_TRUST_SERVER_AUTH, NSS, PURPOSE, OT_PURPOSE_SERVER),
    RULE(OT_CKA_NSS_TRUST_CLIENT_AUTH, NSS, PURPOSE, OT_PURPOSE_CLIENT),
    RULE(OT_CKA_NSS_TRUST_EMAIL_PROTECTION, NSS, PURPOSE, OT_PURPOSE_EMAIL),
    RULE(OT_CKA_NSS_TRUST_CODE_SIGNING, NSS, PURPOSE, OT_PURPOSE_CODE),
    RULE(OT_CKA_NSS_TRUST_IPSEC_END_SYSTEM, NSS, PURPOSE, 0),
    RULE(OT_CKA_NSS_TRUST_IPSEC_TUNNEL, NSS, PURPOSE, 0),
    RULE(OT_CKA_NSS_TRUST_IPSEC_USER, NSS, PURPOSE, 0),
    RULE(OT_CKA_NSS_TRUST_TIME_STAMPING, NSS, PURPOSE, 0),
    RULE(OT_CKA_NSS_TRUST_STEP_UP_APPROVED, NSS, BOOL, CK_FALSE),
    /* §4.7 trust objects */
    RULE(OT_CKA_HASH_OF_CERTIFICATE, TRUST, DIGEST, OT_DIGEST_SHA2_256),
    RULE(OT_CKA_TRUST_SERVER_AUTH, TRUST, PURPOSE, OT_PURPOSE_SERVER),
    RULE(OT_CKA_TRUST_CLIENT_AUTH, TRUST, PURPOSE, OT_PURPOSE_CLIENT),
    RULE(OT_CKA_TRUST_EMAIL_PROTECTION, TRUST, PURPOSE, OT_PURPOSE_EMAIL),
    RULE(OT_CKA_TRUST_CODE_SIGNING, TRUST, PURPOSE, OT_PURPOSE_CODE),
    RULE(OT_CKA_TRUST_IPSEC_IKE, TRUST, PURPOSE, 0),
    RULE(OT_CKA_TRUST_TIME_STAMPING, TRUST, PURPOSE, 0),
    RULE(OT_CKA_TRUST_OCSP_SIGNING, TRUST, PURPOSE, 0),
    /* §4.3 profile objects: who sees this one need not log in to find certificates */
    RULE(CKA_PROFILE_ID, PROFILE, NUMBER, CKP_PUBLIC_CERTIFICATES_TOKEN),
};

static const CK_OBJECT_CLASS classes[OT_OBJECT_KINDS] = {
    [OT_OBJECT_PROFILE] = CKO_PROFILE,
    [OT_OBJECT_CERTIFICATE] = CKO_CERTIFICATE,
    [OT_OBJECT_NSS_TRUST] = OT_CKO_NSS_TRUST,
    [OT_OBJECT_TRUST] = OT_CKO_TRUST,
    [OT_OBJECT_EXTENSION] = OT_CKO_X_CERTIFICATE_EXTENSION,
};

/* A certificate's id has no colon. */
static const char *const suffixes[OT_OBJECT_KINDS] = {
    [OT_OBJECT_PROFILE] = ":profile",     [OT_OBJECT_CERTIFICATE] = "",
    [OT_OBJECT_NSS_TRUST] = ":nss-trust", [OT_OBJECT_TRUST] = ":trust",
    [OT_OBJECT_EXTENSION] = ":extension",
};

static const struct rule *find_rule(enum ot_object_kind kind, CK_ATTRIBUTE_TYPE type)
{
    const struct rule *rule = &rules[type % PLACES];

    return rule->type == type && (rule->kinds & 1u << kind) != 0 ? rule : NULL;
}

static struct ot_span number_value(union ot_scratch *scratch, CK_ULONG value)
{
    scratch->number = value;
    return ot_span_of(&scratch->number, sizeof(scratch->number));
}

static struct ot_span truth_value(union ot_scratch *scratch, bool value)
{
    scratch->truth = value ? CK_TRUE : CK_FALSE;
    return ot_span_of(&scratch->truth, sizeof(scratch->truth));
}

static void put_digits(unsigned char *out, size_t len, int64_t value)
{
    while (len-- > 0) {
        out[len] = (unsigned char)('0' + value % 10);
        value /= 10;
    }
}

/* The day of a Unix time in UTC. Not gmtime_r(3), whose lock a fork may leave locked. The
 * years of a certificate are 0 to 9999 (X.690 §11.7). */
static struct ot_span date_value(union ot_scratch *scratch, int64_t time)
{
    const int64_t day_s = 86400, era_days = 146097; /* 400 years, from a 1st of March */
    int64_t days = time / day_s - (time % day_s < 0) + 719468;
    int64_t era = (days >= 0 ? days : days - era_days + 1) / era_days;
    int64_t day = days - era * era_days;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t month;

    day -= 365 * year + year / 4 - year / 100;
    month = (5 * day + 2) / 153; /* 0: March */
    day -= (153 * month + 2) / 5;
    year += era * 400 + (month >= 10);
    put_digits(scratch->date.year, sizeof(scratch->date.year), year);
    put_digits(scratch->date.month, sizeof(scratch->date.month),
               month < 10 ? month + 3 : month - 9);
    put_digits(scratch->date.day, sizeof(scratch->date.day), day + 1);
    return ot_span_of(&scratch->date, sizeof(scratch->date));
}

static struct ot_span unique_id(union ot_scratch *scratch, const struct ot_object *object)
{
    struct ot_span id = object->record.field[OT_FIELD_ID];
    const char *suffix = suffixes[object->kind];
    int len;

    if (object->kind == OT_OBJECT_CERTIFICATE)
        return id;
    _Static_assert(sizeof(scratch->text) > OT_ID_MAX + sizeof(":extension"),
                   "an id, which a record bounds, and a suffix");
    len = snprintf(scratch->text, sizeof(scratch->text), "%.*s%s", (int)id.len,
                   id.data != NULL ? (const char *)id.data : "", suffix);
    return ot_span_of(scratch->text, (size_t)len);
}

/* A whole no is one to every purpose there is. */
static CK_ULONG distrust_value(const struct ot_object *object, bool is_nss,
                               CK_ULONG wanted)
{
    unsigned denied = object->policy.purposes;

    if (denied == OT_PURPOSES_ALL || (denied & wanted) != 0)
        return is_nss ? OT_CKT_NSS_NOT_TRUSTED : OT_CKT_NOT_TRUSTED;
    return is_nss ? OT_CKT_NSS_UNKNOWN : OT_CKT_TRUST_UNKNOWN;
}

static struct ot_span purpose_value(union ot_scratch *scratch,
                                    const struct ot_object *object, CK_ULONG wanted)
{
    bool is_nss = object->kind == OT_OBJECT_NSS_TRUST;
    bool has = (object->purposes & wanted) != 0 && object->is_anchor &&
               ot_object_is_active(object);

    if (object->policy.is_distrust)
        return number_value(scratch, distrust_value(object, is_nss, wanted));
    if (is_nss)
        return number_value(scratch,
                            has ? OT_CKT_NSS_TRUSTED_DELEGATOR : OT_CKT_NSS_MUST_VERIFY);
    return number_value(scratch, has ? OT_CKT_TRUST_ANCHOR : OT_CKT_TRUST_MUST_VERIFY);
}

/* Java takes it for trust of servers. An administration token shows, and is told, by it
 * whether a certificate is active. */
static bool is_trusted_object(const struct ot_object *object)
{
    if (object->policy.is_admin)
        return ot_object_is_active(object);
    return object->is_anchor && (object->purposes & OT_PURPOSE_SERVER) != 0;
}

static struct ot_span whole_value(union ot_scratch *scratch,
                                  const struct ot_object *object)
{
    if (object->kind != OT_OBJECT_EXTENSION)
        return object->record.field[OT_FIELD_DER];
    return ot_span_of(scratch->extension,
                      ot_extension_put(object->purposes, scratch->extension));
}

/* The issuer's key is known only where the certificate is its own issuer, as far as its
 * names and key identifiers say. */
static struct ot_span issuer_key_hash(const struct ot_record *record)
{
    if (record->flags & OT_RECORD_SELF_SIGNED)
        return record->field[OT_FIELD_SPKI_SHA1];
    return ot_span_of("", 0);
}

static struct ot_span record_check_value(const struct ot_record *record)
{
    return ot_span_of(ot_record_digest(record, OT_DIGEST_SHA1).data, 3); /* §4.6.2 */
}

static struct ot_span label_value(const struct ot_object *object)
{
    return object->kind == OT_OBJECT_PROFILE ? ot_span_str("public certificates")
                                             : object->record.field[OT_FIELD_LABEL];
}

/* One that could not be computed at sync time (MD5 under FIPS) is all zeros, and then the
 * object has none. */
static struct ot_span known_digest(const struct ot_record *record, enum ot_digest digest)
{
    struct ot_span value = ot_record_digest(record, digest);

    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] != 0)
            return value;
    return OT_SPAN_ABSENT;
}

/* How the hashes of the object were made: CKM_ values of §6.20 (digests). */
static struct ot_span hash_algorithm(union ot_scratch *scratch, enum ot_object_kind kind)
{
    return number_value(scratch, kind == OT_OBJECT_TRUST ? CKM_SHA256 : CKM_SHA_1);
}

static struct ot_span evaluate_rule(const struct rule *rule,
                                    const struct ot_object *object,
                                    union ot_scratch *scratch)
{
    const struct ot_record *record = &object->record;

    switch (rule->how) {
    case CLASS:
        return number_value(scratch, classes[object->kind]);
    case BOOL:
        return truth_value(scratch, rule->arg != CK_FALSE);
    case ADMIN:
        return truth_value(scratch, object->policy.is_admin);
    case NUMBER:
        return number_value(scratch, rule->arg);
    case HASH_ALGORITHM:
        return hash_algorithm(scratch, object->kind);
    case FIELD:
        return record->field[rule->arg];
    case DIGEST:
        return known_digest(record, (enum ot_digest)rule->arg);
    case WHOLE:
        return whole_value(scratch, object);
    case LABEL:
        return label_value(object);
    case UNIQUE_ID:
        return unique_id(scratch, object);
    case TRUSTED:
        return truth_value(scratch, is_trusted_object(object));
    case DISTRUSTED:
        return truth_value(scratch, object->policy.is_distrust);
    case CATEGORY:
        return number_value(scratch, object->is_anchor
                                         ? OT_CK_CERTIFICATE_CATEGORY_AUTHORITY
                                         : OT_CK_CERTIFICATE_CATEGORY_UNSPECIFIED);
    case CHECK_VALUE:
        return record_check_value(record);
    case ISSUER_KEY_HASH:
        return issuer_key_hash(record);
    case START_DATE:
        return date_value(scratch, record->valid_at);
    case END_DATE:
        return date_value(scratch, record->expires_at);
    case EXTENSION_ID:
        return ot_extension_oid();
    case PURPOSE:
        return purpose_value(scratch, object, rule->arg);
    case EMPTY:
        break;
    }
    return ot_span_of("", 0);
}

struct ot_span ot_attribute_get(const struct ot_object *object, CK_ATTRIBUTE_TYPE type,
                                union ot_scratch *scratch)
{
    const struct rule *rule = find_rule(object->kind, type);

    return rule != NULL ? evaluate_rule(rule, object, scratch) : OT_SPAN_ABSENT;
}

bool ot_attribute_is_known(enum ot_object_kind kind, CK_ATTRIBUTE_TYPE type)
{
    return find_rule(kind, type) != NULL;
}

bool ot_attribute_is_purpose(enum ot_object_kind kind, CK_ATTRIBUTE_TYPE type)
{
    const struct rule *rule = find_rule(kind, type);

    return rule != NULL && rule->how == PURPOSE;
}

/* Whether all objects of a kind have the same value in a token. */
static bool never_changes(const struct rule *rule)
{
    return rule->how == CLASS || rule->how == BOOL || rule->how == NUMBER ||
           rule->how == ADMIN || rule->how == HASH_ALGORITHM ||
           rule->how == EXTENSION_ID || rule->how == DISTRUSTED;
}

bool ot_attribute_is_possible(enum ot_object_kind kind,
                              const struct ot_token_policy *policy,
                              CK_ATTRIBUTE_TYPE type, struct ot_span value)
{
    const struct rule *rule = find_rule(kind, type);
    struct ot_object any = {.kind = kind, .policy = *policy};
    union ot_scratch scratch;

    if (rule == NULL)
        return false;
    if (rule->how == WHOLE)
        return kind != OT_OBJECT_EXTENSION || value.len <= OT_EXTENSION_MAX;
    if (!never_changes(rule))
        return true;
    return ot_span_equal(evaluate_rule(rule, &any, &scratch), value);
}

struct ot_span ot_attribute_id_of_unique_id(struct ot_span unique_id)
{
    const uint8_t *colon = memchr(unique_id.data, ':', unique_id.len);

    if (colon != NULL)
        unique_id.len = (size_t)(colon - unique_id.data);
    return unique_id;
}

CK_ULONG ot_attribute_total(const struct ot_object *object)
{
    union ot_scratch scratch;
    CK_ULONG total = 0;

    for (size_t i = 0; i < PLACES; i++)
        if ((rules[i].kinds & 1u << object->kind) != 0)
            total += evaluate_rule(&rules[i], object, &scratch).len;
    return total;
}

#include "cert/fitness_internal.h"

#include <stdio.h>
#include <string.h>

#include "cert/fitness_parts_internal.h"
#include "cert/fitness_verdict_internal.h"
#include "cert/tbs_internal.h"

static unsigned two_digits(const uint8_t *at)
{
    return (at[0] - '0') * 10u + (at[1] - '0');
}

static bool is_day(unsigned year, unsigned month, unsigned day)
{
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leap);
}

/* What is wrong with a Time (§4.1.2.5), as words that follow "its notBefore"; NULL:
 * nothing. Both forms end with seconds and a Z. A GeneralizedTime before 2050, which the
 * RFC forbids, stays: a root of Mozilla's has one, and nobody stumbles. */
static const char *time_fault(const struct ot_der_value *time)
{
    bool is_utc = time->tag == OT_DER_UTC_TIME;
    size_t digits = is_utc ? 12 : 14;
    const uint8_t *at = time->content.data, *rest = at + digits - 10;
    unsigned year;

    if (!is_utc && time->tag != OT_DER_GENERALIZED_TIME)
        return "is not a time";
    for (size_t i = 0; i < time->content.len; i++) {
        if (at[i] == '.' || at[i] == ',')
            return "has a fraction of a second";
        if (at[i] == '+' || at[i] == '-')
            return "has an offset from UTC";
    }
    if (time->content.len == digits - 1 && at[digits - 2] == 'Z')
        return "has no seconds";
    if (time->content.len != digits + 1 || at[digits] != 'Z')
        return "is not written as a certificate's times must be";
    for (size_t i = 0; i < digits; i++)
        if (at[i] < '0' || at[i] > '9')
            return "is not written as a certificate's times must be";
    year = is_utc ? two_digits(at) + (two_digits(at) < 50 ? 2000 : 1900)
                  : two_digits(at) * 100 + two_digits(at + 2);
    if (!is_day(year, two_digits(rest), two_digits(rest + 2)) ||
        two_digits(rest + 4) > 23 || two_digits(rest + 6) > 59 ||
        two_digits(rest + 8) > 59)
        return "names a moment that does not exist";
    return NULL;
}

static void check_time(struct ot_fitness *out, const struct ot_der_value *time,
                       const char *which)
{
    const char *fault = time_fault(time);

    if (fault != NULL)
        ot_fitness_withhold(out, OT_PLACES_ALL,
                            "its %s %s: GnuTLS would throw away every certificate beside "
                            "it, and OpenSSL believes nothing that it has signed",
                            which, fault);
}

static void withhold_nameless(struct ot_fitness *out, const char *which)
{
    ot_fitness_withhold(out, OT_PLACES_SHARED,
                        "its %s is empty: Java would throw away every certificate "
                        "beside it",
                        which);
}

static void check_name(struct ot_fitness *out, struct ot_span name, const char *which)
{
    const char *fault = ot_fitness_name_fault(name);

    if (fault != NULL)
        ot_fitness_withhold(out, OT_PLACES_SHARED,
                            "its %s %s: a strict reader, as GnuTLS and Java can be, "
                            "throws away every certificate beside it",
                            which, fault);
}

static void check_version(struct ot_fitness *out, const struct ot_tbs *tbs)
{
    const struct ot_span *given = &tbs->version;
    unsigned version = given->data == NULL ? OT_TBS_VERSION_1 : given->data[0];
    bool has_ids = tbs->issuer_id.data != NULL || tbs->subject_id.data != NULL;

    if (given->data != NULL && (given->len != 1 || version > OT_TBS_VERSION_3)) {
        ot_fitness_withhold(out, OT_PLACES_SHARED,
                            "its version is none that there is: Java and GnuTLS would "
                            "throw away every certificate beside it");
        return;
    }
    if (version < OT_TBS_VERSION_3 && tbs->extensions.data != NULL)
        ot_fitness_withhold(
            out, OT_PLACES_SHARED,
            "it has extensions, which version %u has not: Java and GnuTLS "
            "would throw away every certificate beside it",
            version + 1);
    if (version == OT_TBS_VERSION_1 && has_ids)
        ot_fitness_withhold(
            out, OT_PLACES_SHARED,
            "it has a unique identifier, which version 1 has not: Java and "
            "GnuTLS would throw away every certificate beside it");
}

void ot_fitness_check(struct ot_fitness *out, struct ot_span der, struct ot_span fit)
{
    struct ot_tbs tbs, known = {.key = OT_SPAN_ABSENT};

    *out = (struct ot_fitness){0};
    if (!ot_tbs_split(&tbs, der)) {
        ot_fitness_withhold(
            out, OT_PLACES_ALL,
            "its outermost parts are not DER: a strict reader would throw "
            "away every certificate beside it");
        return;
    }
    check_time(out, &tbs.from, "notBefore");
    check_time(out, &tbs.to, "notAfter");
    if (fit.data != NULL)
        ot_tbs_split(&known, fit);
    if (!ot_span_equal(tbs.key, known.key))
        ot_fitness_check_key(out, tbs.key);
    ot_fitness_check_extensions(out, tbs.extensions);
    check_version(out, &tbs);
    if (!ot_span_equal(tbs.inner, tbs.outer))
        ot_fitness_withhold(out, OT_PLACES_SHARED,
                            "its two signature algorithms differ: Java and GnuTLS would "
                            "throw away every certificate beside it");
    if (!ot_span_equal(tbs.inner, known.inner))
        ot_fitness_check_algorithm(out, tbs.inner);
    if (tbs.issuer.len == 0)
        withhold_nameless(out, "issuer");
    if (!ot_span_equal(tbs.issuer, known.issuer))
        check_name(out, tbs.issuer, "issuer");
    if (!ot_span_equal(tbs.subject, known.subject))
        check_name(out, tbs.subject, "subject");
}

void ot_fitness_conclude(struct ot_fitness *out, bool lacks_name, bool is_sound)
{
    if (lacks_name)
        withhold_nameless(out, "subject");
    if (!is_sound)
        ot_fitness_withhold(out, OT_PLACES_ALL,
                            "its extensions are none that OpenSSL can make out");
}

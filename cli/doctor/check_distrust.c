/* Programs are tried with an anchor of doctor's own. What is distrusted is believed by
 * nobody who asks orgtrust. Who reads a list of his own is not told, and goes on trusting
 * what stands there by the same name and key. */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdio.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/limits.h"
#include "cache/cache.h"
#include "cache/distrust.h"
#include "cert/cert.h"
#include "cert/cert_text.h"
#include "config/config.h"
#include "config/source.h"
#include "doctor/check_internal.h"
#include "doctor/fix_internal.h"
#include "doctor/hold_internal.h"
#include "doctor/java_internal.h"
#include "machine/machine_trust.h"
#include "machine/pem_blocks.h"
#include "machine/system_store.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"

#define PART "distrust"

/* What of a bundle is distrusted. */
struct still_trusted {
    struct ot_distrust *distrust;
    size_t total, count;
    const struct ot_source *by; /* of the first */
    char first[2 * OT_SHA256_LEN + 1];
    struct ot_cert_text text; /* of the first */
};

/* What is no certificate that could be read is trusted by nobody. */
static enum ot_status look_at_trusted(void *arg, const char *name, const uint8_t *der,
                                      size_t len, struct ot_error *err)
{
    struct still_trusted *found = arg;
    struct ot_record record = {.flags = 0};
    struct ot_error why = OT_ERROR_INIT;
    const struct ot_source *by;
    struct ot_cert *cert = NULL;
    enum ot_status status = OT_OK;

    (void)name;
    if (ot_cert_parse(&cert, der, len, &why) != OT_OK)
        return why.status == OT_E_NOMEM ? ot_error_nomem(err) : OT_OK;
    ot_cert_fill(cert, &record);
    by = ot_distrust_source(found->distrust, &record, OT_PURPOSE_SERVER);
    found->total++;
    if (by != NULL && found->count++ == 0) {
        found->by = by;
        ot_hex_write(found->first, ot_record_digest(&record, OT_DIGEST_SHA2_256).data,
                     OT_SHA256_LEN);
        status = ot_cert_text_make(&found->text, ot_span_of(der, len), err);
    }
    ot_cert_free(cert);
    return status;
}

static enum ot_status read_trusted(struct still_trusted *found, const char *path,
                                   struct ot_error *err)
{
    enum ot_status status;
    BIO *bio = BIO_new_file(path, "re");

    ERR_clear_error();
    if (bio == NULL)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read %s", path);
    status = ot_pem_blocks(bio, look_at_trusted, found, err);
    BIO_free(bio);
    return status;
}

/* The way out of the system's store, as this distribution has it. */
static const char *way_out_of_system(const struct ot_source *by)
{
    const bool is_debian = access(ot_system_stores[0].program, F_OK) == 0;

    if (is_debian && by->export_system)
        return "a file in /usr/local/share/ca-certificates cannot be told no: as root, "
               "take it out, then update-ca-certificates; one of the distribution's is "
               "told by orgtrust sync";
    if (is_debian)
        return "as root: export_system = yes in that source and orgtrust sync, for what "
               "the distribution has; a file in /usr/local/share/ca-certificates cannot "
               "be told no: take it out, then update-ca-certificates";
    return "as root: export_system = yes in that source and orgtrust sync, which puts it "
           "into the blocklist of the system's trust-source";
}

static enum ot_status look_at_system(struct ot_doctor *doctor, struct ot_error *err)
{
    struct still_trusted found = {.distrust = doctor->distrust};
    const char *bundle = ot_machine_bundle();
    struct ot_error why = OT_ERROR_INIT;

    if (bundle == NULL)
        return OT_OK;
    if (read_trusted(&found, bundle, &why) != OT_OK) {
        ot_cert_text_clear(&found.text);
        if (why.status == OT_E_NOMEM)
            return ot_error_nomem(err);
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, bundle, NULL, "%s",
                       why.message);
        return OT_OK;
    }
    if (found.count == 0)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_PROVED, bundle, NULL,
                       "none of the %zu certificates of the system's bundle has the name "
                       "and the key of what is distrusted",
                       found.total);
    else
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, bundle, NULL,
                       "what is distrusted is still trusted by who reads the system's "
                       "store: it has %zu of the same name and key, the first of them "
                       "%s, which the source %s distrusts, with the SHA-256 %s; %s",
                       found.count, found.text.subject, found.by->name, found.first,
                       way_out_of_system(found.by));
    ot_cert_text_clear(&found.text);
    return OT_OK;
}

/* It keeps what somebody put into it by hand, or what it had before it was made anew. */
static enum ot_status find_in_java_store(struct ot_doctor *doctor, struct ot_error *err)
{
    struct still_trusted found = {.distrust = doctor->distrust};
    char path[OT_SCRATCH_PATH_MAX];
    enum ot_status status = ot_java_store_read(path, &doctor->bench, err);

    if (status == OT_OK)
        status = read_trusted(&found, path, err);
    if (status == OT_OK && found.count > 0)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, OT_JAVA_STORE, NULL,
                       "what is distrusted is still trusted by Java: its store has %zu "
                       "of the same name and key, the first of them %s, which the "
                       "source %s distrusts, with the SHA-256 %s; " OT_JAVA_STORE_ANEW,
                       found.count, found.text.subject, found.by->name, found.first);
    ot_cert_text_clear(&found.text);
    if (status != OT_E_CORRUPT)
        return status == OT_E_NOT_FOUND ? OT_OK : status;
    ot_finding_add(&doctor->findings, PART, OT_VERDICT_NOT_PROVED, OT_JAVA_STORE, NULL,
                   "what Java trusts is not known, and may be what is distrusted: %s",
                   err->message);
    ot_error_clear(err);
    return OT_OK;
}

/* Whether it is known what a source distrusts. */
static enum ot_status look_at_list(struct ot_doctor *doctor,
                                   const struct ot_source *source, struct ot_error *err)
{
    struct ot_error why = OT_ERROR_INIT;
    struct ot_snapshot *snapshot = NULL;
    struct ot_cache *cache = NULL;
    enum ot_status status = ot_cache_new(&cache, source, &why);

    if (status == OT_OK)
        status = ot_cache_get(cache, 0, &snapshot, &why);
    if (status == OT_OK)
        ot_finding_add(
            &doctor->findings, PART, OT_VERDICT_NOTE, source->name, NULL,
            "%u certificate%s distrusted, and what else has the name and key of "
            "one",
            ot_snapshot_info(snapshot)->active,
            ot_snapshot_info(snapshot)->active == 1 ? " is" : "s are");
    else if (status != OT_E_NOMEM)
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_FAILS, source->name,
                       ot_fix_sync(doctor),
                       "what it distrusts is not known, and is trusted: %s", why.message);
    ot_snapshot_unref(snapshot);
    ot_cache_free(cache);
    return status == OT_E_NOMEM ? ot_error_nomem(err) : OT_OK;
}

static enum ot_status check_distrust(struct ot_doctor *doctor, struct ot_error *err)
{
    size_t count = ot_config_count(doctor->config);
    enum ot_status status = OT_OK;

    if (doctor->distrust == NULL) {
        ot_finding_add(&doctor->findings, PART, OT_VERDICT_ABSENT, NULL, NULL,
                       "no source has meaning = distrust");
        return ot_hold_try(doctor, PART, OT_TRIALS_NO, err);
    }
    for (size_t i = 0; status == OT_OK && i < count; i++)
        if (ot_source_distrusts(ot_config_at(doctor->config, i)))
            status = look_at_list(doctor, ot_config_at(doctor->config, i), err);
    if (status == OT_OK)
        status = look_at_system(doctor, err);
    if (status == OT_OK)
        status = find_in_java_store(doctor, err);
    if (status == OT_OK)
        ot_finding_add(
            &doctor->findings, PART, OT_VERDICT_NOTE, NULL, NULL,
            "programs that read lists of their own, GnuTLS with the URL pkcs11: "
            "and Java with a store of its own are not told of a no, nor is "
            "OpenSSL or GnuTLS of a twin that a server sends, signed by an authority "
            "that they trust; NSS's databases are looked at by `orgtrust doctor nss`");
    return status == OT_OK ? ot_hold_try(doctor, PART, OT_TRIALS_NO, err) : status;
}

const struct ot_check ot_check_distrust = {
    PART, "whether programs hold to a no, and what still trusts what a source distrusts",
    check_distrust, true};

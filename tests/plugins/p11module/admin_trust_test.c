/* Trust objects in a token for administration, as NSS and its kind write them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin_world.h"
#include "certs.h"
#include "config/config.h"
#include "config/source_path.h"
#include "files/path.h"
#include "object.h"
#include "snapshots.h"
#include "sync/snapshot_write.h"
#include "unit.h"

static const struct ot_functions *f;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE object;

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

static void begin(void)
{
    f = admin_start();
    session = admin_login(true, CKU_USER);
}

static CK_RV set(CK_OBJECT_HANDLE on, CK_ATTRIBUTE_TYPE type, const void *value,
                 CK_ULONG len)
{
    CK_ATTRIBUTE attribute = {type, (void *)value, len};

    return f->C_SetAttributeValue(session, on, &attribute, 1);
}

/* A trust object as NSS writes one, about a certificate that the token holds. */
static CK_RV trust(const char *label, CK_OBJECT_CLASS class, CK_ULONG server,
                   CK_ULONG email, CK_ULONG parts)
{
    bool is_nss = class == OT_CKO_NSS_TRUST;
    CK_OBJECT_HANDLE cert = admin_find(session, CKO_CERTIFICATE, label);
    struct token_value issuer = token_get(session, cert, CKA_ISSUER);
    struct token_value serial = token_get(session, cert, CKA_SERIAL_NUMBER);
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_TOKEN, &yes, 1},
        {CKA_ISSUER, (void *)issuer.data, issuer.len},
        {CKA_SERIAL_NUMBER, (void *)serial.data, serial.len},
        {is_nss ? OT_CKA_NSS_TRUST_SERVER_AUTH : OT_CKA_TRUST_SERVER_AUTH, &server,
         sizeof(server)},
        {is_nss ? OT_CKA_NSS_TRUST_EMAIL_PROTECTION : OT_CKA_TRUST_EMAIL_PROTECTION,
         &email, sizeof(email)},
    };

    object = 0;
    return f->C_CreateObject(session, t, parts, &object);
}

/* Who writes a trust object reads it back; NSS else keeps a copy of its own. Only what is
 * active, a CA and valid is trusted by one. */
static void every_certificate_has_its_trust_objects(void)
{
    static const struct {
        const char *label;
        CK_ULONG nss, trust;
    } rows[] = {{"Alpha", OT_CKT_NSS_TRUSTED_DELEGATOR, OT_CKT_TRUST_ANCHOR},
                {"Beta", OT_CKT_NSS_MUST_VERIFY, OT_CKT_TRUST_MUST_VERIFY},
                {"Gamma", OT_CKT_NSS_MUST_VERIFY, OT_CKT_TRUST_MUST_VERIFY}};
    size_t i;

    begin();
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        object = admin_find(session, OT_CKO_NSS_TRUST, rows[i].label);
        CU_ASSERT_EQUAL(token_number(session, object, OT_CKA_NSS_TRUST_SERVER_AUTH),
                        rows[i].nss);
        CU_ASSERT_EQUAL(token_number(session, object, OT_CKA_NSS_TRUST_EMAIL_PROTECTION),
                        OT_CKT_NSS_MUST_VERIFY);
        object = admin_find(session, OT_CKO_TRUST, rows[i].label);
        CU_ASSERT_EQUAL(token_number(session, object, OT_CKA_TRUST_SERVER_AUTH),
                        rows[i].trust);
    }
    token_stop();
}

static void a_trust_object_makes_active(void)
{
    const CK_ULONG anchor = OT_CKT_NSS_TRUSTED_DELEGATOR, must_verify = 0xce534353;
    const CK_OBJECT_CLASS nss = OT_CKO_NSS_TRUST;
    CK_OBJECT_HANDLE beta;

    begin();
    beta = admin_find(session, CKO_CERTIFICATE, "Beta");
    CU_ASSERT_EQUAL(trust("Beta", nss, anchor, must_verify, 6), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_ACTIVATE "cert_b");
    CU_ASSERT_EQUAL(object & ~3ul, beta & ~3ul);
    CU_ASSERT_EQUAL(object & 3, OT_OBJECT_NSS_TRUST);
    CU_ASSERT_EQUAL(trust("Beta", nss, must_verify, anchor, 6), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_ACTIVATE "cert_b");
    CU_ASSERT_EQUAL(
        trust("Beta", OT_CKO_TRUST, OT_CKT_TRUST_ANCHOR, OT_CKT_TRUST_MUST_VERIFY, 6),
        CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_ACTIVATE "cert_b");
    CU_ASSERT_EQUAL(object & 3, OT_OBJECT_TRUST);
    /* what is so already costs nothing */
    CU_ASSERT_EQUAL(trust("Alpha", nss, anchor, anchor, 6), CKR_OK);
    CU_ASSERT_EQUAL(object, admin_find(session, nss, "Alpha"));
    CU_ASSERT_EQUAL(trust("Beta", nss, must_verify, must_verify, 6), CKR_OK);
    CU_ASSERT_NOT_EQUAL(object, 0);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    CU_ASSERT_EQUAL(trust("Alpha", nss, must_verify, 0xce53435a, 6), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_DEACTIVATE "cert_a");
    /* and what is not said whole is nothing */
    CU_ASSERT_EQUAL(trust("Beta", nss, anchor, anchor, 4), CKR_TEMPLATE_INCOMPLETE);
    CU_ASSERT_EQUAL(trust("Beta", nss, anchor, anchor, 3), CKR_TEMPLATE_INCOMPLETE);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    token_stop();
}

/* Of a certificate that is not there, or is another than the digest says. */
static void a_trust_object_is_about_one_certificate(void)
{
    CK_OBJECT_CLASS class = OT_CKO_NSS_TRUST;
    CK_ULONG server = OT_CKT_NSS_TRUSTED_DELEGATOR;
    struct token_value issuer, serial, sha1;
    CK_OBJECT_HANDLE beta;
    unsigned char wrong[20] = {1};

    begin();
    beta = admin_find(session, CKO_CERTIFICATE, "Beta");
    issuer = token_get(session, beta, CKA_ISSUER);
    serial = token_get(session, beta, CKA_SERIAL_NUMBER);
    sha1 = token_get(session, admin_find(session, OT_CKO_NSS_TRUST, "Alpha"),
                     OT_CKA_NSS_CERT_SHA1_HASH);
    CK_ATTRIBUTE t[] = {{CKA_CLASS, &class, sizeof(class)},
                        {CKA_TOKEN, &yes, 1},
                        {CKA_ISSUER, (void *)issuer.data, issuer.len},
                        {CKA_SERIAL_NUMBER, (void *)serial.data, serial.len},
                        {OT_CKA_NSS_CERT_SHA1_HASH, wrong, sizeof(wrong)},
                        {OT_CKA_NSS_TRUST_SERVER_AUTH, &server, sizeof(server)}};
    CU_ASSERT_EQUAL(f->C_CreateObject(session, t, 6, &object),
                    CKR_ATTRIBUTE_VALUE_INVALID);
    t[4].pValue = (void *)sha1.data; /* of another certificate */
    CU_ASSERT_EQUAL(f->C_CreateObject(session, t, 6, &object),
                    CKR_ATTRIBUTE_VALUE_INVALID);
    t[4] = t[5];
    t[3] = (CK_ATTRIBUTE){CKA_SERIAL_NUMBER, "\2\1\1", 3};
    CU_ASSERT_EQUAL(f->C_CreateObject(session, t, 5, &object),
                    CKR_ATTRIBUTE_VALUE_INVALID);
    t[3] = (CK_ATTRIBUTE){CKA_SERIAL_NUMBER, (void *)serial.data, serial.len};
    t[4].ulValueLen = 1;
    CU_ASSERT_EQUAL(f->C_CreateObject(session, t, 5, &object),
                    CKR_ATTRIBUTE_VALUE_INVALID);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    token_stop();
}

static void a_trust_object_is_changed(void)
{
    CK_ULONG anchor = OT_CKT_NSS_TRUSTED_DELEGATOR, none = 0xce534353;
    CK_ATTRIBUTE one_stays[] = {{OT_CKA_NSS_TRUST_SERVER_AUTH, &none, sizeof(none)},
                                {OT_CKA_NSS_TRUST_CLIENT_AUTH, &anchor, sizeof(anchor)}};
    CK_OBJECT_HANDLE of_alpha;

    begin();
    of_alpha = admin_find(session, OT_CKO_NSS_TRUST, "Alpha");
    CU_ASSERT_EQUAL(set(of_alpha, OT_CKA_NSS_TRUST_SERVER_AUTH, &anchor, sizeof(anchor)),
                    CKR_OK);
    /* for e-mail it was none before */
    CU_ASSERT_EQUAL(set(of_alpha, OT_CKA_NSS_TRUST_EMAIL_PROTECTION, &none, sizeof(none)),
                    CKR_OK);
    CU_ASSERT_EQUAL(set(of_alpha, OT_CKA_NSS_TRUST_STEP_UP_APPROVED, &no, 1), CKR_OK);
    CU_ASSERT_EQUAL(f->C_SetAttributeValue(session, of_alpha, one_stays, 2), CKR_OK);
    CU_ASSERT_EQUAL(set(of_alpha, OT_CKA_NSS_TRUST_STEP_UP_APPROVED, &yes, 1),
                    CKR_ATTRIBUTE_READ_ONLY);
    CU_ASSERT_EQUAL(set(of_alpha, CKA_LABEL, "x", 1), CKR_ATTRIBUTE_READ_ONLY);
    CU_ASSERT_EQUAL(set(of_alpha, CKA_TRUSTED, &no, 1), CKR_ATTRIBUTE_TYPE_INVALID);
    CU_ASSERT_EQUAL(set(of_alpha, OT_CKA_NSS_TRUST_SERVER_AUTH, &none, 1),
                    CKR_ATTRIBUTE_VALUE_INVALID);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    CU_ASSERT_EQUAL(set(of_alpha, OT_CKA_NSS_TRUST_SERVER_AUTH, &none, sizeof(none)),
                    CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_DEACTIVATE "cert_a");
    token_stop();
}

static void that_of_what_is_inactive_activates_it(void)
{
    CK_ULONG anchor = OT_CKT_NSS_TRUSTED_DELEGATOR, none = OT_CKT_NSS_MUST_VERIFY;
    CK_OBJECT_HANDLE of_beta;

    begin();
    of_beta = admin_find(session, OT_CKO_NSS_TRUST, "Beta");
    CU_ASSERT_EQUAL(set(of_beta, OT_CKA_NSS_TRUST_SERVER_AUTH, &none, sizeof(none)),
                    CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    CU_ASSERT_EQUAL(set(of_beta, OT_CKA_NSS_TRUST_SERVER_AUTH, &anchor, sizeof(anchor)),
                    CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_ACTIVATE "cert_b");
    token_stop();
}

/* Puts the certificates in the place of those there were, and has the module look. */
static void replace(struct snapshot_builder *builder)
{
    const struct ot_source *source = NULL;
    struct ot_config *config = NULL;
    char *scope;

    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_config_find(config, NULL, &source, NULL), OT_OK);
    scope = ot_source_scope(source);
    CU_ASSERT_EQUAL_FATAL(ot_snapshot_write(world_path("default", "snapshot"), scope, 0,
                                            builder->records, builder->count, time(NULL),
                                            NULL),
                          OT_OK);
    free(scope);
    ot_config_free(config);
    snapshot_builder_clear(builder);
    (void)token_count(session, CKO_CERTIFICATE);
}

/* The same certificate under three ids: trusted or not as a whole. */
static void copies_of_a_certificate_are_one_matter(void)
{
    const CK_ULONG anchor = OT_CKT_NSS_TRUSTED_DELEGATOR, none = 0xce534353;
    struct snapshot_builder builder = {NULL, NULL, NULL, 0};
    CK_OBJECT_HANDLE of_all;
    size_t len;
    uint8_t *der = certs_der("Same", 1, &len);

    begin();
    snapshot_builder_add(&builder, der, len, "Idle", 0);
    snapshot_builder_add(&builder, der, len, "One", OT_RECORD_ACTIVE);
    snapshot_builder_add(&builder, der, len, "Two", OT_RECORD_ACTIVE);
    replace(&builder);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 3);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_NSS_TRUST), 1);
    CU_ASSERT_EQUAL(trust("Idle", OT_CKO_NSS_TRUST, anchor, none, 6), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ""); /* so it is, as another copy */
    CU_ASSERT_EQUAL(object, token_first(session, OT_CKO_NSS_TRUST));
    CU_ASSERT_EQUAL(trust("Idle", OT_CKO_NSS_TRUST, none, none, 6), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_DEACTIVATE "cert_1 cert_2");
    of_all = token_first(session, OT_CKO_NSS_TRUST);
    CU_ASSERT_EQUAL(set(of_all, OT_CKA_NSS_TRUST_SERVER_AUTH, &none, sizeof(none)),
                    CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_DEACTIVATE "cert_1 cert_2");
    CU_ASSERT_EQUAL(f->C_DestroyObject(session, of_all), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_DEACTIVATE "cert_1 cert_2");
    snapshot_builder_add(&builder, der, len, "Idle", 0);
    snapshot_builder_add(&builder, der, len, "One", 0);
    snapshot_builder_add(&builder, der, len, "Two", 0);
    free(der);
    replace(&builder);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_NSS_TRUST), 1);
    CU_ASSERT_EQUAL(object, token_first(session, OT_CKO_NSS_TRUST)); /* as it was told */
    token_stop();
}

static void two_certificates_with_one_serial_number_need_a_digest(void)
{
    const CK_ULONG anchor = OT_CKT_NSS_TRUSTED_DELEGATOR;
    struct snapshot_builder builder = {NULL, NULL, NULL, 0};

    begin();
    snapshot_builder_add_ca(&builder, "Same", 7, OT_RECORD_ACTIVE);
    snapshot_builder_add_ca(&builder, "Same", 7, 0); /* with another signature */
    replace(&builder);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 2);
    CU_ASSERT_EQUAL(trust("Same", OT_CKO_NSS_TRUST, anchor, anchor, 6),
                    CKR_TEMPLATE_INCOMPLETE);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    token_stop();
}

static void what_is_quarantined_is_not_there(void)
{
    struct snapshot_builder builder = {NULL, NULL, NULL, 0};

    begin();
    snapshot_builder_add_ca(&builder, "Usable", 7, 0);
    snapshot_builder_add_quarantined(&builder, "a private key");
    replace(&builder);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "Usable;");
    CU_ASSERT_EQUAL(token_count(session, (CK_OBJECT_CLASS)-1), 3);
    token_stop();
}

static const struct unit_case cases[] = {
    {"every_certificate_has_its_trust_objects", every_certificate_has_its_trust_objects},
    {"a_trust_object_makes_active", a_trust_object_makes_active},
    {"a_trust_object_is_about_one_certificate", a_trust_object_is_about_one_certificate},
    {"a_trust_object_is_changed", a_trust_object_is_changed},
    {"that_of_what_is_inactive_activates_it", that_of_what_is_inactive_activates_it},
    {"copies_of_a_certificate_are_one_matter", copies_of_a_certificate_are_one_matter},
    {"two_certificates_with_one_serial_number_need_a_digest",
     two_certificates_with_one_serial_number_need_a_digest},
    {"what_is_quarantined_is_not_there", what_is_quarantined_is_not_there},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 admin trust", cases, argc, argv);
}

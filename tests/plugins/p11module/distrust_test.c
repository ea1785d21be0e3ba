/* The token of a source that distrusts, and what a no takes out of the others. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/source.h"
#include "token.h"
#include "unit.h"

#define SLOT_OF_TRUST 1
#define SLOT_OF_NO 2

static const CK_ATTRIBUTE_TYPE of_nss[] = {
    OT_CKA_NSS_TRUST_SERVER_AUTH,      OT_CKA_NSS_TRUST_CLIENT_AUTH,
    OT_CKA_NSS_TRUST_EMAIL_PROTECTION, OT_CKA_NSS_TRUST_CODE_SIGNING,
    OT_CKA_NSS_TRUST_IPSEC_END_SYSTEM, OT_CKA_NSS_TRUST_IPSEC_TUNNEL,
    OT_CKA_NSS_TRUST_IPSEC_USER,       OT_CKA_NSS_TRUST_TIME_STAMPING};
static const CK_ATTRIBUTE_TYPE of_trust[] = {
    OT_CKA_TRUST_SERVER_AUTH,      OT_CKA_TRUST_CLIENT_AUTH, OT_CKA_TRUST_CODE_SIGNING,
    OT_CKA_TRUST_EMAIL_PROTECTION, OT_CKA_TRUST_IPSEC_IKE,   OT_CKA_TRUST_TIME_STAMPING,
    OT_CKA_TRUST_OCSP_SIGNING};
#define NSS_PURPOSES (sizeof(of_nss) / sizeof(of_nss[0]))
#define TRUST_PURPOSES (sizeof(of_trust) / sizeof(of_trust[0]))

static CK_SESSION_HANDLE start(CK_SLOT_ID slot)
{
    CK_SESSION_HANDLE session;

    token_start(&session);
    return slot == SLOT_OF_TRUST ? session : token_session(slot);
}

static X509 *expired_ca(const char *cn)
{
    X509 *x509 = world_ca(cn);

    X509_gmtime_adj(X509_getm_notBefore(x509), -2L * 86400);
    X509_gmtime_adj(X509_getm_notAfter(x509), -86400L);
    return x509;
}

static void write_no(void)
{
    struct world_cert certs[] = {
        {"cert_bad", "Bad", world_ca("Bad"), true},
        {"cert_leaf", "Leaf", world_leaf("CN=Bad", "CN=Leaf"), true},
        {"cert_old", "Old", expired_ca("Old"), true},
        {"cert_off", "Off", world_ca("Off"), false}};

    world_write("no", certs, 4, AGE_FRESH);
}

static void write_yes(void)
{
    struct world_cert certs[] = {{"cert_good", "Good", world_ca("Good"), true},
                                 {"cert_bad", "Bad", world_ca("Bad"), true},
                                 {"cert_twin", "Twin", world_ca("BAD"), true}};

    world_write("default", certs, 3, AGE_FRESH);
}

static void configure(const char *more)
{
    char text[256];

    snprintf(text, sizeof(text), "[source no]\nmeaning = distrust\n%s", more);
    world_configure(text);
    (void)remove(world_path("no", "snapshot"));
    write_yes();
}

/* Whatever other sources trust for. */
static void every_purpose_is_refused(void)
{
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE object;
    size_t i;

    configure("names = good.example\n");
    write_no();
    session = start(SLOT_OF_NO);
    object = token_first(session, OT_CKO_NSS_TRUST);
    for (i = 0; i < NSS_PURPOSES; i++)
        CU_ASSERT_EQUAL(token_number(session, object, of_nss[i]), 0xce53435a);
    CU_ASSERT_FALSE(token_truth(session, object, OT_CKA_NSS_TRUST_STEP_UP_APPROVED));
    object = token_first(session, OT_CKO_TRUST);
    for (i = 0; i < TRUST_PURPOSES; i++)
        CU_ASSERT_EQUAL(token_number(session, object, of_trust[i]), 3);
    object = token_first(session, CKO_CERTIFICATE);
    CU_ASSERT_FALSE(token_truth(session, object, CKA_TRUSTED));
    CU_ASSERT(token_truth(session, object, OT_CKA_X_DISTRUSTED));
    CU_ASSERT_EQUAL(token_number(session, object, CKA_CERTIFICATE_CATEGORY), 0);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_X_CERTIFICATE_EXTENSION), 0);
    token_stop();
}

/* Of the others nothing is said; and there is no object of a no that leaves servers
 * theirs, for who reads them takes any for one to servers. */
static void some_purposes_are_refused(void)
{
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE object;

    configure("purposes = server\n");
    write_no();
    session = start(SLOT_OF_NO);
    object = token_first(session, OT_CKO_NSS_TRUST);
    for (size_t i = 0; i < NSS_PURPOSES; i++)
        CU_ASSERT_EQUAL(token_number(session, object, of_nss[i]),
                        i == 0 ? 0xce53435a : 0xce534355);
    object = token_first(session, OT_CKO_TRUST);
    for (size_t i = 0; i < TRUST_PURPOSES; i++)
        CU_ASSERT_EQUAL(token_number(session, object, of_trust[i]), i == 0 ? 3 : 0);
    object = token_first(session, CKO_CERTIFICATE);
    CU_ASSERT(token_truth(session, object, OT_CKA_X_DISTRUSTED));
    CU_ASSERT_FALSE(token_truth(session, object, CKA_TRUSTED));
    token_stop();
    configure("purposes = client, email, code\n");
    write_no();
    session = start(SLOT_OF_NO);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 0);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_NSS_TRUST), 0);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_TRUST), 0);
    token_stop();
}

static CK_OBJECT_HANDLE object_of_bad(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
    CK_ATTRIBUTE pattern[] = {{CKA_CLASS, &class, sizeof(class)}, {CKA_LABEL, "Bad", 3}};
    CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];

    CU_ASSERT_EQUAL_FATAL(token_find(session, pattern, 2, objects), 1);
    return objects[0];
}

/* What it leaves is in the other tokens, as if their source were for that alone. All
 * these have one key: who reads the extension by the key finds what is denied to one of
 * them. */
static void a_no_to_some_purposes_limits_other_tokens(void)
{
    static const struct {
        const char *more;
        CK_ULONG server, client;
        bool is_trusted;
    } rows[] = {{"purposes = server\n", 0xce534353, 0xce534352, false},
                {"purposes = client\n", 0xce534352, 0xce534353, true},
                {"purposes = email, code\n", 0xce534352, 0xce534352, true}};
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE object;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        configure(rows[i].more);
        session = start(SLOT_OF_TRUST);
        CU_ASSERT_EQUAL(token_count(session, OT_CKO_X_CERTIFICATE_EXTENSION), 0);
        write_no();
        CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 3);
        CU_ASSERT_EQUAL(token_count(session, OT_CKO_X_CERTIFICATE_EXTENSION), 3);
        object = object_of_bad(session, OT_CKO_NSS_TRUST);
        CU_ASSERT_EQUAL(token_number(session, object, of_nss[0]), rows[i].server);
        CU_ASSERT_EQUAL(token_number(session, object, of_nss[1]), rows[i].client);
        object = object_of_bad(session, CKO_CERTIFICATE);
        CU_ASSERT_EQUAL(token_truth(session, object, CKA_TRUSTED), rows[i].is_trusted);
        token_stop();
    }
    configure("purposes = server, client\n"); /* nothing is left */
    write_no();
    session = start(SLOT_OF_TRUST);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "Good;");
    token_stop();
}

/* Also what is no authority, and what has expired: its twin may not have. */
static void all_that_is_active_is_there(void)
{
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE distrusted = {OT_CKA_X_DISTRUSTED, &yes, sizeof(yes)},
                 trusted = {CKA_TRUSTED, &yes, sizeof(yes)};
    CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];
    CK_SESSION_HANDLE session;

    configure("");
    write_no();
    session = start(SLOT_OF_NO);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 3);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_NSS_TRUST), 3);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_TRUST), 3);
    CU_ASSERT_EQUAL(token_find(session, &distrusted, 1, objects), 3);
    CU_ASSERT_EQUAL(token_find(session, &trusted, 1, objects), 0);
    CU_ASSERT_EQUAL(token_find(token_session(SLOT_OF_TRUST), &distrusted, 1, objects), 0);
    token_stop();
}

/* One search is enough to see it begin, and end. */
static void a_no_takes_it_out_of_other_tokens(void)
{
    CK_SESSION_HANDLE session;

    configure("");
    session = start(SLOT_OF_TRUST);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 3);
    write_no();
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "Good;");
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_NSS_TRUST), 1);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_TRUST), 1);
    world_write("no", NULL, 0, AGE_FRESH);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 3);
    token_stop();
}

/* An object that was asked for last in its session, as of before the no, which is there
 * behind this. */
struct asked {
    const struct ot_functions *f;
    CK_SESSION_HANDLE session, other;
    CK_OBJECT_HANDLE object;
};

static struct asked ask_before_the_no(const char *settings)
{
    struct asked asked;

    configure(settings);
    asked.f = token_start(&asked.session);
    asked.other = token_session(SLOT_OF_TRUST);
    asked.object = object_of_bad(asked.session, OT_CKO_NSS_TRUST);
    CU_ASSERT_EQUAL(token_number(asked.session, asked.object, of_nss[0]), 0xce534352);
    write_no();
    return asked;
}

/* Also that of the object which was asked for last, and which is not looked for again: by
 * a search of any session, a handle is gone with its certificate, and says what is left.
 */
static void a_handle_knows_of_a_no(void)
{
    CK_ULONG server = 0;
    CK_ATTRIBUTE attribute = {OT_CKA_NSS_TRUST_SERVER_AUTH, &server, sizeof(server)};
    struct asked asked = ask_before_the_no("purposes = server\n");

    CU_ASSERT_EQUAL(token_count(asked.other, CKO_CERTIFICATE), 3);
    CU_ASSERT_EQUAL(token_number(asked.session, asked.object, of_nss[0]), 0xce534353);
    token_stop();
    asked = ask_before_the_no("");
    CU_ASSERT_EQUAL(token_count(asked.other, CKO_CERTIFICATE), 1);
    CU_ASSERT_EQUAL(
        asked.f->C_GetAttributeValue(asked.session, asked.object, &attribute, 1),
        CKR_OBJECT_HANDLE_INVALID);
    world_write("no", NULL, 0, AGE_FRESH);
    CU_ASSERT_EQUAL(token_count(asked.other, CKO_CERTIFICATE), 3);
    CU_ASSERT_EQUAL(token_number(asked.session, asked.object, of_nss[0]), 0xce534352);
    token_stop();
}

/* However old it is, and where the file is gone as long as the process lives. */
static void the_last_known_no_stays(void)
{
    struct world_cert bad = {"cert_bad", "Bad", world_ca("Bad"), true};
    CK_SESSION_HANDLE session;

    configure("max_stale = 1h\n");
    world_write("no", &bad, 1, 30L * 86400);
    session = start(SLOT_OF_TRUST);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "Good;");
    CU_ASSERT_EQUAL_FATAL(remove(world_path("no", "snapshot")), 0);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "Good;");
    token_stop();
    /* Who starts without any list trusts as before. */
    session = start(SLOT_OF_TRUST);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 3);
    token_stop();
}

/* Nothing is known of a list that somebody has cut off under its readers. */
static void what_is_cut_off_has_no_say(void)
{
    CK_SESSION_HANDLE session;

    configure("");
    write_no();
    session = start(SLOT_OF_TRUST);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "Good;");
    CU_ASSERT_EQUAL_FATAL(truncate(world_path("no", "snapshot"), 0), 0);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 3);
    token_stop();
}

/* The record that would tell is there, and cannot be read: of all that have its name. */
static void what_is_damaged_says_no(void)
{
    CK_SESSION_HANDLE session;

    configure("");
    write_no();
    CU_ASSERT_FATAL(world_damage("no", "cert_bad", strlen("cert_bad")) > 0);
    session = start(SLOT_OF_TRUST);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "Good;");
    token_stop();
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"every_purpose_is_refused", every_purpose_is_refused},
        {"some_purposes_are_refused", some_purposes_are_refused},
        {"a_no_to_some_purposes_limits_other_tokens",
         a_no_to_some_purposes_limits_other_tokens},
        {"all_that_is_active_is_there", all_that_is_active_is_there},
        {"a_no_takes_it_out_of_other_tokens", a_no_takes_it_out_of_other_tokens},
        {"a_handle_knows_of_a_no", a_handle_knows_of_a_no},
        {"the_last_known_no_stays", the_last_known_no_stays},
        {"what_is_cut_off_has_no_say", what_is_cut_off_has_no_say},
        {"what_is_damaged_says_no", what_is_damaged_says_no},
        {NULL, NULL}};

    return unit_main("p11 distrust", cases, argc, argv);
}

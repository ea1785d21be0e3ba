/* What can be created, changed and destroyed in a token for administration: which command
 * does it, which code tells of it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin_world.h"
#include "base/limits.h"
#include "object.h"
#include "unit.h"

static const struct ot_functions *f;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE object;

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_OBJECT_CLASS cert_class = CKO_CERTIFICATE;
static CK_CERTIFICATE_TYPE x509_type = CKC_X_509;
static unsigned char der[4096];
static CK_ULONG der_len;

static void begin(void)
{
    struct token_value value;

    f = admin_start();
    session = admin_login(true, CKU_USER);
    value = admin_der(world_ca("New"));
    memcpy(der, value.data, value.len);
    der_len = value.len;
    object = 0;
}

/* A template that has all it needs, then up to four attributes more. */
struct template
{
    CK_ATTRIBUTE attributes[12];
    CK_ULONG count;
};

static struct template complete(void)
{
    return (struct template){{{CKA_CLASS, &cert_class, sizeof(cert_class)},
                              {CKA_CERTIFICATE_TYPE, &x509_type, sizeof(x509_type)},
                              {CKA_TOKEN, &yes, sizeof(yes)},
                              {CKA_VALUE, der, der_len}},
                             4};
}

static struct template with(CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG len)
{
    struct template template = complete();

    template.attributes[template.count++] = (CK_ATTRIBUTE){type, (void *)value, len};
    return template;
}

/* With another value for one of the four, or without it (len: ULONG_MAX). */
static struct template but(CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG len)
{
    struct template template = complete();
    CK_ULONG i;

    for (i = 0; template.attributes[i].type != type; i++)
        ;
    template.attributes[i] = len != (CK_ULONG)-1
                                 ? (CK_ATTRIBUTE){type, (void *)value, len}
                                 : template.attributes[--template.count];
    return template;
}

static CK_RV create(struct template template)
{
    return f->C_CreateObject(session, template.attributes, template.count, &object);
}

/* Refused before anybody is asked. */
static void refuse(CK_RV rv, struct template template)
{
    object = 77;
    CU_ASSERT_EQUAL(create(template), rv);
    CU_ASSERT_EQUAL(object, 77);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
}

static void a_certificate_is_uploaded(void)
{
    char length[32];

    begin();
    admin_say("id cert_a\nstatus ok\n");
    CU_ASSERT_EQUAL(create(complete()), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_UPLOAD "-");
    snprintf(length, sizeof(length), "%lu bytes, ", der_len);
    CU_ASSERT_EQUAL(strncmp(admin_given(0), length, strlen(length)), 0);
    snprintf(length, sizeof(length), "%zu bytes, ", strlen(ADMIN_KEY));
    CU_ASSERT_EQUAL(strncmp(admin_given(4), length, strlen(length)), 0);
    CU_ASSERT_FALSE(admin_environment_has("arg " ADMIN_KEY));
    CU_ASSERT_EQUAL(object, admin_find(session, CKO_CERTIFICATE, "Alpha"));
    CU_ASSERT_EQUAL(create(with(CKA_TRUSTED, &yes, 1)), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_UPLOAD "--activate -");
    CU_ASSERT_EQUAL(create(with(CKA_TRUSTED, &no, 1)), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_UPLOAD "-");
    CU_ASSERT_EQUAL(create(with(CKA_LABEL, "--help", 6)), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_UPLOAD "--name --help -");
    CU_ASSERT_EQUAL(create(with(CKA_LABEL, NULL, 0)), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_UPLOAD "-");
    token_stop();
}

/* What it says is there after the next look; the module looks itself. */
static void a_new_object_can_be_read_at_once(void)
{
    struct token_value label;

    begin();
    admin_replace();
    admin_say("id cert_0\nstatus ok\n");
    CU_ASSERT_EQUAL(create(complete()), CKR_OK);
    label = token_get(session, object, CKA_LABEL);
    CU_ASSERT(label.len == 6 && memcmp(label.data, "Next 0", 6) == 0);
    token_stop();
}

/* As the tools send them: more than is needed. */
static void what_tools_send_is_accepted(void)
{
    struct token_value subject, serial;
    CK_OBJECT_HANDLE alpha;
    CK_ULONG category = 2, vendor = 7;
    struct template t;

    begin();
    alpha = admin_find(session, CKO_CERTIFICATE, "Alpha");
    subject = token_get(session, alpha, CKA_SUBJECT);
    serial = token_get(session, alpha, CKA_SERIAL_NUMBER);
    t = but(CKA_VALUE, token_get(session, alpha, CKA_VALUE).data,
            token_get(session, alpha, CKA_VALUE).len);
    t.attributes[t.count++] =
        (CK_ATTRIBUTE){CKA_SUBJECT, (void *)subject.data, subject.len};
    t.attributes[t.count++] =
        (CK_ATTRIBUTE){CKA_ISSUER, (void *)subject.data, subject.len};
    t.attributes[t.count++] =
        (CK_ATTRIBUTE){CKA_SERIAL_NUMBER, (void *)serial.data, serial.len};
    t.attributes[t.count++] = (CK_ATTRIBUTE){CKA_ID, "any", 3};
    t.attributes[t.count++] = (CK_ATTRIBUTE){CKA_PRIVATE, &no, 1};
    t.attributes[t.count++] =
        (CK_ATTRIBUTE){CKA_CERTIFICATE_CATEGORY, &category, sizeof(category)};
    t.attributes[t.count++] = (CK_ATTRIBUTE){OT_CKA_X_DISTRUSTED, &no, 1};
    t.attributes[t.count++] =
        (CK_ATTRIBUTE){CKA_VENDOR_DEFINED | 0x123, &vendor, sizeof(vendor)};
    admin_say("id cert_a\nstatus ok\n");
    CU_ASSERT_EQUAL(create(t), CKR_OK);
    CU_ASSERT_EQUAL(object, alpha);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_UPLOAD "-");
    token_stop();
}

static void fault_53_templates_that_cannot_be(void)
{
    static char long_name[OT_NAME_MAX + 1];
    static unsigned char huge[OT_CERT_DER_MAX + 1];
    CK_ULONG wgl = 2, key_class = CKO_PUBLIC_KEY, data_class = CKO_DATA;
    struct template twice;

    begin();
    twice = with(CKA_VALUE, der, der_len);
    refuse(CKR_TEMPLATE_INCONSISTENT, twice);
    refuse(CKR_TEMPLATE_INCOMPLETE, but(CKA_CLASS, NULL, (CK_ULONG)-1));
    refuse(CKR_TEMPLATE_INCOMPLETE, but(CKA_TOKEN, NULL, (CK_ULONG)-1));
    refuse(CKR_TEMPLATE_INCOMPLETE, but(CKA_VALUE, NULL, (CK_ULONG)-1));
    refuse(CKR_TEMPLATE_INCOMPLETE, but(CKA_CERTIFICATE_TYPE, NULL, (CK_ULONG)-1));
    refuse(CKR_TEMPLATE_INCONSISTENT, but(CKA_TOKEN, &no, 1));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_TOKEN, &yes, 0));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_CLASS, &cert_class, 1));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_CLASS, &key_class, sizeof(key_class)));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_CLASS, &data_class, sizeof(data_class)));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_CERTIFICATE_TYPE, &wgl, sizeof(wgl)));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_CERTIFICATE_TYPE, &wgl, 2));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_VALUE, NULL, 9));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_VALUE, der, 0));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_VALUE, der, der_len - 1));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_VALUE, der, der_len + 1));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_VALUE, der, 1));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_VALUE, "\x30\x80", 2));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_VALUE, "\x30\x84\0\0\0\0", 6));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_VALUE, "\x30\x83\1", 3));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_VALUE, "-----BEGIN CERT", 15));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, but(CKA_VALUE, huge, sizeof(huge)));
    refuse(CKR_TEMPLATE_INCONSISTENT, with(CKA_SUBJECT, "somebody else", 13));
    refuse(CKR_TEMPLATE_INCONSISTENT, with(CKA_ISSUER, "somebody else", 13));
    refuse(CKR_TEMPLATE_INCONSISTENT, with(CKA_SERIAL_NUMBER, "\2\4\6\6\6\6", 6));
    refuse(CKR_TEMPLATE_INCONSISTENT, with(OT_CKA_X_DISTRUSTED, &yes, 1));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, with(OT_CKA_X_DISTRUSTED, &yes, 2));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, with(CKA_TRUSTED, der, 8));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, with(CKA_LABEL, "\xff", 1));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, with(CKA_LABEL, "a\0b", 3));
    memset(long_name, 'n', sizeof(long_name));
    refuse(CKR_ATTRIBUTE_VALUE_INVALID, with(CKA_LABEL, long_name, sizeof(long_name)));
    refuse(CKR_ATTRIBUTE_READ_ONLY, with(CKA_UNIQUE_ID, "cert_a", 6));
    refuse(CKR_ATTRIBUTE_TYPE_INVALID, with(CKA_MODULUS, "x", 1));
    token_stop();
}

static void fault_53_who_may_create(void)
{
    CK_SESSION_HANDLE read_only;
    struct template t;

    begin();
    t = complete();
    read_only = admin_session(false);
    CU_ASSERT_EQUAL(f->C_CreateObject(session, NULL, 4, &object), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_CreateObject(session, t.attributes, 4, NULL), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_CreateObject(session, t.attributes, 100000, &object),
                    CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_CreateObject(read_only, t.attributes, 4, &object),
                    CKR_SESSION_READ_ONLY);
    CU_ASSERT_EQUAL(f->C_Logout(session), CKR_OK);
    refuse(CKR_USER_NOT_LOGGED_IN, t);
    CU_ASSERT_EQUAL(f->C_CloseSession(read_only), CKR_OK);
    CU_ASSERT_EQUAL(admin_try(session, CKU_SO, ADMIN_KEY), CKR_OK);
    (void)admin_command();
    admin_say("id cert_a\nstatus ok\n");
    CU_ASSERT_EQUAL(create(t), CKR_OK);
    token_stop();
}

static CK_RV set(CK_OBJECT_HANDLE on, CK_ATTRIBUTE_TYPE type, const void *value,
                 CK_ULONG len)
{
    CK_ATTRIBUTE attribute = {type, (void *)value, len};

    return f->C_SetAttributeValue(session, on, &attribute, 1);
}

static void a_certificate_is_renamed_and_toggled(void)
{
    CK_OBJECT_HANDLE alpha, beta;
    CK_ATTRIBUTE both[] = {{CKA_TRUSTED, &no, 1}, {CKA_LABEL, "Gone", 4}};
    struct token_value id;

    begin();
    alpha = admin_find(session, CKO_CERTIFICATE, "Alpha");
    beta = admin_find(session, CKO_CERTIFICATE, "Beta");
    CU_ASSERT_EQUAL(set(beta, CKA_TRUSTED, &yes, 1), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_ACTIVATE "cert_b");
    CU_ASSERT_EQUAL(set(alpha, CKA_TRUSTED, &no, 1), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_DEACTIVATE "cert_a");
    CU_ASSERT_EQUAL(set(alpha, CKA_LABEL, "-x \xc3\xa4", 5), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_RENAME "cert_a -x \xc3\xa4");
    CU_ASSERT_EQUAL(f->C_SetAttributeValue(session, alpha, both, 2), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(),
                           ADMIN_DEACTIVATE "cert_a"); /* the second one */
    admin_fail("refused");
    admin_catch_stderr();
    CU_ASSERT_EQUAL(f->C_SetAttributeValue(session, alpha, both, 2),
                    CKR_ATTRIBUTE_VALUE_INVALID);
    (void)admin_caught();
    CU_ASSERT_STRING_EQUAL(admin_command(),
                           ADMIN_RENAME "cert_a Gone"); /* and no second */
    admin_say(NULL);
    id = token_get(session, alpha, CKA_ID);
    CU_ASSERT_EQUAL(set(alpha, CKA_ID, id.data, id.len), CKR_OK);
    CU_ASSERT_EQUAL(f->C_SetAttributeValue(session, alpha, NULL, 0), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    token_stop();
}

static void fault_53_changes_that_cannot_be(void)
{
    CK_ATTRIBUTE good_and_bad[] = {{CKA_LABEL, "Good", 4}, {CKA_VALUE, der, 4}};
    CK_ATTRIBUTE twice[] = {{CKA_LABEL, "One", 3}, {CKA_LABEL, "Two", 3}};
    CK_OBJECT_HANDLE alpha;

    begin();
    alpha = admin_find(session, CKO_CERTIFICATE, "Alpha");
    CU_ASSERT_EQUAL(set(alpha, CKA_ID, "other", 5), CKR_ATTRIBUTE_READ_ONLY);
    CU_ASSERT_EQUAL(set(alpha, CKA_VALUE, der, der_len), CKR_ATTRIBUTE_READ_ONLY);
    CU_ASSERT_EQUAL(set(alpha, CKA_TOKEN, &no, 1), CKR_ATTRIBUTE_READ_ONLY);
    CU_ASSERT_EQUAL(set(alpha, CKA_MODULUS, der, 1), CKR_ATTRIBUTE_TYPE_INVALID);
    CU_ASSERT_EQUAL(set(alpha, CKA_LABEL, "", 0), CKR_ATTRIBUTE_VALUE_INVALID);
    CU_ASSERT_EQUAL(set(alpha, CKA_LABEL, NULL, 5), CKR_ATTRIBUTE_VALUE_INVALID);
    CU_ASSERT_EQUAL(set(alpha, CKA_LABEL, "\xc3", 1), CKR_ATTRIBUTE_VALUE_INVALID);
    CU_ASSERT_EQUAL(set(alpha, CKA_TRUSTED, der, 4), CKR_ATTRIBUTE_VALUE_INVALID);
    CU_ASSERT_EQUAL(set(alpha, CKA_TRUSTED, NULL, 0), CKR_ATTRIBUTE_VALUE_INVALID);
    CU_ASSERT_EQUAL(set(alpha ^ 64, CKA_TRUSTED, &no, 1), CKR_OBJECT_HANDLE_INVALID);
    CU_ASSERT_EQUAL(set(4, CKA_TRUSTED, &no, 1), CKR_OBJECT_HANDLE_INVALID); /* profile */
    CU_ASSERT_EQUAL(f->C_SetAttributeValue(session, alpha, NULL, 1), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_SetAttributeValue(session, alpha, twice, 100000),
                    CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_SetAttributeValue(session, alpha, twice, 2),
                    CKR_TEMPLATE_INCONSISTENT);
    CU_ASSERT_EQUAL(f->C_SetAttributeValue(session, alpha, good_and_bad, 2),
                    CKR_ATTRIBUTE_READ_ONLY);
    CU_ASSERT_EQUAL(f->C_CopyObject(session, alpha, NULL, 0, &object),
                    CKR_ACTION_PROHIBITED);
    CU_ASSERT_EQUAL(f->C_CopyObject(session, alpha, NULL, 0, NULL), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_DestroyObject(session, alpha ^ 64), CKR_OBJECT_HANDLE_INVALID);
    session = admin_session(false);
    CU_ASSERT_EQUAL(set(alpha, CKA_LABEL, "x", 1), CKR_SESSION_READ_ONLY);
    CU_ASSERT_EQUAL(f->C_DestroyObject(session, alpha), CKR_SESSION_READ_ONLY);
    CU_ASSERT_EQUAL(f->C_Logout(session), CKR_OK);
    CU_ASSERT_EQUAL(set(alpha, CKA_LABEL, "x", 1), CKR_OBJECT_HANDLE_INVALID);
    CU_ASSERT_EQUAL(f->C_DestroyObject(session, alpha), CKR_OBJECT_HANDLE_INVALID);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    token_stop();
}

static void objects_are_destroyed(void)
{
    begin();
    CU_ASSERT_EQUAL(
        f->C_DestroyObject(session, admin_find(session, CKO_CERTIFICATE, "Beta")),
        CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_DELETE "cert_b");
    CU_ASSERT_EQUAL(
        f->C_DestroyObject(session, admin_find(session, OT_CKO_NSS_TRUST, "Alpha")),
        CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_DEACTIVATE "cert_a");
    CU_ASSERT_EQUAL(
        f->C_DestroyObject(session, admin_find(session, OT_CKO_TRUST, "Alpha")), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_DEACTIVATE "cert_a");
    token_stop();
}

/* The table of orgtrust-pkcs11(7). */
static void a_change_that_fails_has_its_code_and_its_sentence(void)
{
    static const struct {
        const char *status;
        CK_RV create, set, destroy;
    } rows[] = {{"auth", CKR_PIN_EXPIRED, CKR_PIN_EXPIRED, CKR_PIN_EXPIRED},
                {"forbidden", CKR_TOKEN_WRITE_PROTECTED, CKR_TOKEN_WRITE_PROTECTED,
                 CKR_TOKEN_WRITE_PROTECTED},
                {"not-found", CKR_OBJECT_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID,
                 CKR_OBJECT_HANDLE_INVALID},
                {"refused", CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
                 CKR_ACTION_PROHIBITED},
                {"usage", CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
                 CKR_GENERAL_ERROR},
                {"limit", CKR_DEVICE_MEMORY, CKR_DEVICE_MEMORY, CKR_DEVICE_MEMORY},
                {"rate", CKR_FUNCTION_FAILED, CKR_FUNCTION_FAILED, CKR_FUNCTION_FAILED},
                {"busy", CKR_FUNCTION_FAILED, CKR_FUNCTION_FAILED, CKR_FUNCTION_FAILED},
                {"network", CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR},
                {"server", CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR},
                {"protocol", CKR_DEVICE_ERROR, CKR_DEVICE_ERROR, CKR_DEVICE_ERROR},
                {"memory", CKR_HOST_MEMORY, CKR_HOST_MEMORY, CKR_HOST_MEMORY},
                {"config", CKR_GENERAL_ERROR, CKR_GENERAL_ERROR, CKR_GENERAL_ERROR},
                {"unsafe", CKR_GENERAL_ERROR, CKR_GENERAL_ERROR, CKR_GENERAL_ERROR},
                {"io", CKR_GENERAL_ERROR, CKR_GENERAL_ERROR, CKR_GENERAL_ERROR},
                {"no-space", CKR_GENERAL_ERROR, CKR_GENERAL_ERROR, CKR_GENERAL_ERROR},
                {"internal", CKR_GENERAL_ERROR, CKR_GENERAL_ERROR, CKR_GENERAL_ERROR},
                {"empty", CKR_GENERAL_ERROR, CKR_GENERAL_ERROR, CKR_GENERAL_ERROR},
                {"interrupted", CKR_GENERAL_ERROR, CKR_GENERAL_ERROR, CKR_GENERAL_ERROR}};
    CK_OBJECT_HANDLE alpha;
    char sentence[160];
    size_t i;

    begin();
    alpha = admin_find(session, CKO_CERTIFICATE, "Alpha");
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        admin_fail(rows[i].status);
        admin_catch_stderr();
        CU_ASSERT_EQUAL(create(complete()), rows[i].create);
        CU_ASSERT_EQUAL(set(alpha, CKA_TRUSTED, &yes, 1), rows[i].set);
        CU_ASSERT_EQUAL(f->C_DestroyObject(session, alpha), rows[i].destroy);
        snprintf(sentence, sizeof(sentence),
                 "orgtrust: because of %s\norgtrust: because of %s\norgtrust: because of "
                 "%s\n",
                 rows[i].status, rows[i].status, rows[i].status);
        CU_ASSERT_STRING_EQUAL(admin_caught(), sentence);
        CU_ASSERT_PTR_NOT_NULL(strstr(token_log(), "token 'orgtrust admin': because"));
        CU_ASSERT_EQUAL(object, 0);
        CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 3);
    }
    token_stop();
}

static void a_change_that_the_snapshot_does_not_show_yet_is_made(void)
{
    CK_OBJECT_HANDLE alpha;

    begin();
    alpha = admin_find(session, CKO_CERTIFICATE, "Alpha");
    admin_say("done\nid cert_new\nerror the snapshot does not show it\nstatus network\n");
    admin_catch_stderr();
    CU_ASSERT_EQUAL(create(complete()), CKR_OK);
    CU_ASSERT_EQUAL(set(alpha, CKA_TRUSTED, &no, 1), CKR_OK);
    CU_ASSERT_EQUAL(f->C_DestroyObject(session, alpha), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_caught(), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(token_log(), "the snapshot does not show it"));
    CU_ASSERT_NOT_EQUAL(object, 0);
    token_stop();
}

/* A login of the same words proves nothing when its sync failed. */
static void a_login_is_not_made_by_being_done(void)
{
    begin();
    CU_ASSERT_EQUAL(f->C_Logout(session), CKR_OK);
    admin_say("done\nerror no\nstatus network\n");
    admin_catch_stderr();
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_DEVICE_ERROR);
    CU_ASSERT_STRING_EQUAL(admin_caught(), "orgtrust: no\n");
    token_stop();
}

static void an_upload_without_an_id_is_an_error(void)
{
    begin();
    admin_say("status ok\n");
    CU_ASSERT_EQUAL(create(complete()), CKR_GENERAL_ERROR);
    CU_ASSERT_EQUAL(object, 0);
    token_stop();
}

static CK_RV slow_rv;

static void *change_slowly(void *arg)
{
    slow_rv = set(*(CK_OBJECT_HANDLE *)arg, CKA_TRUSTED, &no, 1);
    return NULL;
}

/* The errand keeps its key, whoever logs out; and nobody waits for it. */
static void a_session_may_go_while_its_errand_runs(void)
{
    CK_OBJECT_HANDLE alpha;
    pthread_t thread;

    begin();
    alpha = admin_find(session, CKO_CERTIFICATE, "Alpha");
    admin_delay(400);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, change_slowly, &alpha), 0);
    while (access(unit_path("report"), R_OK) != 0)
        usleep(1000);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 3);
    CU_ASSERT_EQUAL(f->C_Logout(session), CKR_OK);
    CU_ASSERT_EQUAL(f->C_CloseSession(session), CKR_OK);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(slow_rv, CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(), ADMIN_DEACTIVATE "cert_a");
    token_stop();
}

static const struct unit_case cases[] = {
    {"a_certificate_is_uploaded", a_certificate_is_uploaded},
    {"a_new_object_can_be_read_at_once", a_new_object_can_be_read_at_once},
    {"what_tools_send_is_accepted", what_tools_send_is_accepted},
    {"fault_53_templates_that_cannot_be", fault_53_templates_that_cannot_be},
    {"fault_53_who_may_create", fault_53_who_may_create},
    {"a_certificate_is_renamed_and_toggled", a_certificate_is_renamed_and_toggled},
    {"fault_53_changes_that_cannot_be", fault_53_changes_that_cannot_be},
    {"objects_are_destroyed", objects_are_destroyed},
    {"a_change_that_fails_has_its_code_and_its_sentence",
     a_change_that_fails_has_its_code_and_its_sentence},
    {"a_change_that_the_snapshot_does_not_show_yet_is_made",
     a_change_that_the_snapshot_does_not_show_yet_is_made},
    {"a_login_is_not_made_by_being_done", a_login_is_not_made_by_being_done},
    {"an_upload_without_an_id_is_an_error", an_upload_without_an_id_is_an_error},
    {"a_session_may_go_while_its_errand_runs", a_session_may_go_while_its_errand_runs},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 admin write", cases, argc, argv);
}

/* Who is logged in to a token for administration, and what sessions see of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin_world.h"
#include "unit.h"

static const struct ot_functions *f;
static CK_SESSION_HANDLE session;

static CK_STATE state_of(CK_SESSION_HANDLE s)
{
    CK_SESSION_INFO info = {0};

    CU_ASSERT_EQUAL(f->C_GetSessionInfo(s, &info), CKR_OK);
    CU_ASSERT_EQUAL(info.slotID, ADMIN_SLOT);
    return info.state;
}

static CK_RV open_as(CK_FLAGS flags, CK_SESSION_HANDLE *s)
{
    return f->C_OpenSession(ADMIN_SLOT, CKF_SERIAL_SESSION | flags, NULL, NULL, s);
}

static bool is_field(const CK_UTF8CHAR *field, size_t len, const char *text)
{
    size_t i;

    for (i = strlen(text); i < len; i++)
        if (field[i] != ' ')
            return false;
    return memcmp(field, text, strlen(text)) == 0;
}

static void each_source_has_a_slot_to_administer_it(void)
{
    const struct ot_functions *trust_f;
    CK_SLOT_ID slots[4];
    CK_ULONG count = 4;
    CK_TOKEN_INFO trust, admin;
    CK_SLOT_INFO slot;

    f = admin_start();
    CU_ASSERT_EQUAL(f->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(slots[0], ADMIN_SLOT);
    CU_ASSERT_EQUAL(f->C_GetSlotInfo(ADMIN_SLOT, &slot), CKR_OK);
    CU_ASSERT_EQUAL(slot.flags, CKF_TOKEN_PRESENT);
    CU_ASSERT_EQUAL(f->C_GetTokenInfo(ADMIN_SLOT, &admin), CKR_OK);
    CU_ASSERT(is_field(admin.label, 32, "orgtrust admin"));
    CU_ASSERT(is_field(admin.model, 16, "admin"));
    CU_ASSERT_EQUAL(admin.flags, 0x40c);
    CU_ASSERT_EQUAL(admin.ulMinPinLen, 20);
    CU_ASSERT_EQUAL(admin.ulMaxPinLen, 255);
    CU_ASSERT_EQUAL(admin.ulMaxRwSessionCount, CK_EFFECTIVELY_INFINITE);
    CU_ASSERT_EQUAL(admin.ulRwSessionCount, 0);
    session = admin_session(true);
    (void)admin_session(false);
    CU_ASSERT_EQUAL(f->C_GetTokenInfo(ADMIN_SLOT, &admin), CKR_OK);
    CU_ASSERT_EQUAL(admin.ulSessionCount, 2);
    CU_ASSERT_EQUAL(admin.ulRwSessionCount, 1);
    /* the other module has its own, of the same number */
    (void)admin_trust_start(&trust_f);
    CU_ASSERT_EQUAL(trust_f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(trust_f->C_GetTokenInfo(1, &trust), CKR_OK);
    CU_ASSERT(is_field(trust.label, 32, "orgtrust"));
    CU_ASSERT_EQUAL(trust.flags, 0x402);
    CU_ASSERT_NOT_EQUAL(memcmp(trust.serialNumber, admin.serialNumber, 16), 0);
    admin_trust_stop();
    token_stop();
}

/* GnuTLS takes two modules whose CK_INFO is the same for one, and leaves the second out.
 */
static void the_two_modules_say_that_they_are_two(void)
{
    const struct ot_functions *trust_f;
    CK_INFO trust, admin;

    f = admin_start();
    CU_ASSERT_EQUAL(f->C_GetInfo(&admin), CKR_OK);
    (void)admin_trust_start(&trust_f);
    CU_ASSERT_EQUAL(trust_f->C_GetInfo(&trust), CKR_OK);
    admin_trust_stop();
    CU_ASSERT(is_field(trust.manufacturerID, 32, "orgtrust"));
    CU_ASSERT(is_field(trust.libraryDescription, 32, "Trust of an organization"));
    CU_ASSERT(is_field(admin.manufacturerID, 32, "orgtrust"));
    CU_ASSERT(is_field(admin.libraryDescription, 32, "Administers an organization"));
    token_stop();
}

static void the_label_has_the_source_and_the_order_is_that_of_sources(void)
{
    static const char *const labels[] = {
        "orgtrust admin", "orgtrust admin b", "orgtrust admin seventeen.letters",
        "admin eighteen.letters.x", "admin twenty.three.letters.xy"};
    CK_TOKEN_INFO info;
    CK_ULONG count = 0, i;

    world_configure("[source b]\n[source seventeen.letters]\n"
                    "[source eighteen.letters.x]\n[source twenty.three.letters.xy]\n");
    f = token_load_admin();
    CU_ASSERT_EQUAL_FATAL(f->C_Initialize(NULL), CKR_OK);
    CU_ASSERT_EQUAL(f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
    CU_ASSERT_EQUAL_FATAL(count, 5);
    for (i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(f->C_GetTokenInfo(i + 1, &info), CKR_OK);
        CU_ASSERT(is_field(info.label, 32, labels[i]));
    }
    token_stop();
}

/* The token is there all the same, and who logs in is told. */
static void without_a_configuration_a_login_says_why(void)
{
    CK_ULONG count = 0;
    const char *said;

    f = admin_start();
    token_stop();
    world_configure("no_such_key = 1\n");
    CU_ASSERT_EQUAL_FATAL(f->C_Initialize(NULL), CKR_OK);
    CU_ASSERT_EQUAL(f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    session = admin_session(true);
    admin_catch_stderr();
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_GENERAL_ERROR);
    said = admin_caught();
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "no_such_key"));
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    CU_ASSERT_EQUAL(token_count(session, (CK_OBJECT_CLASS)-1), 0);
    token_stop();
}

static void before_a_login_there_is_nothing_to_see(void)
{
    const struct ot_functions *trust_f;
    CK_OBJECT_HANDLE alpha;
    CK_ULONG size;

    f = admin_start();
    alpha = admin_find(admin_trust_start(&trust_f), CKO_CERTIFICATE, "Alpha");
    admin_trust_stop();
    session = admin_session(true);
    CU_ASSERT_NOT_EQUAL(alpha, 0);
    CU_ASSERT_EQUAL(token_count(session, (CK_OBJECT_CLASS)-1), 0);
    CU_ASSERT_EQUAL(f->C_GetObjectSize(session, alpha, &size), CKR_OBJECT_HANDLE_INVALID);
    CU_ASSERT_EQUAL(state_of(session), CKS_RW_PUBLIC_SESSION);
    CU_ASSERT_EQUAL(state_of(admin_session(false)), CKS_RO_PUBLIC_SESSION);
    CU_ASSERT_EQUAL(f->C_Logout(session), CKR_USER_NOT_LOGGED_IN);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    token_stop();
}

static void a_login_asks_the_organization_and_shows_all(void)
{
    const struct ot_functions *trust_f;
    CK_OBJECT_HANDLE alpha, beta, gamma;
    CK_SESSION_HANDLE trust;
    char expected[64];

    f = admin_start();
    setenv("OPENAI_ADMIN_KEY", "sk-of-the-environment", 1);
    session = admin_session(false);
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_OK);
    unsetenv("OPENAI_ADMIN_KEY");
    CU_ASSERT_STRING_EQUAL(
        admin_command(),
        "orgtrust sync --source default --key-fd=4 --report-fd=5 --quiet");
    snprintf(expected, sizeof(expected), "%zu bytes, ", strlen(ADMIN_KEY));
    CU_ASSERT_EQUAL(strncmp(admin_given(4), expected, strlen(expected)), 0);
    CU_ASSERT_EQUAL(strncmp(admin_given(0), "0 bytes", 7), 0);
    CU_ASSERT_FALSE(admin_environment_has("sk-of-the-environment"));
    CU_ASSERT_FALSE(admin_environment_has("arg " ADMIN_KEY));
    CU_ASSERT_FALSE(admin_environment_has("=" ADMIN_KEY));
    CU_ASSERT_EQUAL(state_of(session), CKS_RO_USER_FUNCTIONS);
    CU_ASSERT_EQUAL(state_of(admin_session(true)), CKS_RW_USER_FUNCTIONS);
    /* three certificates and what they are trusted for; no profile */
    CU_ASSERT_EQUAL(token_count(session, (CK_OBJECT_CLASS)-1), 9);
    CU_ASSERT_EQUAL(token_count(session, CKO_PROFILE), 0);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_NSS_TRUST), 3);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_TRUST), 3);
    alpha = admin_find(session, CKO_CERTIFICATE, "Alpha");
    beta = admin_find(session, CKO_CERTIFICATE, "Beta");
    gamma = admin_find(session, CKO_CERTIFICATE, "Gamma");
    CU_ASSERT(token_truth(session, alpha, CKA_TRUSTED));
    CU_ASSERT_FALSE(token_truth(session, beta, CKA_TRUSTED));
    CU_ASSERT(token_truth(session, gamma, CKA_TRUSTED)); /* active, though no CA */
    CU_ASSERT(token_truth(session, beta, CKA_PRIVATE));
    CU_ASSERT(token_truth(session, beta, CKA_MODIFIABLE));
    CU_ASSERT(token_truth(session, beta, CKA_DESTROYABLE));
    CU_ASSERT_FALSE(token_truth(session, beta, CKA_COPYABLE));
    CU_ASSERT(token_truth(session, admin_find(session, OT_CKO_NSS_TRUST, "Alpha"),
                          CKA_PRIVATE));
    /* the trust token is as it was, and handles are the same in both */
    trust = admin_trust_start(&trust_f);
    CU_ASSERT_EQUAL(token_count(trust, (CK_OBJECT_CLASS)-1), 4);
    CU_ASSERT_EQUAL(admin_find(trust, CKO_CERTIFICATE, "Alpha"), alpha);
    CU_ASSERT_EQUAL(admin_find(trust, CKO_CERTIFICATE, "Beta"), 0);
    CU_ASSERT_FALSE(token_truth(trust, alpha, CKA_PRIVATE));
    CU_ASSERT_FALSE(token_truth(trust, alpha, CKA_DESTROYABLE));
    CU_ASSERT_EQUAL(admin_find(trust, CKO_CERTIFICATE, "Gamma"), 0); /* no CA */
    admin_trust_stop();
    token_stop();
}

static void searches_use_what_differs_between_the_tokens(void)
{
    static CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_ATTRIBUTE private[] = {{CKA_PRIVATE, &yes, 1}};
    CK_ATTRIBUTE public[] = {{CKA_PRIVATE, &no, 1}};
    CK_ATTRIBUTE trusted[] = {{CKA_TRUSTED, &yes, 1}};
    CK_ATTRIBUTE idle[] = {{CKA_TRUSTED, &no, 1}, {CKA_CLASS, &class, sizeof(class)}};
    const struct ot_functions *trust_f;
    CK_SESSION_HANDLE trust;

    f = admin_start();
    session = admin_login(false, CKU_USER);
    CU_ASSERT_EQUAL(token_find(session, private, 1, objects), 9);
    CU_ASSERT_EQUAL(token_find(session, public, 1, objects), 0);
    CU_ASSERT_EQUAL(token_find(session, trusted, 1, objects), 2);
    CU_ASSERT_EQUAL(token_find(session, idle, 2, objects), 1);
    trust = admin_trust_start(&trust_f);
    CU_ASSERT_EQUAL(token_find(trust, private, 1, objects), 0);
    CU_ASSERT_EQUAL(token_find(trust, public, 1, objects), 4);
    CU_ASSERT_EQUAL(token_find(trust, trusted, 1, objects), 1);
    CU_ASSERT_EQUAL(token_find(trust, idle, 2, objects), 0);
    admin_trust_stop();
    token_stop();
}

static void a_login_brings_the_newest_state(void)
{
    const struct ot_functions *trust_f;

    f = admin_start();
    session = admin_session(false);
    admin_replace();
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_OK);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "Next 0;");
    CU_ASSERT_STRING_EQUAL(token_labels(admin_trust_start(&trust_f), NULL, 0), "Next 0;");
    admin_trust_stop();
    token_stop();
}

static void the_configured_key_is_meant_by_a_word(void)
{
    f = admin_start();
    session = admin_session(false);
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, "config"), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_command(),
                           "orgtrust sync --source default --report-fd=5 --quiet");
    CU_ASSERT_EQUAL(state_of(session), CKS_RO_USER_FUNCTIONS);
    token_stop();
}

static void what_cannot_be_a_key_asks_nobody(void)
{
    char longest[257];

    f = admin_start();
    session = admin_session(true);
    memset(longest, 'k', sizeof(longest));
    longest[256] = '\0';
    CU_ASSERT_EQUAL(f->C_Login(session, CKU_USER, NULL, 0), CKR_PIN_INCORRECT);
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, longest), CKR_PIN_INCORRECT);
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, "two words"), CKR_PIN_INCORRECT);
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, "line\nend"), CKR_PIN_INCORRECT);
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, "\xc3\xa4"), CKR_PIN_INCORRECT);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    CU_ASSERT_EQUAL(state_of(session), CKS_RW_PUBLIC_SESSION);
    longest[255] = '\0';
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, longest), CKR_OK);
    CU_ASSERT_STRING_NOT_EQUAL(admin_command(), "");
    CU_ASSERT_EQUAL(strncmp(admin_given(4), "255 bytes", 9), 0);
    token_stop();
}

/* A card's PIN, the password of an NSS database, a passphrase: nobody is asked, and the
 * user is told. */
static void fault_73_a_pin_that_is_no_key_goes_nowhere(void)
{
    static const char *const pins[] = {"1",
                                       "123456",
                                       "configs",
                                       "Config",
                                       "hunter2",
                                       "a-password-of-31-characters-abc",
                                       "sk-",
                                       "orgtrust-",
                                       "sk-1234567890123456",
                                       "orgtrust-1234567890"};
    const char *said;

    f = admin_start();
    session = admin_session(true);
    for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
        admin_catch_stderr();
        CU_ASSERT_EQUAL(admin_try(session, CKU_USER, pins[i]), CKR_PIN_INCORRECT);
        CU_ASSERT_EQUAL(admin_try(session, CKU_SO, pins[i]), CKR_PIN_INCORRECT);
        said = admin_caught();
        CU_ASSERT_PTR_NOT_NULL(strstr(said, "cannot be an admin key"));
        CU_ASSERT(strlen(pins[i]) < 10 || strstr(said, pins[i]) == NULL);
        CU_ASSERT_STRING_EQUAL(admin_command(), "");
    }
    CU_ASSERT_EQUAL(state_of(session), CKS_RW_PUBLIC_SESSION);
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, "0123456789abcdef0123456789abcdef"),
                    CKR_OK);
    CU_ASSERT_STRING_NOT_EQUAL(admin_command(), "");
    CU_ASSERT_EQUAL(f->C_Logout(session), CKR_OK);
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, "sk-12345678901234567"), CKR_OK);
    CU_ASSERT_STRING_NOT_EQUAL(admin_command(), "");
    token_stop();
}

static void fault_53_logins_follow_each_other_by_the_rules(void)
{
    CK_SESSION_HANDLE other;

    f = admin_start();
    session = admin_session(true);
    CU_ASSERT_EQUAL(f->C_Login(session, CKU_CONTEXT_SPECIFIC, NULL, 0),
                    CKR_OPERATION_NOT_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_Login(session, 77, NULL, 0), CKR_USER_TYPE_INVALID);
    CU_ASSERT_EQUAL(f->C_Login(session, CKU_USER, NULL, 1), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_Login(session + 1, CKU_USER, NULL, 1),
                    CKR_SESSION_HANDLE_INVALID);
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_OK);
    (void)admin_command();
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_USER_ALREADY_LOGGED_IN);
    CU_ASSERT_EQUAL(admin_try(session, CKU_SO, ADMIN_KEY),
                    CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    CU_ASSERT_EQUAL(f->C_InitPIN(session, NULL, 0), CKR_USER_NOT_LOGGED_IN);
    CU_ASSERT_EQUAL(f->C_SetPIN(session, NULL, 0, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
    other = admin_session(false);
    CU_ASSERT_EQUAL(f->C_Logout(other), CKR_OK);
    CU_ASSERT_EQUAL(f->C_Logout(session), CKR_USER_NOT_LOGGED_IN);
    CU_ASSERT_EQUAL(state_of(session), CKS_RW_PUBLIC_SESSION);
    CU_ASSERT_EQUAL(admin_try(session, CKU_SO, ADMIN_KEY), CKR_SESSION_READ_ONLY_EXISTS);
    CU_ASSERT_STRING_EQUAL(admin_command(), "");
    CU_ASSERT_EQUAL(f->C_CloseSession(other), CKR_OK);
    CU_ASSERT_EQUAL(admin_try(session, CKU_SO, ADMIN_KEY), CKR_OK);
    CU_ASSERT_EQUAL(state_of(session), CKS_RW_SO_FUNCTIONS);
    CU_ASSERT_EQUAL(open_as(0, &other), CKR_SESSION_READ_WRITE_SO_EXISTS);
    CU_ASSERT_EQUAL(open_as(CKF_RW_SESSION, &other), CKR_OK);
    CU_ASSERT_EQUAL(state_of(other), CKS_RW_SO_FUNCTIONS);
    CU_ASSERT_EQUAL(token_count(other, CKO_CERTIFICATE), 3);
    CU_ASSERT_EQUAL(admin_try(other, CKU_SO, ADMIN_KEY), CKR_USER_ALREADY_LOGGED_IN);
    CU_ASSERT_EQUAL(admin_try(other, CKU_USER, ADMIN_KEY),
                    CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
    CU_ASSERT_EQUAL(f->C_InitPIN(session, NULL, 1), CKR_ARGUMENTS_BAD);
    CU_ASSERT_EQUAL(f->C_InitPIN(session, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
    CU_ASSERT_EQUAL(f->C_InitToken(ADMIN_SLOT, NULL, 0, (CK_UTF8CHAR *)""),
                    CKR_SESSION_EXISTS);
    CU_ASSERT_EQUAL(f->C_CloseAllSessions(ADMIN_SLOT), CKR_OK);
    CU_ASSERT_EQUAL(f->C_InitToken(ADMIN_SLOT, NULL, 0, (CK_UTF8CHAR *)""),
                    CKR_FUNCTION_NOT_SUPPORTED);
    session = admin_session(false); /* nobody is in any more, so this may be */
    CU_ASSERT_EQUAL(state_of(session), CKS_RO_PUBLIC_SESSION);
    CU_ASSERT_EQUAL(f->C_SetPIN(session, NULL, 0, NULL, 0), CKR_SESSION_READ_ONLY);
    CU_ASSERT_EQUAL(f->C_LoginUser(session, CKU_USER, (CK_UTF8CHAR *)"config", 6,
                                   (CK_UTF8CHAR *)"me", 2),
                    CKR_OK);
    CU_ASSERT_EQUAL(state_of(session), CKS_RO_USER_FUNCTIONS);
    token_stop();
}

static void the_last_session_takes_the_login_with_it(void)
{
    CK_SESSION_HANDLE other;

    f = admin_start();
    session = admin_login(true, CKU_USER);
    other = admin_session(false);
    CU_ASSERT_EQUAL(f->C_CloseSession(session), CKR_OK);
    CU_ASSERT_EQUAL(state_of(other), CKS_RO_USER_FUNCTIONS);
    CU_ASSERT_EQUAL(f->C_CloseSession(other), CKR_OK);
    CU_ASSERT_EQUAL(state_of(admin_session(false)), CKS_RO_PUBLIC_SESSION);
    /* sessions with another token have nothing to do with it */
    token_stop();
    CU_ASSERT_EQUAL(f->C_Initialize(NULL), CKR_OK);
    (void)token_session(2);
    session = admin_login(true, CKU_USER);
    CU_ASSERT_EQUAL(f->C_CloseAllSessions(2), CKR_OK);
    CU_ASSERT_EQUAL(state_of(session), CKS_RW_USER_FUNCTIONS);
    token_stop();
    CU_ASSERT_EQUAL(f->C_Initialize(NULL), CKR_OK);
    CU_ASSERT_EQUAL(state_of(admin_session(true)), CKS_RW_PUBLIC_SESSION);
    token_stop();
}

static void a_logout_hides_what_was_found(void)
{
    CK_OBJECT_HANDLE objects[8];
    CK_ULONG n, size;

    f = admin_start();
    session = admin_login(false, CKU_USER);
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, NULL, 0), CKR_OK);
    CU_ASSERT_EQUAL(f->C_FindObjects(session, objects, 1, &n), CKR_OK);
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT_EQUAL(f->C_GetObjectSize(session, objects[0], &size), CKR_OK);
    CU_ASSERT_EQUAL(f->C_Logout(session), CKR_OK);
    CU_ASSERT_EQUAL(f->C_GetObjectSize(session, objects[0], &size),
                    CKR_OBJECT_HANDLE_INVALID);
    CU_ASSERT_EQUAL(f->C_FindObjects(session, objects, 8, &n), CKR_OK);
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL(f->C_FindObjectsFinal(session), CKR_OK);
    token_stop();
}

/* The table of orgtrust-pkcs11(7), and where the sentence goes. */
static void a_login_that_fails_has_its_code_and_its_sentence(void)
{
    static const struct {
        const char *status;
        CK_RV rv;
    } rows[] = {{"auth", CKR_PIN_INCORRECT},        {"forbidden", CKR_PIN_INCORRECT},
                {"network", CKR_DEVICE_ERROR},      {"server", CKR_DEVICE_ERROR},
                {"protocol", CKR_DEVICE_ERROR},     {"rate", CKR_FUNCTION_FAILED},
                {"busy", CKR_FUNCTION_FAILED},      {"memory", CKR_HOST_MEMORY},
                {"not-found", CKR_GENERAL_ERROR},   {"refused", CKR_GENERAL_ERROR},
                {"limit", CKR_GENERAL_ERROR},       {"usage", CKR_GENERAL_ERROR},
                {"config", CKR_GENERAL_ERROR},      {"unsafe", CKR_GENERAL_ERROR},
                {"io", CKR_GENERAL_ERROR},          {"no-space", CKR_GENERAL_ERROR},
                {"internal", CKR_GENERAL_ERROR},    {"no-snapshot", CKR_GENERAL_ERROR},
                {"expired", CKR_GENERAL_ERROR},     {"corrupt", CKR_GENERAL_ERROR},
                {"interrupted", CKR_GENERAL_ERROR}, {"other-scope", CKR_GENERAL_ERROR}};
    char sentence[128];
    const char *told;
    size_t i;

    f = admin_start();
    session = admin_session(true);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        admin_fail(rows[i].status);
        admin_catch_stderr();
        CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), rows[i].rv);
        told = admin_caught();
        snprintf(sentence, sizeof(sentence), "orgtrust: because of %s\n", rows[i].status);
        CU_ASSERT_STRING_EQUAL(told, sentence);
        snprintf(sentence, sizeof(sentence), "token 'orgtrust admin': because of %s\n",
                 rows[i].status);
        CU_ASSERT_PTR_NOT_NULL(strstr(token_log(), sentence));
        CU_ASSERT_EQUAL(state_of(session), CKS_RW_PUBLIC_SESSION);
        CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 0);
    }
    token_stop();
}

/* The API has answered, so it knows the key; and who administers must get in to mend it.
 */
static void an_empty_list_is_no_reason_to_refuse_a_key(void)
{
    f = admin_start();
    session = admin_session(true);
    admin_fail("empty");
    admin_catch_stderr();
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_OK);
    CU_ASSERT_STRING_EQUAL(admin_caught(), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(token_log(), "because of empty"));
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 3);
    token_stop();
}

static void a_command_that_is_not_there_is_told(void)
{
    f = admin_start();
    session = admin_session(true);
    setenv("ORGTRUST_COMMAND", unit_path("nothing-here"), 1);
    admin_catch_stderr();
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_GENERAL_ERROR);
    CU_ASSERT_PTR_NOT_NULL(strstr(admin_caught(), "nothing-here"));
    setenv("ORGTRUST_COMMAND", "/bin/false", 1);
    admin_catch_stderr();
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_GENERAL_ERROR);
    CU_ASSERT_PTR_NOT_NULL(strstr(admin_caught(), "without a report"));
    token_stop();
}

static const struct unit_case cases[] = {
    {"each_source_has_a_slot_to_administer_it", each_source_has_a_slot_to_administer_it},
    {"the_two_modules_say_that_they_are_two", the_two_modules_say_that_they_are_two},
    {"the_label_has_the_source_and_the_order_is_that_of_sources",
     the_label_has_the_source_and_the_order_is_that_of_sources},
    {"without_a_configuration_a_login_says_why",
     without_a_configuration_a_login_says_why},
    {"before_a_login_there_is_nothing_to_see", before_a_login_there_is_nothing_to_see},
    {"a_login_asks_the_organization_and_shows_all",
     a_login_asks_the_organization_and_shows_all},
    {"searches_use_what_differs_between_the_tokens",
     searches_use_what_differs_between_the_tokens},
    {"a_login_brings_the_newest_state", a_login_brings_the_newest_state},
    {"the_configured_key_is_meant_by_a_word", the_configured_key_is_meant_by_a_word},
    {"what_cannot_be_a_key_asks_nobody", what_cannot_be_a_key_asks_nobody},
    {"fault_73_a_pin_that_is_no_key_goes_nowhere",
     fault_73_a_pin_that_is_no_key_goes_nowhere},
    {"fault_53_logins_follow_each_other_by_the_rules",
     fault_53_logins_follow_each_other_by_the_rules},
    {"the_last_session_takes_the_login_with_it",
     the_last_session_takes_the_login_with_it},
    {"a_logout_hides_what_was_found", a_logout_hides_what_was_found},
    {"a_login_that_fails_has_its_code_and_its_sentence",
     a_login_that_fails_has_its_code_and_its_sentence},
    {"an_empty_list_is_no_reason_to_refuse_a_key",
     an_empty_list_is_no_reason_to_refuse_a_key},
    {"a_command_that_is_not_there_is_told", a_command_that_is_not_there_is_told},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 admin login", cases, argc, argv);
}

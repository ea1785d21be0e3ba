/* Trust that changes under a running application. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "certs.h"
#include "snapshot/snapshot.h"
#include "token.h"
#include "unit.h"

static const struct ot_functions *f;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];

static void a_search_after_a_sync_sees_it(void)
{
    world_configure("");
    world_write_roots("default", "A", 2);
    f = token_start(&session);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "A 0;A 1;");
    world_write_roots("default", "B", 3);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "B 0;B 1;B 2;");
    world_write_roots("default", "C", 0);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "");
    CU_ASSERT_EQUAL(token_count(session, CKO_PROFILE), 1);
    token_stop();
}

static void a_search_in_progress_keeps_its_snapshot(void)
{
    CK_SESSION_HANDLE other;
    CK_ULONG n, total = 0;
    CK_ATTRIBUTE label = {CKA_LABEL, NULL, 0};

    world_configure("");
    world_write_roots("default", "A", 20);
    f = token_start(&session);
    other = token_session(1);
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, NULL, 0), CKR_OK);
    CU_ASSERT_EQUAL(f->C_FindObjects(session, objects, 7, &n), CKR_OK);
    total += n;
    world_write_roots("default", "B", 1);
    CU_ASSERT_STRING_EQUAL(token_labels(other, NULL, 0), "B 0;");
    do {
        CU_ASSERT_EQUAL(f->C_FindObjects(session, objects + total, 7, &n), CKR_OK);
        total += n;
    } while (n > 0);
    CU_ASSERT_EQUAL(total, 20 * 3 + 1);
    /* what it finds it can also read, though it is gone for the others */
    CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, objects[59], &label, 1), CKR_OK);
    CU_ASSERT_EQUAL(f->C_GetAttributeValue(other, objects[59], &label, 1),
                    CKR_OBJECT_HANDLE_INVALID);
    CU_ASSERT_EQUAL(f->C_FindObjectsFinal(session), CKR_OK);
    CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, objects[59], &label, 1),
                    CKR_OBJECT_HANDLE_INVALID);
    token_stop();
}

static void handles_outlive_snapshots(void)
{
    CK_SESSION_HANDLE other;
    CK_OBJECT_HANDLE kept, gone;
    struct token_value label;

    world_configure("");
    world_write_roots("default", "A", 3);
    f = token_start(&session);
    other = token_session(1);
    CK_ATTRIBUTE first[] = {{CKA_LABEL, "A 0", 3}}, last[] = {{CKA_LABEL, "A 2", 3}};
    CU_ASSERT_EQUAL(token_find(session, first, 1, objects), 3);
    kept = objects[0];
    CU_ASSERT_EQUAL(token_find(session, last, 1, objects), 3);
    gone = objects[0];
    world_write_roots("default", "B", 2);
    /* until somebody looks, nothing has changed for anybody */
    label = token_get(session, gone, CKA_LABEL);
    CU_ASSERT_TRUE(label.len == 3 && memcmp(label.data, "A 2", 3) == 0);
    CU_ASSERT_EQUAL(token_count(other, CKO_CERTIFICATE), 2);
    label = token_get(session, kept, CKA_LABEL);
    CU_ASSERT_TRUE(label.len == 3 && memcmp(label.data, "B 0", 3) == 0);
    CU_ASSERT_EQUAL(f->C_GetObjectSize(session, gone, &(CK_ULONG){0}),
                    CKR_OBJECT_HANDLE_INVALID);
    token_stop();
}

/* An anchor that is trusted for two more seconds. */
static void fault_20_expiry_is_judged_when_it_matters(void)
{
    struct world_cert certs[] = {{"cert_a", "short", world_ca("A"), true}};
    CK_OBJECT_HANDLE trust, cert;
    CK_ATTRIBUTE any = {CKA_CLASS, NULL, 0};
    time_t end = time(NULL) + 2;
    struct tm tm;
    char to[32];

    strftime(to, sizeof(to), "%Y%m%d%H%M%SZ", gmtime_r(&end, &tm));
    certs_set_validity(certs[0].x509, "20200101000000Z", to);
    world_configure("");
    world_write("default", certs, 1, AGE_FRESH);
    f = token_start(&session);
    trust = token_first(session, OT_CKO_TRUST);
    cert = token_first(session, CKO_CERTIFICATE);
    CU_ASSERT_TRUE(token_truth(session, cert, CKA_TRUSTED));
    while (time(NULL) <= end)
        usleep(100000);
    CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, cert, &any, 1),
                    CKR_OBJECT_HANDLE_INVALID);
    CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, trust, &any, 1),
                    CKR_OBJECT_HANDLE_INVALID);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_TRUST), 0);
    CU_ASSERT_EQUAL(token_count(session, OT_CKO_NSS_TRUST), 0);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 0);
    token_stop();
}

static void a_snapshot_that_is_too_old_is_not_used(void)
{
    struct world_cert certs[] = {{"cert_a", "one", world_ca("A"), true}};

    world_configure("max_stale = 1h\n");
    world_write("default", certs, 1, 7200);
    f = token_start(&session);
    (void)token_log();
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 0);
    CU_ASSERT_EQUAL(token_count(session, (CK_OBJECT_CLASS)-1), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(token_log(), "max_stale"));
    world_write_roots("default", "B", 1);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 1);
    token_stop();
}

/* The token is there, empty, and the log says why, once. */
static void expect_empty(const char *why)
{
    CK_ULONG slots = 0;

    CU_ASSERT_EQUAL(f->C_GetSlotList(CK_TRUE, NULL, &slots), CKR_OK);
    CU_ASSERT_EQUAL(slots, 1);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 0);
    const char *line = token_log();
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "<12>orgtrust-pkcs11["));
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "token 'orgtrust': "));
    if (strstr(line, why) == NULL)
        fprintf(stderr, "logged '%s', expected '%s'\n", line, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, why));
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 0);
    CU_ASSERT_STRING_EQUAL(token_log(), "");
}

static void fault_39_without_a_snapshot_the_token_is_empty(void)
{
    world_configure("");
    (void)unlink(world_path("default", "snapshot"));
    f = token_start(&session);
    CU_ASSERT_STRING_EQUAL(token_log(), ""); /* who does not search is not told */
    expect_empty("no snapshot");
    world_write_roots("default", "A", 1);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 1);
    token_stop();
}

static void fault_42_a_damaged_record_is_passed_over(void)
{
    world_configure("");
    world_write_roots("default", "A", 3);
    CU_ASSERT_TRUE(world_damage("default", "cert_1", 6) > 0);
    f = token_start(&session);
    (void)token_log();
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "A 0;A 2;");
    CU_ASSERT_PTR_NOT_NULL(strstr(token_log(), "damaged"));
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "A 0;A 2;");
    CU_ASSERT_STRING_EQUAL(token_log(), "");
    token_stop();
}

/* An index that damage has hidden must not look like one without extensions: a reader
 * would take the certificate for unlimited. */
static void fault_42_an_extension_is_never_missed_for_damage(void)
{
    CK_OBJECT_CLASS class = OT_CKO_X_CERTIFICATE_EXTENSION;
    unsigned char spki[256], key[9] = {OT_INDEX_SPKI};
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_PUBLIC_KEY_INFO, spki, sizeof(spki)}};
    uint64_t hash;

    world_configure("purposes = server\n");
    world_write_roots("default", "A", 3);
    f = token_start(&session);
    CU_ASSERT_EQUAL_FATAL(f->C_GetAttributeValue(session,
                                                 token_first(session, CKO_CERTIFICATE),
                                                 &template[1], 1),
                          CKR_OK);
    hash = ot_span_hash(ot_span_of(spki, template[1].ulValueLen));
    for (size_t i = 0; i < 8; i++)
        key[1 + i] = (unsigned char)(hash >> 8 * i);
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, template, 2), CKR_OK);
    CU_ASSERT_EQUAL(f->C_FindObjectsFinal(session), CKR_OK);
    token_stop();
    CU_ASSERT_EQUAL(world_damage("default", key, sizeof(key)), 1);
    f = token_start(&session);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "A 0;A 1;A 2;");
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, template, 2), CKR_DEVICE_ERROR);
    token_stop();
    CU_ASSERT_EQUAL(unlink(world_path("default", "snapshot")), 0);
    f = token_start(&session);
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, template, 2), CKR_DEVICE_ERROR);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 0);
    token_stop();
}

static void fault_42_a_broken_snapshot_is_an_empty_token(void)
{
    FILE *file;

    world_configure("");
    world_write_roots("default", "A", 3);
    f = token_start(&session);
    token_stop();
    (void)unlink(world_path("default", "snapshot"));
    file = fopen(world_path("default", "snapshot"), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("not a snapshot", file);
    fclose(file);
    f = token_start(&session);
    (void)token_log();
    expect_empty("snapshot");
    token_stop();
}

static void fault_84_another_scope_is_an_empty_token(void)
{
    world_configure("");
    world_write_roots("default", "A", 3);
    world_configure("project = proj_new\n");
    f = token_start(&session);
    (void)token_log();
    expect_empty("the snapshot is of the organization, the configuration says project "
                 "proj_new; run 'orgtrust sync'");
    token_stop();
}

static void fault_54_a_bad_configuration_is_an_empty_token(void)
{
    world_configure_raw("base_url = https://api.example.com/v1\nbase_ulr = x\n");
    f = token_start(&session);
    (void)token_log();
    expect_empty("orgtrust.conf:2");
    token_stop();
}

static void without_a_source_the_token_says_how_to_make_one(void)
{
    world_configure_raw("\n");
    f = token_start(&session);
    (void)token_log();
    expect_empty("OPENAI_ADMIN_KEY");
    token_stop();
}

static const struct unit_case cases[] = {
    {"a_search_after_a_sync_sees_it", a_search_after_a_sync_sees_it},
    {"a_search_in_progress_keeps_its_snapshot", a_search_in_progress_keeps_its_snapshot},
    {"handles_outlive_snapshots", handles_outlive_snapshots},
    {"fault_20_expiry_is_judged_when_it_matters",
     fault_20_expiry_is_judged_when_it_matters},
    {"a_snapshot_that_is_too_old_is_not_used", a_snapshot_that_is_too_old_is_not_used},
    {"fault_39_without_a_snapshot_the_token_is_empty",
     fault_39_without_a_snapshot_the_token_is_empty},
    {"fault_42_a_damaged_record_is_passed_over",
     fault_42_a_damaged_record_is_passed_over},
    {"fault_42_an_extension_is_never_missed_for_damage",
     fault_42_an_extension_is_never_missed_for_damage},
    {"fault_42_a_broken_snapshot_is_an_empty_token",
     fault_42_a_broken_snapshot_is_an_empty_token},
    {"fault_84_another_scope_is_an_empty_token",
     fault_84_another_scope_is_an_empty_token},
    {"fault_54_a_bad_configuration_is_an_empty_token",
     fault_54_a_bad_configuration_is_an_empty_token},
    {"without_a_source_the_token_says_how_to_make_one",
     without_a_source_the_token_says_how_to_make_one},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 live", cases, argc, argv);
}

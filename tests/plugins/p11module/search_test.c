/* Searches: by every attribute, by many together, in the order that clients need. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "certs.h"
#include "token.h"
#include "unit.h"

static const struct ot_functions *f;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE objects[TOKEN_OBJECTS_MAX];

static void begin_for(const char *more)
{
    world_configure(more);
    world_write_roots("default", "Root", 9);
    f = token_start(&session);
}

static void begin(void)
{
    begin_for("");
}

static CK_ULONG find_one(CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG len)
{
    CK_ATTRIBUTE template[] = {{type, (void *)value, len}};

    return token_find(session, template, 1, objects);
}

/* Where PKCS#11, NSS and p11-kit have their attributes. */
static const struct {
    CK_ATTRIBUTE_TYPE first, last;
} ranges[] = {{0, 0x6ff},
              {0xce534350, 0xce53444f},
              {0xce536350, 0xce53644f},
              {0xd8444700, 0xd84447ff}};

#define TYPES_MAX 64

static bool has(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    CK_ATTRIBUTE attribute = {type, NULL, 0};

    return f->C_GetAttributeValue(session, object, &attribute, 1) == CKR_OK;
}

/* The attributes of the first certificate's objects and of the last object, the profile:
 * whatever the module's table has today. */
static CK_ULONG attributes_of(CK_ATTRIBUTE_TYPE types[TYPES_MAX],
                              const CK_OBJECT_HANDLE *all, CK_ULONG count)
{
    const CK_OBJECT_HANDLE some[] = {all[0], all[1], all[2], all[3], all[count - 1]};
    const size_t some_count = sizeof(some) / sizeof(some[0]);
    CK_ULONG found = 0;
    size_t i, k;

    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        for (CK_ATTRIBUTE_TYPE type = ranges[i].first; type <= ranges[i].last; type++) {
            for (k = 0; k < some_count && !has(some[k], type); k++)
                ;
            CU_ASSERT_FATAL(found < TYPES_MAX);
            if (k < some_count)
                types[found++] = type;
        }
    return found;
}

/* Each object is found by each of its attributes, and by all that it has. */
static void find_each_by_each(CK_ULONG expected)
{
    static CK_OBJECT_HANDLE all[TOKEN_OBJECTS_MAX];
    static unsigned char values[TYPES_MAX][2048];
    CK_ATTRIBUTE_TYPE types[TYPES_MAX];
    CK_ATTRIBUTE template[TYPES_MAX];
    CK_ULONG count, type_count, found, n, i, k;
    bool is_there;

    count = token_find(session, NULL, 0, all);
    CU_ASSERT_EQUAL_FATAL(count, expected);
    type_count = attributes_of(types, all, count);
    CU_ASSERT_TRUE(type_count > 40);
    for (i = 0; i < count; i++) {
        for (k = 0, n = 0; k < type_count; k++) {
            template[n] = (CK_ATTRIBUTE){types[k], values[n], sizeof(values[0])};
            if (f->C_GetAttributeValue(session, all[i], &template[n], 1) != CKR_OK)
                continue;
            found = find_one(types[k], values[n], template[n].ulValueLen);
            for (is_there = false; found > 0; found--)
                is_there = is_there || objects[found - 1] == all[i];
            CU_ASSERT_TRUE(is_there);
            n++;
        }
        CU_ASSERT_TRUE(n >= 9);
        CU_ASSERT_EQUAL(token_find(session, template, n, objects), 1);
        CU_ASSERT_EQUAL(objects[0], all[i]);
    }
}

static void every_object_is_found_by_every_attribute(void)
{
    begin();
    find_each_by_each(9 * 3 + 1);
    token_stop();
    begin_for("purposes = client\n");
    find_each_by_each(9 * 4 + 1);
    token_stop();
}

static void nothing_is_found_by_what_differs(void)
{
    const CK_OBJECT_CLASS classes[] = {
        CKO_DATA,       CKO_PUBLIC_KEY, CKO_PRIVATE_KEY,
        CKO_SECRET_KEY, 0xce534354, /* NSS's list of roots */
        0xd84447c8 /* p11-kit's certificate extensions, and the public key's */};
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    static unsigned char long_value[OT_CERT_DER_MAX + 1];
    struct token_value value;
    size_t i;

    begin();
    for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        CU_ASSERT_EQUAL(token_count(session, classes[i]), 0);
    CU_ASSERT_EQUAL(find_one(CKA_TOKEN, &no, sizeof(no)), 0);
    CU_ASSERT_EQUAL(find_one(OT_CKA_X_DISTRUSTED, &yes, sizeof(yes)), 0);
    CU_ASSERT_EQUAL(find_one(CKA_LABEL, "Root", 4), 0);
    CU_ASSERT_EQUAL(find_one(CKA_LABEL, "root 1", 6), 0);
    CU_ASSERT_EQUAL(find_one(CKA_LABEL, NULL, 0), 0);
    CU_ASSERT_EQUAL(find_one(CKA_MODULUS, "x", 1), 0);
    CU_ASSERT_EQUAL(find_one(CKA_CLASS, "\1", 1), 0); /* not as long as a CK_ULONG */
    CU_ASSERT_EQUAL(find_one(CKA_VALUE, long_value, sizeof(long_value)), 0);
    value = token_get(session, token_first(session, CKO_CERTIFICATE), CKA_VALUE);
    CU_ASSERT_EQUAL(find_one(CKA_VALUE, value.data, value.len), 1);
    CU_ASSERT_EQUAL(find_one(CKA_VALUE, value.data, value.len - 1), 0);
    CU_ASSERT_EQUAL(find_one(CKA_UNIQUE_ID, "cert_1", 6), 1);
    CU_ASSERT_EQUAL(find_one(CKA_UNIQUE_ID, "cert_1:trust", 12), 1);
    CU_ASSERT_EQUAL(find_one(CKA_UNIQUE_ID, "cert_1:", 7), 0);
    CU_ASSERT_EQUAL(find_one(CKA_UNIQUE_ID, ":profile", 8), 1);
    token_stop();
}

/* The searches of clients, each of which has to find one certificate among many. */
static void the_searches_that_clients_make(void)
{
    CK_OBJECT_CLASS cert = CKO_CERTIFICATE, nss = OT_CKO_NSS_TRUST;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_BBOOL yes = CK_TRUE;
    struct token_value subject, id, issuer, serial;
    CK_OBJECT_HANDLE object;

    begin();
    CU_ASSERT_EQUAL(find_one(CKA_LABEL, "Root 5", 6), 3);
    object = objects[0];
    subject = token_get(session, object, CKA_SUBJECT);
    id = token_get(session, object, CKA_ID);
    issuer = token_get(session, object, CKA_ISSUER);
    serial = token_get(session, object, CKA_SERIAL_NUMBER);
    CK_ATTRIBUTE gnutls[] = {{CKA_CLASS, &cert, sizeof(cert)},
                             {CKA_TRUSTED, &yes, sizeof(yes)},
                             {CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
                             {CKA_SUBJECT, (void *)subject.data, subject.len},
                             {CKA_ID, (void *)id.data, id.len}};
    CU_ASSERT_EQUAL(token_find(session, gnutls, 5, objects), 1);
    CU_ASSERT_EQUAL(objects[0], object);
    CU_ASSERT_EQUAL(token_find(session, gnutls, 4, objects), 1);
    CU_ASSERT_EQUAL(token_find(session, gnutls, 3, objects), 9);
    CK_ATTRIBUTE issued[] = {{CKA_SERIAL_NUMBER, (void *)serial.data, serial.len},
                             {CKA_ISSUER, (void *)issuer.data, issuer.len},
                             {CKA_TOKEN, &yes, sizeof(yes)},
                             {CKA_CLASS, &nss, sizeof(nss)}};
    CU_ASSERT_EQUAL(token_find(session, issued, 4, objects), 1);
    CU_ASSERT_EQUAL(objects[0] & 7, 2);
    CU_ASSERT_EQUAL(token_find(session, issued, 3, objects), 3);
    CU_ASSERT_EQUAL(objects[0], object);
    token_stop();
}

/* Facts, rule 5. */
/* By the public key, as p11-kit and GnuTLS do; what has another key is not among them. */
static void the_extension_of_a_key_is_found_by_it(void)
{
    struct world_cert certs[] = {{"cert_a", "One", world_ca("One"), true},
                                 {"cert_b", "Other", world_ca("Other"), true}};
    CK_OBJECT_CLASS class = OT_CKO_X_CERTIFICATE_EXTENSION;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct token_value value;
    unsigned char spki[256], der[64];
    CK_ULONG spki_len;

    X509_set_pubkey(certs[1].x509, key);
    EVP_PKEY_free(key);
    world_configure("purposes = server\n");
    world_write("default", certs, 2, AGE_FRESH);
    f = token_start(&session);
    CU_ASSERT_EQUAL_FATAL(find_one(CKA_LABEL, "Other", 5), 4);
    value = token_get(session, objects[0], CKA_PUBLIC_KEY_INFO);
    spki_len = value.len;
    CU_ASSERT_FATAL(spki_len <= sizeof(spki));
    memcpy(spki, value.data, spki_len);
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_PUBLIC_KEY_INFO, spki, spki_len}};
    CU_ASSERT_EQUAL_FATAL(token_find(session, template, 2, objects), 1);
    value = token_get(session, objects[0], CKA_LABEL);
    CU_ASSERT_EQUAL(memcmp(value.data, "Other", value.len), 0);
    /* by its value, which no index has */
    value = token_get(session, objects[0], CKA_VALUE);
    CU_ASSERT_FATAL(value.len <= sizeof(der));
    memcpy(der, value.data, value.len);
    CU_ASSERT_EQUAL(find_one(CKA_VALUE, der, value.len), 2);
    CU_ASSERT_EQUAL(find_one(CKA_PUBLIC_KEY_INFO, spki, spki_len), 2);
    CU_ASSERT_EQUAL(find_one(CKA_UNIQUE_ID, "cert_b:extension", 16), 1);
    token_stop();
}

static void of_one_subject_the_newest_valid_one_comes_first(void)
{
    struct world_cert certs[] = {{"cert_a", "old", world_ca("Same"), true},
                                 {"cert_b", "expired", world_ca("Same"), true},
                                 {"cert_c", "new", world_ca("Same"), true},
                                 {"cert_d", "future", world_ca("Same"), true},
                                 {"cert_e", "other", world_ca("Other"), true}};
    struct token_value subject;

    certs_set_validity(certs[0].x509, "20200101000000Z", "20900101000000Z");
    certs_set_validity(certs[1].x509, "20220101000000Z", "20230101000000Z");
    certs_set_validity(certs[2].x509, "20210101000000Z", "20900101000000Z");
    certs_set_validity(certs[3].x509, "20890101000000Z", "20900101000000Z");
    certs_set_validity(certs[4].x509, "20190101000000Z", "20900101000000Z");
    world_configure("");
    world_write("default", certs, 5, AGE_FRESH);
    f = token_start(&session);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "new;old;other;");
    CU_ASSERT_EQUAL(find_one(CKA_LABEL, "old", 3), 3);
    subject = token_get(session, objects[0], CKA_SUBJECT);
    CK_ATTRIBUTE same[] = {{CKA_SUBJECT, (void *)subject.data, subject.len}};
    CU_ASSERT_STRING_EQUAL(token_labels(session, same, 1), "new;old;");
    token_stop();
}

/* An object that follows the one read before is read from what lies behind that. */
static void what_was_found_is_read_in_any_order(void)
{
    struct world_cert certs[] = {{"cert_a", "A", world_ca("A"), true},
                                 {"cert_b", "B", world_ca("B"), false},
                                 {"cert_c", "C", world_ca("C"), true},
                                 {"cert_d", "D", world_ca("D"), true}};
    const size_t order[] = {0, 1, 2, 2, 1, 0, 2, 0, 1};
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    char labels[3];

    world_configure("");
    world_write("default", certs, 4, AGE_FRESH);
    f = token_start(&session);
    CU_ASSERT_EQUAL_FATAL(find_one(CKA_CLASS, &class, sizeof(class)), 3);
    for (size_t i = 0; i < 3; i++) { /* each in a session of its own */
        labels[i] = (char)token_get(token_session(1), objects[i], CKA_LABEL).data[0];
        CU_ASSERT_PTR_NOT_NULL(strchr("ACD", labels[i]));
    }
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        struct token_value label = token_get(session, objects[order[i]], CKA_LABEL);

        CU_ASSERT_EQUAL(label.len, 1);
        CU_ASSERT_EQUAL((char)label.data[0], labels[order[i]]);
    }
    token_stop();
}

static void a_long_template_is_a_template(void)
{
    CK_ATTRIBUTE template[256];
    CK_BBOOL yes = CK_TRUE;
    struct token_value value;

    begin();
    value = token_get(session, token_first(session, CKO_CERTIFICATE), CKA_VALUE);
    for (size_t i = 0; i < 256; i++)
        template[i] = (CK_ATTRIBUTE){CKA_TOKEN, &yes, sizeof(yes)};
    template[100] = (CK_ATTRIBUTE){CKA_VALUE, (void *)value.data, value.len};
    CU_ASSERT_EQUAL(token_find(session, template, 256, objects), 1);
    token_stop();
}

/* The application may do with its memory what it likes while a search runs. */
static void a_template_is_copied(void)
{
    char label[] = "Root 2";
    CK_ATTRIBUTE template[] = {{CKA_LABEL, label, 6}};
    CK_ULONG n = 0;

    begin();
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, template, 1), CKR_OK);
    memset(label, 'x', sizeof(label));
    memset(template, 0xff, sizeof(template));
    CU_ASSERT_EQUAL(f->C_FindObjects(session, objects, 10, &n), CKR_OK);
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(f->C_FindObjectsFinal(session), CKR_OK);
    token_stop();
}

static void several_sources_are_several_slots(void)
{
    CK_SESSION_HANDLE other;
    CK_OBJECT_HANDLE theirs;
    CK_ATTRIBUTE label = {CKA_LABEL, NULL, 0};

    world_configure("[source aaa]\npurposes = email\n");
    world_write_roots("default", "A", 2);
    world_write_roots("aaa", "B", 3);
    f = token_start(&session);
    other = token_session(2);
    CU_ASSERT_STRING_EQUAL(token_labels(session, NULL, 0), "A 0;A 1;");
    CU_ASSERT_STRING_EQUAL(token_labels(other, NULL, 0), "B 0;B 1;B 2;");
    CU_ASSERT_EQUAL(find_one(CKA_LABEL, "B 2", 3), 0);
    CK_ATTRIBUTE last[] = {{CKA_LABEL, "B 2", 3}};
    CU_ASSERT_EQUAL_FATAL(token_find(other, last, 1, objects), 4);
    theirs = objects[0];
    CU_ASSERT_EQUAL(f->C_GetAttributeValue(session, theirs, &label, 1),
                    CKR_OBJECT_HANDLE_INVALID); /* no cert_2 in this source */
    CU_ASSERT_EQUAL(token_number(other, token_first(other, OT_CKO_TRUST), 0x62c), 4);
    CU_ASSERT_EQUAL(token_number(other, token_first(other, OT_CKO_TRUST), 0x62f), 2);
    token_stop();
}

static const struct unit_case cases[] = {
    {"every_object_is_found_by_every_attribute",
     every_object_is_found_by_every_attribute},
    {"nothing_is_found_by_what_differs", nothing_is_found_by_what_differs},
    {"the_searches_that_clients_make", the_searches_that_clients_make},
    {"the_extension_of_a_key_is_found_by_it", the_extension_of_a_key_is_found_by_it},
    {"of_one_subject_the_newest_valid_one_comes_first",
     of_one_subject_the_newest_valid_one_comes_first},
    {"what_was_found_is_read_in_any_order", what_was_found_is_read_in_any_order},
    {"a_long_template_is_a_template", a_long_template_is_a_template},
    {"a_template_is_copied", a_template_is_copied},
    {"several_sources_are_several_slots", several_sources_are_several_slots},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 search", cases, argc, argv);
}

/* What is there, found by id, name and content; uploads that are looked for. */
#include "change/admin.h"

#include <stdio.h>
#include <string.h>

#include "admin_fixture.h"
#include "certs.h"
#include "unit.h"

static void ids_go_before_names_and_names_must_be_one(void)
{
    const struct ot_admin_cert *cert;
    struct admin_fixture org;

    admin_begin(&org, NULL);
    admin_add(&org, "cert_a", "same", true);
    admin_add(&org, "cert_b", "same", false);
    admin_add(&org, "cert_c", "cert_a", false);
    admin_add(&org, "cert_d", "", false);
    admin_look(&org);
    CU_ASSERT_EQUAL(ot_admin_count(org.admin), 4);
    CU_ASSERT_EQUAL(ot_admin_find(org.admin, "cert_a", &cert, &org.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(cert->id, "cert_a");
    CU_ASSERT_TRUE(cert->active && cert->has_sha256);
    CU_ASSERT_EQUAL(ot_admin_find(org.admin, "same", &cert, &org.err), OT_E_USAGE);
    CU_ASSERT_PTR_NULL(cert);
    CU_ASSERT_PTR_NOT_NULL(strstr(org.err.message, "cert_a, cert_b"));
    CU_ASSERT_EQUAL(ot_admin_find(org.admin, "", &cert, &org.err), OT_E_NOT_FOUND);
    CU_ASSERT_EQUAL(ot_admin_find(org.admin, "x", &cert, &org.err), OT_E_NOT_FOUND);
    admin_end(&org);
}

static void the_beginning_of_an_id_is_enough_where_it_is_of_one(void)
{
    const struct ot_admin_cert *cert;
    struct admin_fixture org;

    admin_begin(&org, NULL);
    admin_add(&org, "cert_abcd1", "one", true);
    admin_add(&org, "cert_abcd2", "two", false);
    admin_add(&org, "cert_wxyz3", "abcd2", false);
    admin_look(&org);
    CU_ASSERT_EQUAL(ot_admin_find(org.admin, "abcd1", &cert, &org.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(cert->id, "cert_abcd1");
    CU_ASSERT_EQUAL(ot_admin_find(org.admin, "cert_wxyz", &cert, &org.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(cert->id, "cert_wxyz3");
    /* A name goes before it. */
    CU_ASSERT_EQUAL(ot_admin_find(org.admin, "abcd2", &cert, &org.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(cert->id, "cert_wxyz3");
    CU_ASSERT_EQUAL(ot_admin_find(org.admin, "abcd", &cert, &org.err), OT_E_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(org.err.message, "cert_abcd1, cert_abcd2"));
    CU_ASSERT_EQUAL(ot_admin_find(org.admin, "wxy", &cert, &org.err), OT_E_NOT_FOUND);
    CU_ASSERT_EQUAL(ot_admin_find(org.admin, "cert_", &cert, &org.err), OT_E_NOT_FOUND);
    admin_end(&org);
}

static void of_equal_content_the_active_one_is_found(void)
{
    uint8_t digest[OT_SHA256_LEN];
    struct admin_fixture org;

    admin_begin(&org, NULL);
    admin_add(&org, "cert_a", "a", false);
    admin_add(&org, "cert_b", "b", true);
    fake_api_set_content(org.api, "cert_b", org.pems[0]);
    admin_add(&org, "cert_c", "c", true);
    fake_api_set_content(org.api, "cert_c", "no certificate");
    CU_ASSERT_EQUAL(ot_cert_input_digest(digest, org.pems[0], &org.err), OT_OK);
    admin_look(&org);
    CU_ASSERT_STRING_EQUAL(ot_admin_find_sha256(org.admin, digest)->id, "cert_b");
    CU_ASSERT_FALSE(ot_admin_at(org.admin, 2)->has_sha256);
    fake_api_set(org.api, "cert_b", "b", false);
    admin_look(&org);
    CU_ASSERT_STRING_EQUAL(ot_admin_find_sha256(org.admin, digest)->id, "cert_a");
    digest[0] ^= 1;
    CU_ASSERT_PTR_NULL(ot_admin_find_sha256(org.admin, digest));
    admin_end(&org);
}

static void a_project_has_a_state_of_its_own(void)
{
    struct admin_fixture org;

    admin_begin(&org, "proj_a");
    admin_add(&org, "cert_a", "a", true);
    admin_add(&org, "cert_b", "b", false);
    fake_api_set_in_project(org.api, "cert_b", true);
    admin_look(&org);
    CU_ASSERT_STRING_EQUAL(ot_admin_project(org.admin), "proj_a");
    CU_ASSERT_EQUAL(ot_admin_count(org.admin), 2);
    CU_ASSERT_FALSE(ot_admin_at(org.admin, 0)->active);
    CU_ASSERT_TRUE(ot_admin_at(org.admin, 1)->active);
    admin_end(&org);
}

static void content_is_asked_for_once(void)
{
    struct admin_fixture org;
    size_t requests;

    admin_begin(&org, NULL);
    admin_add(&org, "cert_a", "a", true);
    admin_add(&org, "cert_b", "b", true);
    admin_look(&org);
    requests = fake_api_requests(org.api);
    CU_ASSERT_EQUAL(requests, 3);
    admin_add(&org, "cert_c", "c", true);
    admin_look(&org);
    CU_ASSERT_EQUAL(fake_api_requests(org.api), requests + 2);
    CU_ASSERT_TRUE(ot_admin_at(org.admin, 0)->has_sha256);
    admin_end(&org);
}

static void a_project_that_is_none_is_refused(void)
{
    const struct ot_admin_options options = {.key = NULL};
    struct ot_admin *admin;
    struct admin_fixture org;

    admin_begin(&org, NULL);
    CU_ASSERT_EQUAL(
        ot_admin_open(&admin, &org.source, "../certificates", &options, &org.err),
        OT_E_USAGE);
    CU_ASSERT_PTR_NULL(admin);
    admin_end(&org);
}

static enum ot_status upload(struct admin_fixture *org, char id[OT_ID_MAX + 1])
{
    char *pem = certs_pem("to be uploaded", 77);
    struct ot_cert_inputs inputs = {0};
    enum ot_status status;

    CU_ASSERT_EQUAL_FATAL(ot_cert_inputs_add(&inputs, "f", pem, strlen(pem), NULL),
                          OT_OK);
    ot_error_clear(&org->err);
    status = ot_admin_upload(org->admin, &inputs.items[0], "n", id, &org->err);
    ot_cert_inputs_clear(&inputs);
    free(pem);
    return status;
}

/* The first write fails like this; how many uploads and certificates are there then? */
static void lost(int status, bool late, const char *log, size_t count)
{
    char id[OT_ID_MAX + 1] = "";
    struct admin_fixture org;

    admin_begin(&org, NULL);
    admin_add(&org, "cert_a", "a", true);
    admin_look(&org);
    fake_api_fail_write(org.api, 1, status, late);
    CU_ASSERT_EQUAL(upload(&org, id), OT_OK);
    CU_ASSERT_STRING_EQUAL(org.err.message, "");
    CU_ASSERT_STRING_EQUAL(fake_api_writes(org.api), log);
    CU_ASSERT_EQUAL(fake_api_count(org.api), count);
    CU_ASSERT_STRING_EQUAL(id, "new_1");
    admin_end(&org);
}

static void fault_26_a_lost_answer_is_looked_for(void)
{
    lost(500, true, "upload", 2);
    lost(0, true, "upload", 2);
    lost(500, false, "upload upload", 2);
    lost(0, false, "upload upload", 2);
}

static void a_refusal_is_believed(void)
{
    char id[OT_ID_MAX + 1];
    struct admin_fixture org;

    admin_begin(&org, NULL);
    admin_look(&org);
    fake_api_fail_write(org.api, 1, 400, false);
    CU_ASSERT_EQUAL(upload(&org, id), OT_E_REFUSED);
    CU_ASSERT_STRING_EQUAL(fake_api_writes(org.api), "upload");
    admin_end(&org);
}

static const struct unit_case cases[] = {
    {"ids_go_before_names_and_names_must_be_one",
     ids_go_before_names_and_names_must_be_one},
    {"the_beginning_of_an_id_is_enough_where_it_is_of_one",
     the_beginning_of_an_id_is_enough_where_it_is_of_one},
    {"of_equal_content_the_active_one_is_found",
     of_equal_content_the_active_one_is_found},
    {"a_project_has_a_state_of_its_own", a_project_has_a_state_of_its_own},
    {"content_is_asked_for_once", content_is_asked_for_once},
    {"a_project_that_is_none_is_refused", a_project_that_is_none_is_refused},
    {"fault_26_a_lost_answer_is_looked_for", fault_26_a_lost_answer_is_looked_for},
    {"a_refusal_is_believed", a_refusal_is_believed},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("admin", cases, argc, argv);
}

/* Changes: how they are planned, in which order and batches they are carried out, and
 * what is left when one fails. */
#include "change/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin_fixture.h"
#include "certs.h"
#include "http/http_request.h"
#include "http/key.h"
#include "http_client.h"
#include "unit.h"

static void add_input(struct ot_cert_inputs *inputs, const char *file, const char *pem)
{
    CU_ASSERT_EQUAL_FATAL(ot_cert_inputs_add(inputs, file, pem, strlen(pem), NULL),
                          OT_OK);
}

static void add_new_input(struct ot_cert_inputs *inputs, const char *file)
{
    static long serial = 9000;
    char *pem = certs_pem(file, serial++);

    add_input(inputs, file, pem);
    free(pem);
}

/* "upload:name! activate:id?": a word a change; ! done, = unchanged, ? planned, x failed,
 * + kept. */
static const char *shown(const struct ot_changes *changes)
{
    static const char *const actions[] = {"upload", "rename", "activate", "deactivate",
                                          "delete"};
    static char text[2048];

    text[0] = '\0';
    for (size_t i = 0; i < changes->count; i++) {
        const struct ot_change *change = &changes->items[i];
        size_t len = strlen(text);

        snprintf(text + len, sizeof(text) - len, "%s%s:%s%c", len ? " " : "",
                 actions[change->action], change->name ? change->name : change->id,
                 "?=!+x"[change->outcome]);
    }
    return text;
}

static void upload_plans_what_is_missing(void)
{
    const struct ot_activation forever = {.has_end = false};
    struct ot_cert_inputs inputs = {0};
    struct ot_changes changes = {0};
    struct admin_fixture org;

    admin_begin(&org, NULL);
    add_input(&inputs, "f", admin_add(&org, "cert_a", "a", true));
    add_input(&inputs, "f", admin_add(&org, "cert_b", "b", false));
    add_new_input(&inputs, "new");
    admin_look(&org);
    CU_ASSERT_EQUAL(ot_changes_upload(&changes, org.admin, &inputs, NULL, NULL, &org.err),
                    OT_OK);
    CU_ASSERT_STRING_EQUAL(shown(&changes), "upload:a= upload:b= upload:?");
    ot_changes_clear(&changes);
    CU_ASSERT_EQUAL(
        ot_changes_upload(&changes, org.admin, &inputs, "n", &forever, &org.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(
        shown(&changes),
        "upload:a= upload:b= upload:n? activate:a= activate:b? activate:n?");
    CU_ASSERT_FALSE(ot_changes_remove(&changes));
    CU_ASSERT_EQUAL(ot_changes_run(&changes, NULL, &org.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(fake_api_writes(org.api), "upload activate:2");
    CU_ASSERT_PTR_NOT_NULL(strchr(fake_api_shown(org.api, "new_2"), '*'));
    CU_ASSERT_STRING_EQUAL(changes.items[5].id, "new_2");
    ot_changes_clear(&changes);
    ot_cert_inputs_clear(&inputs);
    admin_end(&org);
}

static void apply_names_after_files_and_adds_first(void)
{
    struct ot_cert_inputs inputs = {0};
    struct ot_changes changes = {0};
    struct admin_fixture org;

    admin_begin(&org, NULL);
    admin_add(&org, "old", "old", true);
    admin_add(&org, "older", "older", false);
    add_input(&inputs, "x", admin_add(&org, "kept", "kept", true));
    add_input(&inputs, "y", admin_add(&org, "idle", "idle", false));
    add_new_input(&inputs, "dir.d/Some Root.pem");
    add_new_input(&inputs, "plain");
    add_new_input(&inputs, "/.der");
    admin_look(&org);
    CU_ASSERT_EQUAL(ot_changes_apply(&changes, org.admin, &inputs, true, &org.err),
                    OT_OK);
    CU_ASSERT_STRING_EQUAL(shown(&changes),
                           "upload:Some Root? upload:plain? upload:.der? "
                           "activate:Some Root? activate:plain? activate:.der? "
                           "activate:idle? deactivate:old? delete:old? delete:older?");
    CU_ASSERT_TRUE(ot_changes_remove(&changes));
    CU_ASSERT_EQUAL(ot_changes_run(&changes, NULL, &org.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(fake_api_writes(org.api),
                           "upload upload upload activate:4 deactivate:1 delete delete");
    CU_ASSERT_EQUAL(fake_api_count(org.api), 5);
    ot_changes_clear(&changes);
    admin_look(&org);
    CU_ASSERT_EQUAL(ot_changes_apply(&changes, org.admin, &inputs, true, &org.err),
                    OT_OK);
    CU_ASSERT_EQUAL(changes.count, 0);
    ot_cert_inputs_clear(&inputs);
    admin_end(&org);
}

static void what_a_project_trusts_is_kept(void)
{
    struct ot_cert_inputs inputs = {0};
    struct ot_changes changes = {0};
    struct admin_fixture org;

    admin_begin(&org, NULL);
    add_input(&inputs, "x", admin_add(&org, "a", "a", true));
    admin_add(&org, "b", "b", false);
    fake_api_set_in_project(org.api, "b", true);
    admin_look(&org);
    CU_ASSERT_EQUAL(ot_changes_apply(&changes, org.admin, &inputs, true, &org.err),
                    OT_OK);
    CU_ASSERT_EQUAL(ot_changes_run(&changes, NULL, &org.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(shown(&changes), "delete:b+");
    CU_ASSERT_PTR_NOT_NULL(strstr(changes.items[0].why, "active somewhere"));
    CU_ASSERT_FALSE(ot_changes_took_place(&changes));
    ot_changes_clear(&changes);
    ot_cert_inputs_clear(&inputs);
    admin_end(&org);
}

static void begin_many(struct admin_fixture *org, struct ot_changes *changes)
{
    char id[16];

    memset(changes, 0, sizeof(*changes));
    admin_begin(org, NULL);
    for (int i = 0; i < 23; i++) {
        snprintf(id, sizeof(id), "c%02d", i);
        admin_add(org, id, id, i == 5);
    }
    admin_look(org);
    for (size_t i = 0; i < 23; i++)
        CU_ASSERT_EQUAL(ot_changes_toggle(changes, org->admin, ot_admin_at(org->admin, i),
                                          true, &org->err),
                        OT_OK);
}

static void batches_hold_ten(void)
{
    struct ot_changes changes;
    struct admin_fixture org;

    begin_many(&org, &changes);
    CU_ASSERT_EQUAL(ot_changes_run(&changes, NULL, &org.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(fake_api_writes(org.api),
                           "activate:10 activate:10 activate:2");
    CU_ASSERT_EQUAL(ot_changes_count(&changes, OT_CHANGE_DONE), 22);
    CU_ASSERT_EQUAL(ot_changes_count(&changes, OT_CHANGE_UNCHANGED), 1);
    ot_changes_clear(&changes);
    admin_end(&org);
}

static void fails_in_the_second_batch(int status, enum ot_status expected,
                                      enum ot_change_outcome outcome, const char *log,
                                      size_t done, size_t planned)
{
    struct ot_changes changes;
    struct admin_fixture org;

    begin_many(&org, &changes);
    fake_api_fail_write(org.api, 2, status, false);
    ot_error_clear(&org.err);
    CU_ASSERT_EQUAL(ot_changes_run(&changes, NULL, &org.err), expected);
    CU_ASSERT_EQUAL(org.err.status, expected);
    CU_ASSERT_STRING_EQUAL(fake_api_writes(org.api), log);
    CU_ASSERT_EQUAL(ot_changes_count(&changes, OT_CHANGE_DONE), done);
    CU_ASSERT_EQUAL(ot_changes_count(&changes, outcome), 10);
    CU_ASSERT_EQUAL(ot_changes_count(&changes, OT_CHANGE_PLANNED), planned);
    CU_ASSERT_TRUE(ot_changes_took_place(&changes));
    ot_changes_clear(&changes);
    admin_end(&org);
}

static void a_refusal_lets_the_others_be_tried_other_failures_do_not(void)
{
    const char *all = "activate:10 activate:10 activate:2";

    fails_in_the_second_batch(400, OT_E_REFUSED, OT_CHANGE_FAILED, all, 12, 0);
    fails_in_the_second_batch(404, OT_E_NOT_FOUND, OT_CHANGE_FAILED, all, 12, 0);
    fails_in_the_second_batch(401, OT_E_AUTH, OT_CHANGE_FAILED, "activate:10 activate:10",
                              10, 2);
    fails_in_the_second_batch(0, OT_E_PROTOCOL, OT_CHANGE_UNKNOWN,
                              "activate:10 activate:10", 10, 2);
}

static void nothing_is_taken_away_once_an_addition_failed(void)
{
    struct ot_cert_inputs inputs = {0};
    struct ot_changes changes = {0};
    struct admin_fixture org;

    admin_begin(&org, NULL);
    admin_add(&org, "old", "old", true);
    add_new_input(&inputs, "one");
    add_new_input(&inputs, "two");
    admin_look(&org);
    fake_api_fail_write(org.api, 1, 400, false);
    CU_ASSERT_EQUAL(ot_changes_apply(&changes, org.admin, &inputs, true, &org.err),
                    OT_OK);
    CU_ASSERT_EQUAL(ot_changes_run(&changes, NULL, &org.err), OT_E_REFUSED);
    CU_ASSERT_STRING_EQUAL(shown(&changes),
                           "upload:onex upload:two! activate:one? activate:two! "
                           "deactivate:old? delete:old?");
    CU_ASSERT_STRING_EQUAL(fake_api_shown(org.api, "old"), "old*");
    ot_changes_clear(&changes);
    ot_cert_inputs_clear(&inputs);
    admin_end(&org);
}

static void a_request_to_stop_is_obeyed_between_requests(void)
{
    struct ot_changes changes;
    const volatile int stop = 1;
    struct admin_fixture org;

    begin_many(&org, &changes);
    CU_ASSERT_EQUAL(ot_changes_run(&changes, &stop, &org.err), OT_E_INTERRUPTED);
    CU_ASSERT_STRING_EQUAL(fake_api_writes(org.api), "");
    CU_ASSERT_FALSE(ot_changes_took_place(&changes));
    ot_changes_clear(&changes);
    admin_end(&org);
}

/* A person who is asked thinks as long as that takes, and many changes take as long as
 * they take. */
static void time_before_a_change_is_not_taken_from_it(void)
{
    const struct ot_key key = client_key();
    struct ot_http_tuning hasty = client_tuning;
    const struct ot_admin_options options = {.key = &key, .tuning = &hasty};
    struct ot_changes changes = {0};
    struct admin_fixture org;

    hasty.deadline_ms = 4000;
    admin_begin(&org, NULL);
    ot_admin_close(org.admin);
    CU_ASSERT_EQUAL_FATAL(
        ot_admin_open(&org.admin, &org.source, NULL, &options, &org.err), OT_OK);
    admin_add(&org, "a", "a", false);
    admin_look(&org);
    CU_ASSERT_EQUAL(ot_changes_delete(&changes, org.admin, ot_admin_at(org.admin, 0),
                                      false, &org.err),
                    OT_OK);
    usleep(4100 * 1000);
    CU_ASSERT_EQUAL(ot_changes_run(&changes, NULL, &org.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(org.err.message, "");
    CU_ASSERT_STRING_EQUAL(fake_api_writes(org.api), "delete");
    ot_changes_clear(&changes);
    admin_end(&org);
}

static void a_rename_keeps_the_name_before(void)
{
    struct ot_changes changes = {0};
    struct admin_fixture org;

    admin_begin(&org, NULL);
    admin_add(&org, "a", "", true);
    admin_add(&org, "b", "same", true);
    admin_look(&org);
    for (size_t i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(ot_changes_rename(&changes, org.admin, ot_admin_at(org.admin, i),
                                          "same", &org.err),
                        OT_OK);
    CU_ASSERT_EQUAL(ot_changes_run(&changes, NULL, &org.err), OT_OK);
    CU_ASSERT_STRING_EQUAL(shown(&changes), "rename:same! rename:same=");
    CU_ASSERT_PTR_NULL(changes.items[0].before);
    CU_ASSERT_STRING_EQUAL(changes.items[1].before, "same");
    CU_ASSERT_STRING_EQUAL(fake_api_writes(org.api), "rename");
    CU_ASSERT_STRING_EQUAL(fake_api_shown(org.api, "a"), "same*");
    ot_changes_clear(&changes);
    admin_end(&org);
}

static const struct unit_case cases[] = {
    {"upload_plans_what_is_missing", upload_plans_what_is_missing},
    {"apply_names_after_files_and_adds_first", apply_names_after_files_and_adds_first},
    {"what_a_project_trusts_is_kept", what_a_project_trusts_is_kept},
    {"batches_hold_ten", batches_hold_ten},
    {"a_refusal_lets_the_others_be_tried_other_failures_do_not",
     a_refusal_lets_the_others_be_tried_other_failures_do_not},
    {"nothing_is_taken_away_once_an_addition_failed",
     nothing_is_taken_away_once_an_addition_failed},
    {"a_request_to_stop_is_obeyed_between_requests",
     a_request_to_stop_is_obeyed_between_requests},
    {"time_before_a_change_is_not_taken_from_it",
     time_before_a_change_is_not_taken_from_it},
    {"a_rename_keeps_the_name_before", a_rename_keeps_the_name_before},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("change", cases, argc, argv);
}

/* What a sync that failed has fetched is not fetched again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/source_path.h"
#include "files/file.h"
#include "files/path.h"
#include "snapshot/record.h"
#include "sync/sync_partial_internal.h"
#include "sync_fixture.h"
#include "unit.h"

#define COUNT 40

/* Answers so many requests for a certificate, then turns all of them away. */
struct quota {
    size_t left, answered;
    int status;
    const char *add; /* into the answers, behind the first brace; NULL: nothing */
};

static void insert(struct fake_answer *answer, const char *text)
{
    char *body = NULL;

    if (asprintf(&body, "{%s%s", text, answer->body + 1) < 0)
        abort();
    free(answer->body);
    answer->body = body;
}

static void ration(void *arg, struct fake_api *api, const struct fake_request *request,
                   struct fake_answer *answer)
{
    struct quota *quota = arg;

    (void)api;
    if (request->is_list)
        return;
    if (quota->left == 0) {
        fake_answer_error(answer, quota->status, "Enough");
        return;
    }
    quota->left--;
    quota->answered++;
    if (quota->add != NULL)
        insert(answer, quota->add);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* An organization whose first sync has ended after `answered` contents. */
static void set_up(struct fixture *f, struct quota *quota, enum ot_status status)
{
    fixture_init(f);
    fixture_add_many(f, COUNT);
    fake_api_on(f->api, ration, quota);
    CU_ASSERT_EQUAL(fixture_sync(f), status);
    CU_ASSERT_EQUAL(quota->left, 0);
    CU_ASSERT_FALSE(is_there(f->snapshot));
    fake_api_on(f->api, NULL, NULL);
}

static void fault_65_the_next_attempt_fetches_the_rest_alone(void)
{
    struct quota quota = {.left = 25, .status = 429};
    struct fixture f;

    set_up(&f, &quota, OT_E_RATE);
    CU_ASSERT_TRUE(is_there(f.partial));
    quota = (struct quota){.left = 5, .status = 429}; /* once more */
    fake_api_on(f.api, ration, &quota);
    CU_ASSERT_EQUAL(fixture_sync(&f), OT_E_RATE);
    CU_ASSERT_EQUAL(quota.answered, 5);
    fake_api_on(f.api, NULL, NULL);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), COUNT - 30);
    CU_ASSERT_EQUAL(f.result.added, COUNT);
    CU_ASSERT_EQUAL(f.result.active, COUNT / 2);
    CU_ASSERT_FALSE(is_there(f.partial));
    fixture_clear(&f);
}

static void a_sync_that_goes_well_keeps_nothing(void)
{
    struct fixture f;

    fixture_init(&f);
    fixture_add_many(&f, COUNT);
    fixture_must_sync(&f);
    CU_ASSERT_FALSE(is_there(f.partial));
    fixture_clear(&f);
}

/* It is changed and deleted between the attempts. */
static void what_is_kept_is_that_of_the_listing(void)
{
    struct quota quota = {.left = 25, .status = 429};
    struct ot_snapshot *snapshot;
    struct ot_record record;
    struct fixture f;

    set_up(&f, &quota, OT_E_RATE);
    fake_api_remove(f.api, "cert_000");
    fixture_add(&f, "cert_000", true); /* another one under the same id */
    fake_api_set_created_at(f.api, "cert_000", 1600000000);
    fake_api_remove(f.api, "cert_001");
    fake_api_set(f.api, "cert_002", "renamed", false);
    fixture_must_sync(&f);
    CU_ASSERT(fake_api_gets(f.api) >= COUNT - 26 && fake_api_gets(f.api) <= COUNT - 24);
    CU_ASSERT_EQUAL(f.result.total, COUNT - 1);
    snapshot = fixture_open(&f);
    CU_ASSERT_FALSE(fixture_find(snapshot, "cert_001", &record));
    CU_ASSERT_TRUE_FATAL(fixture_find(snapshot, "cert_002", &record));
    CU_ASSERT_TRUE(ot_span_equal(record.field[OT_FIELD_NAME], ot_span_str("renamed")));
    CU_ASSERT_FALSE(record.flags & OT_RECORD_ACTIVE);
    ot_snapshot_unref(snapshot);
    fixture_clear(&f);
}

/* The one who wrote it may have judged by other rules. */
static void what_is_kept_is_judged_anew(void)
{
    struct ot_partial *partial;
    struct fixture f;
    char *scope;

    fixture_init(&f);
    fixture_add_many(&f, COUNT);
    CU_ASSERT_EQUAL_FATAL(ot_file_make_dir(f.dir, NULL), OT_OK);
    scope = ot_source_scope(&f.source);
    CU_ASSERT_EQUAL_FATAL(ot_partial_new(&partial, f.partial, scope, NULL), OT_OK);
    fake_api_set_created_at(f.api, "cert_000", 1600000000);
    ot_partial_add(partial, "cert_000", 1600000000, ot_span_str("no certificate"));
    ot_partial_write(partial);
    ot_partial_free(partial);
    free(scope);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), COUNT - 1);
    CU_ASSERT_EQUAL(f.result.quarantined, 1);
    CU_ASSERT_EQUAL(f.result.active, COUNT / 2 - 1);
    fixture_clear(&f);
}

/* What the API said with it could limit it, and could be said no more. */
static void fault_69_what_came_with_another_field_is_asked_for_again(void)
{
    struct quota quota = {.left = 25, .status = 429, .add = "\"filter\":\"x\","};
    struct fixture f;

    set_up(&f, &quota, OT_E_RATE);
    quota = (struct quota){.left = COUNT, .add = "\"filter\":\"x\","};
    fake_api_on(f.api, ration, &quota);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(quota.answered, COUNT);
    CU_ASSERT_EQUAL(f.result.withheld, COUNT / 2);
    fixture_clear(&f);
}

/* Once the first listing is read, there is one more. */
static void add_late(void *arg, struct fake_api *api, const struct fake_request *request,
                     struct fake_answer *answer)
{
    (void)answer;
    if (request->is_list && request->nth == 0)
        fake_api_add(api, "cert_late", NULL, arg, true);
}

/* A failure that comes when all contents are there. */
static void fault_37_contents_outlive_a_doubtful_listing(void)
{
    static char late[] = "no certificate";
    struct fixture f;

    fixture_init(&f);
    fixture_add_many(&f, COUNT);
    fixture_must_sync(&f);
    for (int i = 5; i < COUNT; i++) {
        char id[32];

        snprintf(id, sizeof(id), "cert_%03d", i);
        fake_api_remove(f.api, id);
    }
    fixture_add(&f, "cert_new", true);
    fake_api_on(f.api, add_late, late);
    fixture_must_keep(&f, OT_E_EMPTY, "something else a moment later");
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 1);
    CU_ASSERT_TRUE(is_there(f.partial));
    fake_api_on(f.api, NULL, NULL);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 1); /* cert_late */
    CU_ASSERT_EQUAL(f.result.added, 2);
    CU_ASSERT_EQUAL(f.result.quarantined, 1);
    CU_ASSERT_FALSE(is_there(f.partial));
    fixture_clear(&f);
}

/* The last content takes long enough for the others to be kept meanwhile. */
static void hold_one(void *arg, struct fake_api *api, const struct fake_request *request,
                     struct fake_answer *answer)
{
    const struct fixture *f = arg;

    (void)api;
    (void)answer;
    if (request->is_list || request->nth + 1 < COUNT)
        return;
    for (int64_t end = ot_clock_ms() + 30000; ot_clock_ms() < end;) {
        if (is_there(f->partial))
            break;
        usleep(10000);
    }
    CU_ASSERT_TRUE(is_there(f->partial));
}

static void a_slow_sync_keeps_what_has_come_while_it_waits(void)
{
    struct fixture f;

    fixture_init(&f);
    fixture_add_many(&f, COUNT);
    fake_api_on(f.api, hold_one, &f);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), COUNT);
    CU_ASSERT_FALSE(is_there(f.partial));
    fixture_clear(&f);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"fault_65_the_next_attempt_fetches_the_rest_alone",
         fault_65_the_next_attempt_fetches_the_rest_alone},
        {"a_sync_that_goes_well_keeps_nothing", a_sync_that_goes_well_keeps_nothing},
        {"what_is_kept_is_that_of_the_listing", what_is_kept_is_that_of_the_listing},
        {"what_is_kept_is_judged_anew", what_is_kept_is_judged_anew},
        {"fault_69_what_came_with_another_field_is_asked_for_again",
         fault_69_what_came_with_another_field_is_asked_for_again},
        {"fault_37_contents_outlive_a_doubtful_listing",
         fault_37_contents_outlive_a_doubtful_listing},
        {"a_slow_sync_keeps_what_has_come_while_it_waits",
         a_slow_sync_keeps_what_has_come_while_it_waits},
        {NULL, NULL},
    };

    return unit_main("sync_resume", cases, argc, argv);
}

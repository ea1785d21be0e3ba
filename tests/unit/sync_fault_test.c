/* An API that is not what it should be: all or nothing, and the reason. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "certs.h"
#include "snapshot/record.h"
#include "sync_fixture.h"
#include "unit.h"

/* What a misbehaving API does to the requests for one certificate. */
struct trick {
    const char *id;
    size_t times;             /* how often; SIZE_MAX: always */
    bool remove;              /* the certificate goes away */
    const char *replace, *by; /* in the body */
    int status;
};

static void play_trick(void *arg, struct fake_api *api,
                       const struct fake_request *request, struct fake_answer *answer)
{
    struct trick *trick = arg;
    char *at, *body;

    if (request->is_list || strcmp(request->id, trick->id) != 0 || trick->times == 0)
        return;
    trick->times--;
    if (trick->remove)
        fake_api_remove(api, request->id);
    if (trick->status != 0)
        fake_answer_error(answer, trick->status, "Trick");
    at = trick->replace == NULL ? NULL : strstr(answer->body, trick->replace);
    if (at == NULL)
        return;
    if (asprintf(&body, "%.*s%s%s", (int)(at - answer->body), answer->body, trick->by,
                 at + strlen(trick->replace)) < 0)
        abort();
    free(answer->body);
    answer->body = body;
}

static void fault_08_deleted_meanwhile_is_dropped(void)
{
    struct fixture f;
    struct trick trick = {"cert_c", SIZE_MAX, true, NULL, NULL, 404};

    fixture_init_synced(&f);
    fixture_add(&f, "cert_c", true);
    fixture_add(&f, "cert_d", true);
    fake_api_on(f.api, play_trick, &trick);
    fixture_must_sync(&f);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a* cert_b cert_d*");
    CU_ASSERT_EQUAL(f.result.total, 3);
    CU_ASSERT_EQUAL(f.result.added, 1);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 2);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 2);
    fixture_clear(&f);
}

static void fault_08_still_listed_ends_the_sync(void)
{
    struct fixture f;
    struct trick trick = {"cert_c", SIZE_MAX, false, NULL, NULL, 404};

    fixture_init_synced(&f);
    fixture_add(&f, "cert_c", true);
    fake_api_on(f.api, play_trick, &trick);
    fixture_must_keep(&f, OT_E_PROTOCOL, "cert_c");
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 2);
    fake_api_on(f.api, NULL, NULL);
    fixture_must_sync(&f);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a* cert_b cert_c*");
    fixture_clear(&f);
}

static void fault_11_another_id_ends_the_sync(void)
{
    struct fixture f;
    struct trick trick = {"cert_c", SIZE_MAX, false, "cert_c", "cert_x", 0};

    fixture_init_synced(&f);
    fixture_add(&f, "cert_c", true);
    fake_api_on(f.api, play_trick, &trick);
    fixture_must_keep(&f, OT_E_PROTOCOL, "cert_c");
    fixture_clear(&f);
}

static void fault_12_missing_content_is_asked_for_once_more(void)
{
    static const char content[] = "\"content\":\"-----", other[] = "\"kontent\":\"-----";
    struct fixture f;
    struct trick once = {"cert_c", 1, false, content, other, 0};
    struct trick always = {"cert_d", SIZE_MAX, false, content, other, 0};

    fixture_init_synced(&f);
    fixture_add(&f, "cert_c", true);
    fake_api_on(f.api, play_trick, &once);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 2);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a* cert_b cert_c*");

    fixture_add(&f, "cert_d", true);
    fake_api_on(f.api, play_trick, &always);
    fixture_must_keep(&f, OT_E_PROTOCOL, "cert_d");
    CU_ASSERT_PTR_NOT_NULL(strstr(f.err.message, "content"));
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 2);

    fake_api_on(f.api, NULL, NULL);
    fake_api_remove(f.api, "cert_d");
    fake_api_add(f.api, "cert_e", "null", NULL, true);
    fixture_must_keep(&f, OT_E_PROTOCOL, "cert_e");
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 2);
    fixture_clear(&f);
}

/* Asserts that no file of the cache holds the text. */
static void never_cached(struct fixture *f, const char *text)
{
    const char *const paths[] = {f->snapshot, f->partial, f->state, f->lock};

    for (size_t i = 0; i < 4; i++) {
        static char data[1 << 20];
        FILE *file = fopen(paths[i], "rb");
        size_t len = file == NULL ? 0 : fread(data, 1, sizeof(data), file);

        CU_ASSERT_PTR_NULL(memmem(data, len, text, strlen(text)));
        if (file != NULL)
            fclose(file);
    }
}

static void quarantines(const char *content, const char *why)
{
    struct fixture f;
    struct ot_snapshot *snapshot;
    struct ot_record record;
    struct ot_span note;

    fixture_init_synced(&f);
    fake_api_add(f.api, "cert_q", "odd", content, true);
    fixture_must_sync(&f);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a* cert_b cert_q?*");
    CU_ASSERT_EQUAL(f.result.quarantined, 1);
    CU_ASSERT_EQUAL(f.result.total, 3);
    CU_ASSERT_EQUAL(f.result.active, 1);
    snapshot = fixture_open(&f);
    CU_ASSERT_TRUE_FATAL(fixture_find(snapshot, "cert_q", &record));
    CU_ASSERT_PTR_NULL(record.field[OT_FIELD_DER].data);
    CU_ASSERT(ot_span_equal(record.field[OT_FIELD_NAME], ot_span_str("odd")));
    note = record.field[OT_FIELD_NOTE];
    CU_ASSERT(note.data != NULL && memmem(note.data, note.len, why, strlen(why)) != NULL);
    ot_snapshot_unref(snapshot);

    /* It is remembered: not fetched again, and nothing new. */
    fake_api_on(f.api, NULL, NULL);
    fixture_must_sync(&f);
    CU_ASSERT_FALSE(f.result.changed);
    CU_ASSERT_EQUAL(f.result.quarantined, 1);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 0);
    fake_api_set(f.api, "cert_q", "renamed", false);
    fixture_must_sync(&f);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a* cert_b cert_q?");
    never_cached(&f, "c2VjcmV0");
    never_cached(&f, "secret");
    fixture_clear(&f);
}

static void fault_13_a_private_key_is_quarantined_and_never_cached(void)
{
    char *pem = certs_pem("with key", 1), *both = NULL;

    quarantines("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
                "private key");
    if (asprintf(&both,
                 "%s-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n"
                 "-----END RSA PRIVATE KEY-----\n",
                 pem) < 0)
        abort();
    quarantines(both, "private key");
    free(both);
    free(pem);
}

static void fault_14_a_second_block_that_cannot_be_read_is_quarantined(void)
{
    char *one = certs_pem("one", 1), *both = NULL;

    if (asprintf(&both,
                 "%s-----BEGIN CERTIFICATE-----\nYW!j\n-----END CERTIFICATE-----\n",
                 one) < 0)
        abort();
    quarantines(both, "not base64");
    free(both);
    free(one);
}

static void fault_16_what_is_no_certificate_is_quarantined(void)
{
    quarantines("", "no CERTIFICATE");
    quarantines("hello", "no CERTIFICATE");
    quarantines("-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n",
                "not a certificate");
}

static void fault_18_the_certificate_is_right_about_its_dates(void)
{
    struct fixture f;
    struct ot_snapshot *snapshot;
    struct ot_record record;
    int64_t valid_at;

    fixture_init_synced(&f);
    snapshot = fixture_open(&f);
    CU_ASSERT_TRUE_FATAL(fixture_find(snapshot, "cert_a", &record));
    valid_at = record.valid_at;
    ot_snapshot_unref(snapshot);
    fake_api_set_dates(f.api, "cert_a", 1000, 2000);
    fixture_must_sync(&f);
    CU_ASSERT_TRUE(f.result.changed);
    CU_ASSERT_EQUAL(f.result.warnings, 1);
    snapshot = fixture_open(&f);
    CU_ASSERT_TRUE_FATAL(fixture_find(snapshot, "cert_a", &record));
    CU_ASSERT_EQUAL(record.valid_at, valid_at);
    CU_ASSERT_TRUE(record.flags & OT_RECORD_WARNING);
    CU_ASSERT_PTR_NOT_NULL(record.field[OT_FIELD_NOTE].data);
    ot_snapshot_unref(snapshot);

    fixture_must_sync(&f); /* the same disagreement is nothing new */
    CU_ASSERT_FALSE(f.result.changed);
    CU_ASSERT_EQUAL(f.result.warnings, 1);

    fake_api_set_dates(f.api, "cert_a", valid_at, record.expires_at);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(f.result.modified, 1);
    CU_ASSERT_EQUAL(f.result.warnings, 0);
    fixture_clear(&f);
}

static void fault_19_one_certificate_under_two_ids(void)
{
    struct fixture f;
    struct ot_snapshot *snapshot;
    struct ot_record one, two;
    char *pem = certs_pem("same", 7);

    fixture_init(&f);
    fake_api_add(f.api, "cert_1", "one", pem, true);
    fake_api_add(f.api, "cert_2", "two", pem, false);
    fixture_must_sync(&f);
    snapshot = fixture_open(&f);
    CU_ASSERT_TRUE_FATAL(fixture_find(snapshot, "cert_1", &one));
    CU_ASSERT_TRUE_FATAL(fixture_find(snapshot, "cert_2", &two));
    CU_ASSERT(ot_span_equal(one.field[OT_FIELD_DER], two.field[OT_FIELD_DER]));
    ot_snapshot_unref(snapshot);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_1* cert_2");
    free(pem);
    fixture_clear(&f);
}

/* The first list of a sync is empty, whatever there is. */
static void empty_list(void *arg, struct fake_api *api,
                       const struct fake_request *request, struct fake_answer *answer)
{
    const size_t *times = arg;

    (void)api;
    if (!request->is_list || request->nth >= *times)
        return;
    free(answer->body);
    answer->body = strdup("{\"object\":\"list\",\"data\":[],\"first_id\":null,"
                          "\"last_id\":null,\"has_more\":false}");
}

static void fault_37_an_empty_list_needs_a_second_one(void)
{
    struct fixture f;
    size_t once = 1, twice = 2;

    fixture_init_synced(&f);
    fake_api_on(f.api, empty_list, &once);
    fixture_must_keep(&f, OT_E_EMPTY, "--accept-empty");
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 2);

    fake_api_on(f.api, empty_list, &twice);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 2);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "");
    CU_ASSERT_EQUAL(f.result.removed, 2);
    fixture_clear(&f);
}

static void fault_37_nothing_active_needs_a_second_look(void)
{
    struct fixture f;

    fixture_init_synced(&f);
    fake_api_set(f.api, "cert_a", "name of cert_a", false);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 2);
    CU_ASSERT_EQUAL(f.result.active, 0);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "cert_a cert_b");

    fake_api_on(f.api, NULL, NULL); /* empty before, empty now: nothing to ask about */
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 1);
    fixture_clear(&f);
}

static void fault_37_all_inactive_ones_gone_needs_a_second_look(void)
{
    struct fixture f;
    size_t once = 1;

    fixture_init(&f);
    fixture_add(&f, "cert_a", false);
    fixture_must_sync(&f);
    fake_api_on(f.api, empty_list, &once);
    fixture_must_keep(&f, OT_E_EMPTY, "where there were 0 (of 1)");
    fixture_clear(&f);
}

static void fault_37_accept_empty_asks_nobody(void)
{
    struct fixture f;
    size_t once = 1;

    fixture_init_synced(&f);
    f.options.accept_empty = true;
    fake_api_on(f.api, empty_list, &once);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 1);
    CU_ASSERT_STRING_EQUAL(fixture_ids(&f), "");
    fixture_clear(&f);
}

/* So many that threads judge them while others arrive. */
static void fault_13_to_16_among_many(void)
{
    struct trick trick = {"cert_150", SIZE_MAX, false, NULL, NULL, 403};
    struct ot_snapshot *snapshot;
    struct ot_record record;
    struct fixture f;
    char id[32];

    fixture_init_synced(&f);
    for (int i = 0; i < 300; i++) {
        snprintf(id, sizeof(id), "cert_%03d", i);
        if (i % 10 == 3)
            fake_api_add(f.api, id, NULL, "-----BEGIN PRIVATE KEY-----", true);
        else
            fixture_add(&f, id, true);
    }
    fake_api_on(f.api, play_trick, &trick); /* one fails while others wait */
    fixture_must_keep(&f, OT_E_FORBIDDEN, "Trick");
    fake_api_on(f.api, NULL, NULL);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(f.result.added, 300);
    CU_ASSERT_EQUAL(f.result.quarantined, 30);
    CU_ASSERT_EQUAL(f.result.active, 271);
    /* Not again what has come by then, but whatever is quarantined. */
    CU_ASSERT(fake_api_gets(f.api) > 30 && fake_api_gets(f.api) < 300);
    snapshot = fixture_open(&f);
    for (int i = 0; i < 300; i++) {
        snprintf(id, sizeof(id), "cert_%03d", i);
        CU_ASSERT_TRUE_FATAL(fixture_find(snapshot, id, &record));
        CU_ASSERT_EQUAL((record.flags & OT_RECORD_QUARANTINED) != 0, i % 10 == 3);
        CU_ASSERT(i % 10 == 3 ||
                  memmem(record.field[OT_FIELD_SUBJECT].data,
                         record.field[OT_FIELD_SUBJECT].len, id, strlen(id)) != NULL);
    }
    ot_snapshot_unref(snapshot);
    fixture_clear(&f);
}

/* The third page of a listing, so many times. */
static void lose_cursor(void *arg, struct fake_api *api,
                        const struct fake_request *request, struct fake_answer *answer)
{
    int *times = arg;

    (void)api;
    if (!request->is_list || request->nth % 3 != 2 || *times == 0)
        return;
    --*times;
    fake_answer_error(answer, 404, "No such cursor");
}

/* By then contents of the earlier pages have come: none gets into the snapshot, but none
 * is asked for again. */
static void fault_09_a_cursor_is_lost_when_contents_have_come(void)
{
    struct fixture f;
    int times = 2;

    fixture_init_synced(&f);
    fixture_add_many(&f, 250);
    fake_api_on(f.api, lose_cursor, &times);
    fixture_must_keep(&f, OT_E_PROTOCOL, "No such cursor");
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 6);
    CU_ASSERT(fake_api_gets(f.api) > 0);

    times = 1;
    fake_api_on(f.api, lose_cursor, &times);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 6);
    CU_ASSERT(fake_api_gets(f.api) < 250);
    CU_ASSERT_EQUAL(f.result.added, 250);
    CU_ASSERT_EQUAL(f.result.total, 252);
    CU_ASSERT_EQUAL(f.result.active, 126);

    fake_api_on(f.api, NULL, NULL);
    fixture_must_sync(&f);
    CU_ASSERT_FALSE(f.result.changed);
    fixture_clear(&f);
}

static void failing(void *arg, struct fake_api *api, const struct fake_request *request,
                    struct fake_answer *answer)
{
    (void)api;
    (void)request;
    fake_answer_error(answer, *(const int *)arg, "It failed");
}

static void fault_21_22_25_failures_of_the_api_keep_the_snapshot(void)
{
    static const struct {
        int http;
        enum ot_status status;
        size_t requests;
    } rows[] = {{401, OT_E_AUTH, 1},      {403, OT_E_FORBIDDEN, 1},
                {404, OT_E_NOT_FOUND, 1}, {400, OT_E_REFUSED, 1},
                {500, OT_E_SERVER, 2},    {503, OT_E_SERVER, 2}};
    struct fixture f;

    fixture_init_synced(&f);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int http = rows[i].http;

        fake_api_on(f.api, failing, &http);
        fixture_must_keep(&f, rows[i].status, "It failed");
        CU_ASSERT_EQUAL(fake_api_lists(f.api), rows[i].requests);
        fake_api_on(f.api, NULL, NULL);
    }
    fixture_must_sync(&f);
    CU_ASSERT_FALSE(f.result.changed);
    fixture_clear(&f);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"fault_08_deleted_meanwhile_is_dropped", fault_08_deleted_meanwhile_is_dropped},
        {"fault_08_still_listed_ends_the_sync", fault_08_still_listed_ends_the_sync},
        {"fault_09_a_cursor_is_lost_when_contents_have_come",
         fault_09_a_cursor_is_lost_when_contents_have_come},
        {"fault_11_another_id_ends_the_sync", fault_11_another_id_ends_the_sync},
        {"fault_12_missing_content_is_asked_for_once_more",
         fault_12_missing_content_is_asked_for_once_more},
        {"fault_13_a_private_key_is_quarantined_and_never_cached",
         fault_13_a_private_key_is_quarantined_and_never_cached},
        {"fault_14_a_second_block_that_cannot_be_read_is_quarantined",
         fault_14_a_second_block_that_cannot_be_read_is_quarantined},
        {"fault_16_what_is_no_certificate_is_quarantined",
         fault_16_what_is_no_certificate_is_quarantined},
        {"fault_13_to_16_among_many", fault_13_to_16_among_many},
        {"fault_18_the_certificate_is_right_about_its_dates",
         fault_18_the_certificate_is_right_about_its_dates},
        {"fault_19_one_certificate_under_two_ids",
         fault_19_one_certificate_under_two_ids},
        {"fault_21_22_25_failures_of_the_API_keep_the_snapshot",
         fault_21_22_25_failures_of_the_api_keep_the_snapshot},
        {"fault_37_an_empty_list_needs_a_second_one",
         fault_37_an_empty_list_needs_a_second_one},
        {"fault_37_nothing_active_needs_a_second_look",
         fault_37_nothing_active_needs_a_second_look},
        {"fault_37_all_inactive_ones_gone_needs_a_second_look",
         fault_37_all_inactive_ones_gone_needs_a_second_look},
        {"fault_37_accept_empty_asks_nobody", fault_37_accept_empty_asks_nobody},
        {NULL, NULL},
    };

    return unit_main("sync_fault", cases, argc, argv);
}

/* A listing of which something is known from before: pages that are asked for at once,
 * and one question whether anything has changed. Whatever happens at the API meanwhile,
 * the snapshot is a whole list or what it was. */
#include "sync/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs.h"
#include "http/http_request.h"
#include "snapshot/record.h"
#include "sync_fixture.h"
#include "unit.h"

#define COUNT 350
#define CHANGES_MAX 200

/* One content does for all. */
static void add(struct fake_api *api, int number, bool active)
{
    static char *content;
    char id[32], name[32];

    if (content == NULL)
        content = certs_pem("everybody", 1);
    snprintf(id, sizeof(id), "cert_%03d", number);
    snprintf(name, sizeof(name), "Number %d", number);
    fake_api_add(api, id, name, content, active);
}

/* COUNT certificates, every other one active, and a snapshot of them. */
static void set_up(struct fixture *f)
{
    fixture_init(f);
    for (int i = 0; i < COUNT; i++)
        add(f->api, i, i % 2 == 0);
    fixture_must_sync(f);
    CU_ASSERT_EQUAL(fake_api_lists(f->api), 4);
    fake_api_on(f->api, NULL, NULL);
}

/* Behind which certificates pages were asked for. */
struct asked {
    char text[512];
};

static void note_asked(void *arg, struct fake_api *api,
                       const struct fake_request *request, struct fake_answer *answer)
{
    struct asked *asked = arg;
    size_t len = strlen(asked->text);

    (void)api;
    (void)answer;
    if (request->is_list)
        snprintf(asked->text + len, sizeof(asked->text) - len, "[%s]", request->id);
}

static bool was_asked(const struct asked *asked, const char *id)
{
    char text[64];

    snprintf(text, sizeof(text), "[%s]", id);
    return strstr(asked->text, text) != NULL;
}

static void must_equal_api(struct fixture *f)
{
    struct ot_snapshot *snapshot = fixture_open(f);

    CU_ASSERT_EQUAL(ot_snapshot_info(snapshot)->total, fake_api_count(f->api));
    for (int i = 0; i < COUNT + CHANGES_MAX; i++) {
        struct ot_record record;
        char id[32], wanted[64], got[64] = "-";
        const char *shown;

        snprintf(id, sizeof(id), "cert_%03d", i);
        if (fixture_find(snapshot, id, &record))
            snprintf(got, sizeof(got), "%.*s%s", (int)record.field[OT_FIELD_NAME].len,
                     (const char *)record.field[OT_FIELD_NAME].data,
                     record.flags & OT_RECORD_ACTIVE ? "*" : "");
        shown = fake_api_shown(f->api, id);
        snprintf(wanted, sizeof(wanted), "%s", shown);
        CU_ASSERT_STRING_EQUAL(got, wanted);
    }
    ot_snapshot_unref(snapshot);
}

static void known_pages_are_asked_for_at_once(void)
{
    struct asked asked = {""};
    struct fixture f;

    set_up(&f);
    /* The pages that follow from each other would begin behind 099, 200 and 300 now. */
    fake_api_remove(f.api, "cert_150");
    fake_api_on(f.api, note_asked, &asked);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(f.result.removed, 1);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 4);
    CU_ASSERT_TRUE(was_asked(&asked, "cert_199") && was_asked(&asked, "cert_299"));
    CU_ASSERT_FALSE(was_asked(&asked, "cert_200"));
    must_equal_api(&f);
    /* Then these are what is known. */
    asked.text[0] = '\0';
    fake_api_on(f.api, note_asked, &asked);
    fixture_must_sync(&f);
    CU_ASSERT_FALSE(f.result.changed);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 4);
    CU_ASSERT_TRUE(was_asked(&asked, "cert_200") && was_asked(&asked, "cert_300"));
    fixture_clear(&f);
}

static void a_cursor_that_is_gone_costs_a_request(void)
{
    struct fixture f;

    set_up(&f);
    fake_api_remove(f.api, "cert_099");
    fake_api_remove(f.api, "cert_199");
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(f.result.removed, 2);
    CU_ASSERT(fake_api_lists(f.api) <= 6);
    must_equal_api(&f);
    for (int i = 300; i < COUNT; i++) {
        char id[32];

        snprintf(id, sizeof(id), "cert_%03d", i);
        fake_api_remove(f.api, id);
    }
    fixture_must_sync(&f);
    must_equal_api(&f);
    fixture_clear(&f);
}

static void what_is_new_is_behind_the_last_page(void)
{
    struct fixture f;

    set_up(&f);
    for (int i = COUNT; i < COUNT + 100; i++)
        add(f.api, i, true);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(f.result.added, 100);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 5);
    must_equal_api(&f);
    fixture_clear(&f);
}

/* An API that says of which moment its lists are. */
struct tagging {
    const char *moment; /* 32 digits */
    size_t odd_page;    /* this one is of another; 0: none is */
    size_t unchanged;   /* answers */
    char tags[3][96];   /* of the first page, the others, the odd one */
    char headers[3][128];
};

static void make_tag(struct tagging *tagging, size_t i, const char *moment)
{
    snprintf(tagging->tags[i], sizeof(tagging->tags[i]),
             "\"orgtrust-list-%s-0123456789abcde%zu\"", moment, i);
    snprintf(tagging->headers[i], sizeof(tagging->headers[i]), "ETag: %s\r\n",
             tagging->tags[i]);
}

static void tag_pages(void *arg, struct fake_api *api, const struct fake_request *request,
                      struct fake_answer *answer)
{
    struct tagging *tagging = arg;
    size_t i = request->id[0] != '\0';

    (void)api;
    if (!request->is_list)
        return;
    if (tagging->odd_page != 0 && request->nth == tagging->odd_page)
        i = 2;
    answer->headers = tagging->headers[i];
    if (strcmp(request->after, tagging->tags[i]) != 0)
        return;
    answer->status = 304;
    free(answer->body);
    answer->body = strdup("");
    tagging->unchanged++;
}

#define FIRST "00000000000000000000000000000001"
#define SECOND "00000000000000000000000000000002"

/* So many pages are asked for, and the answer to the first is that it is unchanged. */
static void must_list(struct fixture *f, struct tagging *tagging, size_t pages,
                      bool is_unchanged)
{
    tagging->unchanged = 0;
    make_tag(tagging, 0, tagging->moment);
    make_tag(tagging, 1, tagging->moment);
    make_tag(tagging, 2, "ffffffffffffffffffffffffffffffff");
    fake_api_on(f->api, tag_pages, tagging);
    fixture_must_sync(f);
    CU_ASSERT_EQUAL(fake_api_lists(f->api), pages);
    CU_ASSERT_EQUAL(tagging->unchanged, is_unchanged);
}

/* A full last page: what is new begins behind the end of before. */
static void what_is_behind_the_end_is_asked_for_with_the_rest(void)
{
    struct tagging tagging = {.moment = FIRST};
    struct asked asked = {""};
    struct fixture f;

    set_up(&f);
    for (int i = COUNT; i < 400; i++)
        add(f.api, i, true);
    must_list(&f, &tagging, 4, false);
    must_list(&f, &tagging, 1, true);
    for (int i = 400; i < 460; i++)
        add(f.api, i, true);
    tagging.moment = SECOND;
    must_list(&f, &tagging, 5, false);
    must_equal_api(&f);
    /* An API without a tag may have nothing there, and is not asked. */
    for (int i = 460; i < 500; i++)
        add(f.api, i, true);
    fake_api_on(f.api, NULL, NULL);
    fixture_must_sync(&f);
    fake_api_on(f.api, note_asked, &asked);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(fake_api_lists(f.api), 5);
    CU_ASSERT_FALSE(was_asked(&asked, "cert_499"));
    must_equal_api(&f);
    fixture_clear(&f);
}

/* For a page that is kept back. */
static const struct ot_http_tuning patient = {.retries = 200,
                                              .retry_first_ms = 20,
                                              .retry_longest_ms = 20,
                                              .deadline_ms = 60000,
                                              .in_flight = 16,
                                              .connections = 4};

/* Keeps a page back until a content has been asked for. */
static void hold_a_page(void *arg, struct fake_api *api,
                        const struct fake_request *request, struct fake_answer *answer)
{
    bool *is_content_asked = arg;

    (void)api;
    *is_content_asked |= !request->is_list;
    if (request->is_list && strcmp(request->id, "cert_099") == 0 && !*is_content_asked)
        fake_answer_error(answer, 503, "not yet");
}

static void contents_do_not_wait_for_what_comes_before_their_page(void)
{
    bool is_content_asked = false;
    struct fixture f;

    set_up(&f);
    f.options.tuning = &patient;
    for (int i = COUNT; i < COUNT + 30; i++)
        add(f.api, i, true);
    fake_api_on(f.api, hold_a_page, &is_content_asked);
    fixture_must_sync(&f);
    CU_ASSERT_EQUAL(f.result.added, 30);
    CU_ASSERT_EQUAL(fake_api_gets(f.api), 30);
    must_equal_api(&f);
    fixture_clear(&f);
}

/* A page is there, and is not taken in the end: what it named is gone before. */
static void lose_what_is_new(void *arg, struct fake_api *api,
                             const struct fake_request *request,
                             struct fake_answer *answer)
{
    bool *is_lost = arg;

    if (request->is_list && strcmp(request->id, "cert_099") == 0 && !*is_lost)
        fake_answer_error(answer, 503, "not yet");
    if (request->is_list || *is_lost)
        return;
    *is_lost = true;
    fake_answer_error(answer, 404, "there is no such certificate");
    for (int i = 200; i < COUNT + 30; i++) {
        char id[32];

        snprintf(id, sizeof(id), "cert_%03d", i);
        fake_api_remove(api, id);
    }
}

static void contents_that_came_early_are_listed_by_nobody_else(void)
{
    bool is_lost = false;
    struct fixture f;

    set_up(&f);
    f.options.tuning = &patient;
    f.options.accept_empty = true;
    for (int i = COUNT; i < COUNT + 30; i++)
        add(f.api, i, true);
    fake_api_on(f.api, lose_what_is_new, &is_lost);
    fixture_must_sync(&f);
    CU_ASSERT_TRUE(is_lost);
    must_equal_api(&f);
    fixture_clear(&f);
}

#define HEADERS 64

/* Changes something at some of the list's requests, before or after the page is made, and
 * remembers in what states each certificate was while the sync went on. */
struct meddling {
    unsigned seed;
    int next;                                /* number of the next one that is added */
    int at[3];                               /* at these requests */
    bool gone[COUNT + CHANGES_MAX];          /* ever, since the sync began */
    bool was_active[COUNT + CHANGES_MAX][2]; /* ever: inactive, active */
    bool has_tags;                           /* lists say of which moment they are */
    unsigned changes;
    char tags[HEADERS][128]; /* of the last answers */
};

static void see_states(struct meddling *meddling, struct fake_api *api)
{
    for (int i = 0; i < meddling->next; i++) {
        char id[32];
        const char *shown;

        snprintf(id, sizeof(id), "cert_%03d", i);
        shown = fake_api_shown(api, id);
        if (strcmp(shown, "-") == 0)
            meddling->gone[i] = true;
        else
            meddling->was_active[i][shown[strlen(shown) - 1] == '*'] = true;
    }
}

static void change_something(struct meddling *meddling, struct fake_api *api)
{
    int number = rand_r(&meddling->seed) % meddling->next;
    char id[32], name[32];

    snprintf(id, sizeof(id), "cert_%03d", number);
    snprintf(name, sizeof(name), "Number %d", number);
    switch (rand_r(&meddling->seed) % 4) {
    case 0:
        add(api, meddling->next, true);
        meddling->gone[meddling->next++] = true;
        break;
    case 1:
        /* A cursor, as often as not. */
        snprintf(id, sizeof(id), "cert_%03d",
                 number % 2 ? number : number / 100 * 100 + 99);
        if (strcmp(fake_api_shown(api, id), "-") != 0)
            fake_api_remove(api, id);
        break;
    default:
        if (strcmp(fake_api_shown(api, id), "-") != 0)
            fake_api_set(api, id, name, rand_r(&meddling->seed) % 2);
    }
}

static void meddle(void *arg, struct fake_api *api, const struct fake_request *request,
                   struct fake_answer *answer)
{
    struct meddling *meddling = arg;
    char *tag = meddling->tags[request->nth % HEADERS];

    if (meddling->has_tags && request->is_list) {
        snprintf(tag, sizeof(meddling->tags[0]),
                 "ETag: \"orgtrust-list-%032u-0123456789abcdef\"\r\n", meddling->changes);
        answer->headers = tag;
    }
    for (size_t i = 0; i < 3; i++)
        if (request->is_list && (int)request->nth == meddling->at[i])
            for (int n = 0; n < 5; n++) {
                change_something(meddling, api);
                meddling->changes++;
            }
    see_states(meddling, api);
}

/* Every certificate of the snapshot was in that state while it was made, and none is
 * missing that was there all the time. */
static void must_be_of_that_time(struct fixture *f, const struct meddling *meddling)
{
    struct ot_snapshot *snapshot = fixture_open(f);

    for (int i = 0; i < meddling->next; i++) {
        struct ot_record record;
        char id[32];
        bool found;

        snprintf(id, sizeof(id), "cert_%03d", i);
        found = fixture_find(snapshot, id, &record);
        CU_ASSERT_TRUE(found || meddling->gone[i]);
        if (found)
            CU_ASSERT_TRUE(
                meddling->was_active[i][(record.flags & OT_RECORD_ACTIVE) != 0]);
    }
    ot_snapshot_unref(snapshot);
}

static void must_leave_no_half_list(bool has_tags, unsigned rounds)
{
    struct meddling meddling = {.next = COUNT, .has_tags = has_tags};
    unsigned kept = 0;
    struct fixture f;

    set_up(&f);
    for (unsigned round = 0; round < rounds; round++) {
        struct stat before = fixture_stat(&f);

        meddling.seed = round;
        for (size_t i = 0; i < 3; i++)
            meddling.at[i] = rand_r(&meddling.seed) % 8;
        memset(meddling.gone, 0, sizeof(meddling.gone));
        memset(meddling.was_active, 0, sizeof(meddling.was_active));
        see_states(&meddling, f.api);
        fake_api_on(f.api, meddle, &meddling);
        if (fixture_sync(&f) == OT_OK) {
            must_be_of_that_time(&f, &meddling);
        } else {
            CU_ASSERT_EQUAL(f.err.status, OT_E_PROTOCOL);
            CU_ASSERT_EQUAL(fixture_stat(&f).st_ino, before.st_ino);
            kept++;
        }
        for (size_t i = 0; i < 3; i++)
            meddling.at[i] = -1;
        fake_api_on(f.api, meddle, &meddling);
        fixture_must_sync(&f);
        must_equal_api(&f);
    }
    CU_ASSERT(kept <= rounds / 2);
    fixture_clear(&f);
}

static void changes_in_between_leave_no_half_list(void)
{
    must_leave_no_half_list(false, 25);
}

/* Then pages are guessed once the first says that something has changed. */
static void changes_in_between_leave_no_half_list_of_a_moment(void)
{
    must_leave_no_half_list(true, 12);
}

static void an_unchanged_list_is_one_request(void)
{
    struct tagging tagging = {.moment = FIRST};
    struct stat before, after;
    struct fixture f;

    set_up(&f);
    must_list(&f, &tagging, 4, false);
    fixture_age(&f, 5000);
    before = fixture_stat(&f);
    must_list(&f, &tagging, 1, true);
    after = fixture_stat(&f);
    CU_ASSERT_EQUAL(f.result.total, COUNT);
    CU_ASSERT_EQUAL(f.result.active, COUNT / 2);
    CU_ASSERT_TRUE(f.result.fetched && !f.result.changed);
    CU_ASSERT_EQUAL(after.st_ino, before.st_ino);
    CU_ASSERT(after.st_mtime >= before.st_mtime + 5000);

    fake_api_set(f.api, "cert_001", "another", true);
    tagging.moment = SECOND;
    must_list(&f, &tagging, 4, false);
    must_equal_api(&f);
    must_list(&f, &tagging, 1, true);
    fixture_clear(&f);
}

/* What the tag says holds of the snapshot that was made of that list, and of no other. */
static void an_unchanged_list_does_not_excuse_another_snapshot(void)
{
    struct tagging tagging = {.moment = FIRST};
    char copy[600], command[1400];
    struct fixture f;

    set_up(&f);
    must_list(&f, &tagging, 4, false);
    snprintf(copy, sizeof(copy), "%s.copy", f.snapshot);
    snprintf(command, sizeof(command), "cp -p %s %s", f.snapshot, copy);
    CU_ASSERT_EQUAL(system(command), 0);
    fake_api_set(f.api, "cert_000", "another", false);
    tagging.moment = SECOND;
    must_list(&f, &tagging, 4, false);

    CU_ASSERT_EQUAL(rename(copy, f.snapshot), 0); /* as from a backup */
    must_list(&f, &tagging, 4, false);
    must_equal_api(&f);
    must_list(&f, &tagging, 1, true);
    CU_ASSERT_EQUAL(unlink(f.snapshot), 0);
    must_list(&f, &tagging, 4, false);
    must_equal_api(&f);
    fixture_clear(&f);
}

/* As behind a relay, which has pages of different ages. */
static void pages_of_different_moments_are_listed_again(void)
{
    struct tagging tagging = {.moment = FIRST, .odd_page = 2};
    struct fixture f;

    set_up(&f);
    must_list(&f, &tagging, 4, false);
    tagging.odd_page = 0;
    must_list(&f, &tagging, 4, false);
    must_list(&f, &tagging, 1, true);
    fixture_clear(&f);
}

static void a_damaged_file_only_costs_requests(void)
{
    static const char *const texts[] = {
        "",
        "behind = ../../x\n",
        "tag = \"orgtrust-list-1\"\n",
        "snapshot = 1\n",
        "behind = cert_099\nbehind = cert_000\nbehind = cert_000\nbehind = unknown\n",
        "organization_behind = cert_001\nbehind = cert_001\n",
        "end = cert_001\nend = cert_001\n",
        "behind = cert_000\nend = cert_001\nbehind = cert_349\n",
        "organization_end = cert_349\n",
        "\xff\n[section]\n"};
    struct fixture f;
    char path[600];

    set_up(&f);
    snprintf(path, sizeof(path), "%s/default.listing", f.source.cache_dir);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        FILE *file = fopen(path, "w");

        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        fputs(texts[i], file);
        fclose(file);
        fake_api_set(f.api, "cert_001", "changed", i % 2 == 0);
        fixture_must_sync(&f);
        must_equal_api(&f);
    }
    fixture_clear(&f);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"known pages are asked for at once", known_pages_are_asked_for_at_once},
        {"a cursor that is gone costs a request", a_cursor_that_is_gone_costs_a_request},
        {"what is new is behind the last page", what_is_new_is_behind_the_last_page},
        {"what is behind the end is asked for with the rest",
         what_is_behind_the_end_is_asked_for_with_the_rest},
        {"contents do not wait for what comes before their page",
         contents_do_not_wait_for_what_comes_before_their_page},
        {"contents that came early are listed by nobody else",
         contents_that_came_early_are_listed_by_nobody_else},
        {"changes in between leave no half list", changes_in_between_leave_no_half_list},
        {"changes in between leave no half list of a moment",
         changes_in_between_leave_no_half_list_of_a_moment},
        {"an unchanged list is one request", an_unchanged_list_is_one_request},
        {"an unchanged list does not excuse another snapshot",
         an_unchanged_list_does_not_excuse_another_snapshot},
        {"pages of different moments are listed again",
         pages_of_different_moments_are_listed_again},
        {"a damaged file only costs requests", a_damaged_file_only_costs_requests},
        {NULL, NULL},
    };

    return unit_main("sync_guess", cases, argc, argv);
}

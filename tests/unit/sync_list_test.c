#include "sync/sync_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/api_cert.h"
#include "http/http.h"
#include "sync/sync_options.h"
#include "unit.h"

/* The API's part is a script here: what it is asked behind, and what it then answers.
 * Items are written "id", "id=name" and "id!" (inactive), separated by spaces. */
struct step {
    const char *after; /* the cursor that must come; behind '@' for the organization */
    const char *items;
    bool more;
    const char *last; /* NULL: the last item; "": null */
    long http_status; /* other than 0: an error instead of a page */
};

static const struct step *script;
static size_t script_len, steps_taken, huge_count;
static uint64_t bytes_per_page, bytes_so_far;
static bool is_endless, inherits;
static long last_http_status;

void ot_api_cert_clear(struct ot_api_cert *cert)
{
    free(cert->name);
    free(cert->content);
    memset(cert, 0, sizeof(*cert));
}

void ot_api_page_clear(struct ot_api_page *page)
{
    for (size_t i = 0; huge_count == 0 && i < page->count; i++)
        ot_api_cert_clear(&page->certs[i]);
    free(page->certs);
    memset(page, 0, sizeof(*page));
}

long ot_api_last_status(const struct ot_api *api)
{
    (void)api;
    return last_http_status;
}

struct ot_http *ot_api_http(struct ot_api *api)
{
    (void)api;
    return NULL;
}

struct ot_http_counts ot_http_counts(const struct ot_http *http)
{
    (void)http;
    return (struct ot_http_counts){.bytes = bytes_so_far};
}

static void set_item(struct ot_api_cert *cert, const char *text)
{
    size_t len = strcspn(text, "=!");

    snprintf(cert->id, sizeof(cert->id), "%.*s", (int)len, text);
    cert->created_at = 1;
    cert->has_active = true;
    cert->active = text[len] != '!';
    if (text[len] == '=')
        cert->name = strdup(text + len + 1);
}

static void fill_page(struct ot_api_page *out, const char *items)
{
    char *copy = strdup(items), *save = NULL;

    out->certs = calloc(16, sizeof(*out->certs));
    for (char *item = strtok_r(copy, " ", &save); item != NULL;
         item = strtok_r(NULL, " ", &save))
        set_item(&out->certs[out->count++], item);
    free(copy);
}

bool ot_api_inherits(const struct ot_api *api)
{
    (void)api;
    return inherits;
}

static enum ot_status give_page(bool of_organization, const char *after, unsigned limit,
                                struct ot_api_page *out, struct ot_error *err)
{
    const struct step *step = &script[steps_taken];
    char id[32];

    CU_ASSERT_EQUAL(limit, 100);
    memset(out, 0, sizeof(*out));
    bytes_so_far += bytes_per_page;
    if (is_endless) {
        snprintf(id, sizeof(id), "id%zu", steps_taken++);
        fill_page(out, id);
        out->has_more = true;
        return OT_OK;
    }
    CU_ASSERT_FATAL(steps_taken < script_len);
    steps_taken++;
    CU_ASSERT_EQUAL(of_organization, step->after[0] == '@');
    CU_ASSERT_STRING_EQUAL(after, step->after + of_organization);
    last_http_status = step->http_status;
    if (step->http_status != 0)
        return ot_error_set(err, OT_E_REFUSED, "HTTP %ld", step->http_status);
    fill_page(out, step->items);
    out->has_more = step->more;
    if (step->last != NULL)
        snprintf(out->last_id, sizeof(out->last_id), "%s", step->last);
    else if (out->count > 0)
        memcpy(out->last_id, out->certs[out->count - 1].id, sizeof(out->last_id));
    if (huge_count != 0) {
        free(out->certs);
        out->certs = calloc(1, sizeof(*out->certs)); /* nobody may look at them */
        out->count = huge_count;
    }
    return OT_OK;
}

enum ot_status ot_api_list(struct ot_api *api, const char *after, unsigned limit,
                           struct ot_api_page *out, struct ot_error *err)
{
    (void)api;
    return give_page(false, after, limit, out, err);
}

enum ot_status ot_api_list_organization(struct ot_api *api, const char *after,
                                        unsigned limit, struct ot_api_page *out,
                                        struct ot_error *err)
{
    (void)api;
    return give_page(true, after, limit, out, err);
}

static size_t progress_calls, progress_last;

static void progress(void *arg, const char *phase, size_t done, size_t total)
{
    CU_ASSERT_PTR_EQUAL(arg, &progress_calls);
    CU_ASSERT_STRING_EQUAL(phase, "list");
    CU_ASSERT_EQUAL(total, 0);
    progress_calls++;
    progress_last = done;
}

static enum ot_status play(const struct step *steps, size_t count, struct ot_listing *out,
                           struct ot_error *err)
{
    const struct ot_sync_options options = {.progress = progress, .arg = &progress_calls};
    enum ot_status status;

    script = steps;
    script_len = count;
    steps_taken = 0;
    progress_calls = 0;
    bytes_so_far = 12345; /* of an earlier listing */
    ot_error_clear(err);
    status = ot_listing_fetch_joined(out, NULL, &options, err);
    if (status != OT_OK) {
        CU_ASSERT_EQUAL(err->status, status);
        CU_ASSERT_EQUAL(out->count, 0);
        CU_ASSERT_PTR_NULL(out->certs);
        CU_ASSERT_PTR_NULL(ot_listing_find(out, "a"));
    }
    return status;
}

#define LEN(steps) (sizeof(steps) / sizeof((steps)[0]))

/* The script must be used up and give these ids. */
static void gives(const struct step *steps, size_t count, const char *ids)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_listing listing;
    char got[256] = "";

    CU_ASSERT_EQUAL(play(steps, count, &listing, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    CU_ASSERT_EQUAL(steps_taken, count);
    for (size_t i = 0; i < listing.count; i++) {
        const char *id = listing.certs[i].id;

        snprintf(got + strlen(got), sizeof(got) - strlen(got), i == 0 ? "%s" : " %s", id);
        CU_ASSERT_PTR_EQUAL(ot_listing_find(&listing, id), &listing.certs[i]);
    }
    CU_ASSERT_STRING_EQUAL(got, ids);
    CU_ASSERT_EQUAL(progress_last, listing.count);
    CU_ASSERT_PTR_NULL(ot_listing_find(&listing, "nobody"));
    ot_listing_clear(&listing);
    CU_ASSERT_PTR_NULL(ot_listing_find(&listing, "a"));
}

static void fails(const struct step *steps, size_t count, const char *why)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_listing listing;

    CU_ASSERT_EQUAL(play(steps, count, &listing, &err), OT_E_PROTOCOL);
    CU_ASSERT_EQUAL(steps_taken, count);
    if (strstr(err.message, why) == NULL) {
        CU_FAIL("the reason is another one");
        fprintf(stderr, "reason: %s\nexpected: %s\n", err.message, why);
    }
    ot_listing_clear(&listing);
}

static void pages_are_joined_in_order(void)
{
    const struct step one[] = {{.after = "", .items = "a b"}};
    const struct step none[] = {{.after = "", .items = ""}};
    const struct step three[] = {{"", "b a", true, NULL, 0},
                                 {"a", "d c", true, NULL, 0},
                                 {"c", "e", false, NULL, 0}};

    gives(one, LEN(one), "a b");
    gives(none, LEN(none), "");
    gives(three, LEN(three), "b a d c e");
    CU_ASSERT_EQUAL(progress_calls, 3);
}

static void many_items_are_all_found(void)
{
    char items[16][64];
    struct step steps[16];
    struct ot_listing listing;
    struct ot_error err = OT_ERROR_INIT;

    huge_count = 0;
    for (size_t i = 0; i < LEN(steps); i++) {
        snprintf(items[i], sizeof(items[i]), "x%zu y%zu z%zu w%zu v%zu", i, i, i, i, i);
        steps[i] = (struct step){i == 0 ? "" : strrchr(items[i - 1], ' ') + 1, items[i],
                                 i + 1 < LEN(steps), NULL, 0};
    }
    CU_ASSERT_EQUAL(play(steps, LEN(steps), &listing, &err), OT_OK);
    CU_ASSERT_EQUAL(listing.count, 80);
    for (size_t i = 0; i < listing.count; i++)
        CU_ASSERT_PTR_EQUAL(ot_listing_find(&listing, listing.certs[i].id),
                            &listing.certs[i]);
    ot_listing_clear(&listing);
}

static void fault_01_a_page_without_anything_new(void)
{
    const struct step same[] = {{"", "a b", true, NULL, 0}, {"b", "a b", true, NULL, 0}};
    const struct step ring[] = {{"", "a b", true, NULL, 0},
                                {"b", "c d", true, NULL, 0},
                                {"d", "a b", true, NULL, 0}};
    const struct step last[] = {{"", "a b", true, NULL, 0}, {"b", "b", false, NULL, 0}};

    fails(same, LEN(same), "repeats");
    fails(ring, LEN(ring), "repeats");
    gives(last, LEN(last), "a b"); /* nothing follows it, so nothing goes round */
}

static void fault_01_a_cursor_that_came_before(void)
{
    const struct step steps[] = {{"", "a b", true, NULL, 0}, {"b", "c d", true, "b", 0}};
    const struct step other[] = {{"", "a b", true, "stranger", 0}};

    fails(steps, LEN(steps), "circles");
    fails(other, LEN(other), "last_id");
}

static void fault_02_pages_items_and_bytes_have_an_end(void)
{
    const struct step step[] = {{"", "a", true, NULL, 0}};
    struct ot_error err = OT_ERROR_INIT;
    struct ot_listing listing;

    is_endless = true;
    CU_ASSERT_EQUAL(play(step, 1, &listing, &err), OT_E_PROTOCOL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "pages"));
    CU_ASSERT_EQUAL(steps_taken, OT_PAGES_MAX + 1);

    bytes_per_page = OT_LISTING_BYTES_MAX / 4;
    CU_ASSERT_EQUAL(play(step, 1, &listing, &err), OT_E_PROTOCOL);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "bytes"));
    CU_ASSERT_EQUAL(steps_taken, 5);
    bytes_per_page = 0;
    is_endless = false;

    huge_count = OT_CERTS_MAX + 1;
    fails(step, 1, "certificates");
    huge_count = 0;
}

static void fault_03_without_last_id_the_last_item_is_the_cursor(void)
{
    const struct step good[] = {{"", "a b", true, "", 0}, {"b", "c", false, "", 0}};
    const struct step old[] = {{"", "a b", true, "", 0}, {"b", "c b", true, "", 0}};

    gives(good, LEN(good), "a b c");
    fails(old, LEN(old), "circles");
}

static void fault_04_an_empty_page_and_more_to_come(void)
{
    const struct step first[] = {{"", "", true, NULL, 0}};
    const struct step later[] = {{"", "a", true, NULL, 0}, {"a", "", true, "a", 0}};

    fails(first, LEN(first), "has_more");
    fails(later, LEN(later), "has_more");
}

static void fault_66_an_empty_page_where_more_was_promised_is_seen_twice(void)
{
    const struct step twice[] = {{"", "a", true, NULL, 0},
                                 {"a", "", false, NULL, 0},
                                 {"", "a", true, NULL, 0},
                                 {"a", "", false, NULL, 0}};
    const struct step passed[] = {{"", "a", true, NULL, 0},
                                  {"a", "", false, NULL, 0},
                                  {"", "a", true, NULL, 0},
                                  {"a", "b", false, NULL, 0}};
    const struct step other[] = {{"", "a", true, NULL, 0},
                                 {"a", "", false, NULL, 0},
                                 {"", "a!", true, NULL, 0},
                                 {"a", "", false, NULL, 0}};
    const struct step shorter[] = {{"", "a b", true, NULL, 0},
                                   {"b", "", false, NULL, 0},
                                   {"", "a", true, NULL, 0},
                                   {"a", "", false, NULL, 0}};

    gives(twice, LEN(twice), "a");
    gives(passed, LEN(passed), "a b");
    fails(other, LEN(other), "more follow");
    fails(shorter, LEN(shorter), "more follow");
}

/* What a project that inherits is given: id, then p and o where it is active. */
static void joins(const struct step *steps, size_t count, const char *expected)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_listing listing;
    char got[256] = "";

    inherits = true;
    CU_ASSERT_EQUAL(play(steps, count, &listing, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    CU_ASSERT_EQUAL(steps_taken, count);
    for (size_t i = 0; i < listing.count; i++) {
        const struct ot_api_cert *cert = &listing.certs[i];

        CU_ASSERT_EQUAL(cert->active, cert->active_in != 0);
        snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s:%s%s",
                 i > 0 ? " " : "", cert->id,
                 (cert->active_in & OT_LIST_OF_SCOPE) != 0 ? "p" : "",
                 (cert->active_in & OT_LIST_OF_ORGANIZATION) != 0 ? "o" : "");
    }
    CU_ASSERT_STRING_EQUAL(got, expected);
    ot_listing_clear(&listing);
    inherits = false;
}

static void lists_of_project_and_organization_are_joined(void)
{
    const struct step steps[] = {{"", "a b!", true, NULL, 0},
                                 {"b", "c! d", false, NULL, 0},
                                 {"@", "a b", true, NULL, 0},
                                 {"@b", "c! d! e f!", false, NULL, 0}};
    const struct step empty[] = {{"", "", false, NULL, 0}, {"@", "a", false, NULL, 0}};
    const struct step neither[] = {{"", "", false, NULL, 0}, {"@", "", false, NULL, 0}};

    joins(steps, LEN(steps), "a:po b:o c: d:p e:o f:");
    joins(empty, LEN(empty), "a:o");
    joins(neither, LEN(neither), "");
}

static void a_project_has_what_the_organization_lacks_only_if_it_says_so_twice(void)
{
    const struct step passed[] = {{"", "a b", false, NULL, 0},
                                  {"@", "b", false, NULL, 0},
                                  {"", "b", false, NULL, 0},
                                  {"@", "b", false, NULL, 0}};
    const struct step twice[] = {{"", "a b", false, NULL, 0},
                                 {"@", "b!", false, NULL, 0},
                                 {"", "a b", false, NULL, 0},
                                 {"@", "b!", false, NULL, 0}};
    const struct step other[] = {{"", "a b", false, NULL, 0},
                                 {"@", "b!", false, NULL, 0},
                                 {"", "a b", false, NULL, 0},
                                 {"@", "b", false, NULL, 0}};

    joins(passed, LEN(passed), "b:po");
    joins(twice, LEN(twice), "a:p b:p");
    inherits = true;
    fails(other, LEN(other), "not in the organization's");
    inherits = false;
}

static void lists_that_contradict_each_other_are_read_anew(void)
{
    const struct step once[] = {{"", "a=x", false, NULL, 0},
                                {"@", "a=y", false, NULL, 0},
                                {"", "a=y", false, NULL, 0},
                                {"@", "a=y", false, NULL, 0}};
    const struct step always[] = {{"", "a=x", false, NULL, 0},
                                  {"@", "a=y", false, NULL, 0},
                                  {"", "a=x", false, NULL, 0},
                                  {"@", "a=y", false, NULL, 0}};
    const struct step within[] = {{"", "a", false, NULL, 0},
                                  {"@", "a!", true, NULL, 0},
                                  {"@a", "a", false, NULL, 0},
                                  {"", "a", false, NULL, 0},
                                  {"@", "a", false, NULL, 0}};

    joins(once, LEN(once), "a:po");
    joins(within, LEN(within), "a:po");
    inherits = true;
    fails(always, LEN(always), "in the project's list and in the organization's");
    inherits = false;
}

static void a_failure_of_either_list_is_a_failure_of_both(void)
{
    const struct step second[] = {{"", "a", false, NULL, 0}, {"@", "", false, NULL, 403}};
    const struct step cursor[] = {{"", "a", false, NULL, 0},
                                  {"@", "a", true, NULL, 0},
                                  {"@a", "", false, NULL, 404},
                                  {"", "a", false, NULL, 0},
                                  {"@", "a", false, NULL, 0}};
    struct ot_error err = OT_ERROR_INIT;
    struct ot_listing listing;

    inherits = true;
    CU_ASSERT_EQUAL(play(second, LEN(second), &listing, &err), OT_E_REFUSED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "inherit = no"));
    joins(cursor, LEN(cursor), "a:po");
}

static void fault_06_identical_duplicates_collapse(void)
{
    const struct step steps[] = {{"", "a=x b! a=x", true, NULL, 0},
                                 {"a", "b! c", false, "", 0}};

    gives(steps, LEN(steps), "a b c");
}

static void fault_07_a_contradiction_begins_the_listing_anew(void)
{
    static const char *const others[] = {"b!", "b=", "b=other"};

    for (size_t i = 0; i < LEN(others); i++) {
        const struct step once[] = {{"", "a b", true, NULL, 0},
                                    {"b", others[i], false, NULL, 0},
                                    {"", "a b!", true, NULL, 0},
                                    {"b", "c", false, NULL, 0}};
        const struct step twice[] = {once[0], once[1], once[0], once[1]};

        gives(once, LEN(once), "a b c");
        fails(twice, LEN(twice), "twice");
        fails(twice, LEN(twice), "certificate b");
    }
}

static void fault_09_a_lost_cursor_begins_the_listing_anew(void)
{
    static const long statuses[] = {400, 404, 410, 422};

    for (size_t i = 0; i < LEN(statuses); i++) {
        const struct step once[] = {{"", "a b", true, NULL, 0},
                                    {"b", NULL, false, NULL, statuses[i]},
                                    {"", "a c", true, NULL, 0},
                                    {"c", "d", false, NULL, 0}};
        const struct step twice[] = {once[0], once[1], once[0], once[1]};

        gives(once, LEN(once), "a c d");
        fails(twice, LEN(twice), "twice");
    }
}

static void fault_09_after_a_contradiction_there_is_no_third_try(void)
{
    const struct step steps[] = {{"", "a b", true, NULL, 0},
                                 {"b", "a!", false, NULL, 0},
                                 {"", "a b", true, NULL, 0},
                                 {"b", NULL, false, NULL, 404}};

    fails(steps, LEN(steps), "twice");
}

/* Row 22: on the first page a 4xx is about the request, and other statuses about nobody's
 * cursor. */
static void fault_22_other_failures_are_handed_on(void)
{
    static const long statuses[] = {401, 403, 409, 429, 500, 503};
    struct ot_error err = OT_ERROR_INIT;
    struct ot_listing listing;
    const struct step first[] = {{"", NULL, false, NULL, 404}};

    CU_ASSERT_EQUAL(play(first, LEN(first), &listing, &err), OT_E_REFUSED);
    CU_ASSERT_STRING_EQUAL(err.message, "HTTP 404");
    CU_ASSERT_EQUAL(steps_taken, 1);
    for (size_t i = 0; i < LEN(statuses); i++) {
        const struct step later[] = {{"", "a b", true, NULL, 0},
                                     {"b", NULL, false, NULL, statuses[i]}};

        CU_ASSERT_EQUAL(play(later, LEN(later), &listing, &err), OT_E_REFUSED);
        CU_ASSERT_EQUAL(steps_taken, 2);
    }
}

static bool equal(const char *a, const char *b)
{
    const struct step first[] = {{.after = "", .items = a}};
    const struct step second[] = {{.after = "", .items = b}};
    struct ot_error err = OT_ERROR_INIT;
    struct ot_listing one, two;
    bool same, mirrored;

    CU_ASSERT_EQUAL_FATAL(play(first, 1, &one, &err), OT_OK);
    CU_ASSERT_EQUAL_FATAL(play(second, 1, &two, &err), OT_OK);
    same = ot_listing_equal(&one, &two);
    mirrored = ot_listing_equal(&two, &one);
    CU_ASSERT_EQUAL(same, mirrored);
    ot_listing_clear(&one);
    ot_listing_clear(&two);
    return same;
}

static void equality_regards_ids_names_and_states(void)
{
    CU_ASSERT_TRUE(equal("", ""));
    CU_ASSERT_TRUE(equal("a b=x c!", "c! a b=x"));
    CU_ASSERT_FALSE(equal("a b", "a"));
    CU_ASSERT_FALSE(equal("a b", "a c"));
    CU_ASSERT_FALSE(equal("a", "a!"));
    CU_ASSERT_FALSE(equal("a", "a="));
    CU_ASSERT_FALSE(equal("a=x", "a=y"));
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"pages are joined in order", pages_are_joined_in_order},
        {"many items are all found", many_items_are_all_found},
        {"lists of project and organization are joined",
         lists_of_project_and_organization_are_joined},
        {"a project has what the organization lacks only if it says so twice",
         a_project_has_what_the_organization_lacks_only_if_it_says_so_twice},
        {"lists that contradict each other are read anew",
         lists_that_contradict_each_other_are_read_anew},
        {"a failure of either list is a failure of both",
         a_failure_of_either_list_is_a_failure_of_both},
        {"fault_01_a_page_without_anything_new", fault_01_a_page_without_anything_new},
        {"fault_01_a_cursor_that_came_before", fault_01_a_cursor_that_came_before},
        {"fault_02_pages_items_and_bytes_have_an_end",
         fault_02_pages_items_and_bytes_have_an_end},
        {"fault_03_without_last_id_the_last_item_is_the_cursor",
         fault_03_without_last_id_the_last_item_is_the_cursor},
        {"fault_04_an_empty_page_and_more_to_come",
         fault_04_an_empty_page_and_more_to_come},
        {"fault_66_an_empty_page_where_more_was_promised_is_seen_twice",
         fault_66_an_empty_page_where_more_was_promised_is_seen_twice},
        {"fault_06_identical_duplicates_collapse",
         fault_06_identical_duplicates_collapse},
        {"fault_07_a_contradiction_begins_the_listing_anew",
         fault_07_a_contradiction_begins_the_listing_anew},
        {"fault_09_a_lost_cursor_begins_the_listing_anew",
         fault_09_a_lost_cursor_begins_the_listing_anew},
        {"fault_09_after_a_contradiction_there_is_no_third_try",
         fault_09_after_a_contradiction_there_is_no_third_try},
        {"fault_22_other_failures_are_handed_on", fault_22_other_failures_are_handed_on},
        {"equality regards ids, names and states", equality_regards_ids_names_and_states},
        {NULL, NULL},
    };

    return unit_main("sync_list", cases, argc, argv);
}

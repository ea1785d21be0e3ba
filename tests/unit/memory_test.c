#include "memory/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "config/source.h"
#include "files.h"
#include "memory/account.h"
#include "memory/news.h"
#include "snapshot/record.h"
#include "snapshots.h"
#include "unit.h"

#define NOW INT64_C(1800000000)

static char dir[256], name[] = "default";
static struct ot_source source = {.name = name, .cache_dir = dir};

static void set_up(void)
{
    static unsigned number;

    snprintf(dir, sizeof(dir), "%s/memory%u", unit_dir(), number++);
    CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
}

static const char *path_of(const char *kind)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/default.%s", dir, kind);
    return path;
}

/* Writes the snapshot and accounts for it; how many news that made. */
static uint64_t account(struct snapshot_builder *builder, struct ot_snapshot *before,
                        int64_t now, struct ot_news_range *range)
{
    struct ot_snapshot *snapshot = NULL;
    struct ot_error err = OT_ERROR_INIT;

    snapshot_builder_write(builder, path_of("snapshot"), now);
    CU_ASSERT_EQUAL_FATAL(ot_snapshot_open(&snapshot, path_of("snapshot"), "test", &err),
                          OT_OK);
    CU_ASSERT_EQUAL(ot_memory_account(range, &source, snapshot, before, now, &err),
                    OT_OK);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    ot_snapshot_unref(snapshot);
    return ot_mark_count(&range->from, &range->to, OT_SIGN_COUNT);
}

static void what_is_written_is_read(void)
{
    static const char *const texts[] = {"plain",       "-",        "",
                                        "a\tb\nc%25%", "\x7f\x01", "ä😀"};
    struct ot_known known[6];
    struct ot_news news[6];
    struct ot_memory memory = {.began_at = 1,
                               .at = NOW,
                               .again_at = INT64_MAX,
                               .inode = UINT64_MAX,
                               .bytes = 7,
                               .written_at = NOW,
                               .last = {.number = 3},
                               .next = {UINT64_MAX, {1, 2, 3}},
                               .known = known,
                               .news = news};
    struct ot_memory back;
    char ids[6][8];

    set_up();
    for (size_t i = 0; i < 6; i++) {
        snprintf(ids[i], sizeof(ids[i]), "id%zu", i);
        known[i] = (struct ot_known){.id = ot_span_str(ids[i]),
                                     .name = ot_span_str(texts[i]),
                                     .sha256 = {(uint8_t)i, 0xff},
                                     .has_sha256 = i % 2 == 0,
                                     .is_active = i < 3,
                                     .places = (uint32_t)i << 5,
                                     .since = (int64_t)i};
        news[i] = (struct ot_news){.number = i,
                                   .at = NOW,
                                   .sign = i % 3,
                                   .what = ot_span_str("added"),
                                   .id = known[i].id,
                                   .name = i == 4 ? OT_SPAN_ABSENT : known[i].name,
                                   .detail = ot_span_str(texts[5 - i])};
    }
    memory.known_count = memory.news_count = 6;
    CU_ASSERT_EQUAL(ot_memory_write(&memory, &source, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_memory_read(&back, &source, NULL), OT_OK);
    CU_ASSERT_TRUE(back.is_there);
    CU_ASSERT_EQUAL(memcmp(&back.last, &memory.last, sizeof(back.last)), 0);
    CU_ASSERT_EQUAL(memcmp(&back.next, &memory.next, sizeof(back.next)), 0);
    CU_ASSERT(back.inode == UINT64_MAX && back.again_at == INT64_MAX && back.at == NOW);
    CU_ASSERT_EQUAL_FATAL(back.known_count, 6);
    CU_ASSERT_EQUAL_FATAL(back.news_count, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct ot_known *found = ot_memory_find(&back, known[i].id);

        CU_ASSERT_PTR_NOT_NULL_FATAL(found);
        CU_ASSERT(ot_span_equal(found->name, known[i].name));
        CU_ASSERT(found->has_sha256 == known[i].has_sha256 &&
                  found->is_active == known[i].is_active &&
                  found->places == known[i].places && found->since == known[i].since);
        CU_ASSERT(!found->has_sha256 || memcmp(found->sha256, known[i].sha256, 32) == 0);
        CU_ASSERT(ot_span_equal(back.news[i].name, news[i].name));
        CU_ASSERT(ot_span_equal(back.news[i].detail, news[i].detail));
        CU_ASSERT_EQUAL(back.news[i].sign, news[i].sign);
    }
    CU_ASSERT_PTR_NULL(ot_memory_find(&back, ot_span_str("id")));
    CU_ASSERT_PTR_NULL(ot_memory_find(&back, ot_span_str("id9")));
    ot_memory_clear(&back);
}

/* Ids that look like other fields, of which each line has some. */
static void one_certificate_is_read_alone(void)
{
    static const char *const ids[] = {"0", "32", "7", "a", "k"};
    struct ot_known known[5];
    struct ot_news news = {.what = ot_span_str("added"), .id = ot_span_str("gone")};
    struct ot_memory memory = {.known = known, .known_count = 5, .news = &news};
    struct ot_memory back;

    set_up();
    for (size_t i = 0; i < 5; i++)
        known[i] = (struct ot_known){.id = ot_span_str(ids[i]),
                                     .name = ot_span_str(ids[4 - i]),
                                     .is_active = true,
                                     .places = 32,
                                     .since = i == 2 ? 7 : (int64_t)i};
    memory.news_count = 1;
    CU_ASSERT_EQUAL(ot_memory_write(&memory, &source, NULL), OT_OK);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(ot_memory_read_one(&back, &source, known[i].id, NULL), OT_OK);
        CU_ASSERT_EQUAL_FATAL(back.known_count, 1);
        CU_ASSERT_PTR_NOT_NULL(ot_memory_find(&back, known[i].id));
        CU_ASSERT(ot_span_equal(back.known[0].name, known[i].name));
        CU_ASSERT_EQUAL(back.known[0].since, known[i].since);
        ot_memory_clear(&back);
    }
    CU_ASSERT_EQUAL(ot_memory_read_one(&back, &source, news.id, NULL), OT_OK);
    CU_ASSERT_TRUE(back.is_there);
    CU_ASSERT_EQUAL(back.known_count, 0);
    ot_memory_clear(&back);
}

/* Each byte of it that is another makes it another file, which is refused. */
static void any_damage_is_found(void)
{
    struct snapshot_builder builder = {0};
    struct ot_news_range range;
    struct ot_memory memory;
    char text[4096], *at;
    size_t len;
    FILE *file;

    set_up();
    snapshot_builder_add_ca(&builder, "Damaged", 1, OT_RECORD_ACTIVE);
    CU_ASSERT_EQUAL(account(&builder, NULL, NOW, &range), 1);
    file = fopen(path_of("memory"), "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    len = fread(text, 1, sizeof(text), file);
    fclose(file);
    for (at = text; at < text + len; at++) {
        *at ^= 1;
        file_put(path_of("memory"), text, len, 0644);
        CU_ASSERT_EQUAL(ot_memory_read(&memory, &source, NULL), OT_E_CORRUPT);
        *at ^= 1;
    }
    for (size_t cut = 0; cut < len; cut += 7) {
        file_put(path_of("memory"), text, cut, 0644);
        CU_ASSERT_EQUAL(ot_memory_read(&memory, &source, NULL), OT_E_CORRUPT);
    }
    file_put(path_of("memory"), text, len, 0666);
    CU_ASSERT_EQUAL(ot_memory_read(&memory, &source, NULL), OT_E_UNSAFE);
    snapshot_builder_clear(&builder);
}

static void the_last_thousand_are_kept(void)
{
    static struct ot_news news[OT_NEWS_KEPT_MAX];
    struct ot_memory memory = {.at = NOW - 1,
                               .news = news,
                               .news_count = 1000,
                               .next = {.number = 1000, .signs = {1000, 0, 0}}};
    struct snapshot_builder builder = {0};
    struct ot_news_range range;
    const struct ot_news *found;

    set_up();
    for (size_t i = 0; i < OT_NEWS_KEPT_MAX; i++)
        news[i] = (struct ot_news){
            .number = i, .what = ot_span_str("added"), .id = ot_span_str("old")};
    CU_ASSERT_EQUAL(ot_memory_write(&memory, &source, NULL), OT_OK);
    for (long serial = 0; serial < 3; serial++)
        snapshot_builder_add_ca(&builder, "New", serial, OT_RECORD_ACTIVE);
    CU_ASSERT_EQUAL(account(&builder, NULL, NOW, &range), 3);
    CU_ASSERT_EQUAL(range.from.number, 1000);
    CU_ASSERT_EQUAL(range.to.signs[OT_SIGN_BEGAN], 1003);
    CU_ASSERT_EQUAL_FATAL(ot_memory_read(&memory, &source, NULL), OT_OK);
    CU_ASSERT_EQUAL(memory.news_count, OT_NEWS_KEPT_MAX);
    CU_ASSERT_EQUAL(memory.news[0].number, 3);
    found = ot_news_between(&memory, &range.from, &range.to);
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    CU_ASSERT_EQUAL(found, &memory.news[997]);
    range.from.number = 2; /* forgotten, and too many */
    CU_ASSERT_PTR_NULL(ot_news_between(&memory, &range.from, &range.to));
    range.to.number = 3;
    CU_ASSERT_PTR_NULL(ot_news_between(&memory, &range.from, &range.to));
    ot_memory_clear(&memory);
    snapshot_builder_clear(&builder);
}

/* Since when it is trusted goes on over what does not change that. */
static void since_when_it_is_trusted(void)
{
    struct snapshot_builder one = {0};
    struct ot_snapshot *before = NULL;
    struct ot_news_range range;
    struct ot_memory memory;

    set_up();
    snapshot_builder_add_ca(&one, "Long", 1, OT_RECORD_ACTIVE);
    snapshot_builder_write(&one, path_of("before"), NOW - 9);
    CU_ASSERT_EQUAL(ot_snapshot_open(&before, path_of("before"), NULL, NULL), OT_OK);
    snapshot_builder_add_ca(&one, "New", 2, OT_RECORD_ACTIVE);
    CU_ASSERT_EQUAL(account(&one, before, NOW, &range), 1);
    CU_ASSERT_EQUAL(account(&one, NULL, NOW + 5, &range), 0);
    CU_ASSERT_EQUAL_FATAL(ot_memory_read(&memory, &source, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_memory_find(&memory, ot_span_str("cert_0"))->since, 0);
    CU_ASSERT_EQUAL(ot_memory_find(&memory, ot_span_str("cert_1"))->since, NOW);
    ot_memory_clear(&memory);
    one.records[0].flags &= ~(uint32_t)OT_RECORD_ACTIVE;
    CU_ASSERT_EQUAL(account(&one, NULL, NOW + 10, &range), 1);
    CU_ASSERT_EQUAL(ot_mark_count(&range.from, &range.to, OT_SIGN_CEASED), 1);
    one.records[0].flags |= OT_RECORD_ACTIVE;
    CU_ASSERT_EQUAL(account(&one, NULL, NOW + 20, &range), 1);
    CU_ASSERT_EQUAL_FATAL(ot_memory_read(&memory, &source, NULL), OT_OK);
    CU_ASSERT_EQUAL(ot_memory_find(&memory, ot_span_str("cert_0"))->since, NOW + 20);
    CU_ASSERT_EQUAL(ot_memory_find(&memory, ot_span_str("cert_1"))->since, NOW);
    ot_memory_clear(&memory);
    ot_snapshot_unref(before);
    snapshot_builder_clear(&one);
}

static void marks_are_read_as_they_are_written(void)
{
    static const char *const wrong[] = {
        "",         "1 2 3",    "1 2 3 4 5", "a 2 3 4",
        "-1 2 3 4", "1 2 3 4 ", "1  2 3 4",  "18446744073709551616 2 3 4"};
    const struct ot_mark mark = {UINT64_MAX, {UINT64_MAX, 0, 7}};
    char text[OT_MARK_TEXT_MAX], longer[2 * OT_MARK_TEXT_MAX];
    struct ot_mark back;

    ot_mark_format(text, &mark);
    CU_ASSERT_STRING_EQUAL(text, "18446744073709551615 18446744073709551615 0 7");
    CU_ASSERT_TRUE(ot_mark_parse(&back, text));
    CU_ASSERT_EQUAL(memcmp(&back, &mark, sizeof(mark)), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CU_ASSERT_FALSE(ot_mark_parse(&back, wrong[i]));
    memset(longer, '1', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    CU_ASSERT_FALSE(ot_mark_parse(&back, longer));
}

static void who_listens_goes_on_behind_the_mark(void)
{
    struct ot_news news[] = {{.number = 105, .at = NOW}};
    const struct ot_memory memory = {.last = {105, {2, 2, 1}},
                                     .next = {108, {5, 2, 1}},
                                     .news = news,
                                     .news_count = 1};
    const struct ot_mark known = {103, {1, 1, 1}}, ahead = {109, {0, 0, 0}};
    const struct ot_mark former = {42, {9, 9, 9}};

    CU_ASSERT_EQUAL(ot_memory_resume(&memory, &known, NOW).number, 103);
    CU_ASSERT_EQUAL(ot_memory_resume(&memory, &ahead, NOW).number, 108);
    /* Of a memory before this one: all of this one. */
    CU_ASSERT_EQUAL(ot_memory_resume(&memory, &former, NOW).number, 100);
    CU_ASSERT_EQUAL(ot_memory_resume(&memory, &former, NOW).signs[OT_SIGN_BEGAN], 0);
    /* Of nothing yet: what is not old. */
    CU_ASSERT_EQUAL(ot_memory_resume(&memory, NULL, NOW + 60).number, 105);
    CU_ASSERT_EQUAL(ot_memory_resume(&memory, NULL, NOW + 2 * OT_NEWS_FRESH_S).number,
                    108);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"what_is_written_is_read", what_is_written_is_read},
        {"one_certificate_is_read_alone", one_certificate_is_read_alone},
        {"any_damage_is_found", any_damage_is_found},
        {"the_last_thousand_are_kept", the_last_thousand_are_kept},
        {"since_when_it_is_trusted", since_when_it_is_trusted},
        {"marks_are_read_as_they_are_written", marks_are_read_as_they_are_written},
        {"who_listens_goes_on_behind_the_mark", who_listens_goes_on_behind_the_mark},
        {NULL, NULL},
    };

    return unit_main("memory", cases, argc, argv);
}

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static void check(const char *text, size_t len, const char *expected)
{
    char out[256];
    size_t n = ot_text_escape(out, sizeof(out), text, len);

    CU_ASSERT_STRING_EQUAL(out, expected);
    CU_ASSERT_EQUAL(n, strlen(expected));
}

/* Wherever it stands in plain text, which is looked at eight bytes at a time. */
static bool is_utf8_anywhere(const char *text)
{
    bool all = true, any = false;

    for (int before = 0; before < 17; before++)
        for (int behind = 0; behind < 17; behind += 8) {
            char whole[64];
            int len = snprintf(whole, sizeof(whole), "%.*s%s%.*s", before,
                               "abcdefghijklmnopq", text, behind, "abcdefghijklmnopq");
            bool good = ot_text_is_utf8(whole, (size_t)len);

            all = all && good;
            any = any || good;
        }
    CU_ASSERT_EQUAL(all, any);
    return all;
}

static void utf8_follows_the_table_of_well_formed_sequences(void)
{
    static const char *const good[] = {"",
                                       "plain",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xef\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "a\xc3(\x28",
                                      "\xff",
                                      "\xfe",
                                      "\xe2\x28\xa1",
                                      "\xf8\x88\x80"};
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CU_ASSERT_TRUE(is_utf8_anywhere(good[i]));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_FALSE(is_utf8_anywhere(bad[i]));
    CU_ASSERT_TRUE(ot_text_is_utf8("a\0b", 3));
}

static void fault_30_what_would_move_or_turn_a_line_is_escaped(void)
{
    check("Zürich Root", strlen("Zürich Root"), "Zürich Root");
    check("a\nb\x1b[2J\x7f", 8, "a\\x0ab\\x1b[2J\\x7f");
    check("a\0b", 3, "a\\x00b");
    check("\xc2\x9b!", 3, "\\u{009B}!");
    check("abc\xe2\x80\xae", 6, "abc\\u{202E}");
    check("\xe2\x81\xa6x\xe2\x81\xa9", 7, "\\u{2066}x\\u{2069}");
    check("\xe2\x80\xa8", 3, "\\u{2028}");
    check("\xef\xbb\xbfx", 4, "\\u{FEFF}x");
    check("\xc3", 1, "\\xc3");
    check("a\xff\xfez", 4, "a\\xff\\xfez");
}

static void a_full_buffer_ends_at_a_whole_character(void)
{
    char out[5];

    CU_ASSERT_EQUAL(ot_text_escape(out, sizeof(out), "abcdef", 6), 4);
    CU_ASSERT_STRING_EQUAL(out, "abcd");
    CU_ASSERT_EQUAL(ot_text_escape(out, sizeof(out), "abc\xc3\xa9", 5), 3);
    CU_ASSERT_STRING_EQUAL(out, "abc");
    CU_ASSERT_EQUAL(ot_text_escape(out, sizeof(out), "ab\n", 3), 2);
    CU_ASSERT_STRING_EQUAL(out, "ab");
    CU_ASSERT_EQUAL(ot_text_escape(out, 0, "ab", 2), 0);
}

static void a_number_is_digits_and_nothing_else(void)
{
    static const char *const wrong[] = {"",   "-1", "+1",   " 1",
                                        "1 ", "1x", "0x10", "9223372036854775808"};
    int64_t n = 7;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CU_ASSERT_FALSE(ot_text_number(&n, wrong[i], INT64_MAX));
    CU_ASSERT_FALSE(ot_text_number(&n, "11", 10));
    CU_ASSERT_EQUAL(n, 7);
    CU_ASSERT_TRUE(ot_text_number(&n, "010", 10));
    CU_ASSERT_EQUAL(n, 10);
    CU_ASSERT_TRUE(ot_text_number(&n, "9223372036854775807", INT64_MAX));
    CU_ASSERT_EQUAL(n, INT64_MAX);
}

static void a_day_ends_at_midnight_utc(void)
{
    static const char *const wrong[] = {"",           "2027-02-29",  "2027-1-1",
                                        "27-12-31",   "2027-12-31 ", " 2027-12-31",
                                        "1969-12-30", "2027-13-01",  "10000-01-01"};
    int64_t end = 7;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CU_ASSERT_FALSE(ot_text_day_end(&end, wrong[i]));
    CU_ASSERT_EQUAL(end, 7);
    CU_ASSERT_TRUE(ot_text_day_end(&end, "2027-12-31"));
    CU_ASSERT_EQUAL(end, 1830297599);
}

/* Each byte at each place of texts of each length that is looked at by words. */
static void plain_is_what_is_shown_as_it_is(void)
{
    char text[32], shown[8 * 32 + 1];
    unsigned wrong = 0;

    for (size_t len = 1; len <= 26; len++)
        for (size_t at = 0; at < len; at++)
            for (int byte = 0; byte < 256; byte++) {
                const bool is_plain = byte >= ' ' && byte <= '~';

                memset(text, 'a' + (int)at, sizeof(text));
                text[at] = (char)byte;
                wrong += ot_text_plain_len(text, len) != (is_plain ? len : at);
                if (byte < 0x80 && byte != 0)
                    wrong += is_plain !=
                             (ot_text_escape(shown, sizeof(shown), text, len) == len);
            }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(ot_text_plain_len("", 0), 0);
}

static void a_number_is_written_by_its_digits(void)
{
    static const uint64_t numbers[] = {0,   1,   9,          10,        99,
                                       100, 999, UINT32_MAX, INT64_MAX, UINT64_MAX};
    char text[OT_TEXT_NUMBER_MAX + 1], expected[OT_TEXT_NUMBER_MAX + 1];

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        *ot_text_put_number(text, numbers[i]) = '\0';
        snprintf(expected, sizeof(expected), "%" PRIu64, numbers[i]);
        CU_ASSERT_STRING_EQUAL(text, expected);
    }
}

static void a_span_is_told_in_its_largest_unit(void)
{
    char buf[OT_TEXT_SPAN_MAX];

    CU_ASSERT_STRING_EQUAL(ot_text_span(buf, 0), "0 s");
    CU_ASSERT_STRING_EQUAL(ot_text_span(buf, 1), "1 s");
    CU_ASSERT_STRING_EQUAL(ot_text_span(buf, 119), "119 s");
    CU_ASSERT_STRING_EQUAL(ot_text_span(buf, 120), "2 min");
    CU_ASSERT_STRING_EQUAL(ot_text_span(buf, 7200), "2 h");
    CU_ASSERT_STRING_EQUAL(ot_text_span(buf, 172800), "2 days");
    CU_ASSERT_STRING_EQUAL(ot_text_span(buf, -86400), "-86400 s");
    CU_ASSERT_STRING_EQUAL(ot_text_span(buf, INT64_MAX), "106751991167300 days");
    CU_ASSERT_STRING_EQUAL(ot_text_span(buf, INT64_MIN), "-9223372036854775808 s");
}

static const struct unit_case cases[] = {
    {"utf8_follows_the_table_of_well_formed_sequences",
     utf8_follows_the_table_of_well_formed_sequences},
    {"fault_30_what_would_move_or_turn_a_line_is_escaped",
     fault_30_what_would_move_or_turn_a_line_is_escaped},
    {"a_full_buffer_ends_at_a_whole_character", a_full_buffer_ends_at_a_whole_character},
    {"a_number_is_digits_and_nothing_else", a_number_is_digits_and_nothing_else},
    {"a_day_ends_at_midnight_utc", a_day_ends_at_midnight_utc},
    {"plain_is_what_is_shown_as_it_is", plain_is_what_is_shown_as_it_is},
    {"a_number_is_written_by_its_digits", a_number_is_written_by_its_digits},
    {"a_span_is_told_in_its_largest_unit", a_span_is_told_in_its_largest_unit},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("text", cases, argc, argv);
}

#include "base/hex.h"

#include <string.h>

#include "unit.h"

static void a_digit_has_its_value_in_either_case(void)
{
    for (int c = 0; c < 256; c++) {
        bool known = c != 0 && strchr("0123456789abcdefABCDEF", c) != NULL;

        CU_ASSERT_EQUAL(ot_hex_value((char)c) >= 0, known);
    }
    CU_ASSERT_EQUAL(ot_hex_value('0'), 0);
    CU_ASSERT_EQUAL(ot_hex_value('9'), 9);
    CU_ASSERT_EQUAL(ot_hex_value('a'), 10);
    CU_ASSERT_EQUAL(ot_hex_value('F'), 15);
}

static void a_byte_needs_both_of_its_digits(void)
{
    CU_ASSERT_EQUAL(ot_hex_byte("7f"), 0x7f);
    CU_ASSERT_EQUAL(ot_hex_byte("00"), 0);
    CU_ASSERT_EQUAL(ot_hex_byte("Ffx"), 0xff);
    CU_ASSERT_EQUAL(ot_hex_byte(""), -1);
    CU_ASSERT_EQUAL(ot_hex_byte("a"), -1);
    CU_ASSERT_EQUAL(ot_hex_byte("ag"), -1);
}

static void what_is_written_is_read(void)
{
    uint8_t bytes[256], again[256] = {0};
    char text[2 * 256 + 2];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    text[512] = text[513] = '!';
    ot_hex_write(text, bytes, sizeof(bytes));
    CU_ASSERT_EQUAL(strlen(text), 512);
    CU_ASSERT_EQUAL(text[513], '!');
    CU_ASSERT_EQUAL(strspn(text, "0123456789abcdef"), 512);
    CU_ASSERT_TRUE(ot_hex_read(again, sizeof(again), text));
    CU_ASSERT_EQUAL(memcmp(again, bytes, sizeof(bytes)), 0);
    text[511] = 'g';
    CU_ASSERT_FALSE(ot_hex_read(again, sizeof(again), text));
}

static const struct unit_case cases[] = {
    {"a digit has its value in either case", a_digit_has_its_value_in_either_case},
    {"a byte needs both of its digits", a_byte_needs_both_of_its_digits},
    {"what is written is read", what_is_written_is_read},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("hex", cases, argc, argv);
}

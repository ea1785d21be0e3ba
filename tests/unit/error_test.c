#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "unit.h"

static void every_status_has_a_word_of_its_own(void)
{
    int i, j;

    for (i = 0; i < OT_STATUS_COUNT; i++) {
        CU_ASSERT_EQUAL((int)ot_status_from_word(ot_status_word((enum ot_status)i)), i);
        for (j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(ot_status_word((enum ot_status)i),
                                       ot_status_word((enum ot_status)j));
    }
    CU_ASSERT_EQUAL(ot_status_from_word("no such word"), OT_E_INTERNAL);
}

static void a_sentence_is_set_prefixed_and_cleared(void)
{
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_EQUAL(ot_error_set(&err, OT_E_AUTH, "key from %s refused", "a file"),
                    OT_E_AUTH);
    CU_ASSERT_STRING_EQUAL(err.message, "key from a file refused");
    ot_error_prefix(&err, "source '%s'", "lab");
    CU_ASSERT_STRING_EQUAL(err.message, "source 'lab': key from a file refused");
    CU_ASSERT_EQUAL(err.status, OT_E_AUTH);
    ot_error_clear(&err);
    CU_ASSERT_EQUAL(err.status, OT_OK);
    CU_ASSERT_STRING_EQUAL(err.message, "");
}

static void nobody_has_to_listen(void)
{
    CU_ASSERT_EQUAL(ot_error_set(NULL, OT_E_IO, "x"), OT_E_IO);
    CU_ASSERT_EQUAL(ot_error_errno(NULL, OT_E_IO, ENOSPC, "x"), OT_E_NO_SPACE);
    CU_ASSERT_EQUAL(ot_error_nomem(NULL), OT_E_NOMEM);
    ot_error_prefix(NULL, "x");
    ot_error_clear(NULL);
}

static void the_systems_reason_decides_between_disk_memory_and_the_rest(void)
{
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_EQUAL(ot_error_errno(&err, OT_E_IO, EACCES, "open %s", "f"), OT_E_IO);
    CU_ASSERT_STRING_EQUAL(err.message, "open f: Permission denied");
    CU_ASSERT_EQUAL(ot_error_errno(&err, OT_E_IO, EDQUOT, "w"), OT_E_NO_SPACE);
    CU_ASSERT_EQUAL(err.status, OT_E_NO_SPACE);
    CU_ASSERT_EQUAL(ot_error_errno(&err, OT_E_IO, ENOMEM, "w"), OT_E_NOMEM);
}

static void fault_30_text_from_the_network_is_escaped_and_cut(void)
{
    struct ot_error err = OT_ERROR_INIT;
    char text[4 * OT_ERROR_MAX];

    ot_error_set(&err, OT_E_REFUSED, "the API says \"%s\"", "no\x1b[2J\nway");
    CU_ASSERT_STRING_EQUAL(err.message, "the API says \"no\\x1b[2J\\x0away\"");
    memset(text, '\xc3', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    ot_error_set(&err, OT_E_REFUSED, "%s", text);
    CU_ASSERT_TRUE(strlen(err.message) < OT_ERROR_MAX);
    CU_ASSERT_TRUE(ot_text_is_utf8(err.message, strlen(err.message)));
}

static const struct unit_case cases[] = {
    {"every_status_has_a_word_of_its_own", every_status_has_a_word_of_its_own},
    {"a_sentence_is_set_prefixed_and_cleared", a_sentence_is_set_prefixed_and_cleared},
    {"nobody_has_to_listen", nobody_has_to_listen},
    {"the_systems_reason_decides_between_disk_memory_and_the_rest",
     the_systems_reason_decides_between_disk_memory_and_the_rest},
    {"fault_30_text_from_the_network_is_escaped_and_cut",
     fault_30_text_from_the_network_is_escaped_and_cut},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("error", cases, argc, argv);
}

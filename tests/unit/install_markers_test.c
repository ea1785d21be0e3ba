/* Our lines in somebody else's text: in and out again, to the byte. */
#include "install/markers_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define BODY "[section]\nkey = value\n"

static struct ot_file_state state_of(const char *text)
{
    struct ot_file_state state = {.kind = OT_FILE_ABSENT};

    ot_file_state_set(&state, strdup(text), strlen(text));
    return state;
}

typedef enum ot_status put_lines(struct ot_file_state *to,
                                 const struct ot_file_state *text, const char *body,
                                 struct ot_error *err);

/* In, out; with what is written behind it meanwhile. */
static void there_and_back(put_lines *put, const char *text, const char *later,
                           const char *expected)
{
    struct ot_file_state before = state_of(text), with = {.kind = OT_FILE_ABSENT};
    struct ot_file_state without = {.kind = OT_FILE_ABSENT}, edited;
    char joined[1024];
    bool found;

    CU_ASSERT_EQUAL(put(&with, &before, BODY, NULL), OT_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(with.data, "\n" BODY "#"));
    snprintf(joined, sizeof(joined), "%s%s", with.data, later);
    edited = state_of(joined);
    CU_ASSERT_EQUAL(ot_markers_strip(&without, "f", &edited, &found, NULL), OT_OK);
    CU_ASSERT_TRUE(found);
    CU_ASSERT_STRING_EQUAL(without.data, expected);
    CU_ASSERT_EQUAL(without.len, strlen(expected));
    ot_file_state_clear(&before);
    ot_file_state_clear(&with);
    ot_file_state_clear(&without);
    ot_file_state_clear(&edited);
}

static void what_comes_goes_to_the_byte(void)
{
    static const char *const texts[] = {"",    "\n",       "a",          "a\n",
                                        "a\r", "a\n\n\n",  "a\n# >>>\n", "\na",
                                        " ",   "a\\\nb\n", "[x]\ny = z"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        there_and_back(ot_markers_append, texts[i], "", texts[i]);
        there_and_back(ot_markers_prepend, texts[i], "", texts[i]);
    }
}

/* Also the line end that was not there stays then: what follows is a line of its own. */
static void what_was_written_behind_stays(void)
{
    there_and_back(ot_markers_append, "a\n", "b", "a\nb");
    there_and_back(ot_markers_append, "a", "b\n", "a\nb\n");
    there_and_back(ot_markers_prepend, "a\n", "b\n", "a\nb\n");
}

static void what_is_not_there_is_not_found(void)
{
    struct ot_file_state text = state_of("# written by orgtrust install\n# <<< it <<<\n");
    struct ot_file_state without = {.kind = OT_FILE_ABSENT};
    bool found = true;

    CU_ASSERT_EQUAL(ot_markers_strip(&without, "f", &text, &found, NULL), OT_OK);
    CU_ASSERT_FALSE(found);
    CU_ASSERT_TRUE(ot_file_state_equal(&text, &without));
    ot_file_state_clear(&text);
    ot_file_state_clear(&without);
}

/* Rather than to take away all that follows. */
static void a_lost_end_is_refused(void)
{
    struct ot_file_state text = state_of("a\n"), with = {.kind = OT_FILE_ABSENT};
    struct ot_file_state without = {.kind = OT_FILE_ABSENT};
    struct ot_error err = OT_ERROR_INIT;
    bool found;

    CU_ASSERT_EQUAL(ot_markers_append(&with, &text, BODY, NULL), OT_OK);
    with.len -= 5;
    with.data[with.len] = '\0';
    CU_ASSERT_EQUAL(ot_markers_strip(&without, "f", &with, &found, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "# <<< written by orgtrust install <<<"));
    ot_file_state_clear(&text);
    ot_file_state_clear(&with);
    ot_file_state_clear(&without);
}

static const struct unit_case cases[] = {
    {"what_comes_goes_to_the_byte", what_comes_goes_to_the_byte},
    {"what_was_written_behind_stays", what_was_written_behind_stays},
    {"what_is_not_there_is_not_found", what_is_not_there_is_not_found},
    {"a_lost_end_is_refused", a_lost_end_is_refused},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("install_markers", cases, argc, argv);
}

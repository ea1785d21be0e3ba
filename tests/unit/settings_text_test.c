/* Where in a configuration that is there the lines of orgtrust setup go, again and again.
 */
#include "install/settings_text_internal.h"

#include <stdlib.h>
#include <string.h>

#include "install/markers_internal.h"
#include "unit.h"

#define BEGIN "# >>> written by orgtrust setup; orgtrust setup --undo removes it >>>\n"
#define BEHIND                                                                           \
    "# >>> written by orgtrust setup; orgtrust setup --undo removes it, and the line "   \
    "end before >>>\n"
#define END "# <<< written by orgtrust setup <<<\n"
#define URL "base_url = https://a.example/v1\n"

static const char *const url[OT_SETTING_COUNT] = {"https://a.example/v1"};
static const char *const nothing[OT_SETTING_COUNT] = {NULL};

static struct ot_file_state state_of(const char *text)
{
    struct ot_file_state state = {.kind = OT_FILE_ABSENT};

    ot_file_state_set(&state, strdup(text), strlen(text));
    return state;
}

static void is_written(const char *text, const char *const *values, const char *expected)
{
    struct ot_file_state before = state_of(text), after = {.kind = OT_FILE_ABSENT};
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_EQUAL(ot_settings_write(&after, "f", &before, values, &err), OT_OK);
    CU_ASSERT_EQUAL(after.len, strlen(expected));
    CU_ASSERT_STRING_EQUAL(after.data != NULL ? after.data : "", expected);
    ot_file_state_clear(&before);
    ot_file_state_clear(&after);
}

static const struct {
    const char *before, *after;
} places[] = {
    {"", BEGIN URL END},
    {"timeout = 3s", BEGIN URL END "timeout = 3s"},
    {"[source lab]\nnames = a",
     "[source lab]\nnames = a\n" BEHIND "[source default]\n" URL END},
    {"[source default]\ntimeout = 3s\n[source lab]\n",
     "[source default]\n" BEGIN URL END "timeout = 3s\n[source lab]\n"},
    {"base_url = https://b.example/v1\n",
     "base_url = https://b.example/v1\n" BEGIN "[source default]\n" URL END},
};

/* They hold for the one source, and a second time nothing moves. */
static void each_file_has_its_place(void)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        is_written(places[i].before, url, places[i].after);
        is_written(places[i].after, url, places[i].after);
        is_written(places[i].after, nothing, places[i].before);
    }
}

/* What was written behind or before them since does not move them. */
static void they_stay_where_they_are(void)
{
    is_written("# >>> others\n" BEGIN "base_url = https://b.example/v1\n" END
               "[source lab]\n",
               url, "# >>> others\n" BEGIN URL END "[source lab]\n");
    is_written("[source lab]\n" BEGIN "[source default]\nca_file = /x\n" END
               "timeout = 3s\n",
               url, "[source lab]\n" BEGIN "[source default]\n" URL END "timeout = 3s\n");
}

static void what_the_section_says_by_hand_is_named(void)
{
    struct ot_file_state before =
        state_of("\n[source default]\nbase_url = https://b.example/v1\n");
    struct ot_file_state after = {.kind = OT_FILE_ABSENT};
    struct ot_error err = OT_ERROR_INIT;

    CU_ASSERT_EQUAL(ot_settings_write(&after, "f", &before, url, &err), OT_E_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "f:3 has another base_url"));
    ot_file_state_clear(&before);
    ot_file_state_clear(&after);
}

static const struct unit_case cases[] = {
    {"each_file_has_its_place", each_file_has_its_place},
    {"they_stay_where_they_are", they_stay_where_they_are},
    {"what_the_section_says_by_hand_is_named", what_the_section_says_by_hand_is_named},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("settings_text", cases, argc, argv);
}

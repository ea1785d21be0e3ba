#include "cache/state.h"

#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "child.h"
#include "config/source.h"
#include "files.h"
#include "unit.h"

static void round_trip(const struct ot_state *state)
{
    char text[OT_STATE_BYTES_MAX];
    struct ot_error err = OT_ERROR_INIT;
    struct ot_state back;
    size_t len = ot_state_format(state, text, sizeof(text));

    CU_ASSERT(len > 0 && len < OT_STATE_BYTES_MAX);
    CU_ASSERT_EQUAL(strlen(text), len);
    file_put(unit_path("state"), text, len, 0644);
    CU_ASSERT_EQUAL(ot_state_read(&back, unit_path("state"), &err), OT_OK);
    if (err.message[0] != '\0')
        fprintf(stderr, "\n  %s\n", err.message);
    CU_ASSERT_EQUAL(back.attempt_at, state->attempt_at);
    CU_ASSERT_EQUAL(back.retry_at, state->retry_at);
    CU_ASSERT_EQUAL(back.failures, state->failures);
    CU_ASSERT_EQUAL(back.last.status, state->last.status);
    CU_ASSERT_STRING_EQUAL(back.last.message, state->last.message);
    CU_ASSERT_EQUAL(back.key_ends_at, state->key_ends_at);
    CU_ASSERT_EQUAL(back.key_asked_at, state->key_asked_at);
}

static void what_is_written_is_read(void)
{
    struct ot_state state = {0};

    round_trip(&state);
    state.attempt_at = 1800000000;
    state.retry_at = 1800000060;
    state.failures = 2;
    state.key_ends_at = 1900000000;
    state.key_asked_at = 1800000000;
    ot_error_set(&state.last, OT_E_AUTH,
                 "401; the key in /etc/key was refused ; \"quoted\" 100%% [x] = # ä€😀 ");
    round_trip(&state);
}

static void the_longest_sentence_survives(void)
{
    struct ot_state state = {.failures = 1};
    char filler[OT_ERROR_MAX];
    size_t i;

    state.last.status = OT_E_NETWORK;
    memset(state.last.message, '%', OT_ERROR_MAX - 1);
    round_trip(&state);
    for (i = 0; i + 4 < sizeof(filler); i += 4)
        memcpy(filler + i, "😀", 4);
    filler[i] = '\0';
    ot_error_set(&state.last, OT_E_NETWORK, "%s", filler);
    round_trip(&state);
    memset(filler, ' ', sizeof(filler) - 1); /* blanks where lines are cut */
    filler[sizeof(filler) - 1] = '\0';
    ot_error_set(&state.last, OT_E_NETWORK, "%s", filler);
    round_trip(&state);
}

static void a_small_buffer_gets_nothing(void)
{
    struct ot_state state = {.failures = 1};
    char text[160];

    ot_error_set(&state.last, OT_E_NETWORK, "no route to the host of the API");
    CU_ASSERT_EQUAL(ot_state_format(&state, text, sizeof(text)), 0);
}

static void absent_means_no_failure(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_state state = {.failures = 9};

    CU_ASSERT_EQUAL(ot_state_read(&state, unit_path("none"), &err), OT_OK);
    CU_ASSERT_EQUAL(state.failures, 0);
    CU_ASSERT_EQUAL(err.status, OT_OK);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    CU_ASSERT_EQUAL(ot_state_read(&state, unit_path("none/none"), NULL), OT_OK);
}

/* What a full disk has room for: a failure of when it was written. */
static void fault_38_an_empty_file_holds_back(void)
{
    struct ot_state state;
    struct stat st;

    file_put(unit_path("empty"), "", 0, 0644);
    CU_ASSERT_EQUAL(stat(unit_path("empty"), &st), 0);
    CU_ASSERT_EQUAL(ot_state_read(&state, unit_path("empty"), NULL), OT_OK);
    CU_ASSERT_EQUAL(state.failures, 1);
    CU_ASSERT_EQUAL(state.last.status, OT_E_NO_SPACE);
    CU_ASSERT(ot_state_holds_back(&state, st.st_mtime + OT_BACKOFF_FIRST_S - 1));
    CU_ASSERT_FALSE(ot_state_holds_back(&state, st.st_mtime + OT_BACKOFF_FIRST_S));
}

static void what_is_not_ours_is_refused(void)
{
    static const char *const texts[] = {
        "attempt_at = -1\n",
        "attempt_at = 1x\n",
        "attempt_at =\n",
        "attempt_at = 99999999999999999999\n",
        "failures = 2147483648\n",
        "failures = 1\nfailures = 1\n",
        "status = awful\n",
        "message = unquoted\n",
        "message = \"a\"\nmessage = \"b\"\n",
        "message = \"\n",
        "message = \"%\"\n",
        "message = \"%4\"\n",
        "message = \"%00\"\n",
        "message = \"%zz\"\n",
        "other = 1\n",
        "[section]\n",
        "nonsense\n",
        "failures = 1\n  2\n",
    };
    struct ot_error err;
    struct ot_state state;
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ot_error_clear(&err);
        file_put_text(unit_path("bad"), texts[i]);
        if (ot_state_read(&state, unit_path("bad"), &err) != OT_E_CORRUPT)
            fprintf(stderr, "\n  accepted: %s", texts[i]);
        CU_ASSERT_EQUAL(err.status, OT_E_CORRUPT);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, unit_path("bad")));
        CU_ASSERT_EQUAL(state.failures, 0);
        CU_ASSERT_EQUAL(state.attempt_at, 0);
    }
}

static void a_sentence_cannot_outgrow_its_place(void)
{
    char text[OT_ERROR_MAX + 64];
    struct ot_error err = OT_ERROR_INIT;
    struct ot_state state;

    snprintf(text, sizeof(text), "message = \"%0*d\"\n", OT_ERROR_MAX, 0);
    file_put_text(unit_path("long"), text);
    CU_ASSERT_EQUAL(ot_state_read(&state, unit_path("long"), &err), OT_E_CORRUPT);
}

static void controls_stay_escaped(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_state state;

    file_put_text(unit_path("esc"), "status = network\nmessage = \"a%1b[31mb%0ac\"\n");
    CU_ASSERT_EQUAL(ot_state_read(&state, unit_path("esc"), &err), OT_OK);
    CU_ASSERT_PTR_NULL(strchr(state.last.message, 0x1b));
    CU_ASSERT_PTR_NULL(strchr(state.last.message, '\n'));
    CU_ASSERT_EQUAL(state.last.status, OT_E_NETWORK);
}

static void fault_41_a_shared_state_file_is_refused(void)
{
    struct ot_error err = OT_ERROR_INIT;
    struct ot_state state;

    file_put(unit_path("shared"), "failures = 3\n", 13, 0666);
    CU_ASSERT_EQUAL(ot_state_read(&state, unit_path("shared"), &err), OT_E_UNSAFE);
    CU_ASSERT_EQUAL(state.failures, 0);
    CU_ASSERT_EQUAL(symlink("shared", unit_path("link")), 0);
    CU_ASSERT_EQUAL(ot_state_read(&state, unit_path("link"), &err), OT_E_UNSAFE);
}

static void put_state(const char *name, const char *message, int64_t attempt_in_s,
                      int64_t retry_in_s)
{
    const int64_t now = (int64_t)time(NULL);
    struct ot_state state = {
        .attempt_at = now + attempt_in_s, .retry_at = now + retry_in_s, .failures = 1};
    char text[OT_STATE_BYTES_MAX];
    size_t len;

    ot_error_set(&state.last, OT_E_NETWORK, "%s", message);
    len = ot_state_format(&state, text, sizeof(text));
    file_put(unit_path(name), text, len, 0644);
}

static bool is_of(const char *message)
{
    struct ot_source source = {.name = (char *)"corp", .cache_dir = (char *)unit_dir()};
    struct ot_state state = {.failures = 9};

    return ot_state_of(&state, &source, NULL) == OT_OK &&
           strcmp(state.last.message, message) == 0;
}

/* 0 to 9: which of the steps does not hold; 77: not possible here. */
static int look_without_network(void)
{
    if (unshare(CLONE_NEWNET) != 0)
        return 77;
    put_state("corp.offline", "of those without", -5, 60);
    if (!is_of("of those without"))
        return 1;
    put_state("corp.state", "of all", -5, -1); /* that time is over */
    if (!is_of("of those without"))
        return 2;
    put_state("corp.state", "of all", -5, 60);
    if (!is_of("of all"))
        return 3;
    unlink(unit_path("corp.offline"));
    return is_of("of all") ? 0 : 4;
}

static void fault_75_those_without_a_network_have_a_state_of_their_own(void)
{
    int found;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0)
        _exit(look_without_network());
    found = child_status(pid);
    if (found == 77) {
        unit_skip("a network namespace of its own (needs root)");
        return;
    }
    CU_ASSERT_EQUAL(found, 0);
}

static void what_holds_back(void)
{
    struct ot_state state = {
        .attempt_at = 1000, .retry_at = 1060, .failures = 1, .last = {OT_E_AUTH, "", 0}};

    CU_ASSERT(ot_state_holds_back(&state, 1059));
    CU_ASSERT_FALSE(ot_state_holds_back(&state, 1060));
    CU_ASSERT(ot_state_holds_back(&state, 1000 - OT_CLOCK_SKEW_S));
    CU_ASSERT_FALSE(ot_state_holds_back(&state, 999 - OT_CLOCK_SKEW_S));
    state.failures = 0;
    CU_ASSERT_FALSE(ot_state_holds_back(&state, 1059));
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"what_is_written_is_read", what_is_written_is_read},
        {"the_longest_sentence_survives", the_longest_sentence_survives},
        {"a_small_buffer_gets_nothing", a_small_buffer_gets_nothing},
        {"absent_means_no_failure", absent_means_no_failure},
        {"fault_38_an_empty_file_holds_back", fault_38_an_empty_file_holds_back},
        {"what_is_not_ours_is_refused", what_is_not_ours_is_refused},
        {"a_sentence_cannot_outgrow_its_place", a_sentence_cannot_outgrow_its_place},
        {"controls_stay_escaped", controls_stay_escaped},
        {"fault_41_a_shared_state_file_is_refused",
         fault_41_a_shared_state_file_is_refused},
        {"fault_75_those_without_a_network_have_a_state_of_their_own",
         fault_75_those_without_a_network_have_a_state_of_their_own},
        {"what_holds_back", what_holds_back},
        {NULL, NULL}};

    return unit_main("state", cases, argc, argv);
}

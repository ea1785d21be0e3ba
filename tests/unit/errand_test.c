#include "errand/errand.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "config/source.h"
#include "files.h"
#include "sandbox.h"
#include "unit.h"

#define LONG_MS 60000
#define KEY "sk-admin-errand-key-5f1d"
#define PEM "-----BEGIN CERTIFICATE-----"

static struct ot_source source = {.name = (char *)"corp",
                                  .origin = (char *)"/etc/orgtrust/orgtrust.conf:7"};
static struct ot_errand_result result;
static struct ot_error err;
static char report_text[65536];

static void say(const char *text)
{
    setenv("ORGTRUST_TEST_SAY", text, 1);
}

static void reset(void)
{
    setenv("ORGTRUST_COMMAND", SYNC_PROBE, 1);
    setenv("ORGTRUST_TEST_REPORT", unit_path("report"), 1);
    setenv("ORGTRUST_TEST_ERRAND", "1", 1);
    unsetenv("ORGTRUST_TEST_DELAY_MS");
    unsetenv("OPENAI_ADMIN_KEY");
    unlink(unit_path("report"));
    say("status ok\nid cert_1\n");
    ot_error_clear(&err);
}

static enum ot_status upload_with(struct ot_span input, struct ot_span key,
                                  int timeout_ms)
{
    struct ot_errand errand = {
        .source = &source,
        .arguments = {"upload", "--name", "A name", "--", "-"},
        .input = input,
        .key = key,
        .timeout_ms = timeout_ms,
    };

    memset(&result, 0xff, sizeof(result));
    return ot_errand_run(&errand, &result, &err);
}

static enum ot_status upload(void)
{
    return upload_with(ot_span_str(PEM), ot_span_str(KEY), LONG_MS);
}

static void read_report(void)
{
    FILE *file = fopen(unit_path("report"), "re");
    size_t n = 1;

    memset(report_text, 0, sizeof(report_text));
    report_text[0] = '\n';
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    n += fread(report_text + n, 1, sizeof(report_text) - n - 1, file);
    fclose(file);
}

static bool reported(const char *text)
{
    if (strstr(report_text, text) != NULL)
        return true;
    fprintf(stderr, "\n  not reported: %s\n", text);
    return false;
}

/* valgrind, following children, keeps descriptors of its own at the top. */
static unsigned descriptors_reported(void)
{
    const char *at = report_text;
    unsigned n = 0;

    while ((at = strstr(at, "\nfd ")) != NULL) {
        at += 4;
        n += atoi(at) < 100;
    }
    return n;
}

static unsigned descriptors_open(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static void the_command_sees_what_it_needs(void)
{
    unsigned before = descriptors_open();

    reset();
    CU_ASSERT_EQUAL(upload(), OT_OK);
    CU_ASSERT_STRING_EQUAL(result.id, "cert_1");
    CU_ASSERT(result.done);
    CU_ASSERT_EQUAL(descriptors_open(), before);
    read_report();
    CU_ASSERT(reported("\narg orgtrust\narg upload\narg --source\narg corp\n"
                       "arg --key-fd=4\narg --report-fd=5\n"
                       "arg --name\narg A name\narg --\narg -\nenv "));
    CU_ASSERT_EQUAL(descriptors_reported(), 5);
    CU_ASSERT(reported("\nfd 0 /memfd:orgtrust-input"));
    CU_ASSERT(reported("\nfd 1 /dev/null\n"));
    CU_ASSERT(reported("\nfd 2 /dev/null\n"));
    CU_ASSERT(reported("\nfd 4 pipe:"));
    CU_ASSERT(reported("\nfd 5 pipe:"));
    CU_ASSERT(reported("\nread 0 27 bytes, sum "));
    CU_ASSERT(reported(": " PEM "\n"));
    CU_ASSERT(reported("\nread 4 24 bytes, sum "));
    CU_ASSERT(reported(": " KEY "\n"));
    CU_ASSERT(reported("\ncwd /\numask 022\nleader 1\n"));
}

static void without_key_and_input_there_is_nothing_of_them(void)
{
    reset();
    setenv("OPENAI_ADMIN_KEY", "sk-admin-configured", 1);
    CU_ASSERT_EQUAL(
        upload_with(ot_span_of(NULL, 0), ot_errand_key(ot_span_str("config")), LONG_MS),
        OT_OK);
    read_report();
    CU_ASSERT_PTR_NULL(strstr(report_text, "--key-fd"));
    CU_ASSERT_EQUAL(descriptors_reported(), 4);
    CU_ASSERT(reported("\nfd 0 /dev/null\n"));
    CU_ASSERT(reported("\nenv OPENAI_ADMIN_KEY=sk-admin-configured\n"));
    CU_ASSERT_EQUAL(ot_errand_key(ot_span_str(KEY)).len, strlen(KEY));
}

/* The number of times that text is in the report. */
static unsigned count(const char *text)
{
    unsigned n = 0;

    for (const char *at = report_text; (at = strstr(at, text)) != NULL; n++)
        at += strlen(text);
    return n;
}

static void fault_55_a_given_key_is_in_the_pipe_alone(void)
{
    reset();
    setenv("OPENAI_ADMIN_KEY", KEY, 1);
    setenv("LD_BIND_NOW_OF_THE_TEST", KEY, 1);
    CU_ASSERT_EQUAL(upload(), OT_OK);
    read_report();
    CU_ASSERT_EQUAL(count("OPENAI_ADMIN_KEY"), 0);
    CU_ASSERT_EQUAL(count(KEY), 1);
    CU_ASSERT(reported(": " KEY "\n"));
    unsetenv("LD_BIND_NOW_OF_THE_TEST");
}

/* Such a source is only there while the variable is. */
static void fault_55_a_source_of_the_environment_keeps_existing(void)
{
    struct ot_errand errand = {.source = &source,
                               .arguments = {"sync"},
                               .key = ot_span_str(KEY),
                               .timeout_ms = LONG_MS};
    char *const before = source.origin;

    reset();
    setenv("OPENAI_ADMIN_KEY", "sk-admin-other", 1);
    source.origin = (char *)"environment";
    CU_ASSERT_EQUAL(ot_errand_run(&errand, &result, &err), OT_OK);
    source.origin = before;
    read_report();
    CU_ASSERT(reported("\nenv OPENAI_ADMIN_KEY=in-descriptor-4\n"));
    CU_ASSERT_EQUAL(count("sk-admin-other"), 0);
    CU_ASSERT_EQUAL(count(KEY), 1);
}

static void the_report_becomes_status_sentence_and_id(void)
{
    static const struct {
        const char *text;
        enum ot_status status;
        bool done;
        const char *id, *message;
    } rows[] = {
        {"status ok\n", OT_OK, true, "", ""},
        {"status ok\nfuture 1 2\nid cert_2\ndone\n", OT_OK, true, "cert_2", ""},
        {"status auth\nerror the API: no such key\n", OT_E_AUTH, false, "",
         "the API: no such key"},
        {"status forbidden\nerror read only\n", OT_E_FORBIDDEN, false, "", "read only"},
        {"status limit\nerror full\n", OT_E_LIMIT, false, "", "full"},
        {"status network\ndone\nid cert_3\nerror not synced\n", OT_E_NETWORK, true,
         "cert_3", "not synced"},
        {"status refused\n", OT_E_REFUSED, false, "", "the orgtrust command has failed"},
        {"status brand-new\nerror a kind we lack\n", OT_E_INTERNAL, false, "",
         "a kind we lack"},
        {"status ok\nid ../../etc/passwd\n", OT_OK, true, "", ""},
        {"status refused\nerror a\x1b[2Jb\n", OT_E_REFUSED, false, "", "a\\x1b[2Jb"},
        {"", OT_E_INTERNAL, false, "", "orgtrust upload ended without a report"},
        {"id cert_4\n", OT_E_INTERNAL, false, "cert_4", "ended without a report"},
        {"status ok", OT_E_INTERNAL, false, "", "ended without a report"},
        {"status ok\nid cert", OT_E_INTERNAL, false, "", "ended without a report"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reset();
        say(rows[i].text);
        CU_ASSERT_EQUAL(upload(), rows[i].status);
        CU_ASSERT_EQUAL(result.done, rows[i].done);
        CU_ASSERT_STRING_EQUAL(result.id, rows[i].id);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.message, rows[i].message));
        if (rows[i].status == OT_OK)
            CU_ASSERT_STRING_EQUAL(err.message, "");
    }
}

static void a_report_without_an_end_is_cut(void)
{
    static char endless[60000];

    reset();
    memset(endless, 'x', sizeof(endless) - 1);
    memcpy(endless, "status ok\nerror ", 16);
    say(endless);
    CU_ASSERT_EQUAL(upload(), OT_E_INTERNAL);
}

static void a_command_that_is_not_there_is_named(void)
{
    unsigned before = descriptors_open();

    reset();
    setenv("ORGTRUST_COMMAND", "orgtrust", 1);
    CU_ASSERT_EQUAL(upload(), OT_E_CONFIG);
    if (child_is_under_valgrind()) {
        unit_skip("valgrind's posix_spawn always succeeds");
        return;
    }
    setenv("ORGTRUST_COMMAND", "/nonexistent/orgtrust", 1);
    CU_ASSERT_EQUAL(upload(), OT_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "/nonexistent/orgtrust"));
    CU_ASSERT_EQUAL(descriptors_open(), before);
}

static void fault_52_the_host_sees_no_child(void)
{
    struct sigaction before;

    reset();
    child_unseen_begin(&before);
    CU_ASSERT_EQUAL(upload(), OT_OK);
    child_unseen_end(&before);
}

/* It gets the child after all; what it has itself stays its own. */
static void fault_52_a_subreaper_is_left_no_zombie(void)
{
    pid_t own;

    reset();
    CU_ASSERT_EQUAL(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    own = fork();
    if (own == 0)
        child_leave(true);
    CU_ASSERT_EQUAL(upload(), OT_OK);
    CU_ASSERT_EQUAL(waitpid(own, NULL, 0), own);
    CU_ASSERT_EQUAL(waitpid(-1, NULL, (int)(__WALL | WNOHANG)), -1);
    CU_ASSERT_EQUAL(errno, ECHILD);
    CU_ASSERT_EQUAL(prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
}

static void fault_52_closed_standard_descriptors_do_no_harm(void)
{
    int status;
    pid_t pid;

    reset();
    pid = fork();
    if (pid == 0) {
        close(0);
        close(1);
        close(2);
        child_leave(upload() == OT_OK && fcntl(0, F_GETFD) == -1 &&
                    fcntl(2, F_GETFD) == -1);
    }
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    read_report();
    CU_ASSERT_EQUAL(descriptors_reported(), 5);
    CU_ASSERT(reported("\nfd 1 /dev/null\n"));
    CU_ASSERT(reported(": " PEM "\n"));
    CU_ASSERT(reported(": " KEY "\n"));
}

static void fault_52_a_host_with_a_thousand_descriptors(void)
{
    struct rlimit before, many;
    int highest = 2, fd;

    reset();
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    many = (struct rlimit){1500, before.rlim_max};
    if (before.rlim_max < many.rlim_cur || setrlimit(RLIMIT_NOFILE, &many) != 0) {
        unit_skip("a hard limit of descriptors below 1500");
        return;
    }
    while (highest < 1400 && (fd = dup(2)) >= 0)
        highest = fd;
    CU_ASSERT(highest >= 1400);
    CU_ASSERT_EQUAL(upload(), OT_OK);
    for (fd = highest; fd > 2; fd--)
        if (fcntl(fd, F_GETFD) == 0)
            close(fd);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
    read_report();
    CU_ASSERT_EQUAL(descriptors_reported(), 5);
    CU_ASSERT(reported(": " KEY "\n"));
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void waiting_is_bounded(void)
{
    unsigned before = descriptors_open();
    int64_t start, took;

    reset();
    setenv("ORGTRUST_TEST_DELAY_MS", "3000", 1);
    start = now_ms();
    CU_ASSERT_EQUAL(upload_with(ot_span_str(PEM), ot_span_str(KEY), 200), OT_E_BUSY);
    took = now_ms() - start;
    CU_ASSERT(took >= 195 && took < 2900);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "orgtrust upload has not ended within"));
    CU_ASSERT_FALSE(result.done);
    CU_ASSERT_EQUAL(descriptors_open(), before);
}

/* The child never reads either; nothing waits, and no SIGPIPE comes. */
static void a_large_input_and_the_longest_key(void)
{
    static char input[400000], key[OT_KEY_BYTES_MAX + 1];

    reset();
    memset(input, 'i', sizeof(input));
    memset(key, 'k', sizeof(key));
    CU_ASSERT_EQUAL(upload_with(ot_span_of(input, sizeof(input)),
                                ot_span_of(key, OT_KEY_BYTES_MAX), LONG_MS),
                    OT_OK);
    read_report();
    CU_ASSERT(reported("\nread 0 400000 bytes"));
    CU_ASSERT(reported("\nread 4 4096 bytes"));
    unlink(unit_path("report"));
    CU_ASSERT_EQUAL(upload_with(ot_span_str(PEM), ot_span_of(key, sizeof(key)), LONG_MS),
                    OT_E_USAGE);
    CU_ASSERT_EQUAL(access(unit_path("report"), F_OK), -1);
    unsetenv("ORGTRUST_TEST_REPORT");
    CU_ASSERT_EQUAL(upload_with(ot_span_of(input, sizeof(input)),
                                ot_span_of(key, OT_KEY_BYTES_MAX), LONG_MS),
                    OT_OK);
}

static unsigned free_below(int limit)
{
    unsigned n = 0;

    for (int fd = 0; fd < limit; fd++)
        n += fcntl(fd, F_GETFD) == -1;
    return n;
}

static void fault_51_too_few_descriptors_are_a_clean_error(void)
{
    struct rlimit before, few = {64, 64};
    int held[64], n = 0, failed = 0, spare;
    enum ot_status status = OT_E_IO;

    reset();
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    few.rlim_max = before.rlim_max;
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (n < 64 && (held[n] = dup(2)) >= 0)
        n++;
    for (spare = 0; status != OT_OK && spare < 10 && n > 0; spare++) {
        status = upload();
        CU_ASSERT(status == OT_OK || status == OT_E_IO);
        failed += status == OT_E_IO;
        CU_ASSERT_EQUAL(free_below(64), (unsigned)spare);
        close(held[--n]);
    }
    CU_ASSERT_EQUAL(status, OT_OK);
    CU_ASSERT(failed >= 4 && failed < 9);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "Too many open files"));
    while (n > 0)
        close(held[--n]);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void fault_75_a_host_that_may_not_spawn_gets_an_error(void)
{
    static const unsigned calls[] = {SYS_clone, SYS_clone3, SYS_fork, SYS_vfork};

    if (!sandbox_is_possible()) {
        unit_skip("seccomp (sanitizer or valgrind)");
        return;
    }
    reset();
    for (size_t i = 0; i < 2; i++) {
        int status;
        pid_t pid = fork();

        if (pid == 0) {
            /* Refused or killed for it: what a filter does is not tried out. */
            if (i == 0 ? !sandbox_enter(calls, 4, true) : !sandbox_kill())
                _exit(9);
            _exit(!ot_errand_is_allowed() && upload() == OT_E_USAGE &&
                          strstr(err.message, "filter of system calls") != NULL
                      ? 0
                      : 1);
        }
        CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
        CU_ASSERT_EQUAL(status, 0);
    }
}

static void *run_some(void *arg)
{
    int *failed = arg;

    for (int i = 0; i < 4; i++) {
        struct ot_errand errand = {.source = &source,
                                   .arguments = {"delete", "--yes", "cert_1"},
                                   .key = ot_span_str(KEY),
                                   .timeout_ms = LONG_MS};
        struct ot_errand_result mine;

        if (ot_errand_run(&errand, &mine, NULL) != OT_OK || !mine.done)
            (*failed)++;
    }
    return NULL;
}

static void fault_48_threads_with_small_stacks_run_errands_at_once(void)
{
    pthread_attr_t attributes;
    pthread_t threads[6];
    int failed[6] = {0};

    reset();
    unsetenv("ORGTRUST_TEST_REPORT");
    pthread_attr_init(&attributes);
    CU_ASSERT_EQUAL(pthread_attr_setstacksize(&attributes, 128 * 1024), 0);
    for (int i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(pthread_create(&threads[i], &attributes, run_some, &failed[i]),
                        0);
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(failed[i], 0);
    }
    pthread_attr_destroy(&attributes);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"the_command_sees_what_it_needs", the_command_sees_what_it_needs},
        {"without_key_and_input_there_is_nothing_of_them",
         without_key_and_input_there_is_nothing_of_them},
        {"fault_55_a_given_key_is_in_the_pipe_alone",
         fault_55_a_given_key_is_in_the_pipe_alone},
        {"fault_55_a_source_of_the_environment_keeps_existing",
         fault_55_a_source_of_the_environment_keeps_existing},
        {"the_report_becomes_status_sentence_and_id",
         the_report_becomes_status_sentence_and_id},
        {"a_report_without_an_end_is_cut", a_report_without_an_end_is_cut},
        {"a_command_that_is_not_there_is_named", a_command_that_is_not_there_is_named},
        {"fault_52_the_host_sees_no_child", fault_52_the_host_sees_no_child},
        {"fault_52_a_subreaper_is_left_no_zombie",
         fault_52_a_subreaper_is_left_no_zombie},
        {"fault_52_closed_standard_descriptors_do_no_harm",
         fault_52_closed_standard_descriptors_do_no_harm},
        {"fault_52_a_host_with_a_thousand_descriptors",
         fault_52_a_host_with_a_thousand_descriptors},
        {"waiting_is_bounded", waiting_is_bounded},
        {"a_large_input_and_the_longest_key", a_large_input_and_the_longest_key},
        {"fault_51_too_few_descriptors_are_a_clean_error",
         fault_51_too_few_descriptors_are_a_clean_error},
        {"fault_75_a_host_that_may_not_spawn_gets_an_error",
         fault_75_a_host_that_may_not_spawn_gets_an_error},
        {"fault_48_threads_with_small_stacks_run_errands_at_once",
         fault_48_threads_with_small_stacks_run_errands_at_once},
        {NULL, NULL}};

    return unit_main("errand", cases, argc, argv);
}

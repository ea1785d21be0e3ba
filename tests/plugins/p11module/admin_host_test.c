/* A token for administration in hosts with threads, forks and a standard error that
 * nobody reads. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin_world.h"
#include "child.h"
#include "unit.h"

static const struct ot_functions *f;
static CK_SESSION_HANDLE session;

static CK_STATE state_of(CK_SESSION_HANDLE s)
{
    CK_SESSION_INFO info = {0};

    CU_ASSERT_EQUAL(f->C_GetSessionInfo(s, &info), CKR_OK);
    CU_ASSERT_EQUAL(info.slotID, ADMIN_SLOT);
    return info.state;
}

static CK_RV open_as(CK_FLAGS flags, CK_SESSION_HANDLE *s)
{
    return f->C_OpenSession(ADMIN_SLOT, CKF_SERIAL_SESSION | flags, NULL, NULL, s);
}

/* Nobody reads what the host writes to standard error, or it has none. */
static void a_sentence_that_nobody_takes_harms_no_host(void)
{
    int ends[2], before = dup(STDERR_FILENO);
    char fill[4096] = "";

    f = admin_start();
    session = admin_session(true);
    admin_fail("auth");
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    close(ends[0]);
    dup2(ends[1], STDERR_FILENO); /* SIGPIPE would end this program */
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_PIN_INCORRECT);
    close(ends[1]);
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_NONBLOCK), 0);
    while (write(ends[1], fill, sizeof(fill)) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    dup2(ends[1], STDERR_FILENO); /* a write would wait for ever */
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_PIN_INCORRECT);
    close(ends[0]);
    close(ends[1]);
    close(STDERR_FILENO);
    CU_ASSERT_EQUAL(admin_try(session, CKU_USER, ADMIN_KEY), CKR_PIN_INCORRECT);
    dup2(before, STDERR_FILENO);
    close(before);
    token_stop();
}

static CK_RV other_rv;

static void *log_in(void *arg)
{
    (void)arg;
    other_rv = admin_try(session, CKU_USER, ADMIN_KEY);
    return NULL;
}

static void wait_for_command(void)
{
    while (access(unit_path("report"), R_OK) != 0)
        usleep(1000);
}

static void a_session_that_is_closed_meanwhile_is_not_logged_in(void)
{
    pthread_t thread;

    f = admin_start();
    session = admin_session(true);
    admin_delay(600);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, log_in, NULL), 0);
    wait_for_command();
    /* no lock is held while the command runs */
    CU_ASSERT_EQUAL(state_of(session), CKS_RW_PUBLIC_SESSION);
    CU_ASSERT_EQUAL(f->C_CloseSession(session), CKR_OK);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(other_rv, CKR_SESSION_HANDLE_INVALID);
    CU_ASSERT_EQUAL(state_of(admin_session(true)), CKS_RW_PUBLIC_SESSION);
    token_stop();
}

static void of_two_logins_at_once_one_is_the_first(void)
{
    pthread_t thread;
    CK_RV rv;

    f = admin_start();
    session = admin_session(true);
    admin_delay(100);
    unsetenv("ORGTRUST_TEST_REPORT"); /* there is one file for both commands */
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, log_in, NULL), 0);
    rv = admin_try(session, CKU_USER, ADMIN_KEY);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(rv + other_rv, CKR_OK + CKR_USER_ALREADY_LOGGED_IN);
    CU_ASSERT_EQUAL(state_of(session), CKS_RW_USER_FUNCTIONS);
    token_stop();
}

/* What was so when a login began may be otherwise when its command has ended. */
static void what_comes_up_meanwhile_counts(void)
{
    pthread_t thread;

    f = admin_start();
    session = admin_session(true);
    admin_delay(300);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, log_in, NULL), 0);
    wait_for_command();
    admin_delay(1200); /* nobody is in when this one begins */
    CU_ASSERT_EQUAL(admin_try(admin_session(true), CKU_SO, ADMIN_KEY),
                    CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(other_rv, CKR_OK);
    token_stop();
}

static void *log_in_as_officer(void *arg)
{
    (void)arg;
    other_rv = admin_try(session, CKU_SO, ADMIN_KEY);
    return NULL;
}

static void an_officer_is_not_beside_a_new_read_only_session(void)
{
    pthread_t thread;

    f = admin_start();
    session = admin_session(true);
    admin_delay(600);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, log_in_as_officer, NULL), 0);
    wait_for_command();
    (void)admin_session(false);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(other_rv, CKR_SESSION_READ_ONLY_EXISTS);
    CU_ASSERT_EQUAL(state_of(session), CKS_RW_PUBLIC_SESSION);
    token_stop();
}

static bool is_nobody_in(CK_SESSION_HANDLE *s)
{
    CK_SESSION_INFO info;

    return f->C_GetSessionInfo(session, &info) == CKR_CRYPTOKI_NOT_INITIALIZED &&
           f->C_Initialize(NULL) == CKR_OK && open_as(CKF_RW_SESSION, s) == CKR_OK &&
           f->C_GetSessionInfo(*s, &info) == CKR_OK &&
           info.state == CKS_RW_PUBLIC_SESSION;
}

static void fault_46_a_forked_child_is_not_logged_in(void)
{
    CK_SESSION_HANDLE s;
    int status = -1;
    pid_t child;

    f = admin_start();
    session = admin_login(true, CKU_USER);
    child = fork();
    if (child == 0)
        child_leave(is_nobody_in(&s) && admin_try(s, CKU_USER, ADMIN_KEY) == CKR_OK);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(state_of(session), CKS_RW_USER_FUNCTIONS);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 3);
    token_stop();
}

#define THREADS 8

static _Atomic int wrong, logins;

/* Whatever others do to the login meanwhile, a call has one of its codes. */
static void *administer_in_turns(void *arg)
{
    CK_SESSION_HANDLE mine;
    CK_OBJECT_HANDLE beta = *(CK_OBJECT_HANDLE *)arg;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE trusted = {CKA_TRUSTED, &yes, 1};
    CK_ULONG n;
    CK_RV rv;

    for (int i = 0; i < 10; i++) {
        if (open_as(CKF_RW_SESSION, &mine) != CKR_OK)
            wrong++;
        rv = admin_try(mine, CKU_USER, ADMIN_KEY);
        logins += rv == CKR_OK;
        wrong += rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN;
        n = token_count(mine, CKO_CERTIFICATE);
        wrong += n > 3;
        rv = f->C_SetAttributeValue(mine, beta, &trusted, 1);
        wrong += rv != CKR_OK && rv != CKR_OBJECT_HANDLE_INVALID &&
                 rv != CKR_USER_NOT_LOGGED_IN;
        rv = i % 3 == 0 ? f->C_Logout(mine) : CKR_OK;
        wrong += rv != CKR_OK && rv != CKR_USER_NOT_LOGGED_IN;
        if (f->C_CloseSession(mine) != CKR_OK)
            wrong++;
    }
    return NULL;
}

static void fault_48_many_threads_administer(void)
{
    pthread_t threads[THREADS];
    CK_OBJECT_HANDLE beta;

    f = admin_start();
    session = admin_login(true, CKU_USER);
    beta = admin_find(session, CKO_CERTIFICATE, "Beta");
    CU_ASSERT_EQUAL(f->C_CloseSession(session), CKR_OK);
    unsetenv("ORGTRUST_TEST_REPORT"); /* one file for all */
    wrong = logins = 0;
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(
            pthread_create(&threads[i], NULL, administer_in_turns, &beta), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_TRUE(logins > 0);
    CU_ASSERT_EQUAL(state_of(admin_session(true)), CKS_RW_PUBLIC_SESSION);
    token_stop();
}

static const struct unit_case cases[] = {
    {"a_sentence_that_nobody_takes_harms_no_host",
     a_sentence_that_nobody_takes_harms_no_host},
    {"a_session_that_is_closed_meanwhile_is_not_logged_in",
     a_session_that_is_closed_meanwhile_is_not_logged_in},
    {"of_two_logins_at_once_one_is_the_first", of_two_logins_at_once_one_is_the_first},
    {"what_comes_up_meanwhile_counts", what_comes_up_meanwhile_counts},
    {"an_officer_is_not_beside_a_new_read_only_session",
     an_officer_is_not_beside_a_new_read_only_session},
    {"fault_46_a_forked_child_is_not_logged_in",
     fault_46_a_forked_child_is_not_logged_in},
    {"fault_48_many_threads_administer", fault_48_many_threads_administer},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 admin host", cases, argc, argv);
}

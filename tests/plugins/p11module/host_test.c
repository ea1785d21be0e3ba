/* The module in hosts with threads, forks, sandboxes and little of anything. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "config/source_path.h"
#include "sandbox.h"
#include "snapshot/record.h"
#include "snapshots.h"
#include "sync/snapshot_write.h"
#include "token.h"
#include "unit.h"

#define THREADS 64
#define ROOTS 10

static const struct ot_functions *f;
static CK_SESSION_HANDLE session;
static _Atomic int stop, wrong, searches;

static void begin(void)
{
    world_configure("");
    world_write_roots("default", "A", ROOTS);
    stop = wrong = searches = 0;
}

/* One snapshot, whole: ten labels of one letter. */
static bool is_consistent(CK_SESSION_HANDLE mine)
{
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof(class)}};
    CK_OBJECT_HANDLE objects[ROOTS + 1];
    CK_ULONG n = 0, i;
    char text[16], letter = 0;
    CK_ATTRIBUTE label = {CKA_LABEL, text, sizeof(text)};
    bool ok;

    ok = f->C_FindObjectsInit(mine, wanted, 1) == CKR_OK &&
         f->C_FindObjects(mine, objects, ROOTS + 1, &n) == CKR_OK && n == ROOTS;
    for (i = 0; ok && i < n; i++) {
        label.ulValueLen = sizeof(text);
        /* handles are of ids, which all snapshots here have in common */
        ok = f->C_GetAttributeValue(mine, objects[i], &label, 1) == CKR_OK &&
             label.ulValueLen == 3;
        letter = text[0];
        ok = ok && (letter == 'A' || letter == 'B') && text[1] == ' ';
    }
    return f->C_FindObjectsFinal(mine) == CKR_OK && ok;
}

static void *search_until_stopped(void *arg)
{
    CK_SESSION_HANDLE mine;

    (void)arg;
    while (!stop) {
        if (f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &mine) != CKR_OK ||
            !is_consistent(mine) || f->C_CloseSession(mine) != CKR_OK)
            wrong++;
        searches++;
    }
    return NULL;
}

/* All in one session: calls may be refused, but nothing breaks. */
static void *share_a_session(void *arg)
{
    CK_OBJECT_HANDLE objects[3];
    CK_OBJECT_CLASS class;
    CK_ATTRIBUTE asked = {CKA_CLASS, &class, sizeof(class)};
    CK_ULONG n, size;

    (void)arg;
    while (!stop) {
        (void)f->C_FindObjectsInit(session, NULL, 0);
        if (f->C_FindObjects(session, objects, 3, &n) == CKR_OK && n > 0) {
            (void)f->C_GetObjectSize(session, objects[0], &size);
            if (f->C_GetAttributeValue(session, objects[0], &asked, 1) == CKR_OK &&
                class != CKO_CERTIFICATE && class != OT_CKO_NSS_TRUST &&
                class != OT_CKO_TRUST && class != CKO_PROFILE)
                wrong++;
        }
        (void)f->C_FindObjectsFinal(session);
        searches++;
    }
    return NULL;
}

static void start(pthread_t *threads, int count, void *(*run)(void *))
{
    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, run, NULL) != 0)
            abort();
}

static void join(pthread_t *threads, int count)
{
    stop = 1;
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static void wait_for_searches(int count)
{
    while (searches < count)
        usleep(1000);
}

static void fault_48_many_threads_while_snapshots_change(void)
{
    pthread_t threads[THREADS];

    begin();
    f = token_start(&session);
    start(threads, THREADS, search_until_stopped);
    for (int i = 0; i < 20; i++) {
        world_write_roots("default", i % 2 == 0 ? "B" : "A", ROOTS);
        wait_for_searches((i + 1) * 50);
    }
    join(threads, THREADS);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_TRUE(searches >= 1000);
    token_stop();
}

static void fault_48_many_threads_in_one_session(void)
{
    pthread_t threads[8];

    begin();
    f = token_start(&session);
    start(threads, 8, share_a_session);
    wait_for_searches(2000);
    CU_ASSERT_EQUAL(f->C_CloseSession(session), CKR_OK); /* under their hands */
    join(threads, 8);
    CU_ASSERT_EQUAL(wrong, 0);
    token_stop();
}

/* An application's own mutexes: every one that is made is destroyed, none is locked
 * twice. */
static _Atomic int mutexes, held;

static CK_RV create_mutex(void **out)
{
    pthread_mutex_t *mutex = malloc(sizeof(*mutex));

    if (mutex == NULL || pthread_mutex_init(mutex, NULL) != 0)
        abort();
    *out = mutex;
    mutexes++;
    return CKR_OK;
}

static CK_RV destroy_mutex(void *mutex)
{
    pthread_mutex_destroy(mutex);
    free(mutex);
    mutexes--;
    return CKR_OK;
}

static CK_RV lock_mutex(void *mutex)
{
    held++;
    return pthread_mutex_lock(mutex) == 0 ? CKR_OK : CKR_GENERAL_ERROR;
}

static CK_RV unlock_mutex(void *mutex)
{
    held--;
    return pthread_mutex_unlock(mutex) == 0 ? CKR_OK : CKR_MUTEX_NOT_LOCKED;
}

static CK_RV refuse_mutex(void **out)
{
    static int left = 3;

    return left-- > 0 ? create_mutex(out) : CKR_HOST_MEMORY;
}

static CK_RV refuse_lock(void *mutex)
{
    (void)mutex;
    return CKR_MUTEX_BAD;
}

static void mutexes_of_the_application_are_used(void)
{
    CK_C_INITIALIZE_ARGS args = {create_mutex,
                                 destroy_mutex,
                                 lock_mutex,
                                 unlock_mutex,
                                 CKF_LIBRARY_CANT_CREATE_OS_THREADS,
                                 NULL};
    CK_SLOT_ID none;
    pthread_t threads[8];

    begin();
    f = token_load();
    CU_ASSERT_EQUAL(f->C_Initialize(&args), CKR_OK);
    CU_ASSERT_TRUE(mutexes > 0);
    start(threads, 8, search_until_stopped);
    wait_for_searches(200);
    join(threads, 8);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(held, 0);
    token_stop();
    CU_ASSERT_EQUAL(mutexes, 0);
    /* where both would do, the system's are taken */
    args.flags |= CKF_OS_LOCKING_OK;
    CU_ASSERT_EQUAL(f->C_Initialize(&args), CKR_OK);
    CU_ASSERT_EQUAL(mutexes, 0);
    token_stop();
    args.flags = 0;
    args.CreateMutex = refuse_mutex;
    CU_ASSERT_EQUAL(f->C_Initialize(&args), CKR_CANT_LOCK);
    CU_ASSERT_EQUAL(mutexes, 0);
    args.CreateMutex = create_mutex;
    args.LockMutex = refuse_lock;
    CU_ASSERT_EQUAL(f->C_Initialize(&args), CKR_OK);
    CU_ASSERT_EQUAL(f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &none),
                    CKR_GENERAL_ERROR);
    CU_ASSERT_EQUAL(f->C_CloseSession(1), CKR_GENERAL_ERROR);
    token_stop();
    CU_ASSERT_EQUAL(mutexes, 0);
}

/* In a child: nothing works until it initialises, then everything does. */
static int use_in_child(CK_SESSION_HANDLE inherited)
{
    CK_SESSION_INFO info;
    CK_SESSION_HANDLE mine;

    if (f->C_GetSessionInfo(inherited, &info) != CKR_CRYPTOKI_NOT_INITIALIZED)
        return 1;
    if (f->C_Finalize(NULL) != CKR_CRYPTOKI_NOT_INITIALIZED)
        return 2;
    if (f->C_Initialize(NULL) != CKR_OK)
        return 3;
    if (f->C_GetSessionInfo(inherited, &info) != CKR_SESSION_HANDLE_INVALID)
        return 4;
    if (f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &mine) != CKR_OK)
        return 5;
    if (!is_consistent(mine))
        return 6;
    return f->C_Finalize(NULL) == CKR_OK ? 0 : 7;
}

static void fault_46_a_forked_child_initialises_again(void)
{
    CK_OBJECT_HANDLE objects[2];
    CK_ULONG n;
    pid_t child;

    begin();
    f = token_start(&session);
    CU_ASSERT_EQUAL(f->C_FindObjectsInit(session, NULL, 0), CKR_OK);
    child = fork();
    if (child == 0)
        _exit(use_in_child(session));
    CU_ASSERT_EQUAL(child_status(child), 0);
    child = fork(); /* and one that does nothing but end */
    if (child == 0)
        _exit(0);
    CU_ASSERT_EQUAL(child_status(child), 0);
    CU_ASSERT_EQUAL(f->C_FindObjects(session, objects, 2, &n), CKR_OK);
    CU_ASSERT_EQUAL(n, 2);
    token_stop();
}

#define FORKS 50

static void fault_46_a_fork_while_threads_search(void)
{
    pthread_t threads[8];
    pid_t child;

    if (!child_of_threads_is_possible())
        return;
    begin();
    f = token_start(&session);
    start(threads, 8, search_until_stopped);
    for (int i = 0; i < FORKS; i++) {
        wait_for_searches(i * 10);
        child = fork();
        if (child == 0) {
            alarm(60); /* a deadlock is a failure */
            child_leave(use_in_child(session) == 0);
        }
        CU_ASSERT_EQUAL(child_status(child), 0);
    }
    join(threads, 8);
    CU_ASSERT_EQUAL(wrong, 0);
    token_stop();
}

static void *initialise(void *arg)
{
    (void)arg;
    if (f->C_Initialize(NULL) == CKR_OK)
        searches++;
    else
        wrong++;
    return NULL;
}

static void fault_60_as_many_finalise_as_have_initialised(void)
{
    pthread_t threads[8];

    begin();
    f = token_load();
    for (int i = 0; i < 20; i++) {
        searches = 0;
        start(threads, 8, initialise);
        join(threads, 8);
        CU_ASSERT_EQUAL(searches, 8);
        for (int n = 0; n < 8; n++)
            CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_OK);
        CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* What a call may answer while another thread finalises and initialises. */
static CK_RV expect(CK_RV rv)
{
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_NOT_INITIALIZED &&
        rv != CKR_SESSION_HANDLE_INVALID && rv != CKR_OPERATION_NOT_INITIALIZED &&
        rv != CKR_OPERATION_ACTIVE && rv != CKR_OBJECT_HANDLE_INVALID)
        wrong++;
    return rv;
}

static void *use_whatever_happens(void *arg)
{
    CK_SESSION_HANDLE mine;
    CK_OBJECT_HANDLE objects[3];
    CK_TOKEN_INFO token;
    CK_ULONG n = 0, size, count;

    (void)arg;
    while (!stop) {
        searches++;
        (void)expect(f->C_GetTokenInfo(1, &token));
        (void)expect(f->C_GetSlotList(CK_TRUE, NULL, &count));
        if (expect(f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &mine)) != CKR_OK)
            continue;
        (void)expect(f->C_FindObjectsInit(mine, NULL, 0));
        if (expect(f->C_FindObjects(mine, objects, 3, &n)) == CKR_OK && n > 0)
            (void)expect(f->C_GetObjectSize(mine, objects[0], &size));
        (void)expect(f->C_FindObjectsFinal(mine));
        (void)expect(f->C_CloseSession(mine));
    }
    return NULL;
}

/* ThreadSanitizer and valgrind look on: nothing that a running call uses is freed, and
 * nothing of what was initialised is left at the end. */
static void fault_60_finalised_under_running_calls(void)
{
    const int rounds = child_is_under_valgrind() ? 20 : 200;
    pthread_t threads[8];

    begin();
    f = token_load();
    start(threads, 8, use_whatever_happens);
    for (int i = 0; i < rounds; i++) {
        CU_ASSERT_EQUAL(f->C_Initialize(NULL), CKR_OK);
        searches = 0;
        wait_for_searches(8);
        CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_OK);
    }
    join(threads, 8);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
}

/* One works on while another comes and goes. */
static void fault_60_another_user_comes_and_goes(void)
{
    pthread_t threads[4];

    begin();
    f = token_start(&session);
    start(threads, 4, search_until_stopped);
    for (int i = 0; i < 100; i++) {
        CU_ASSERT_EQUAL(f->C_Initialize(NULL), CKR_OK);
        CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_OK);
    }
    wait_for_searches(50);
    join(threads, 4);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_TRUE(is_consistent(session));
    token_stop();
}

static bool is_snapshot_mapped(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096 + 128];
    bool found = false;

    CU_ASSERT_PTR_NOT_NULL_FATAL(maps);
    while (!found && fgets(line, sizeof(line), maps) != NULL)
        found = strstr(line, "default.snapshot") != NULL;
    fclose(maps);
    return found;
}

static void *search_while_it_is_cancelled(void *arg)
{
    pthread_cancel(pthread_self()); /* waits for the next call that may be the last */
    (void)f->C_FindObjectsInit(session, NULL, 0);
    searches++;
    return arg;
}

/* It is not in the module for ever, which could not end then. */
static void fault_60_finalised_after_a_thread_was_cancelled(void)
{
    pthread_t thread;

    begin();
    f = token_start(&session);
    CU_ASSERT_TRUE(is_consistent(session));
    CU_ASSERT_TRUE(is_snapshot_mapped());
    begin(); /* another file */
    start(&thread, 1, search_while_it_is_cancelled);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(searches, 1);
    token_stop();
    CU_ASSERT_FALSE(is_snapshot_mapped());
    CU_ASSERT_EQUAL_FATAL(remove(world_path("default", "snapshot")), 0);
    f = token_start(&session);
    start(&thread, 1, search_while_it_is_cancelled); /* and says why there is nothing */
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(searches, 2);
    token_stop();
}

/* Mutexes of one user's library are not called for the other, who may outlive it. */
static void fault_60_mutexes_are_not_shared_between_users(void)
{
    CK_C_INITIALIZE_ARGS args = {create_mutex, destroy_mutex, lock_mutex, unlock_mutex, 0,
                                 NULL};

    begin();
    f = token_load();
    CU_ASSERT_EQUAL(f->C_Initialize(&args), CKR_OK);
    CU_ASSERT_EQUAL(f->C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
    CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_OK);
    CU_ASSERT_EQUAL(mutexes, 0);
    CU_ASSERT_EQUAL(f->C_Initialize(NULL), CKR_OK);
    CU_ASSERT_EQUAL(f->C_Initialize(&args), CKR_CRYPTOKI_ALREADY_INITIALIZED);
    token_stop();
}

static void load_use_and_unload(void)
{
    f = token_start(&session);
    CU_ASSERT_TRUE(is_consistent(session));
    token_stop();
    token_unload();
}

static bool is_mapped(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[PATH_MAX + 256];
    bool found = false;

    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
        found = found || strstr(line, "orgtrust-pkcs11.so") != NULL ||
                strstr(line, "default.snapshot") != NULL;
    if (maps != NULL)
        fclose(maps);
    return found;
}

static int count_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* It goes without a trace, so it need not be kept from going (-z nodelete): no thread, no
 * handler, no thread-specific data, no descriptor and no mapping point into it. */
static void fault_47_unloaded_and_loaded_again(void)
{
    int fds;

    begin();
    load_use_and_unload();
    fds = count_fds();
    for (int i = 0; i < 50; i++)
        load_use_and_unload();
    CU_ASSERT_FALSE(is_mapped());
    CU_ASSERT_EQUAL(count_fds(), fds);
}

/* exit(3) with a search in progress and other threads inside; valgrind counts a thread
 * that is still there as a leak. */
static void fault_47_an_exit_without_finalize(void)
{
    pthread_t threads[4];
    pid_t child;

    begin();
    f = token_load();
    child = fork();
    if (child == 0) {
        f = token_start(&session);
        if (f->C_FindObjectsInit(session, NULL, 0) != CKR_OK)
            _exit(1);
        if (!child_is_under_valgrind()) {
            start(threads, 4, search_until_stopped);
            wait_for_searches(20);
        }
        fflush(NULL);
        exit(0);
    }
    CU_ASSERT_EQUAL(child_status(child), 0);
}

/* What the read path may use, and the C library for it; all else is EPERM. */
static void confine(void)
{
    static const unsigned allowed[] = {
        SYS_read,          SYS_openat, SYS_open,    SYS_fstat,      SYS_newfstatat,
        SYS_lstat,         SYS_mmap,   SYS_munmap,  SYS_close,      SYS_brk,
        SYS_clock_gettime, SYS_getpid, SYS_geteuid, SYS_exit_group, SYS_futex};

    if (!sandbox_enter(allowed, sizeof(allowed) / sizeof(allowed[0]), false))
        _exit(50);
}

static int search_confined(bool has_snapshot)
{
    pid_t child = fork();

    if (child == 0) {
        f = token_start(&session);
        confine();
        _exit(has_snapshot ? !is_consistent(session)
                           : token_count(session, CKO_CERTIFICATE) != 0);
    }
    return child_status(child);
}

static void fault_49_a_host_under_seccomp(void)
{
    if (!sandbox_is_possible()) {
        unit_skip("seccomp (sanitizer or valgrind)");
        return;
    }
    begin();
    token_load();
    CU_ASSERT_EQUAL(search_confined(true), 0);
    (void)unlink(world_path("default", "snapshot")); /* and nothing can be logged */
    CU_ASSERT_EQUAL(search_confined(false), 0);
}

static void load_and_start(void)
{
    f = token_start(&session);
}

static bool reads_all(bool has_snapshot)
{
    return has_snapshot ? is_consistent(session)
                        : token_count(session, CKO_CERTIFICATE) == 0;
}

static void fault_75_a_host_that_is_killed_for_a_call(void)
{
    begin();
    token_load();
    token_unload(); /* whatever the tests before have left */
    world_hosts_survive(load_and_start, reads_all);
}

static void fault_51_without_descriptors(void)
{
    struct rlimit old, none = {0, 0};

    begin();
    f = token_start(&session);
    CU_ASSERT_TRUE(is_consistent(session));
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &old), 0);
    none.rlim_max = old.rlim_max;
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
    CU_ASSERT_TRUE(is_consistent(session)); /* what is mapped needs none */
    token_stop();
    CU_ASSERT_EQUAL(f->C_Initialize(NULL), CKR_OK);
    session = token_session(1);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 0);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &old), 0);
    token_stop();
}

/* Two roots, of which one has limits on its names. */
static void write_one_limited(void)
{
    struct snapshot_builder builder = {0};
    const struct ot_source *source;
    struct ot_config *config;
    char *scope;

    snapshot_builder_add_ca(&builder, "limited", 1, OT_RECORD_ACTIVE);
    snapshot_builder_add_ca(&builder, "plain", 2, OT_RECORD_ACTIVE);
    builder.records[0].flags |= OT_RECORD_NAMES_LIMITED;
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, NULL), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_config_find(config, NULL, &source, NULL), OT_OK);
    scope = ot_source_scope(source);
    CU_ASSERT_EQUAL_FATAL(ot_snapshot_write(world_path("default", "snapshot"), scope,
                                            ot_source_limits(source), builder.records,
                                            builder.count, time(NULL), NULL),
                          OT_OK);
    free(scope);
    ot_config_free(config);
    snapshot_builder_clear(&builder);
}

static int sees_one_beside_java(void)
{
    CK_SESSION_HANDLE mine;

    if (dlopen(FAKE_JVM, RTLD_NOW | RTLD_LOCAL) == NULL)
        return 1;
    if (f->C_Initialize(NULL) != CKR_OK)
        return 2;
    mine = token_session(1);
    return token_count(mine, CKO_CERTIFICATE) == 1 ? 0 : 3;
}

/* It holds no anchor to its names; what another part of the process has begun with, it
 * comes to by a session of its own. */
static void java_that_comes_later_is_shown_no_limited_names(void)
{
    CK_SESSION_HANDLE later;
    pid_t child;
    void *jvm;

    world_configure("names = corp.example\n");
    write_one_limited();
    f = token_start(&session);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 2);
    child = fork();
    if (child == 0)
        _exit(sees_one_beside_java());
    CU_ASSERT_EQUAL(child_status(child), 0);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 2);
    jvm = dlopen(FAKE_JVM, RTLD_NOW | RTLD_LOCAL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(jvm);
    later = token_session(1);
    CU_ASSERT_EQUAL(token_count(later, CKO_CERTIFICATE), 1);
    CU_ASSERT_EQUAL(token_count(later, OT_CKO_NSS_TRUST), 1);
    CU_ASSERT_EQUAL(token_count(later, OT_CKO_TRUST), 1);
    CU_ASSERT_STRING_EQUAL(token_labels(later, NULL, 0), "plain;");
    token_stop();
    token_unload();
    dlclose(jvm);
    f = token_start(&session);
    CU_ASSERT_EQUAL(token_count(session, CKO_CERTIFICATE), 2);
    token_stop();
}

static void *open_until_stopped(void *arg)
{
    CK_SESSION_HANDLE mine;

    (void)arg;
    while (!stop) {
        if (f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &mine) != CKR_OK ||
            f->C_CloseSession(mine) != CKR_OK)
            wrong++;
        searches++;
    }
    return NULL;
}

static bool opens_in_child(void)
{
    CK_SESSION_HANDLE mine;

    return f->C_Initialize(NULL) == CKR_OK &&
           f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &mine) == CKR_OK &&
           f->C_Finalize(NULL) == CKR_OK;
}

/* A thread that looks for Java holds the loader's lock, which a child never gets back. */
static void fault_46_a_fork_while_threads_look_for_java(void)
{
    pthread_t threads[8];
    pid_t child;

    if (!child_of_threads_is_possible())
        return;
    world_configure("names = corp.example\n");
    write_one_limited();
    stop = wrong = searches = 0;
    f = token_start(&session);
    start(threads, 8, open_until_stopped);
    for (int i = 0; i < FORKS; i++) {
        wait_for_searches(i * 10);
        child = fork();
        if (child == 0) {
            alarm(60); /* a deadlock is a failure */
            child_leave(opens_in_child());
        }
        CU_ASSERT_EQUAL_FATAL(child_status(child), 0);
    }
    join(threads, 8);
    CU_ASSERT_EQUAL(wrong, 0);
    token_stop();
}

static void *open_while_it_is_cancelled(void *arg)
{
    CK_SESSION_HANDLE mine;

    pthread_cancel(pthread_self()); /* waits for the next call that may be the last */
    (void)f->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &mine);
    searches++;
    return arg;
}

static bool ends_after_a_cancelled_look(void)
{
    pthread_t thread;

    if (f->C_Initialize(NULL) != CKR_OK ||
        token_count(token_session(1), CKO_CERTIFICATE) != 2 || !is_snapshot_mapped())
        return false;
    start(&thread, 1, open_while_it_is_cancelled);
    pthread_join(thread, NULL);
    return f->C_Finalize(NULL) == CKR_OK && searches == 1 && !is_snapshot_mapped();
}

/* The kernel is asked for Java in a child, by opening a file. */
static void fault_60_a_child_finalised_after_a_thread_was_cancelled(void)
{
    pid_t child;

    world_configure("names = corp.example\n");
    write_one_limited();
    searches = 0;
    f = token_load();
    child = fork();
    if (child == 0)
        child_leave(ends_after_a_cancelled_look());
    CU_ASSERT_EQUAL(child_status(child), 0);
    token_unload();
}

static void *initialize_while_it_is_cancelled(void *arg)
{
    pthread_cancel(pthread_self()); /* waits for the next call that may be the last */
    (void)f->C_Initialize(NULL);
    searches++;
    return arg;
}

/* What it reads the configuration from is closed again. */
static void fault_60_initialised_by_a_thread_that_is_cancelled(void)
{
    pthread_t thread;
    int before;

    begin();
    f = token_load();
    before = dup(STDOUT_FILENO); /* the lowest number that is free */
    close(before);
    searches = 0;
    start(&thread, 1, initialize_while_it_is_cancelled);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(searches, 1);
    CU_ASSERT_EQUAL(f->C_Finalize(NULL), CKR_OK);
    CU_ASSERT_EQUAL(dup(STDOUT_FILENO), before);
    close(before);
    token_unload();
}

static const struct unit_case cases[] = {
    {"fault_48_many_threads_while_snapshots_change",
     fault_48_many_threads_while_snapshots_change},
    {"fault_48_many_threads_in_one_session", fault_48_many_threads_in_one_session},
    {"mutexes_of_the_application_are_used", mutexes_of_the_application_are_used},
    {"fault_46_a_forked_child_initialises_again",
     fault_46_a_forked_child_initialises_again},
    {"fault_46_a_fork_while_threads_search", fault_46_a_fork_while_threads_search},
    {"fault_60_as_many_finalise_as_have_initialised",
     fault_60_as_many_finalise_as_have_initialised},
    {"fault_60_finalised_under_running_calls", fault_60_finalised_under_running_calls},
    {"fault_60_another_user_comes_and_goes", fault_60_another_user_comes_and_goes},
    {"fault_60_finalised_after_a_thread_was_cancelled",
     fault_60_finalised_after_a_thread_was_cancelled},
    {"fault_60_a_child_finalised_after_a_thread_was_cancelled",
     fault_60_a_child_finalised_after_a_thread_was_cancelled},
    {"fault_60_initialised_by_a_thread_that_is_cancelled",
     fault_60_initialised_by_a_thread_that_is_cancelled},
    {"fault_60_mutexes_are_not_shared_between_users",
     fault_60_mutexes_are_not_shared_between_users},
    {"fault_47_unloaded_and_loaded_again", fault_47_unloaded_and_loaded_again},
    {"fault_47_an_exit_without_finalize", fault_47_an_exit_without_finalize},
    {"fault_49_a_host_under_seccomp", fault_49_a_host_under_seccomp},
    {"fault_75_a_host_that_is_killed_for_a_call",
     fault_75_a_host_that_is_killed_for_a_call},
    {"fault_51_without_descriptors", fault_51_without_descriptors},
    {"fault_46_a_fork_while_threads_look_for_java",
     fault_46_a_fork_while_threads_look_for_java},
    {"java_that_comes_later_is_shown_no_limited_names",
     java_that_comes_later_is_shown_no_limited_names},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("p11 host", cases, argc, argv);
}

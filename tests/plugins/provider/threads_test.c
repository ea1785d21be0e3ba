/* Threads and forks in the host, and hosts that may do little. */
#include <fcntl.h>
#include <limits.h>
#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "provider_internal.h"
#include "sandbox.h"
#include "setuid.h"
#include "unit.h"
#include "world.h"

#define URI "orgtrust:///"
#define THREADS 64
#define ROOTS 10

static OSSL_LIB_CTX *libctx;
static _Atomic int stop, wrong, walks;

static void begin(void)
{
    world_configure("");
    world_write_roots("default", "A", ROOTS);
    libctx = world_context();
    stop = wrong = walks = 0;
}

/* One snapshot, whole: ten certificates of one letter. */
static bool is_consistent(const struct walk *walk)
{
    const char *at = walk->names;
    int n = 0;

    for (; at != NULL && *at != '\0'; at = strchr(at, ';') + 1)
        n += at[0] == walk->names[0];
    return walk->opened && walk->errors == 0 && walk->count == ROOTS && n == ROOTS;
}

static void *walk_until_stopped(void *arg)
{
    (void)arg;
    while (!stop) {
        if (!is_consistent(world_walk(libctx, URI, OSSL_STORE_INFO_CERT, NULL)))
            wrong++;
        walks++;
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

static void fault_48_many_threads_while_snapshots_change(void)
{
    pthread_t threads[THREADS];

    begin();
    start(threads, THREADS, walk_until_stopped);
    for (int i = 0; i < 20; i++)
        world_write_roots("default", i % 2 ? "A" : "B", ROOTS);
    while (walks < THREADS)
        usleep(1000);
    join(threads, THREADS);
    CU_ASSERT_EQUAL(wrong, 0);
    world_context_free(libctx);
}

/* The first use of a context, by all threads at once. */
static pthread_barrier_t barrier;

static void *first_walk(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&barrier);
    if (!is_consistent(world_walk(libctx, URI, 0, NULL)))
        wrong++;
    return NULL;
}

static void fault_48_the_first_use_by_all_at_once(void)
{
    pthread_t threads[16];

    for (int round = 0; round < 10; round++) {
        begin();
        pthread_barrier_init(&barrier, NULL, 16);
        start(threads, 16, first_walk);
        join(threads, 16);
        pthread_barrier_destroy(&barrier);
        CU_ASSERT_EQUAL(wrong, 0);
        world_context_free(libctx);
    }
}

/* Each thread makes, uses and frees contexts of its own. */
static void *load_and_unload(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; i++) {
        OSSL_LIB_CTX *own = world_context();

        if (!is_consistent(world_walk(own, URI, 0, NULL)))
            wrong++;
        world_context_free(own);
    }
    return NULL;
}

static void fault_48_contexts_come_and_go(void)
{
    pthread_t threads[8];

    begin();
    start(threads, 8, load_and_unload);
    join(threads, 8);
    CU_ASSERT_EQUAL(wrong, 0);
    world_context_free(libctx);
}

/* The loader as OpenSSL calls it, which in 3.0.17 did so from several threads at once. */
static struct {
    OSSL_FUNC_store_open_fn *open;
    OSSL_FUNC_store_eof_fn *eof;
    OSSL_FUNC_store_load_fn *load;
    OSSL_FUNC_store_close_fn *close;
} loader;

static void *loader_ctx;
static _Atomic int delivered;

static void find_functions(void)
{
    const OSSL_DISPATCH *at;

    for (at = ot_store_functions; at->function_id != 0; at++)
        switch (at->function_id) {
        case OSSL_FUNC_STORE_OPEN:
            loader.open = OSSL_FUNC_store_open(at);
            break;
        case OSSL_FUNC_STORE_EOF:
            loader.eof = OSSL_FUNC_store_eof(at);
            break;
        case OSSL_FUNC_STORE_LOAD:
            loader.load = OSSL_FUNC_store_load(at);
            break;
        case OSSL_FUNC_STORE_CLOSE:
            loader.close = OSSL_FUNC_store_close(at);
            break;
        default:
            break;
        }
}

static int count_object(const OSSL_PARAM params[], void *arg)
{
    (void)params;
    (void)arg;
    delivered++;
    return 1;
}

static void *drain(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&barrier);
    while (!loader.eof(loader_ctx))
        loader.load(loader_ctx, count_object, NULL, NULL, NULL);
    return NULL;
}

static void fault_48_threads_that_share_one_loader(void)
{
    static const OSSL_DISPATCH no_core[] = {{0, NULL}};
    struct ot_provider provider;
    pthread_t threads[8];

    begin();
    find_functions();
    ot_core_init(&provider.core, NULL, no_core);
    for (int round = 0; round < 20; round++) {
        atomic_init(&provider.sources.loaded, NULL);
        delivered = 0;
        loader_ctx = loader.open(&provider, URI);
        CU_ASSERT_PTR_NOT_NULL_FATAL(loader_ctx);
        pthread_barrier_init(&barrier, NULL, 8);
        start(threads, 8, drain);
        join(threads, 8);
        pthread_barrier_destroy(&barrier);
        CU_ASSERT_EQUAL(delivered, ROOTS); /* each exactly once */
        CU_ASSERT_EQUAL(loader.close(loader_ctx), 1);
        ot_sources_clear(&provider.sources);
    }
    world_context_free(libctx);
}

/* Directly through the loader: libcrypto makes no promise for its own locks in a child of
 * a process with threads, the loader does. */
static void *search_until_stopped(void *arg)
{
    void *ctx;

    while (!stop) {
        ctx = loader.open(arg, URI);
        while (!loader.eof(ctx))
            loader.load(ctx, count_object, NULL, NULL, NULL);
        loader.close(ctx);
        walks++;
    }
    return NULL;
}

static int child_searches(struct ot_provider *provider)
{
    void *ctx = loader.open(provider, URI);

    alarm(60); /* a deadlock ends as a failure */
    delivered = 0;
    while (ctx != NULL && !loader.eof(ctx))
        loader.load(ctx, count_object, NULL, NULL, NULL);
    loader.close(ctx);
    return delivered == ROOTS ? 0 : 1;
}

static void fault_46_fork_while_others_search(void)
{
    static const OSSL_DISPATCH no_core[] = {{0, NULL}};
    static struct ot_provider provider;
    pthread_t threads[8];
    int i, failed = 0;
    pid_t pid;

    if (!child_of_threads_is_possible())
        return;
    begin();
    find_functions();
    ot_core_init(&provider.core, NULL, no_core);
    atomic_init(&provider.sources.loaded, NULL);
    for (i = 0; i < 8; i++)
        if (pthread_create(&threads[i], NULL, search_until_stopped, &provider) != 0)
            abort();
    for (i = 0; i < 100; i++) {
        if (i % 10 == 0) /* so that some forks hit the swap */
            world_write_roots("default", i % 20 ? "A" : "B", ROOTS);
        fflush(NULL);
        pid = fork();
        if (pid == 0)
            _exit(child_searches(&provider));
        failed += child_status(pid) != 0;
    }
    join(threads, 8);
    CU_ASSERT_EQUAL(failed, 0);
    CU_ASSERT_EQUAL(child_searches(&provider), 0); /* here too, afterwards */
    alarm(0);
    ot_sources_clear(&provider.sources);
    world_context_free(libctx);
}

static void fault_46_a_child_uses_the_parents_context(void)
{
    pid_t pid;

    begin();
    CU_ASSERT_TRUE(is_consistent(world_walk(libctx, URI, 0, NULL)));
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        bool ok = is_consistent(world_walk(libctx, URI, 0, NULL));

        world_write_roots("default", "B", ROOTS);
        ok = ok && is_consistent(world_walk(libctx, URI, 0, NULL));
        world_context_free(libctx);
        _exit(ok ? 0 : 1);
    }
    CU_ASSERT_EQUAL(child_status(pid), 0);
    CU_ASSERT_TRUE(is_consistent(world_walk(libctx, URI, 0, NULL)));
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->names[0], 'B');
    world_context_free(libctx);
}

/* Everything but reading files and managing memory is EPERM. */
static void confine(void)
{
    static const unsigned allowed[] = {
        SYS_openat,     SYS_open,        SYS_read,         SYS_pread64,
        SYS_close,      SYS_fstat,       SYS_lstat,        SYS_stat,
        SYS_newfstatat, SYS_mmap,        SYS_munmap,       SYS_mprotect,
        SYS_madvise,    SYS_brk,         SYS_lseek,        SYS_futex,
        SYS_getpid,     SYS_gettid,      SYS_geteuid,      SYS_clock_gettime,
        SYS_exit_group, SYS_sched_yield, SYS_rt_sigreturn, SYS_rt_sigprocmask,
        SYS_write,      SYS_mremap};

    if (!sandbox_enter(allowed, sizeof(allowed) / sizeof(allowed[0]), false))
        _exit(50);
}

static int confined_walk(const char *config, int64_t age_s, bool with_snapshot)
{
    struct world_cert one = {"cert_1", NULL, world_ca("Alone"), true};
    const struct walk *walk;
    int told = 0;
    pid_t pid;

    world_configure(config);
    world_write("default", &one, 1, age_s);
    if (!with_snapshot)
        unlink(world_path("default", "snapshot"));
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        libctx = world_context(); /* dlopen before the sandbox, as hosts do */
        confine();
        walk = world_walk(libctx, URI, 0, NULL);
        if (walk->count == 1 && walk->errors == 0)
            told = 1;
        if (walk->count == 0 && walk->errors == 1 &&
            strstr(walk->message, "nothing cached yet") != NULL)
            told = 2;
        syscall(SYS_exit_group, told);
    }
    return child_status(pid);
}

static void fault_49_a_host_under_seccomp(void)
{
    const char *refreshing = "auto_refresh = yes\nrefresh_interval = 1m\n";

    CU_ASSERT_EQUAL(confined_walk("", AGE_FRESH, true), 1);
    /* Stale: a sync would be started, and may not be. */
    CU_ASSERT_EQUAL(confined_walk(refreshing, 3600, true), 1);
    CU_ASSERT_EQUAL(confined_walk(refreshing, 3600, false), 2);
}

static void make_context(void)
{
    libctx = world_context();
}

static bool reads_all(bool has_snapshot)
{
    const struct walk *walk = world_walk(libctx, URI, 0, NULL);

    return has_snapshot ? is_consistent(walk) : walk->count == 0 && walk->errors == 1;
}

static void fault_75_a_host_that_is_killed_for_a_call(void)
{
    world_configure("");
    world_write_roots("default", "A", ROOTS);
    world_hosts_survive(make_context, reads_all);
}

/* A host that runs with more rights than its user: what it does is main's `--setuid`. */
static void fault_50_a_setuid_host(void)
{
    char host[PATH_MAX], made[PATH_MAX], user_cache[PATH_MAX];
    FILE *script;
    pid_t pid;

    if (!setuid_is_possible())
        return;
    snprintf(host, sizeof(host), "%s", unit_path("host"));
    snprintf(made, sizeof(made), "%s", unit_path("made"));
    snprintf(user_cache, sizeof(user_cache), "%s", unit_path("user-cache"));
    world_configure("auto_refresh = yes\n[source from-the-environment]\n");
    world_write_roots("default", "A", ROOTS);
    /* What would be run, if anything were: leaves a mark. */
    script = fopen(unit_path("command"), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(script);
    fprintf(script, "#!/bin/sh\n: > %s\n", made);
    fclose(script);
    CU_ASSERT_TRUE(setuid_copy("/proc/self/exe", host));
    CU_ASSERT_EQUAL(chmod(unit_path("command"), 0755), 0);
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0777), 0);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        setenv("ORGTRUST_COMMAND", unit_path("command"), 1);
        setenv("ORGTRUST_CACHE_DIR", user_cache, 1);
        setenv("XDG_CACHE_HOME", user_cache, 1);
        setenv("HOME", user_cache, 1);
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(20);
        execl(host, host, "--setuid", (char *)NULL);
        _exit(21);
    }
    CU_ASSERT_EQUAL(child_status(pid), 30);
    CU_ASSERT_EQUAL(chmod(unit_dir(), 0700), 0);
    CU_ASSERT_NOT_EQUAL(access(made, F_OK), 0);
    CU_ASSERT_NOT_EQUAL(access(user_cache, F_OK), 0);
    unlink(host);
}

/* 30: the source that only the environment names was not there, and nothing was found. */
static int setuid_host(void)
{
    const struct walk *walk;

    if (geteuid() != 0 || getuid() == 0)
        return 31; /* mounted nosuid */
    libctx = world_context();
    walk = world_walk(libctx, "orgtrust://from-the-environment/", 0, NULL);
    if (walk->opened || walk->count != 0)
        return 32;
    walk = world_walk(libctx, URI, 0, NULL);
    if (strstr(walk->names, "A 0") != NULL)
        return 33;
    world_context_free(libctx);
    return 30;
}

static const struct unit_case cases[] = {
    {"fault_48_many threads while snapshots change",
     fault_48_many_threads_while_snapshots_change},
    {"fault_48_the first use by all at once", fault_48_the_first_use_by_all_at_once},
    {"fault_48_contexts come and go", fault_48_contexts_come_and_go},
    {"fault_48_threads that share one loader", fault_48_threads_that_share_one_loader},
    {"fault_46_fork while others search", fault_46_fork_while_others_search},
    {"fault_46_a child uses the parent's context",
     fault_46_a_child_uses_the_parents_context},
    {"fault_49_a host under seccomp", fault_49_a_host_under_seccomp},
    {"fault_75_a host that is killed for a call",
     fault_75_a_host_that_is_killed_for_a_call},
    {"fault_50_a setuid host", fault_50_a_setuid_host},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--setuid") == 0)
        return setuid_host();
    return unit_main("provider threads", cases, argc, argv);
}

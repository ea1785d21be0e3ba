/* What a user of OpenSSL sees when something is wrong, row by row of the fault table. */
#include <openssl/err.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "unit.h"
#include "world.h"

#define URI "orgtrust:///"

static OSSL_LIB_CTX *fresh(const char *config)
{
    world_configure(config);
    unlink(world_path("default", "snapshot"));
    return world_context();
}

/* A walk that must fail with this reason, and silently with a subject. */
static const struct walk *must_fail(OSSL_LIB_CTX *libctx, const char *reason)
{
    X509_NAME *name = world_name("CN=Root 0", MBSTRING_UTF8);
    const struct walk *walk = world_walk(libctx, URI, 0, OSSL_STORE_SEARCH_by_name(name));

    X509_NAME_free(name);
    CU_ASSERT(walk->opened && walk->count == 0);
    CU_ASSERT(walk->errors == 0 && walk->still_queued == 0);
    walk = world_walk(libctx, URI, 0, NULL);
    CU_ASSERT_EQUAL(walk->opened, true);
    CU_ASSERT_EQUAL(walk->errors, 1);
    if (strstr(walk->message, reason) == NULL)
        fprintf(stderr, "\nexpected '%s' in '%s'\n", reason, walk->message);
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, reason));
    return walk;
}

static void an_error_is_not_taken_for_the_end(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    OSSL_STORE_CTX *store =
        OSSL_STORE_open_ex(URI, libctx, NULL, NULL, NULL, NULL, NULL, NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(store);
    CU_ASSERT_EQUAL(OSSL_STORE_eof(store), 0);
    CU_ASSERT_PTR_NULL(OSSL_STORE_load(store));
    CU_ASSERT_EQUAL(OSSL_STORE_error(store), 1);
    CU_ASSERT_EQUAL(OSSL_STORE_eof(store), 0);
    CU_ASSERT_EQUAL(OSSL_STORE_eof(store), 1);
    CU_ASSERT_PTR_NULL(OSSL_STORE_load(store));
    ERR_clear_error();
    OSSL_STORE_close(store);
    world_context_free(libctx);
}

static void nothing_cached_yet(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    const struct walk *walk = must_fail(libctx, "nothing cached yet: ");

    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "default"));
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "orgtrust sync"));
    world_write_roots("default", "Root", 2); /* and now there is something */
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->count, 2);
    world_context_free(libctx);
}

static void an_empty_organization_is_no_error(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    const struct walk *walk;

    world_write_roots("default", "Root", 0);
    walk = world_walk(libctx, URI, 0, NULL);
    CU_ASSERT(walk->opened && walk->count == 0 && walk->errors == 0);
    CU_ASSERT_EQUAL(walk->still_queued, 0);
    world_context_free(libctx);
}

static void an_old_snapshot_is_used_until_max_stale(void)
{
    OSSL_LIB_CTX *libctx = fresh("refresh_interval = 1h\nmax_stale = 1d\n");
    struct world_cert one = {"cert_1", NULL, NULL, true};

    one.x509 = world_ca("Root 0");
    world_write("default", &one, 1, 2 * 3600);
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->count, 1);
    one.x509 = world_ca("Root 0");
    world_write("default", &one, 1, 25 * 3600);
    must_fail(libctx, "cached certificates are too old: ");
    world_context_free(libctx);
    world_configure("max_stale = never\n");
    libctx = world_context();
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->count, 1);
    world_context_free(libctx);
}

static void fault_36_a_snapshot_from_the_future_is_used(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    struct world_cert one = {"cert_1", NULL, world_ca("Root 0"), true};

    world_write("default", &one, 1, -10 * 86400);
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->count, 1);
    world_context_free(libctx);
}

static void fault_39_a_cache_directory_that_is_missing(void)
{
    OSSL_LIB_CTX *libctx = fresh("");

    CU_ASSERT_EQUAL(setenv("ORGTRUST_CACHE_DIR", unit_path("nowhere"), 1), 0);
    must_fail(libctx, "nothing cached yet: ");
    CU_ASSERT_NOT_EQUAL(access(unit_path("nowhere"), F_OK), 0); /* and stays so */
    world_context_free(libctx);
}

static void fault_40_a_snapshot_that_is_not_a_plain_file(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    const char *path = world_path("default", "snapshot");

    world_write_roots("default", "Root", 1);
    CU_ASSERT_EQUAL(rename(path, world_path("other", "snapshot")), 0);
    CU_ASSERT_EQUAL(symlink(world_path("other", "snapshot"), path), 0);
    must_fail(libctx, "file is not safe to trust: ");
    unlink(path);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    must_fail(libctx, "file is not safe to trust: ");
    unlink(path);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    must_fail(libctx, "file is not safe to trust: ");
    rmdir(path);
    world_context_free(libctx);
}

static void fault_41_a_cache_that_others_can_write(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    const char *path = world_path("default", "snapshot");

    world_write_roots("default", "Root", 1);
    if (unit_group_has_others()) {
        CU_ASSERT_EQUAL(chmod(path, 0620), 0);
        must_fail(libctx, "file is not safe to trust: ");
    }
    CU_ASSERT_EQUAL(chmod(path, 0602), 0);
    must_fail(libctx, "file is not safe to trust: ");
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    CU_ASSERT_EQUAL(chmod(unit_path("cache"), 0777), 0);
    must_fail(libctx, "file is not safe to trust: ");
    CU_ASSERT_EQUAL(chmod(unit_path("cache"), 01777), 0);
    must_fail(libctx, "file is not safe to trust: ");
    CU_ASSERT_EQUAL(chmod(unit_path("cache"), 0700), 0);
    if (geteuid() == 0) {
        CU_ASSERT_EQUAL(chown(path, 65534, 65534), 0);
        must_fail(libctx, "file is not safe to trust: ");
        CU_ASSERT_EQUAL(chown(path, 0, 0), 0);
    }
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->count, 1);
    world_context_free(libctx);
}

static void fault_42_one_damaged_certificate_hides_no_other(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    X509_NAME *names[3];
    const struct walk *walk;
    int i;

    world_write_roots("default", "Root", 3);
    CU_ASSERT(world_damage("default", "Root 1", 6) > 0);
    walk = world_walk(libctx, URI, 0, NULL);
    CU_ASSERT_EQUAL(walk->count, 2);
    CU_ASSERT_PTR_NULL(strstr(walk->names, "Root 1"));
    CU_ASSERT_EQUAL(walk->errors, 1); /* behind the two good ones */
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "cached certificates are damaged: "));
    names[0] = world_name("CN=Root 0", MBSTRING_UTF8);
    names[1] = world_name("CN=Root 1", MBSTRING_UTF8);
    names[2] = world_name("CN=Root 2", MBSTRING_UTF8);
    for (i = 0; i < 3; i++) {
        walk = world_walk(libctx, URI, 0, OSSL_STORE_SEARCH_by_name(names[i]));
        CU_ASSERT_EQUAL(walk->count, i == 1 ? 0 : 1);
        CU_ASSERT(walk->errors == 0 && walk->still_queued == 0);
        X509_NAME_free(names[i]);
    }
    world_context_free(libctx);
}

/* What the OpenSSL of the sync took, and this one does not: the record is sound. */
static void fault_63_what_this_openssl_refuses_is_named(void)
{
    struct world_cert certs[] = {{"cert_good", NULL, world_ca("Good"), true},
                                 {"cert_odd", "The Odd One", world_ca("Odd"), true}};
    OSSL_LIB_CTX *libctx = fresh("");
    const struct walk *walk;

    world_refuse("cert_odd");
    world_write("default", certs, 2, AGE_FRESH);
    world_refuse(NULL);
    walk = world_walk(libctx, URI, 0, NULL);
    CU_ASSERT_STRING_EQUAL(walk->names, "Good;");
    CU_ASSERT_EQUAL(walk->errors, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "certificate cert_odd ('The Odd One')"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(walk->message, "stricter than the one that fetched it"));
    CU_ASSERT_PTR_NULL(strstr(walk->message, "damaged"));
    CU_ASSERT_PTR_NULL(strstr(walk->message, "fetches"));
    world_context_free(libctx);
}

static void fault_84_a_snapshot_of_another_scope(void)
{
    OSSL_LIB_CTX *libctx = fresh("project = proj_new\n");
    const struct walk *walk;

    world_configure("project = proj_old\n");
    world_write_roots("default", "Root", 2);
    world_configure("project = proj_new\n");
    walk = must_fail(libctx, "cached certificates are of another scope: ");
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message,
                                  "the snapshot is of project proj_old, the "
                                  "configuration says project proj_new; run 'orgtrust "
                                  "sync'"));
    world_context_free(libctx);
}

static void fault_42_a_file_that_is_no_snapshot(void)
{
    const char *path = world_path("default", "snapshot");
    OSSL_LIB_CTX *libctx = fresh("");
    struct stat st;
    FILE *file;

    world_write_roots("default", "Root", 3);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(truncate(path, st.st_size - 1), 0);
    must_fail(libctx, "cached certificates are damaged: ");
    CU_ASSERT_EQUAL(truncate(path, 0), 0);
    must_fail(libctx, "cached certificates are damaged: ");
    file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (int i = 0; i < 5000; i++)
        fputs("this is not a snapshot\n", file);
    fclose(file);
    must_fail(libctx, "cached certificates are damaged: ");
    world_write_roots("default", "Root", 3); /* what the next sync does */
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->count, 3);
    world_context_free(libctx);
}

static void fault_42_a_good_snapshot_stays_when_the_next_is_bad(void)
{
    OSSL_LIB_CTX *libctx = fresh("");

    world_write_roots("default", "Root", 3);
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->count, 3);
    CU_ASSERT_EQUAL(world_damage("default", "not in there", 12), 0); /* an equal copy */
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->count, 3);
    unlink(world_path("default", "snapshot"));
    CU_ASSERT_EQUAL(mkfifo(world_path("default", "snapshot"), 0600), 0);
    CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->count, 3);
    unlink(world_path("default", "snapshot"));
    world_context_free(libctx);
}

static void fault_43_a_search_keeps_the_snapshot_it_began_with(void)
{
    OSSL_LIB_CTX *libctx = fresh("");
    OSSL_STORE_CTX *store;
    OSSL_STORE_INFO *info;
    int i, old = 0;

    world_write_roots("default", "Old", 5);
    store = OSSL_STORE_open_ex(URI, libctx, NULL, NULL, NULL, NULL, NULL, NULL);
    for (i = 0; i < 10 && (info = OSSL_STORE_load(store)) != NULL; i++) {
        char cn[64] = "";

        world_common_name(OSSL_STORE_INFO_get0_CERT(info), cn, sizeof(cn));
        old += strncmp(cn, "Old ", 4) == 0;
        OSSL_STORE_INFO_free(info);
        if (i == 0) {
            world_write_roots("default", "New", 3);
            CU_ASSERT_PTR_NOT_NULL(
                strstr(world_walk(libctx, URI, 0, NULL)->names, "New 2"));
        }
    }
    CU_ASSERT_EQUAL(old, 5);
    CU_ASSERT_EQUAL(OSSL_STORE_eof(store), 1);
    OSSL_STORE_close(store);
    world_context_free(libctx);
}

/* That nothing is left behind is counted in memory_test.c, and seen by leak checkers. */
static void fault_47_unload_and_load_again(void)
{
    OSSL_LIB_CTX *libctx;
    int i;

    world_configure("");
    world_write_roots("default", "Root", 20);
    for (i = 0; i < 100; i++) {
        libctx = world_context();
        CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->count, 20);
        world_context_free(libctx);
    }
}

/* Runs what in a child; its exit status, or 256 + signal. */
static int in_child(void (*what)(void))
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        what();
        _exit(99);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static OSSL_LIB_CTX *shared;

static void exit_with_everything_open(void)
{
    static OSSL_LIB_CTX *own; /* both stay reachable: left behind, not leaked */
    static OSSL_STORE_CTX *left_open;

    own = world_context();
    left_open = OSSL_STORE_open_ex(URI, own, NULL, NULL, NULL, NULL, NULL, NULL);
    OSSL_STORE_INFO_free(OSSL_STORE_load(left_open));
    OPENSSL_cleanup();
    _exit(left_open != NULL ? 7 : 1);
}

static void free_what_the_parent_made(void)
{
    world_context_free(shared);
    OPENSSL_cleanup();
    _exit(8);
}

static void cleanup_before_the_context(void)
{
    OSSL_LIB_CTX *libctx = world_context();

    (void)world_walk(libctx, URI, 0, NULL);
    world_context_free(libctx);
    OPENSSL_cleanup();
    _exit(9);
}

static void fault_47_ends_in_any_order(void)
{
    shared = fresh("");
    world_write_roots("default", "Root", 3);
    CU_ASSERT_EQUAL(world_walk(shared, URI, 0, NULL)->count, 3);
    CU_ASSERT_EQUAL(in_child(exit_with_everything_open), 7);
    CU_ASSERT_EQUAL(in_child(free_what_the_parent_made), 8);
    CU_ASSERT_EQUAL(in_child(cleanup_before_the_context), 9);
    CU_ASSERT_EQUAL(world_walk(shared, URI, 0, NULL)->count, 3);
    world_context_free(shared);
}

static void fault_51_no_descriptors_left(void)
{
    OSSL_LIB_CTX *used = fresh(""), *unused = world_context();
    struct rlimit all, none;
    const struct walk *walk;

    world_write_roots("default", "Root", 3);
    CU_ASSERT_EQUAL(world_walk(used, URI, 0, NULL)->count, 3);
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &all), 0);
    none = all;
    none.rlim_cur = 0;
    world_write_roots("default", "New", 4);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
    walk = world_walk(used, URI, 0, NULL);
    CU_ASSERT(walk->count == 3 && walk->errors == 0); /* the earlier one stays */
    walk = world_walk(unused, URI, 0, NULL);
    CU_ASSERT(walk->opened && walk->count == 0 && walk->errors == 1);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &all), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, "Too many open files"));
    CU_ASSERT_EQUAL(world_walk(used, URI, 0, NULL)->count, 4);
    CU_ASSERT_EQUAL(world_walk(unused, URI, 0, NULL)->count, 4);
    world_context_free(used);
    world_context_free(unused);
}

static void fault_54_a_broken_configuration_is_told_of(void)
{
    static const struct {
        const char *text, *told;
    } rows[] = {
        {"base_url = https://x.example/v1\nno_such_key = 1\n", "orgtrust.conf:2"},
        {"[source default]\nbase_url = https://x.example/v1\nmax_stale = often\n",
         "orgtrust.conf:3"},
        {"[elsewhere]\n", "orgtrust.conf:1"},
    };
    const struct walk *walk;
    OSSL_LIB_CTX *libctx;
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        libctx = fresh("");
        world_write_roots("default", "Root", 1);
        world_configure_raw(rows[i].text);
        walk = must_fail(libctx, "configuration error: ");
        if (strstr(walk->message, rows[i].told) == NULL)
            fprintf(stderr, "\nexpected '%s' in '%s'\n", rows[i].told, walk->message);
        CU_ASSERT_PTR_NOT_NULL(strstr(walk->message, rows[i].told));
        world_configure(""); /* mended, without a restart of the program */
        CU_ASSERT_EQUAL(world_walk(libctx, URI, 0, NULL)->count, 1);
        world_context_free(libctx);
    }
    libctx = fresh("");
    unlink(unit_path("orgtrust.conf"));
    must_fail(libctx, "configuration error: ");
    world_context_free(libctx);
}

static void fault_54_no_default_source(void)
{
    OSSL_LIB_CTX *libctx = fresh("");

    world_configure_raw("[source other]\nproject = proj_1\n");
    must_fail(libctx, "configuration error: ");
    CU_ASSERT_PTR_NOT_NULL(strstr(world_walk(libctx, URI, 0, NULL)->message, "other"));
    world_context_free(libctx);
}

static void two_library_contexts_are_two_worlds(void)
{
    OSSL_LIB_CTX *one = fresh(""), *two;

    world_write_roots("default", "Root", 2);
    CU_ASSERT_EQUAL(world_walk(one, URI, 0, NULL)->count, 2);
    world_configure("purposes = client\n[source more]\nproject = proj_1\n");
    world_write_roots("more", "More", 4);
    two = world_context();
    CU_ASSERT_EQUAL(world_walk(two, "orgtrust://more/", 0, NULL)->count, 4);
    CU_ASSERT_EQUAL(world_walk(one, "orgtrust://more/", 0, NULL)->opened, false);
    CU_ASSERT_EQUAL(world_walk(one, URI, 0, NULL)->count, 2);
    world_context_free(one);
    CU_ASSERT_EQUAL(world_walk(two, "orgtrust://more/", 0, NULL)->count, 4);
    world_context_free(two);
}

static const struct unit_case cases[] = {
    {"an error is not taken for the end", an_error_is_not_taken_for_the_end},
    {"nothing cached yet", nothing_cached_yet},
    {"fault_84_a snapshot of another scope", fault_84_a_snapshot_of_another_scope},
    {"an empty organization is no error", an_empty_organization_is_no_error},
    {"an old snapshot is used until max_stale", an_old_snapshot_is_used_until_max_stale},
    {"fault_36_a snapshot from the future is used",
     fault_36_a_snapshot_from_the_future_is_used},
    {"fault_39_a cache directory that is missing",
     fault_39_a_cache_directory_that_is_missing},
    {"fault_40_a snapshot that is not a plain file",
     fault_40_a_snapshot_that_is_not_a_plain_file},
    {"fault_41_a cache that others can write", fault_41_a_cache_that_others_can_write},
    {"fault_63_what_this_openssl_refuses_is_named",
     fault_63_what_this_openssl_refuses_is_named},
    {"fault_42_one damaged certificate hides no other",
     fault_42_one_damaged_certificate_hides_no_other},
    {"fault_42_a file that is no snapshot", fault_42_a_file_that_is_no_snapshot},
    {"fault_42_a good snapshot stays when the next is bad",
     fault_42_a_good_snapshot_stays_when_the_next_is_bad},
    {"fault_43_a search keeps the snapshot it began with",
     fault_43_a_search_keeps_the_snapshot_it_began_with},
    {"fault_47_unload and load again", fault_47_unload_and_load_again},
    {"fault_47_ends in any order", fault_47_ends_in_any_order},
    {"fault_51_no descriptors left", fault_51_no_descriptors_left},
    {"fault_54_a broken configuration is told of",
     fault_54_a_broken_configuration_is_told_of},
    {"fault_54_no default source", fault_54_no_default_source},
    {"two library contexts are two worlds", two_library_contexts_are_two_worlds},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return unit_main("provider faults", cases, argc, argv);
}

/* Exports: what they hold, that they are alike for alike anchors, that readers and other
 * writers may come at any time. Programs that read them are in tests/programs/export. */
#include "export/export.h"

#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "export/anchors.h"
#include "export/format.h"
#include "export_fixture.h"
#include "files.h"
#include "files/file_lock.h"
#include "unit.h"

static void hold(const struct export_fixture *f, const char *serials)
{
    CU_ASSERT_STRING_EQUAL(export_fixture_in_bundle(f), serials);
    CU_ASSERT_STRING_EQUAL(export_fixture_in_dir(f), serials);
    CU_ASSERT_STRING_EQUAL(export_fixture_in_store(f), serials);
}

static const struct ot_export *item_of(const struct export_fixture *f,
                                       enum ot_export_kind kind)
{
    for (size_t i = 0; i < f->exports->count; i++)
        if (f->exports->items[i].kind == kind)
            return &f->exports->items[i];
    CU_FAIL_FATAL("no such export");
    return NULL;
}

static bool is_of_machine(int kind)
{
    return kind == OT_EXPORT_SYSTEM || kind == OT_EXPORT_CHROMIUM;
}

/* A key of the configuration for each kind. */
static void every_kind_has_its_key(void)
{
    struct export_fixture f;
    struct ot_exports *exports;
    char more[128];

    export_fixture_init(&f, "");
    for (int kind = 0; kind < OT_EXPORT_KIND_COUNT; kind++) {
        const char *word = ot_export_word((enum ot_export_kind)kind);
        struct ot_config *config;
        size_t i;

        CU_ASSERT_PTR_NOT_NULL_FATAL(word);
        snprintf(more, sizeof(more), "[source one]\n%s%s = %s\n",
                 kind == OT_EXPORT_ON_CHANGE ? "" : "export_", word,
                 is_of_machine(kind) ? "yes" : "/a.place");
        export_fixture_configure(&f, more);
        CU_ASSERT_EQUAL_FATAL(ot_config_load(&config, &f.err), OT_OK);
        CU_ASSERT_EQUAL_FATAL(ot_exports_new(&exports, config, &f.err), OT_OK);
        for (i = 0; i < exports->count; i++)
            if ((int)exports->items[i].kind == kind &&
                exports->items[i].sources == UINT64_C(1) << 1 &&
                (is_of_machine(kind) ||
                 strcmp(exports->items[i].target, "/a.place") == 0))
                break;
        if (i == exports->count)
            fprintf(stderr, "\n  no export is made of %s", more);
        CU_ASSERT(i < exports->count);
        free(exports);
        ot_config_free(config);
    }
    export_fixture_clear(&f);
}

static void they_follow_the_snapshot(void)
{
    struct export_fixture f;

    export_fixture_init(&f, "");
    CU_ASSERT_EQUAL(f.exports->count, 3);
    export_fixture_must_run(&f); /* without a snapshot all stays as it is: not there */
    hold(&f, "-");
    CU_ASSERT_EQUAL(item_of(&f, OT_EXPORT_DIR)->outcome, OT_EXPORT_KEPT);
    CU_ASSERT_EQUAL(item_of(&f, OT_EXPORT_DIR)->why.status, OT_E_NO_SNAPSHOT);
    export_fixture_activate(&f, "13");
    export_fixture_must_run(&f);
    hold(&f, "13");
    CU_ASSERT_EQUAL(item_of(&f, OT_EXPORT_BUNDLE)->outcome, OT_EXPORT_WRITTEN);
    CU_ASSERT_EQUAL(item_of(&f, OT_EXPORT_BUNDLE)->anchors, 2);
    export_fixture_activate(&f, "1234");
    export_fixture_must_run(&f);
    hold(&f, "1234");
    export_fixture_activate(&f, "24");
    export_fixture_must_run(&f);
    hold(&f, "24");
    export_fixture_must_run(&f);
    CU_ASSERT_EQUAL(item_of(&f, OT_EXPORT_JAVA)->outcome, OT_EXPORT_UNCHANGED);
    export_fixture_clear(&f);
}

static void fault_37_emptiness_has_to_be_sure(void)
{
    struct export_fixture f;

    export_fixture_init(&f, "");
    export_fixture_activate(&f, "12");
    export_fixture_must_run(&f);
    export_fixture_activate(&f, "");
    export_fixture_must_run(&f);
    hold(&f, "12");
    CU_ASSERT_EQUAL(item_of(&f, OT_EXPORT_JAVA)->why.status, OT_E_EMPTY);
    f.options.believe_empty = 1;
    export_fixture_must_run(&f);
    hold(&f, "");
    export_fixture_clear(&f);
}

/* What the certificates of one snapshot give in another order, or under two sources. */
static void alike_anchors_give_alike_bytes(void)
{
    struct ot_anchor items[3] = {0}, twice[5];
    struct export_fixture f;

    export_fixture_init(&f, "");
    for (int i = 0; i < 3; i++) {
        static const uint8_t name[] = {0x30, 0x00};

        items[i].der = ot_span_of(f.der[i + 1], f.len[i + 1]);
        items[i].subject = ot_span_of(name, sizeof(name));
        items[i].id[0] = (uint8_t)(7 * (i + 1) % 5);
        items[i].valid_at = i == 2; /* the newest comes first */
    }
    for (int i = 0; i < 5; i++)
        twice[i] = items[4 - i < 3 ? 4 - i : 1 - i % 2];
    for (int kind = 0; kind < OT_EXPORT_KIND_COUNT; kind++) {
        enum ot_export_format format = ot_export_format_of((enum ot_export_kind)kind);
        struct ot_anchors one = {.items = items, .count = 3};
        struct ot_anchors other = {.items = twice, .count = 5};
        uint8_t *a = NULL, *b = NULL;
        size_t a_len = 0, b_len = 0;

        if (format == OT_FORMAT_DIR || format == OT_FORMAT_COUNT)
            continue;
        ot_anchors_sort(&one);
        ot_anchors_sort(&other);
        CU_ASSERT_EQUAL(other.count, 3);
        CU_ASSERT_EQUAL(one.items[0].valid_at, 1);
        CU_ASSERT_EQUAL(ot_format_make(format, &a, &a_len, &one, NULL), OT_OK);
        CU_ASSERT_EQUAL(ot_format_make(format, &b, &b_len, &other, NULL), OT_OK);
        CU_ASSERT(a_len > 0 && a_len == b_len && memcmp(a, b, a_len) == 0);
        CU_ASSERT_TRUE(ot_format_is_ours(format, a, a_len));
        free(a);
        free(b);
    }
    export_fixture_clear(&f);
}

static void every_format_has_its_name(void)
{
    size_t len = 0;

    for (int i = 0; i < OT_FORMAT_COUNT; i++) {
        const char *name = ot_format_name((enum ot_export_format)i);

        CU_ASSERT_PTR_NOT_NULL_FATAL(name);
        CU_ASSERT_EQUAL((int)ot_format_by_name(name), i);
        CU_ASSERT_PTR_NOT_NULL(strstr(OT_FORMAT_NAMES, name));
        len += strlen(name) + strlen(", ");
    }
    CU_ASSERT_EQUAL(strlen(OT_FORMAT_NAMES) + strlen(", "), len);
    CU_ASSERT_EQUAL(ot_format_by_name("xml"), OT_FORMAT_COUNT);
}

static void what_is_ours_is_told_from_what_is_not(void)
{
    static const uint8_t pem[] = "-----BEGIN CERTIFICATE-----\n";
    static const uint8_t almost[] = "# orgtrust writes thus";

    CU_ASSERT_TRUE(ot_format_is_ours(OT_FORMAT_PEM, pem, 0));
    CU_ASSERT_FALSE(ot_format_is_ours(OT_FORMAT_PEM, pem, sizeof(pem) - 1));
    CU_ASSERT_FALSE(ot_format_is_ours(OT_FORMAT_PEM, almost, sizeof(almost) - 1));
    CU_ASSERT_TRUE(ot_format_is_ours(OT_FORMAT_P12, pem, 0));
    CU_ASSERT_FALSE(ot_format_is_ours(OT_FORMAT_P12, pem, sizeof(pem) - 1));
}

static bool is_found(const struct export_fixture *f, const uint8_t *der, size_t len)
{
    X509 *x509 = d2i_X509(NULL, &der, (long)len);
    X509_STORE *store = X509_STORE_new();
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    bool found = false;
    STACK_OF(X509) * certs;

    CU_ASSERT_FATAL(x509 != NULL && lookup != NULL && ctx != NULL);
    X509_LOOKUP_add_dir(lookup, f->hashed, X509_FILETYPE_PEM);
    X509_STORE_CTX_init(ctx, store, NULL, NULL);
    certs = X509_STORE_CTX_get1_certs(ctx, X509_get_subject_name(x509));
    for (int i = 0; i < sk_X509_num(certs); i++)
        found = found || X509_cmp(sk_X509_value(certs, i), x509) == 0;
    sk_X509_pop_free(certs, X509_free);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(x509);
    return found;
}

struct reading {
    const struct export_fixture *f;
    unsigned stop, looks, misses;
};

static void *read_all_the_time(void *arg)
{
    struct reading *reading = arg;

    while (!__atomic_load_n(&reading->stop, __ATOMIC_SEQ_CST)) {
        reading->misses += !is_found(reading->f, reading->f->der[2], reading->f->len[2]);
        __atomic_add_fetch(&reading->looks, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

/* A rollover and back again, while OpenSSL looks for the certificate that stays. */
static void no_reader_misses_an_anchor_that_stays(void)
{
    struct export_fixture f;
    struct reading reading = {.f = &f};
    pthread_t thread;

    export_fixture_init(&f, "");
    export_fixture_activate(&f, "12");
    export_fixture_must_run(&f);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, read_all_the_time, &reading), 0);
    for (int i = 0; i < 60 || __atomic_load_n(&reading.looks, __ATOMIC_SEQ_CST) < 60;
         i++) {
        export_fixture_activate(&f, i % 2 == 0 ? "23" : "12");
        export_fixture_must_run(&f);
    }
    __atomic_store_n(&reading.stop, 1, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(reading.misses, 0);
    CU_ASSERT_FALSE(is_found(&f, f.der[3], f.len[3]));
    export_fixture_clear(&f);
}

/* Ten writers: what is there in the end is the newest, whoever came last. */
static void fault_44_writers_at_once_leave_the_newest(void)
{
    enum { WRITERS = 10 };
    struct export_fixture f;
    pid_t pids[WRITERS];

    export_fixture_init(&f, "");
    export_fixture_activate(&f, "1");
    for (int i = 0; i < WRITERS; i++) {
        pids[i] = fork();
        CU_ASSERT_FATAL(pids[i] >= 0);
        if (pids[i] == 0)
            _exit(export_fixture_run(&f) != OT_OK);
        if (i == WRITERS / 2)
            export_fixture_activate(&f, "34");
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = -1;

        waitpid(pids[i], &status, 0);
        CU_ASSERT_EQUAL(status, 0);
    }
    hold(&f, "34");
    CU_ASSERT_EQUAL(export_fixture_temporaries(&f), 0);
    export_fixture_clear(&f);
}

static void fault_83_nothing_is_done_by_what_was_said_before(void)
{
    struct ot_exports *exports = NULL;
    struct export_fixture f;
    char more[600];

    export_fixture_init(&f, "");
    export_fixture_activate(&f, "13");
    snprintf(more, sizeof(more), "[source default]\nexport_dir = none\n");
    export_fixture_configure(&f, more);
    CU_ASSERT_EQUAL(export_fixture_run(&f), OT_E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.err.message, "configuration was changed meanwhile"));
    hold(&f, "-");
    export_fixture_configure(&f, "frobnicate = yes\n");
    CU_ASSERT_EQUAL(export_fixture_run(&f), OT_E_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.err.message, "frobnicate"));
    hold(&f, "-");
    CU_ASSERT_EQUAL(ot_exports_follow(&exports, &f.config, &f.options, &f.err),
                    OT_E_CONFIG);
    free(exports);
    ot_config_free(f.config);
    hold(&f, "-");
    /* Where what it says now is wanted, that is done. */
    export_fixture_configure(&f, more);
    CU_ASSERT_EQUAL_FATAL(ot_config_load(&f.config, NULL), OT_OK);
    export_fixture_configure(&f, "");
    CU_ASSERT_EQUAL(ot_exports_follow(&exports, &f.config, &f.options, &f.err), OT_OK);
    CU_ASSERT_EQUAL(exports->count, 3);
    hold(&f, "13");
    free(exports);
    export_fixture_clear(&f);
}

/* Whoever changes the configuration and then does the exports finds the lock taken by a
 * round that began before, and that one finds the change. */
static void fault_83_a_change_counts_until_the_lock_is_there(void)
{
    struct export_fixture f;
    char lock[600];
    bool waited;
    int fd, status = -1;
    pid_t pid;

    export_fixture_init(&f, "");
    export_fixture_activate(&f, "1");
    export_fixture_must_run(&f);
    snprintf(lock, sizeof(lock), "%s/.exports/lock", f.cache);
    CU_ASSERT_EQUAL_FATAL(ot_file_lock_take(&fd, lock, 0, &waited, NULL), OT_OK);
    export_fixture_activate(&f, "3");
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        ot_file_lock_release(fd);
        _exit(export_fixture_run(&f) == OT_E_BUSY ? 0 : 1);
    }
    usleep(100000);
    export_fixture_configure(&f, "max_stale = 2d\n");
    ot_file_lock_release(fd);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    hold(&f, "1");
    export_fixture_clear(&f);
}

int main(int argc, char **argv)
{
    static const struct unit_case cases[] = {
        {"every kind has its key", every_kind_has_its_key},
        {"every format has its name", every_format_has_its_name},
        {"they follow the snapshot", they_follow_the_snapshot},
        {"fault_37_emptiness_has_to_be_sure", fault_37_emptiness_has_to_be_sure},
        {"alike anchors give alike bytes", alike_anchors_give_alike_bytes},
        {"what is ours is told from what is not", what_is_ours_is_told_from_what_is_not},
        {"no reader misses an anchor that stays", no_reader_misses_an_anchor_that_stays},
        {"fault_44_writers_at_once_leave_the_newest",
         fault_44_writers_at_once_leave_the_newest},
        {"fault_83_nothing_is_done_by_what_was_said_before",
         fault_83_nothing_is_done_by_what_was_said_before},
        {"fault_83_a_change_counts_until_the_lock_is_there",
         fault_83_a_change_counts_until_the_lock_is_there},
        {NULL, NULL},
    };

    return unit_main("export", cases, argc, argv);
}

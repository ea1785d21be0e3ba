#include "world.h"

#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/span.h"
#include "cert/cert.h"
#include "certs.h"
#include "config/config.h"
#include "config/source_path.h"
#include "files/path.h"
#include "sandbox.h"
#include "snapshot/record.h"
#include "sync/snapshot_write.h"
#include "unit.h"

#define must(condition, what)                                                            \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "world: %s:%d: %s\n", __FILE__, __LINE__, what);             \
            ERR_print_errors_fp(stderr);                                                 \
            abort();                                                                     \
        }                                                                                \
    } while (0)

static void write_file(const char *path, const void *data, size_t len)
{
    FILE *file;

    (void)unlink(path);
    file = fopen(path, "wb");
    must(file != NULL && fwrite(data, 1, len, file) == len && fclose(file) == 0, path);
    must(chmod(path, 0600) == 0, path);
}

void world_configure_raw(const char *text)
{
    const char *path = unit_path("orgtrust.conf");

    write_file(path, text, strlen(text));
    must(setenv("ORGTRUST_CONF", path, 1) == 0, "environment");
    must(setenv("ORGTRUST_CACHE_DIR", unit_path("cache"), 1) == 0, "environment");
    must(setenv("ORGTRUST_COMMAND", "/bin/false", 1) == 0, "environment");
    unsetenv("OPENAI_ADMIN_KEY");
    unsetenv("OPENAI_BASE_URL");
}

void world_configure(const char *more)
{
    char text[4096];

    must(mkdir(unit_path("cache"), 0700) == 0 || access(unit_path("cache"), W_OK) == 0,
         "cache directory");
    snprintf(text, sizeof(text),
             "base_url = https://api.example.com/v1\n"
             "auto_refresh = no\n"
             "[source default]\n%s",
             more);
    world_configure_raw(text);
}

const char *world_path(const char *source, const char *kind)
{
    static char paths[16][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 16];

    must(snprintf(path, PATH_MAX, "%s/cache/%s.%s", unit_dir(), source, kind) < PATH_MAX,
         "path");
    return path;
}

/* What the configuration says the snapshot has to say of itself. */
static char *scope_of(const char *name)
{
    struct ot_error err = OT_ERROR_INIT;
    const struct ot_source *source;
    struct ot_config *config;
    char *scope;

    must(ot_config_load(&config, &err) == OT_OK, err.message);
    must(ot_config_find(config, name, &source, &err) == OT_OK, err.message);
    scope = ot_source_scope(source);
    must(scope != NULL, "scope");
    ot_config_free(config);
    return scope;
}

static const char *refused_id;

void world_refuse(const char *id)
{
    refused_id = id;
}

void world_write(const char *source, struct world_cert *certs, size_t count,
                 int64_t age_s)
{
    struct ot_record *records = calloc(count + 1, sizeof(*records));
    struct ot_cert **parsed = calloc(count + 1, sizeof(struct ot_cert *));
    struct ot_error err = OT_ERROR_INIT;
    char *scope = scope_of(source);
    uint8_t *der;
    size_t i, len;

    must(records != NULL && parsed != NULL, "memory");
    for (i = 0; i < count; i++) {
        der = certs_finish(certs[i].x509, &len);
        must(ot_cert_parse(&parsed[i], der, len, &err) == OT_OK, err.message);
        free(der);
        ot_cert_fill(parsed[i], &records[i]);
        records[i].field[OT_FIELD_ID] = ot_span_str(certs[i].id);
        records[i].field[OT_FIELD_NAME] = ot_span_str(certs[i].name);
        records[i].created_at = 1700000000;
        if (certs[i].active)
            records[i].flags |= OT_RECORD_ACTIVE;
        if (refused_id != NULL && strcmp(refused_id, certs[i].id) == 0)
            records[i].field[OT_FIELD_DER].len--;
    }
    must(ot_snapshot_write(world_path(source, "snapshot"), scope, 0, records, count,
                           time(NULL) - age_s, &err) == OT_OK,
         err.message);
    for (i = 0; i < count; i++)
        ot_cert_free(parsed[i]);
    free(parsed);
    free(records);
    free(scope);
}

void world_write_roots(const char *source, const char *prefix, size_t n)
{
    struct world_cert *certs = calloc(n + 1, sizeof(*certs));
    char(*ids)[32] = calloc(n + 1, sizeof(*ids)), cn[128];
    size_t i;

    must(certs != NULL && ids != NULL, "memory");
    for (i = 0; i < n; i++) {
        snprintf(ids[i], sizeof(ids[i]), "cert_%zu", i);
        snprintf(cn, sizeof(cn), "%s %zu", prefix, i);
        certs[i] = (struct world_cert){ids[i], NULL, world_ca(cn), true};
    }
    world_write(source, certs, n, AGE_FRESH);
    free(ids);
    free(certs);
}

int world_damage(const char *source, const void *what, size_t len)
{
    const char *path = world_path(source, "snapshot");
    uint8_t *bytes, *at;
    struct stat st;
    int found = 0;
    FILE *file;
    size_t i;

    must(stat(path, &st) == 0, path);
    bytes = malloc((size_t)st.st_size);
    file = fopen(path, "rb");
    must(bytes != NULL && file != NULL &&
             fread(bytes, 1, (size_t)st.st_size, file) == (size_t)st.st_size,
         path);
    fclose(file);
    for (at = bytes;
         (at = memmem(at, (size_t)(bytes + st.st_size - at), what, len)) != NULL;
         at += len) {
        for (i = 0; i < len; i++)
            at[i] = (uint8_t)~at[i];
        found++;
    }
    write_file(path, bytes, (size_t)st.st_size);
    free(bytes);
    return found;
}

X509 *world_ca(const char *cn)
{
    static long serial = 1000;

    return certs_new(cn, __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED));
}

X509 *world_leaf(const char *issuer, const char *cn)
{
    X509 *x509 = world_ca(cn);
    X509_NAME *name = world_name(issuer, MBSTRING_UTF8);

    X509_EXTENSION_free(
        X509_delete_ext(x509, X509_get_ext_by_NID(x509, NID_basic_constraints, -1)));
    certs_add_ext(x509, NID_basic_constraints, "critical,CA:FALSE");
    must(X509_set_issuer_name(x509, name) == 1, "issuer");
    X509_NAME_free(name);
    return x509;
}

void world_rename(X509 *x509, X509_NAME *name)
{
    must(X509_set_subject_name(x509, name) == 1 && X509_set_issuer_name(x509, name) == 1,
         "name");
    X509_NAME_free(name);
}

X509 *world_sign(X509 *x509)
{
    must(X509_sign(x509, certs_key(), EVP_sha256()) > 0, "X509_sign");
    return x509;
}

X509_NAME *world_name(const char *text, int type)
{
    X509_NAME *name = X509_NAME_new();
    char *copy = strdup(text), *next = copy, *item;
    int set = 0;

    must(name != NULL && copy != NULL, "memory");
    while (next != NULL && *next != '\0') {
        char *end = strpbrk(next, ",+");
        char mark = end != NULL ? *end : '\0';
        char *value;

        item = next;
        next = end != NULL ? end + 1 : NULL;
        if (end != NULL)
            *end = '\0';
        value = strchr(item, '=');
        must(value != NULL, text);
        *value++ = '\0';
        must(X509_NAME_add_entry_by_txt(name, item, type, (unsigned char *)value, -1, -1,
                                        set) == 1,
             text);
        set = mark == '+' ? -1 : 0;
    }
    free(copy);
    return name;
}

OSSL_LIB_CTX *world_context(void)
{
    OSSL_LIB_CTX *libctx = OSSL_LIB_CTX_new();

    must(libctx != NULL &&
             OSSL_PROVIDER_set_default_search_path(libctx, ORGTRUST_PROVIDER_BUILD_DIR),
         "library context");
    must(OSSL_PROVIDER_load(libctx, "default") != NULL, "default provider");
    must(OSSL_PROVIDER_load(libctx, "orgtrust") != NULL, "orgtrust provider");
    return libctx;
}

/* The providers that world_context loaded, so that they can be unloaded. */
struct loaded {
    OSSL_PROVIDER *provider[8];
    size_t count;
};

static int note_provider(OSSL_PROVIDER *provider, void *arg)
{
    struct loaded *loaded = arg;

    must(loaded->count < 8, "fewer providers");
    loaded->provider[loaded->count++] = provider;
    return 1;
}

void world_context_free(OSSL_LIB_CTX *libctx)
{
    struct loaded loaded = {.count = 0};

    OSSL_PROVIDER_do_all(libctx, note_provider, &loaded);
    while (loaded.count > 0)
        OSSL_PROVIDER_unload(loaded.provider[--loaded.count]);
    OSSL_LIB_CTX_free(libctx);
}

static void note_error(struct walk *walk)
{
    const char *data = NULL, *reason;
    int flags = 0;

    walk->errors++;
    if (walk->code != 0)
        return;
    walk->code = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
    reason = ERR_reason_error_string(walk->code);
    snprintf(walk->message, sizeof(walk->message), "%s: %s",
             reason != NULL ? reason : "?", (flags & ERR_TXT_STRING) != 0 ? data : "");
}

void world_common_name(const X509 *x509, char *text, size_t size)
{
    const X509_NAME *name = X509_get_subject_name(x509);
    unsigned char *utf8 = NULL;
    int at = -1, next;

    *text = 0;
    while ((next = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0)
        at = next;
    if (at >= 0 && ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(
                                                  X509_NAME_get_entry(name, at))) >= 0)
        snprintf(text, size, "%s", (const char *)utf8);
    OPENSSL_free(utf8);
}

static void note_certificate(struct walk *walk, const OSSL_STORE_INFO *info)
{
    char cn[256] = "";
    X509 *x509;

    walk->count++;
    if (OSSL_STORE_INFO_get_type(info) != OSSL_STORE_INFO_CERT)
        abort();
    x509 = OSSL_STORE_INFO_get0_CERT(info);
    world_common_name(x509, cn, sizeof(cn));
    if (strlen(walk->names) + strlen(cn) + 2 < sizeof(walk->names)) {
        strcat(walk->names, cn);
        strcat(walk->names, ";");
    }
}

const struct walk *world_walk(OSSL_LIB_CTX *libctx, const char *uri, int expect,
                              OSSL_STORE_SEARCH *search)
{
    static _Thread_local struct walk walk;
    OSSL_STORE_CTX *store;
    OSSL_STORE_INFO *info;

    walk = (struct walk){.opened = false};
    ERR_clear_error();
    store = OSSL_STORE_open_ex(uri, libctx, NULL, NULL, NULL, NULL, NULL, NULL);
    walk.opened = store != NULL;
    if (store == NULL || (expect != 0 && OSSL_STORE_expect(store, expect) != 1) ||
        (search != NULL && OSSL_STORE_find(store, search) != 1))
        note_error(&walk);
    OSSL_STORE_SEARCH_free(search);
    while (store != NULL && !OSSL_STORE_eof(store)) {
        info = OSSL_STORE_load(store);
        if (info != NULL)
            note_certificate(&walk, info);
        else if (OSSL_STORE_error(store) && !OSSL_STORE_eof(store))
            note_error(&walk);
        OSSL_STORE_INFO_free(info);
    }
    OSSL_STORE_close(store);
    while (ERR_get_error() != 0)
        walk.still_queued++;
    return &walk;
}

const char *world_list(OSSL_LIB_CTX *libctx, const char *uri, OSSL_STORE_SEARCH *search)
{
    return world_walk(libctx, uri, OSSL_STORE_INFO_CERT, search)->names;
}

int world_verify(OSSL_LIB_CTX *libctx, const char *uri, X509 *x509, int purpose)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(libctx, NULL);
    int result;

    must(store != NULL && ctx != NULL &&
             X509_STORE_load_store_ex(store, uri, libctx, NULL) == 1 &&
             X509_STORE_CTX_init(ctx, store, x509, NULL) == 1,
         uri);
    if (purpose != 0)
        must(X509_STORE_CTX_set_purpose(ctx, purpose) == 1, "purpose");
    result = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return result;
}

static int read_or_be_killed(void (*load)(void), bool (*reads)(bool has_snapshot),
                             bool kill_first, bool has_snapshot)
{
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        if (kill_first && !sandbox_kill())
            _exit(50);
        load();
        if (!kill_first && !sandbox_kill())
            _exit(50);
        _exit(!reads(has_snapshot));
    }
    return child_status(child);
}

void world_hosts_survive(void (*load)(void), bool (*reads)(bool has_snapshot))
{
    const struct timespec old[2] = {{.tv_sec = time(NULL) - 7200},
                                    {.tv_sec = time(NULL) - 7200}};

    if (!sandbox_is_possible()) {
        unit_skip("seccomp (sanitizer or valgrind)");
        return;
    }
    world_configure("auto_refresh = yes\nrefresh_interval = 1m\n");
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, world_path("default", "snapshot"), old, 0), 0);
    CU_ASSERT_EQUAL(read_or_be_killed(load, reads, false, true), 0);
    CU_ASSERT_EQUAL(read_or_be_killed(load, reads, true, true), 0);
    /* Nothing to read: it would start a sync, wait for it, and say why to the log. */
    (void)unlink(world_path("default", "snapshot"));
    CU_ASSERT_EQUAL(read_or_be_killed(load, reads, false, false), 0);
    CU_ASSERT_EQUAL(read_or_be_killed(load, reads, true, false), 0);
}

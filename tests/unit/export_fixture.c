#include "export_fixture.h"

#include <dirent.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "certs.h"
#include "config/config.h"
#include "config/source_path.h"
#include "files.h"
#include "files/path.h"
#include "snapshot/record.h"
#include "snapshots.h"
#include "sync/snapshot_write.h"
#include "unit.h"

void export_fixture_configure(const struct export_fixture *f, const char *more)
{
    char path[600], text[4096];

    snprintf(path, sizeof(path), "%s/conf", f->dir);
    snprintf(text, sizeof(text),
             "base_url = http://127.0.0.1:9/v1\ncache_dir = %s\nexport_bundle = %s\n"
             "export_dir = %s\nexport_java = %s\n%s",
             f->cache, f->bundle, f->hashed, f->store, more);
    file_put_text(path, text);
    setenv("ORGTRUST_CONF", path, 1);
    unsetenv("ORGTRUST_CACHE_DIR");
}

void export_fixture_init(struct export_fixture *f, const char *more)
{
    static unsigned count;

    memset(f, 0, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "%s/export-%u", unit_dir(), count++);
    snprintf(f->cache, sizeof(f->cache), "%s/cache", f->dir);
    snprintf(f->bundle, sizeof(f->bundle), "%s/bundle.pem", f->dir);
    snprintf(f->hashed, sizeof(f->hashed), "%s/hashed", f->dir);
    snprintf(f->store, sizeof(f->store), "%s/store.p12", f->dir);
    CU_ASSERT_FATAL(mkdir(f->dir, 0755) == 0 && mkdir(f->cache, 0755) == 0);
    export_fixture_configure(f, more);
    for (int i = 1; i <= EXPORT_CERTS; i++)
        f->der[i] = certs_der(i <= 2   ? "Rolled"
                              : i == 3 ? "Third"
                                       : "Fourth",
                              i, &f->len[i]);
    if (ot_config_load(&f->config, &f->err) != OT_OK ||
        ot_exports_new(&f->exports, f->config, &f->err) != OT_OK) {
        fprintf(stderr, "export_fixture: %s\n", f->err.message);
        abort();
    }
}

void export_fixture_clear(struct export_fixture *f)
{
    for (int i = 1; i <= EXPORT_CERTS; i++)
        free(f->der[i]);
    free(f->exports);
    ot_config_free(f->config);
}

void export_fixture_activate(struct export_fixture *f, const char *serials)
{
    const struct ot_source *source = ot_config_at(f->config, 0);
    struct snapshot_builder builder = {0};
    char path[PATH_MAX], *scope = ot_source_scope(source);

    for (int i = 1; i <= EXPORT_CERTS; i++)
        snapshot_builder_add(&builder, f->der[i], f->len[i], NULL,
                             strchr(serials, '0' + i) ? OT_RECORD_ACTIVE : 0);
    CU_ASSERT_FATAL(scope != NULL &&
                    ot_source_path(path, source, OT_SOURCE_SNAPSHOT, NULL) == OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_snapshot_write(path, scope, 0, builder.records,
                                            builder.count, time(NULL), &f->err),
                          OT_OK);
    snapshot_builder_clear(&builder);
    free(scope);
}

enum ot_status export_fixture_run(struct export_fixture *f)
{
    ot_error_clear(&f->err);
    return ot_exports_run(f->exports, &f->options, &f->err);
}

void export_fixture_must_run(struct export_fixture *f)
{
    enum ot_status status = export_fixture_run(f);

    CU_ASSERT_EQUAL(status, OT_OK);
    if (status == OT_OK)
        return;
    fprintf(stderr, "\n  %s\n", f->err.message);
    for (size_t i = 0; i < f->exports->count; i++)
        fprintf(stderr, "  %s\n", f->exports->items[i].why.message);
}

struct serials {
    char text[64];
};

static struct serials *new_serials(void)
{
    static struct serials all[8];
    static unsigned next;

    return memset(&all[next++ % 8], 0, sizeof(all[0]));
}

static void add_serial(struct serials *serials, X509 *x509)
{
    long serial = ASN1_INTEGER_get(X509_get0_serialNumber(x509));
    size_t len = strlen(serials->text), at = 0;

    CU_ASSERT(serial >= 1 && serial <= EXPORT_CERTS);
    while (at < len && serials->text[at] < '0' + serial)
        at++;
    memmove(serials->text + at + 1, serials->text + at, len - at);
    serials->text[at] = (char)('0' + serial);
}

/* Every block must be whole; returns how many there are, -1: there is no file. */
static int add_pem(struct serials *serials, const char *path)
{
    FILE *file = fopen(path, "r");
    X509 *x509;
    int count = 0;
    char line[128];
    size_t begins = 0;

    if (file == NULL)
        return -1;
    while (fgets(line, sizeof(line), file) != NULL)
        begins += strncmp(line, "-----BEGIN", 10) == 0;
    rewind(file);
    while ((x509 = PEM_read_X509(file, NULL, NULL, NULL)) != NULL) {
        add_serial(serials, x509);
        X509_free(x509);
        count++;
    }
    CU_ASSERT_EQUAL(begins, (size_t)count);
    fclose(file);
    return count;
}

const char *export_fixture_in_bundle(const struct export_fixture *f)
{
    struct serials *serials = new_serials();

    return add_pem(serials, f->bundle) < 0 ? "-" : serials->text;
}

const char *export_fixture_in_dir(const struct export_fixture *f)
{
    struct serials *serials = new_serials();
    const struct dirent *entry;
    DIR *dir = opendir(f->hashed);

    if (dir == NULL)
        return "-";
    while ((entry = readdir(dir)) != NULL) {
        char path[PATH_MAX];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", f->hashed, entry->d_name);
        CU_ASSERT(add_pem(serials, path) > 0);
    }
    closedir(dir);
    return serials->text;
}

static void add_bags(struct serials *serials, PKCS7 *safe)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = PKCS12_unpack_p7data(safe);

    CU_ASSERT_PTR_NOT_NULL(bags);
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        X509 *x509 = PKCS12_SAFEBAG_get1_cert(sk_PKCS12_SAFEBAG_value(bags, i));

        CU_ASSERT_PTR_NOT_NULL_FATAL(x509);
        add_serial(serials, x509);
        X509_free(x509);
    }
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

const char *export_fixture_in_store(const struct export_fixture *f)
{
    struct serials *serials = new_serials();
    FILE *file = fopen(f->store, "r");
    STACK_OF(PKCS7) * safes;
    PKCS12 *p12;

    if (file == NULL)
        return "-";
    p12 = d2i_PKCS12_fp(file, NULL);
    fclose(file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p12);
    safes = PKCS12_unpack_authsafes(p12);
    CU_ASSERT_PTR_NOT_NULL(safes);
    for (int i = 0; i < sk_PKCS7_num(safes); i++)
        add_bags(serials, sk_PKCS7_value(safes, i));
    sk_PKCS7_pop_free(safes, PKCS7_free);
    PKCS12_free(p12);
    return serials->text;
}

static size_t temporaries_in(const char *path)
{
    const struct dirent *entry;
    DIR *dir = opendir(path);
    size_t count = 0;

    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL)
        count += strstr(entry->d_name, ".tmp") != NULL;
    closedir(dir);
    return count;
}

size_t export_fixture_temporaries(const struct export_fixture *f)
{
    return temporaries_in(f->dir) + temporaries_in(f->hashed) + temporaries_in(f->cache) +
           temporaries_in(f->exports->dir);
}

/* One process in which NSS and GnuTLS each load the module themselves, and neither knows
 * of the other.
 *
 *   two_users MODULE < commands
 *
 * One command a line, with one line of answer:
 *   begin LIBRARY                  nss or gnutls loads the module: "begun"
 *   verify LIBRARY LEAF ISSUER     DER files: "trusted" or "refused"
 *   busy LIBRARY LEAF ISSUER       from now on a thread verifies again and again: "busy"
 *   idle                           that ends: "idle COUNT", how often it was trusted; or
 *                                  "refused", when once it was not
 *   end LIBRARY                    it lets go of the module: "ended" */
#include <cert.h>
#include <gnutls/gnutls.h>
#include <gnutls/pkcs11.h>
#include <gnutls/x509.h>
#include <nss.h>
#include <pk11pub.h>
#include <pthread.h>
#include <secmod.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DER_MAX 65536
#define TRUST "pkcs11:token=orgtrust"

/* What the busy thread verifies with, and what came of it. */
static struct {
    bool (*verify)(const char *leaf, const char *issuer);
    char leaf[4096], issuer[4096];
    pthread_t thread;
    atomic_bool stop;
    int trusted, refused;
} work;

static const char *module_path;
static SECMODModule *nss_module;

static void die(const char *what)
{
    fprintf(stderr, "two_users: %s\n", what);
    exit(1);
}

static unsigned read_file(unsigned char *der, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t len;

    if (file == NULL)
        die(path);
    len = fread(der, 1, DER_MAX, file);
    fclose(file);
    return (unsigned)len;
}

static void begin_nss(void)
{
    char spec[8192];

    snprintf(spec, sizeof(spec),
             "library=\"%s\" name=\"orgtrust\" NSS=\"trustOrder=100\"", module_path);
    if (NSS_NoDB_Init(NULL) != SECSuccess)
        die("NSS_NoDB_Init");
    nss_module = SECMOD_LoadUserModule(spec, NULL, PR_FALSE);
    if (nss_module == NULL || !nss_module->loaded)
        die("NSS has not loaded the module");
}

static void end_nss(void)
{
    if (SECMOD_UnloadUserModule(nss_module) != SECSuccess)
        die("SECMOD_UnloadUserModule");
    SECMOD_DestroyModule(nss_module);
    if (NSS_Shutdown() != SECSuccess)
        die("NSS_Shutdown");
}

static CERTCertificate *nss_certificate(const char *path)
{
    unsigned char der[DER_MAX];
    SECItem item = {siDERCertBuffer, der, read_file(der, path)};
    CERTCertificate *certificate =
        CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL, PR_FALSE, PR_TRUE);

    if (certificate == NULL)
        die(path);
    return certificate;
}

static bool verify_nss(const char *leaf_path, const char *issuer_path)
{
    CERTCertificate *leaf = nss_certificate(leaf_path);
    CERTCertificate *issuer = nss_certificate(issuer_path);
    bool is_trusted =
        CERT_VerifyCertificateNow(CERT_GetDefaultCertDB(), leaf, PR_TRUE,
                                  certificateUsageSSLServer, NULL, NULL) == SECSuccess;

    CERT_DestroyCertificate(issuer);
    CERT_DestroyCertificate(leaf);
    return is_trusted;
}

static void begin_gnutls(void)
{
    if (gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_MANUAL, NULL) < 0 ||
        gnutls_pkcs11_add_provider(module_path, "trusted") < 0)
        die("GnuTLS has not loaded the module");
}

static gnutls_x509_crt_t gnutls_certificate(const char *path)
{
    unsigned char der[DER_MAX];
    gnutls_datum_t datum = {der, read_file(der, path)};
    gnutls_x509_crt_t certificate;

    if (gnutls_x509_crt_init(&certificate) < 0 ||
        gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_DER) < 0)
        die(path);
    return certificate;
}

static bool verify_gnutls(const char *leaf_path, const char *issuer_path)
{
    gnutls_x509_crt_t chain[] = {gnutls_certificate(leaf_path),
                                 gnutls_certificate(issuer_path)};
    gnutls_x509_trust_list_t list;
    unsigned status = 0;

    if (gnutls_x509_trust_list_init(&list, 0) < 0)
        die("gnutls_x509_trust_list_init");
    if (gnutls_x509_trust_list_add_trust_file(list, TRUST, NULL, GNUTLS_X509_FMT_DER, 0,
                                              0) < 0 ||
        gnutls_x509_trust_list_verify_crt(list, chain, 2, 0, &status, NULL) < 0)
        status = GNUTLS_CERT_INVALID;
    gnutls_x509_trust_list_deinit(list, 1);
    gnutls_x509_crt_deinit(chain[0]);
    gnutls_x509_crt_deinit(chain[1]);
    return status == 0;
}

static const struct library {
    const char *name;
    void (*begin)(void);
    void (*end)(void);
    bool (*verify)(const char *leaf, const char *issuer);
} libraries[] = {{"nss", begin_nss, end_nss, verify_nss},
                 {"gnutls", begin_gnutls, gnutls_pkcs11_deinit, verify_gnutls}};

static void *keep_verifying(void *arg)
{
    (void)arg;
    while (!work.stop) {
        if (work.verify(work.leaf, work.issuer))
            work.trusted++;
        else
            work.refused++;
    }
    return NULL;
}

static void make_busy(const struct library *library, const char *leaf, const char *issuer)
{
    work.verify = library->verify;
    snprintf(work.leaf, sizeof(work.leaf), "%s", leaf);
    snprintf(work.issuer, sizeof(work.issuer), "%s", issuer);
    work.stop = false;
    work.trusted = work.refused = 0;
    if (pthread_create(&work.thread, NULL, keep_verifying, NULL) != 0)
        die("pthread_create");
    puts("busy");
}

static void make_idle(void)
{
    work.stop = true;
    pthread_join(work.thread, NULL);
    if (work.refused > 0)
        puts("refused");
    else
        printf("idle %d\n", work.trusted);
}

static const struct library *library_named(const char *name)
{
    for (size_t i = 0; i < 2; i++)
        if (name != NULL && strcmp(libraries[i].name, name) == 0)
            return &libraries[i];
    die("which library?");
    return NULL;
}

static void obey(char *line)
{
    char *words[4] = {NULL}, *state = NULL;
    const struct library *library;

    words[0] = strtok_r(line, " \n", &state);
    for (int i = 1; i < 4 && words[i - 1] != NULL; i++)
        words[i] = strtok_r(NULL, " \n", &state);
    if (words[0] == NULL)
        die("no command");
    if (strcmp(words[0], "idle") == 0) {
        make_idle();
        return;
    }
    library = library_named(words[1]);
    if (strcmp(words[0], "begin") == 0) {
        library->begin();
        puts("begun");
    } else if (strcmp(words[0], "end") == 0) {
        library->end();
        puts("ended");
    } else if (strcmp(words[0], "verify") == 0 && words[3] != NULL) {
        puts(library->verify(words[2], words[3]) ? "trusted" : "refused");
    } else if (strcmp(words[0], "busy") == 0 && words[3] != NULL) {
        make_busy(library, words[2], words[3]);
    } else {
        die("no such command");
    }
}

int main(int argc, char **argv)
{
    char line[8192];

    if (argc != 2)
        die("usage: two_users MODULE");
    module_path = argv[1];
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(line);
    return 0;
}

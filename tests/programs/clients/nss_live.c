/* Verifies server chains with NSS, in one process that goes on running.
 *
 *   nss_live DATABASE < commands
 *
 * One command a line, with one line of answer:
 *   verify LEAF INTERMEDIATE   DER files: "trusted" or "refused ERROR"
 *   pkix LEAF INTERMEDIATE     the same by the other of NSS's two ways to verify
 *   way                        which of them `verify` takes: "pkix" or "classic"
 *   hold NICKNAME              finds a certificate and keeps it, as programs do: "held"
 * or "absent" drop                       lets go of it: "dropped" */
#include <cert.h>
#include <nspr.h>
#include <nss.h>
#include <pk11pub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DER_MAX 65536

static CERTCertificate *held;

static CERTCertificate *read_certificate(const char *path)
{
    static unsigned char der[DER_MAX];
    FILE *file = fopen(path, "rb");
    SECItem item = {siDERCertBuffer, der, 0};

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    item.len = (unsigned)fread(der, 1, sizeof(der), file);
    fclose(file);
    return CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL, PR_FALSE,
                                   PR_TRUE);
}

/* As SSL_AuthCertificate() and most programs do. */
static const char *verify_classic(CERTCertificate *leaf)
{
    if (CERT_VerifyCertificateNow(CERT_GetDefaultCertDB(), leaf, PR_TRUE,
                                  certificateUsageSSLServer, NULL, NULL) == SECSuccess)
        return NULL;
    return PR_ErrorToName(PR_GetError());
}

static const char *verify_pkix(CERTCertificate *leaf)
{
    CERTRevocationFlags *none = CERT_AllocCERTRevocationFlags(0, 0, 0, 0);
    CERTValInParam in[] = {{.type = cert_pi_revocationFlags}, {.type = cert_pi_end}};
    CERTValOutParam out[] = {{.type = cert_po_end}};
    SECStatus status;

    in[0].value.pointer.revocation = none;
    status = CERT_PKIXVerifyCert(leaf, certificateUsageSSLServer, in, out, NULL);
    CERT_DestroyCERTRevocationFlags(none);
    return status == SECSuccess ? NULL : PR_ErrorToName(PR_GetError());
}

static void verify(const char *(*judge)(CERTCertificate *), const char *leaf_path,
                   const char *issuer_path)
{
    CERTCertificate *leaf = read_certificate(leaf_path);
    CERTCertificate *issuer = read_certificate(issuer_path);
    const char *why;

    if (leaf == NULL || issuer == NULL) {
        fprintf(stderr, "nss_live: not certificates: %s %s\n", leaf_path, issuer_path);
        exit(1);
    }
    why = judge(leaf);
    printf("%s%s\n", why != NULL ? "refused " : "trusted", why != NULL ? why : "");
    CERT_DestroyCertificate(issuer);
    CERT_DestroyCertificate(leaf);
}

static void hold(const char *nickname)
{
    held = PK11_FindCertFromNickname(nickname, NULL);
    puts(held != NULL ? "held" : "absent");
}

static void drop(void)
{
    if (held != NULL)
        CERT_DestroyCertificate(held);
    held = NULL;
    puts("dropped");
}

static void obey(char *line)
{
    char *state, *command, *first, *rest;

    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "hold ", 5) == 0) {
        hold(line + 5);
        return;
    }
    command = strtok_r(line, " ", &state);
    first = strtok_r(NULL, " ", &state);
    rest = strtok_r(NULL, " ", &state);
    if (command != NULL && strcmp(command, "verify") == 0 && rest != NULL) {
        verify(verify_classic, first, rest);
    } else if (command != NULL && strcmp(command, "pkix") == 0 && rest != NULL) {
        verify(verify_pkix, first, rest);
    } else if (command != NULL && strcmp(command, "way") == 0) {
        puts(CERT_GetUsePKIXForValidation() ? "pkix" : "classic");
    } else if (command != NULL && strcmp(command, "drop") == 0) {
        drop();
    } else {
        fprintf(stderr, "nss_live: no such command\n");
        exit(1);
    }
}

int main(int argc, char **argv)
{
    char line[8192];

    if (argc != 2 || NSS_Init(argv[1]) != SECSuccess) {
        fprintf(stderr, "usage: nss_live DATABASE (%s)\n", PR_ErrorToName(PR_GetError()));
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(line);
    drop();
    return NSS_Shutdown() == SECSuccess ? 0 : 1;
}

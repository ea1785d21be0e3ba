#include "base/error.h"
#include "doctor/fingerprints_internal.h"
#include "export/anchors.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The stores of the machines there are hold 150; an organization's, 50. */
#define CERTIFICATES_MAX 100000

static bool add_fingerprint(struct ot_fingerprints *set, X509 *cert)
{
    uint8_t(*items)[OT_ANCHOR_ID_LEN] =
        reallocarray(set->items, set->count + 1, sizeof(*items));

    if (items == NULL)
        return false;
    set->items = items;
    if (X509_digest(cert, EVP_sha256(), items[set->count], NULL) != 1)
        return false;
    set->count++;
    return true;
}

enum ot_status ot_fingerprints_add_file(struct ot_fingerprints *set, const char *path,
                                        struct ot_error *err)
{
    FILE *in = fopen(path, "re");
    bool good = true;
    X509 *cert;

    if (in == NULL)
        return ot_error_errno(err, errno == ENOENT ? OT_E_NOT_FOUND : OT_E_IO, errno,
                              "cannot read %s", path);
    while (good && set->count < CERTIFICATES_MAX &&
           (cert = PEM_read_X509(in, NULL, NULL, NULL)) != NULL) {
        good = add_fingerprint(set, cert);
        X509_free(cert);
    }
    fclose(in);
    ERR_clear_error(); /* of the end, which is one, too */
    return good ? OT_OK : ot_error_nomem(err);
}

enum ot_status ot_fingerprints_add_dir(struct ot_fingerprints *set, const char *path,
                                       struct ot_error *err)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    enum ot_status status = OT_OK;
    char *file;

    if (dir == NULL)
        return ot_error_errno(err, errno == ENOENT ? OT_E_NOT_FOUND : OT_E_IO, errno,
                              "cannot read the directory %s", path);
    while (status == OT_OK && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&file, "%s/%s", path, entry->d_name) < 0) {
            status = ot_error_nomem(err);
            break;
        }
        status = ot_fingerprints_add_file(set, file, err);
        free(file);
    }
    closedir(dir);
    return status;
}

static bool is_in_fingerprints(const struct ot_fingerprints *set,
                               const uint8_t id[OT_ANCHOR_ID_LEN])
{
    for (size_t i = 0; i < set->count; i++)
        if (memcmp(set->items[i], id, OT_ANCHOR_ID_LEN) == 0)
            return true;
    return false;
}

size_t ot_fingerprints_missing(const struct ot_fingerprints *set,
                               const struct ot_anchors *anchors)
{
    size_t missing = 0;

    for (size_t i = 0; i < anchors->count; i++)
        missing += !is_in_fingerprints(set, anchors->items[i].id);
    return missing;
}

void ot_fingerprints_clear(struct ot_fingerprints *set)
{
    free(set->items);
    *set = (struct ot_fingerprints){.items = NULL};
}

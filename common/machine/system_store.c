#include "machine/system_store.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "files/file.h"
#include "files/path.h"
#include "files/tree.h"
#include "machine/pem_blocks.h"

/* A line of the record: two digests in hexadecimal, a blank between, an end. */
#define HEX_LEN (2 * OT_SHA256_LEN)
#define LINE_LEN (2 * HEX_LEN + 2)
#define RECORD_BYTES_MAX ((size_t)LINE_LEN * 1000000)

/* The first whose parent and program are there is the one that is written to. */
const struct ot_system_store ot_system_stores[OT_SYSTEM_STORES] = {
    {"/usr/local/share/ca-certificates",
     "/usr/local/share/ca-certificates/orgtrust",
     ".crt",
     "/usr/sbin/update-ca-certificates",
     NULL,
     true,
     {"/usr/share/ca-certificates", "/usr/local/share/ca-certificates"},
     "/etc/ca-certificates.conf",
     NULL},
    {"/etc/pki/ca-trust/source/anchors",
     "/etc/pki/ca-trust/source/anchors",
     ".pem",
     "/usr/bin/update-ca-trust",
     "extract",
     false,
     {"/usr/share/pki/ca-trust-source", "/etc/pki/ca-trust/source"},
     NULL,
     "/etc/pki/ca-trust/source/blocklist"},
    {"/etc/ca-certificates/trust-source/anchors",
     "/etc/ca-certificates/trust-source/anchors",
     ".pem",
     "/usr/bin/trust",
     "extract-compat",
     false,
     {"/usr/share/ca-certificates/trust-source", "/etc/ca-certificates/trust-source"},
     NULL,
     "/etc/ca-certificates/trust-source/blocklist"},
};

bool ot_system_makes_java(void)
{
    if (access("/usr/sbin/update-ca-certificates", F_OK) == 0)
        return access("/etc/ca-certificates/update.d/jks-keystore", F_OK) == 0;
    return access("/usr/lib/jvm", F_OK) == 0;
}

struct ot_span ot_system_list_name(const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    while (len > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        len--;
    }
    return ot_span_of(line, len);
}

bool ot_system_is_ours(const char *name, const char *suffix)
{
    size_t prefix = strlen(OT_SYSTEM_PREFIX);

    return strncmp(name, OT_SYSTEM_PREFIX, prefix) == 0 &&
           strspn(name + prefix, "0123456789abcdef") == OT_SYSTEM_NAME_LEN &&
           strcmp(name + prefix + OT_SYSTEM_NAME_LEN, suffix) == 0;
}

enum ot_status ot_ca_mark_make(struct ot_ca_mark *mark, const uint8_t *der, size_t len,
                               struct ot_error *err)
{
    const uint8_t *at = der;
    uint8_t *key = NULL;
    X509 *cert = len <= LONG_MAX ? d2i_X509(NULL, &at, (long)len) : NULL;
    int key_len = cert != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &key) : -1;

    if (key_len > 0) {
        /* What may follow it in the block (OpenSSL's "trusted" form) is not in it. */
        SHA256(der, (size_t)(at - der), mark->der);
        SHA256(key, (size_t)key_len, mark->key);
    }
    OPENSSL_free(key);
    X509_free(cert);
    ERR_clear_error();
    return key_len > 0 ? OT_OK : ot_error_set(err, OT_E_PROTOCOL, "no certificate");
}

enum ot_status ot_ca_marks_add(struct ot_ca_marks *marks, const struct ot_ca_mark *mark,
                               struct ot_error *err)
{
    if (marks->count == marks->capacity) {
        size_t capacity = marks->capacity != 0 ? marks->capacity * 2 : 64;
        struct ot_ca_mark *items =
            reallocarray(marks->items, capacity, sizeof(marks->items[0]));

        if (items == NULL)
            return ot_error_nomem(err);
        marks->items = items;
        marks->capacity = capacity;
    }
    marks->items[marks->count++] = *mark;
    return OT_OK;
}

static enum ot_status add_block_mark(void *marks, const char *name, const uint8_t *der,
                                     size_t len, struct ot_error *err)
{
    struct ot_ca_mark mark = {0};

    (void)name;
    return ot_ca_mark_make(&mark, der, len, NULL) == OT_OK
               ? ot_ca_marks_add(marks, &mark, err)
               : OT_OK;
}

enum ot_status ot_ca_marks_add_file(struct ot_ca_marks *marks, const char *path,
                                    struct ot_error *err)
{
    enum ot_status status;
    BIO *bio = BIO_new_file(path, "re");

    ERR_clear_error();
    if (bio == NULL && (errno == ENOENT || errno == ENOTDIR))
        return ot_error_set(err, OT_E_NOT_FOUND, "there is no %s", path);
    if (bio == NULL)
        return ot_error_errno(err, OT_E_IO, errno, "cannot read %s", path);
    status = ot_pem_blocks(bio, add_block_mark, marks, err);
    BIO_free(bio);
    return status;
}

static int compare_system_marks(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct ot_ca_mark));
}

void ot_ca_marks_sort(struct ot_ca_marks *marks)
{
    size_t kept = 0;

    if (marks->count > 0)
        qsort(marks->items, marks->count, sizeof(marks->items[0]), compare_system_marks);
    for (size_t i = 0; i < marks->count; i++)
        if (kept == 0 ||
            compare_system_marks(&marks->items[kept - 1], &marks->items[i]) != 0)
            marks->items[kept++] = marks->items[i];
    marks->count = kept;
}

const struct ot_ca_mark *ot_ca_marks_find(const struct ot_ca_marks *marks,
                                          const uint8_t *der, size_t len)
{
    size_t low = 0, high = marks->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(marks->items[middle].der, der, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < marks->count && memcmp(marks->items[low].der, der, len) == 0
               ? &marks->items[low]
               : NULL;
}

bool ot_ca_marks_has_key(const struct ot_ca_marks *marks, const uint8_t *key)
{
    for (size_t i = 0; i < marks->count; i++)
        if (memcmp(marks->items[i].key, key, OT_SHA256_LEN) == 0)
            return true;
    return false;
}

void ot_ca_marks_clear(struct ot_ca_marks *marks)
{
    free(marks->items);
    *marks = (struct ot_ca_marks){0};
}

/* Adds what the record holds; none is OT_OK. One that others can write, or that holds
 * something else, is OT_E_UNSAFE or OT_E_CONFIG: what it is to keep out is unknown. */
static enum ot_status read_system_record(struct ot_ca_marks *marks, struct ot_error *err)
{
    char line[LINE_LEN + 1];
    int fd;
    FILE *file;
    enum ot_status status = ot_path_open(&fd, OT_SYSTEM_RECORD, RECORD_BYTES_MAX, err);

    if (status == OT_E_NOT_FOUND) {
        ot_error_clear(err);
        return OT_OK;
    }
    if (status != OT_OK)
        return status;
    file = fdopen(fd, "r");
    if (file == NULL) {
        close(fd);
        return ot_error_nomem(err);
    }
    while (status == OT_OK && fgets(line, sizeof(line), file) != NULL) {
        struct ot_ca_mark mark = {0};

        if (strlen(line) != LINE_LEN || line[HEX_LEN] != ' ' ||
            line[LINE_LEN - 1] != '\n' || !ot_hex_read(mark.der, OT_SHA256_LEN, line) ||
            !ot_hex_read(mark.key, OT_SHA256_LEN, line + HEX_LEN + 1))
            status = ot_error_set(err, OT_E_CONFIG,
                                  "%s is not as orgtrust writes it, so which of the "
                                  "system's authorities are the organization's is not "
                                  "known; as root: remove it, then orgtrust sync",
                                  OT_SYSTEM_RECORD);
        else
            status = ot_ca_marks_add(marks, &mark, err);
    }
    fclose(file);
    return status;
}

enum ot_status ot_system_record_write(const struct ot_ca_marks *marks,
                                      struct ot_error *err)
{
    size_t len = marks->count * LINE_LEN;
    enum ot_status status;
    char dir[] = OT_SYSTEM_RECORD, *text;

    *strrchr(dir, '/') = '\0';
    if (marks->count == 0) {
        if (access(dir, F_OK) != 0)
            return OT_OK;
        ot_file_reap(OT_SYSTEM_RECORD);
        status = ot_file_remove(OT_SYSTEM_RECORD, err);
        ot_dir_remove(dir); /* what else is in it keeps it */
        return status;
    }
    text = malloc(len);
    if (text == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; i < marks->count; i++) {
        char *line = text + i * LINE_LEN;

        ot_hex_write(line, marks->items[i].der, OT_SHA256_LEN);
        line[HEX_LEN] = ' ';
        ot_hex_write(line + HEX_LEN + 1, marks->items[i].key, OT_SHA256_LEN);
        line[LINE_LEN - 1] = '\n';
    }
    status = ot_file_make_dir(dir, err);
    if (status == OT_OK) {
        ot_file_reap(OT_SYSTEM_RECORD);
        status = ot_file_replace(OT_SYSTEM_RECORD, text, len, 0644, err);
    }
    free(text);
    return status;
}

/* Files of ours that the record does not know: it was lost, or an earlier version wrote
 * them. recorded is sorted. */
static enum ot_status add_files(struct ot_ca_marks *marks,
                                const struct ot_ca_marks *recorded,
                                const struct ot_system_store *store, struct ot_error *err)
{
    enum ot_status status = OT_OK;
    const struct dirent *entry;
    DIR *dir = opendir(store->dir);

    while (dir != NULL && status == OT_OK && (entry = readdir(dir)) != NULL) {
        uint8_t id[OT_SYSTEM_NAME_LEN / 2];
        char path[PATH_MAX];

        if (!ot_system_is_ours(entry->d_name, store->suffix) ||
            !ot_hex_read(id, sizeof(id), entry->d_name + strlen(OT_SYSTEM_PREFIX)) ||
            ot_ca_marks_find(recorded, id, sizeof(id)) != NULL)
            continue;
        snprintf(path, sizeof(path), "%s/%s", store->dir, entry->d_name);
        status = ot_ca_marks_add_file(marks, path, err);
        if (status == OT_E_NOT_FOUND) { /* removed just now */
            ot_error_clear(err);
            status = OT_OK;
        }
    }
    if (dir != NULL)
        closedir(dir);
    return status;
}

enum ot_status ot_system_ours(struct ot_ca_marks *marks, struct ot_error *err)
{
    struct ot_ca_marks found = {0};
    enum ot_status status = read_system_record(marks, err);

    ot_ca_marks_sort(marks);
    for (size_t i = 0; status == OT_OK && i < OT_SYSTEM_STORES; i++)
        status = add_files(&found, marks, &ot_system_stores[i], err);
    for (size_t i = 0; status == OT_OK && i < found.count; i++)
        status = ot_ca_marks_add(marks, &found.items[i], err);
    ot_ca_marks_sort(marks);
    ot_ca_marks_clear(&found);
    return status;
}

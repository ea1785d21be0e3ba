/* Whole files, read by the programs that others trust by. */
#include "doctor/readers_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/span.h"
#include "certs.h"
#include "doctor/check_internal.h"
#include "doctor/finding_internal.h"
#include "doctor/trial_internal.h"
#include "doctor/whole_set_internal.h"
#include "export/anchors.h"
#include "files/file.h"
#include "install/tool.h"
#include "unit.h"

#define CERTS 5

struct files {
    struct ot_doctor doctor;
    struct ot_anchors certs;
    uint8_t *der[CERTS];
};

/* The outer signature algorithm becomes another: GnuTLS and Java do not take that. */
static void spoil(uint8_t *der, size_t len)
{
    static const uint8_t ecdsa_sha256[] = {0x2a, 0x86, 0x48, 0xce,
                                           0x3d, 0x04, 0x03, 0x02};
    size_t at = len - sizeof(ecdsa_sha256);

    while (memcmp(der + at, ecdsa_sha256, sizeof(ecdsa_sha256)) != 0)
        at--;
    der[at + sizeof(ecdsa_sha256) - 1] = 0x03;
}

/* odd: which of them; CERTS: none. */
static void set_up(struct files *files, size_t odd)
{
    memset(files, 0, sizeof(*files));
    CU_ASSERT_EQUAL_FATAL(ot_bench_init(&files->doctor.bench, NULL, NULL), OT_OK);
    files->certs.items = calloc(CERTS, sizeof(struct ot_anchor));
    files->certs.count = CERTS;
    for (size_t i = 0; i < CERTS; i++) {
        char name[16];
        size_t len;

        snprintf(name, sizeof(name), "Root %zu", i);
        files->der[i] = certs_der(name, (long)i + 1, &len);
        if (i == odd)
            spoil(files->der[i], len);
        files->certs.items[i].der = (struct ot_span){files->der[i], len};
        EVP_Digest(files->der[i], len, files->certs.items[i].id, NULL, EVP_sha256(),
                   NULL);
    }
}

static void tear_down(struct files *files)
{
    ot_bench_clear(&files->doctor.bench);
    ot_findings_clear(&files->doctor.findings);
    for (size_t i = 0; i < CERTS; i++)
        free(files->der[i]);
    ot_anchors_clear(&files->certs);
}

/* What the readers say of a file of this format; names as in ot_readers_try. */
static bool read_by_all(struct files *files, enum ot_export_format format, bool is_dir,
                        char names[OT_READERS_NAMES_MAX])
{
    struct ot_whole_set set = {.owned = NULL};
    struct ot_real_file file = {
        .part = "exports", .subject = "file", .format = format, .set = &set};
    const char *path = unit_path(is_dir ? "d/0123abcd.0" : "file");
    struct ot_error err = OT_ERROR_INIT;
    uint8_t *bytes;
    size_t len;
    bool good = false;

    CU_ASSERT_EQUAL_FATAL(ot_format_make(format, &bytes, &len, &files->certs, &err),
                          OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_file_make_dir(unit_path("d"), &err), OT_OK);
    CU_ASSERT_EQUAL_FATAL(ot_file_replace(path, bytes, len, 0644, &err), OT_OK);
    free(bytes);
    CU_ASSERT_EQUAL_FATAL(is_dir ? ot_whole_set_add_dir(&set, unit_path("d"), &err)
                          : format == OT_FORMAT_P12
                              ? ot_whole_set_add_p12(&set, path, &err)
                              : ot_whole_set_add_pem(&set, path, &err),
                          OT_OK);
    CU_ASSERT_EQUAL(set.certs.count, CERTS);
    file.path = is_dir ? NULL : path;
    CU_ASSERT_EQUAL(ot_readers_try(&files->doctor, &file, names, &good, &err), OT_OK);
    CU_ASSERT_STRING_EQUAL(err.message, "");
    ot_whole_set_clear(&set);
    return good;
}

static bool has(const char *program)
{
    if (ot_tool_exists(program))
        return true;
    unit_skip("a reader that is not installed");
    return false;
}

static void what_all_can_parse_is_read_whole(void)
{
    char names[OT_READERS_NAMES_MAX];
    struct files files;

    set_up(&files, CERTS);
    CU_ASSERT_TRUE(read_by_all(&files, OT_FORMAT_PEM, false, names));
    if (has("gnutls-cli") && has("openssl"))
        CU_ASSERT_STRING_EQUAL(names, "GnuTLS and OpenSSL");
    CU_ASSERT_TRUE(read_by_all(&files, OT_FORMAT_PEM, true, names));
    CU_ASSERT_TRUE(read_by_all(&files, OT_FORMAT_P12, false, names));
    if (has("keytool") && has("openssl"))
        CU_ASSERT_STRING_EQUAL(names, "Java and OpenSSL");
    CU_ASSERT_EQUAL(files.doctor.findings.count, 0);
    tear_down(&files);
}

/* Wherever it stands, it is named, and what it costs. */
static void fault_58_a_reader_that_stumbles_is_found(void)
{
    static const struct {
        enum ot_export_format format;
        bool is_dir;
        const char *program, *reader, *other;
    } kinds[] = {{OT_FORMAT_PEM, false, "gnutls-cli", "GnuTLS", "OpenSSL"},
                 {OT_FORMAT_PEM, true, "gnutls-cli", "GnuTLS", "OpenSSL"},
                 {OT_FORMAT_P12, false, "keytool", "Java", "OpenSSL"}};

    for (size_t kind = 0; kind < 3; kind++)
        for (size_t odd = 0; odd < CERTS && has(kinds[kind].program); odd += 2) {
            char names[OT_READERS_NAMES_MAX], says[128];
            struct files files;

            set_up(&files, odd);
            CU_ASSERT_FALSE(
                read_by_all(&files, kinds[kind].format, kinds[kind].is_dir, names));
            CU_ASSERT_STRING_EQUAL(names, kinds[kind].other);
            CU_ASSERT_EQUAL_FATAL(files.doctor.findings.count, 1);
            CU_ASSERT_EQUAL(files.doctor.findings.items[0].verdict, OT_VERDICT_FAILS);
            snprintf(says, sizeof(says),
                     "%s reads 0 of the 5 certificates in it: it stumbles over CN = Root "
                     "%zu, SHA-256 ",
                     kinds[kind].reader, odd);
            CU_ASSERT_PTR_NOT_NULL(strstr(files.doctor.findings.items[0].sentence, says));
            tear_down(&files);
        }
}

static void nothing_is_read_of_nothing(void)
{
    struct ot_whole_set set = {.owned = NULL};
    const struct ot_real_file file = {
        .part = "x", .path = "/nowhere", .format = OT_FORMAT_PEM, .set = &set};
    struct ot_doctor doctor = {.config = NULL};
    char names[OT_READERS_NAMES_MAX];
    bool good = false;

    CU_ASSERT_EQUAL(ot_whole_set_add_pem(&set, unit_path("none"), NULL), OT_E_NOT_FOUND);
    CU_ASSERT_EQUAL(ot_whole_set_add_dir(&set, unit_path("none"), NULL), OT_E_NOT_FOUND);
    CU_ASSERT_EQUAL(ot_whole_set_add_p12(&set, unit_path("none"), NULL), OT_E_NOT_FOUND);
    CU_ASSERT_EQUAL(ot_readers_try(&doctor, &file, names, &good, NULL), OT_OK);
    CU_ASSERT_TRUE(good);
    CU_ASSERT_STRING_EQUAL(names, "");
}

static const struct unit_case cases[] = {
    {"what_all_can_parse_is_read_whole", what_all_can_parse_is_read_whole},
    {"fault_58_a_reader_that_stumbles_is_found",
     fault_58_a_reader_that_stumbles_is_found},
    {"nothing_is_read_of_nothing", nothing_is_read_of_nothing},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return unit_main("readers", cases, argc, argv);
}

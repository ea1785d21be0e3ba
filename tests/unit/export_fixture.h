/* A machine with one source, whose snapshot a test writes, and three exports of it. */
#ifndef OT_TESTS_EXPORT_FIXTURE_H
#define OT_TESTS_EXPORT_FIXTURE_H

#include "export/export.h"

/* Certificates of these serials; 1 and 2 have the same subject and keys. */
enum { EXPORT_CERTS = 4 };

struct export_fixture {
    char dir[256], bundle[512], hashed[512], store[512], cache[512];
    struct ot_config *config;
    struct ot_exports *exports;
    struct ot_exports_options options;
    uint8_t *der[EXPORT_CERTS + 1];
    size_t len[EXPORT_CERTS + 1];
    struct ot_error err;
};

/* more: further lines of the configuration. */
void export_fixture_init(struct export_fixture *f, const char *more);
void export_fixture_clear(struct export_fixture *f);

/* Writes the configuration anew, with other lines behind those of the fixture; the
 * fixture goes on with the one it has loaded. */
void export_fixture_configure(const struct export_fixture *f, const char *more);

/* Makes the certificates of these serials, "13", the active ones of the snapshot. */
void export_fixture_activate(struct export_fixture *f, const char *serials);
enum ot_status export_fixture_run(struct export_fixture *f);
/* The same, which must succeed; says why not. */
void export_fixture_must_run(struct export_fixture *f);

/* The serials in an export, sorted: "13"; "-": it is not there. What cannot be read whole
 * is a failed assertion. In one of several static buffers. */
const char *export_fixture_in_bundle(const struct export_fixture *f);
const char *export_fixture_in_dir(const struct export_fixture *f);
const char *export_fixture_in_store(const struct export_fixture *f);

/* Temporary files in all directories. */
size_t export_fixture_temporaries(const struct export_fixture *f);

#endif

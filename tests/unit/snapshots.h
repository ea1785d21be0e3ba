/* Snapshots for tests: certificates from certs.h, written without an API. */
#ifndef OT_TESTS_SNAPSHOTS_H
#define OT_TESTS_SNAPSHOTS_H

#include "cert/cert.h"
#include "snapshot/snapshot.h"

struct snapshot_builder {
    struct ot_record *records;
    struct ot_cert **certs;
    char **texts; /* ids and names */
    size_t count;
};

/* Adds the DER (which is copied) with a name (may be NULL) and flags; its id is "cert_N",
 * counted from 0, and it was created at N. */
void snapshot_builder_add(struct snapshot_builder *builder, const uint8_t *der,
                          size_t len, const char *name, unsigned flags);
/* The CA CN=cn with that serial. */
void snapshot_builder_add_ca(struct snapshot_builder *builder, const char *cn,
                             long serial, unsigned flags);
void snapshot_builder_add_quarantined(struct snapshot_builder *builder,
                                      const char *reason);

/* Writes them (scope "test"), seen at seen_at; aborts the test when that fails. */
void snapshot_builder_write(struct snapshot_builder *builder, const char *path,
                            int64_t seen_at);
void snapshot_builder_clear(struct snapshot_builder *builder);

#endif

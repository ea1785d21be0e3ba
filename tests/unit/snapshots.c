#include "snapshots.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"
#include "snapshot/record.h"
#include "sync/snapshot_write.h"

static struct ot_record *grow(struct snapshot_builder *builder)
{
    size_t n = builder->count;
    char *id;

    builder->records = realloc(builder->records, (n + 1) * sizeof(*builder->records));
    builder->certs = realloc(builder->certs, (n + 1) * sizeof(*builder->certs));
    builder->texts = realloc(builder->texts, 2 * (n + 1) * sizeof(*builder->texts));
    if (builder->records == NULL || builder->certs == NULL || builder->texts == NULL ||
        asprintf(&id, "cert_%zu", n) < 0)
        abort();
    memset(&builder->records[n], 0, sizeof(*builder->records));
    builder->records[n].created_at = (int64_t)n;
    builder->records[n].field[OT_FIELD_ID] = ot_span_str(id);
    builder->certs[n] = NULL;
    builder->texts[2 * n] = id;
    builder->texts[2 * n + 1] = NULL;
    builder->count++;
    return &builder->records[n];
}

void snapshot_builder_add(struct snapshot_builder *builder, const uint8_t *der,
                          size_t len, const char *name, unsigned flags)
{
    struct ot_record *record = grow(builder);
    size_t n = builder->count - 1;
    struct ot_error err = OT_ERROR_INIT;

    if (ot_cert_parse(&builder->certs[n], der, len, &err) != OT_OK) {
        fprintf(stderr, "snapshots: %s\n", err.message);
        abort();
    }
    ot_cert_fill(builder->certs[n], record);
    record->flags |= flags;
    if (name != NULL) {
        builder->texts[2 * n + 1] = strdup(name);
        record->field[OT_FIELD_NAME] = ot_span_str(builder->texts[2 * n + 1]);
    }
}

void snapshot_builder_add_ca(struct snapshot_builder *builder, const char *cn,
                             long serial, unsigned flags)
{
    size_t len;
    uint8_t *der = certs_der(cn, serial, &len);

    snapshot_builder_add(builder, der, len, cn, flags);
    free(der);
}

void snapshot_builder_add_quarantined(struct snapshot_builder *builder,
                                      const char *reason)
{
    struct ot_record *record = grow(builder);
    size_t n = builder->count - 1;

    builder->texts[2 * n + 1] = strdup(reason);
    record->flags = OT_RECORD_QUARANTINED | OT_RECORD_ACTIVE;
    record->field[OT_FIELD_NOTE] = ot_span_str(builder->texts[2 * n + 1]);
}

void snapshot_builder_write(struct snapshot_builder *builder, const char *path,
                            int64_t seen_at)
{
    struct ot_error err = OT_ERROR_INIT;

    if (ot_snapshot_write(path, "test", 0, builder->records, builder->count, seen_at,
                          &err) != OT_OK) {
        fprintf(stderr, "snapshots: %s\n", err.message);
        abort();
    }
}

void snapshot_builder_clear(struct snapshot_builder *builder)
{
    size_t i;

    for (i = 0; i < builder->count; i++) {
        ot_cert_free(builder->certs[i]);
        free(builder->texts[2 * i]);
        free(builder->texts[2 * i + 1]);
    }
    free(builder->records);
    free(builder->certs);
    free(builder->texts);
    memset(builder, 0, sizeof(*builder));
}

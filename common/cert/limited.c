#include "cert/limited.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cert/cert.h"
#include "cert/rewrap.h"
#include "snapshot/record.h"

struct ot_limited {
    const struct ot_cert *original;
    struct ot_cert *cert; /* with limits on it; NULL: that cannot be */
    bool has_names;
    char *reason; /* why; else NULL */
};

static const char java_reason[] =
    "its names are limited, and Java holds no trust anchor to limits on its names";

static enum ot_status put_limits(struct ot_limited *limited,
                                 const struct ot_record *facts,
                                 const struct ot_limits *limits, struct ot_error *err)
{
    uint8_t *der = NULL;
    size_t len = 0;
    enum ot_status status;

    if ((facts->flags & OT_RECORD_CA) == 0)
        return ot_error_set(err, OT_E_PROTOCOL, "it is not a CA");
    status = ot_rewrap(&der, &len, facts->field[OT_FIELD_DER], limits, err);
    if (status == OT_OK)
        status = ot_cert_of_rewrapped(&limited->cert, limited->original,
                                      ot_span_of(der, len), err);
    free(der);
    return status;
}

enum ot_status ot_limited_new(struct ot_limited **out, const struct ot_cert *original,
                              const struct ot_limits *limits, struct ot_error *err)
{
    struct ot_limited *limited = calloc(1, sizeof(*limited));
    struct ot_error why = OT_ERROR_INIT;
    struct ot_record facts = {.flags = 0};
    enum ot_status status;

    *out = NULL;
    if (limited == NULL)
        return ot_error_nomem(err);
    limited->original = original;
    limited->has_names = limits->names.count > 0;
    ot_cert_fill(original, &facts);
    status = put_limits(limited, &facts, limits, &why);
    if (status == OT_E_PROTOCOL) {
        ot_error_prefix(&why, "the limits of its source cannot be put on it");
        limited->reason = strdup(why.message);
        status = limited->reason != NULL ? OT_OK : ot_error_nomem(&why);
    }
    if (status != OT_OK) {
        ot_limited_free(limited);
        if (err != NULL)
            *err = why;
        return status;
    }
    *out = limited;
    return OT_OK;
}

void ot_limited_free(struct ot_limited *limited)
{
    if (limited == NULL)
        return;
    ot_cert_free(limited->cert);
    free(limited->reason);
    free(limited);
}

/* Withheld from what either of both is withheld from; the first reason counts. */
static void add_withheld(struct ot_record *record, uint32_t places, struct ot_span why)
{
    if ((places & OT_RECORD_WITHHELD) == 0)
        return;
    if ((record->flags & OT_RECORD_WITHHELD) == 0)
        record->field[OT_FIELD_WITHHELD] = why;
    record->flags |= places & OT_RECORD_WITHHELD;
}

void ot_limited_fill(const struct ot_limited *limited, struct ot_record *record)
{
    struct ot_record original = {.flags = 0};

    ot_cert_fill(limited->original, &original);
    if (limited->cert == NULL) {
        ot_cert_fill(limited->original, record);
        record->flags |= OT_RECORD_WITHHELD;
        record->field[OT_FIELD_WITHHELD] = ot_span_str(limited->reason);
        return;
    }
    ot_cert_fill(limited->cert, record);
    record->field[OT_FIELD_ORIGINAL] = original.field[OT_FIELD_DER];
    record->field[OT_FIELD_ORIGINAL_DIGESTS] = original.field[OT_FIELD_DIGESTS];
    add_withheld(record, original.flags, original.field[OT_FIELD_WITHHELD]);
    if (!limited->has_names)
        return;
    record->flags |= OT_RECORD_NAMES_LIMITED;
    add_withheld(record, OT_RECORD_WITHHELD_JAVA, ot_span_str(java_reason));
}

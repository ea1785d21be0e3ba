#include "view/record_json.h"

#include <stdio.h>

#include "base/hex.h"
#include "config/purpose.h"
#include "config/source.h"

const char *ot_record_state_word(const struct ot_record *record)
{
    if ((record->flags & OT_RECORD_QUARANTINED) != 0)
        return "quarantined";
    if ((record->flags & OT_RECORD_ACTIVE) == 0)
        return "inactive";
    if (ot_record_is_withheld(record))
        return "withheld";
    return record->field[OT_FIELD_ORIGINAL].data != NULL ? "limited" : "active";
}

/* A snapshot that a former version has written knows of no other scope. */
static uint32_t scopes_of(const struct ot_source *source, const struct ot_record *record)
{
    const uint32_t both = OT_RECORD_BY_PROJECT | OT_RECORD_BY_ORGANIZATION;

    if ((record->flags & OT_RECORD_ACTIVE) == 0)
        return 0;
    if ((record->flags & both) != 0)
        return record->flags & both;
    return source->project != NULL ? OT_RECORD_BY_PROJECT : OT_RECORD_BY_ORGANIZATION;
}

const char *ot_record_active_by(const struct ot_source *source,
                                const struct ot_record *record)
{
    switch (scopes_of(source, record)) {
    case OT_RECORD_BY_PROJECT:
        return "project";
    case OT_RECORD_BY_ORGANIZATION:
        return "organization";
    case 0:
        return "-";
    default:
        return "both";
    }
}

void ot_record_json_put_scopes(cJSON *object, const struct ot_source *source,
                               const struct ot_record *record, bool *failed)
{
    cJSON *array = ot_json_put_array(object, "active_by", failed);
    uint32_t scopes = scopes_of(source, record);

    if ((scopes & OT_RECORD_BY_PROJECT) != 0)
        ot_json_append_string(array, "project", failed);
    if ((scopes & OT_RECORD_BY_ORGANIZATION) != 0)
        ot_json_append_string(array, "organization", failed);
}

static const struct {
    uint32_t place;
    const char *key;
} places[] = {
    {OT_RECORD_WITHHELD_OPENSSL, "openssl"},
    {OT_RECORD_WITHHELD_TOKEN, "token"},
    {OT_RECORD_WITHHELD_FILES, "files"},
    {OT_RECORD_WITHHELD_JAVA, "java"},
};
#define PLACES (sizeof(places) / sizeof(places[0]))

static void put_places(cJSON *object, const struct ot_record *record, bool *failed)
{
    cJSON *array = ot_json_put_array(object, "withheld_from", failed);

    for (size_t i = 0; i < PLACES; i++)
        if ((record->flags & places[i].place) != 0)
            ot_json_append_string(array, places[i].key, failed);
}

/* The words of purposes that a source says no to. */
static void put_denied(cJSON *object, const struct ot_record *record, bool *failed)
{
    cJSON *array = ot_json_put_array(object, "denied", failed);
    char word[OT_PURPOSES_TEXT_MAX];

    for (unsigned purpose = 1; purpose <= OT_PURPOSES_ALL; purpose <<= 1)
        if ((record->flags & purpose << OT_RECORD_DENIED_SHIFT) != 0)
            ot_json_append_string(array, ot_purposes_text(word, purpose), failed);
}

static void put_facts(cJSON *object, const struct ot_record *record, bool *failed)
{
    char hex[3 * 32 + 1];

    ot_json_put_bool(object, "ca", (record->flags & OT_RECORD_CA) != 0, failed);
    ot_json_put_bool(object, "self_signed", (record->flags & OT_RECORD_SELF_SIGNED) != 0,
                     failed);
    ot_json_put_int(object, "created_at", record->created_at, failed);
    ot_json_put_int(object, "valid_at", record->valid_at, failed);
    ot_json_put_int(object, "expires_at", record->expires_at, failed);
    ot_hex_text(hex, ot_record_original_digest(record, OT_DIGEST_SHA2_256), 0);
    ot_json_put_string(object, "sha256", hex, failed);
    ot_hex_text(hex, ot_record_digest(record, OT_DIGEST_SHA2_256), 0);
    ot_json_put_string(object, "handed_out_sha256", hex, failed);
}

static void put_no_facts(cJSON *object, const struct ot_record *record, bool *failed)
{
    static const char *const unknown[] = {"valid_at", "expires_at", "sha256",
                                          "handed_out_sha256"};

    ot_json_put_string(object, "ca", NULL, failed);
    ot_json_put_string(object, "self_signed", NULL, failed);
    ot_json_put_int(object, "created_at", record->created_at, failed);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        ot_json_put_string(object, unknown[i], NULL, failed);
}

void ot_record_json_put(cJSON *object, const struct ot_record *record, bool *failed)
{
    bool quarantined = (record->flags & OT_RECORD_QUARANTINED) != 0;
    bool warning = (record->flags & OT_RECORD_WARNING) != 0;

    ot_json_put_span(object, "id", record->field[OT_FIELD_ID], failed);
    ot_json_put_span(object, "name", record->field[OT_FIELD_NAME], failed);
    ot_json_put_span(object, "label", record->field[OT_FIELD_LABEL], failed);
    ot_json_put_string(object, "state", ot_record_state_word(record), failed);
    ot_json_put_bool(object, "active", (record->flags & OT_RECORD_ACTIVE) != 0, failed);
    ot_json_put_time(object, "until", record->ends_at, failed);
    if (quarantined)
        put_no_facts(object, record, failed);
    else
        put_facts(object, record, failed);
    ot_json_put_span(object, "reason",
                     record->field[quarantined ? OT_FIELD_NOTE : OT_FIELD_WITHHELD],
                     failed);
    put_places(object, record, failed);
    put_denied(object, record, failed);
    ot_json_put_span(object, "warning",
                     warning ? record->field[OT_FIELD_NOTE] : OT_SPAN_ABSENT, failed);
}

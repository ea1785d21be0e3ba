#include "view/sync_report.h"

#include <stdio.h>
#include <string.h>

#include "config/source.h"
#include "config/source_path.h"
#include "files/path.h"
#include "snapshot/snapshot.h"
#include "sync/sync_options.h"
#include "view/news_report.h"
#include "view/output.h"
#include "view/record_json.h"

#define KEPT_BACK_SHOWN 20 /* a screenful; `orgtrust status` has them all */

static void append_count(char *buf, size_t size, const char *before, size_t n,
                         const char *what)
{
    size_t len = strlen(buf);

    if (n > 0)
        snprintf(buf + len, size - len, "%s%zu %s", before, n, what);
}

void ot_sync_report_line(char *buf, size_t size, const struct ot_source *source,
                         const struct ot_sync_result *result)
{
    size_t len;

    snprintf(buf, size, "%s: %zu active of %zu", source->name, result->active,
             result->total);
    append_count(buf, size, ", ", result->added, "added");
    append_count(buf, size, ", ", result->removed, "removed");
    append_count(buf, size, ", ", result->modified, "modified");
    append_count(buf, size, ", ", result->quarantined, "quarantined");
    append_count(buf, size, ", ", result->withheld, "withheld");
    append_count(buf, size, ", ", result->warnings,
                 result->warnings == 1 ? "warning" : "warnings");
    len = strlen(buf);
    if (!result->fetched)
        snprintf(buf + len, size - len, "; nothing to do");
    else
        snprintf(buf + len, size - len, "%s; %llu request%s",
                 result->changed ? "" : ", unchanged",
                 (unsigned long long)result->http.requests,
                 result->http.requests == 1 ? "" : "s");
}

static void put_result(cJSON *object, const struct ot_source *source,
                       const struct ot_sync_result *result, bool *failed)
{
    ot_json_put_bool(object, "fetched", result->fetched, failed);
    ot_json_put_bool(object, "changed", result->changed, failed);
    ot_json_put_int(object, "total", (int64_t)result->total, failed);
    ot_json_put_int(object, "active", (int64_t)result->active, failed);
    ot_json_put_int(object, "added", (int64_t)result->added, failed);
    ot_json_put_int(object, "removed", (int64_t)result->removed, failed);
    ot_json_put_int(object, "modified", (int64_t)result->modified, failed);
    ot_json_put_int(object, "quarantined", (int64_t)result->quarantined, failed);
    ot_json_put_int(object, "withheld", (int64_t)result->withheld, failed);
    ot_json_put_int(object, "warnings", (int64_t)result->warnings, failed);
    ot_json_put_int(object, "requests", (int64_t)result->http.requests, failed);
    ot_json_put_int(object, "retries", (int64_t)result->http.retries, failed);
    ot_json_put_int(object, "bytes", (int64_t)result->http.bytes, failed);
    ot_news_report_json(object, source, result, failed);
}

cJSON *ot_sync_report_json(const struct ot_source *source, enum ot_status status,
                           const struct ot_sync_result *result,
                           const struct ot_error *err)
{
    cJSON *object = cJSON_CreateObject();
    bool failed = false;

    if (object == NULL)
        return NULL;
    ot_json_put_string(object, "source", source->name, &failed);
    ot_json_put_string(object, "status", ot_status_word(status), &failed);
    if (status == OT_OK)
        put_result(object, source, result, &failed);
    else
        ot_json_put_string(object, "error", err->message, &failed);
    if (!failed)
        return object;
    cJSON_Delete(object);
    return NULL;
}

static bool is_kept_back(const struct ot_source *source, const struct ot_record *record)
{
    return (record->flags & OT_RECORD_QUARANTINED) != 0 ||
           (!ot_source_distrusts(source) && (record->flags & OT_RECORD_ACTIVE) != 0 &&
            ot_record_is_withheld(record));
}

static void say_one(const struct ot_source *source, const struct ot_record *record)
{
    bool quarantined = (record->flags & OT_RECORD_QUARANTINED) != 0;
    const struct ot_span *id = &record->field[OT_FIELD_ID];
    const struct ot_span *why =
        &record->field[quarantined ? OT_FIELD_NOTE : OT_FIELD_WITHHELD];
    char places[OT_PLACES_TEXT_MAX];

    ot_output_say("%s: %.*s is %s%s: %.*s", source->name, (int)id->len,
                  (const char *)id->data, quarantined ? "quarantined" : "withheld from ",
                  quarantined ? "" : ot_record_places(places, record), (int)why->len,
                  why->data ? (const char *)why->data : "");
}

void ot_sync_report_kept_back(const struct ot_source *source)
{
    struct ot_snapshot *snapshot = NULL;
    struct ot_positions all;
    uint32_t shown = 0, total;
    char path[PATH_MAX];

    if (ot_source_path(path, source, OT_SOURCE_SNAPSHOT, NULL) != OT_OK ||
        ot_snapshot_open(&snapshot, path, NULL, NULL) != OT_OK)
        return;
    total = ot_snapshot_info(snapshot)->quarantined;
    if (!ot_source_distrusts(source))
        total += ot_snapshot_info(snapshot)->withheld;
    if (total > 0 && ot_snapshot_all(snapshot, &all, NULL) == OT_OK) {
        for (uint32_t i = 0; i < all.count && shown < KEPT_BACK_SHOWN; i++) {
            struct ot_record record;

            if (ot_snapshot_record(snapshot, &all, i, &record, NULL) != OT_OK ||
                !is_kept_back(source, &record))
                continue;
            say_one(source, &record);
            shown++;
        }
        if (total > shown)
            ot_output_say("%s: and %u more are quarantined or withheld; see 'orgtrust "
                          "status'",
                          source->name, (unsigned)(total - shown));
    }
    ot_snapshot_unref(snapshot);
}

/* The sources' part of what vouches: anchors by subject, before and after. */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "cache/cache.h"
#include "cert/cert.h"
#include "cert/label.h"
#include "config/config.h"
#include "config/source.h"
#include "impact/impact.h"
#include "impact/trust_changes_internal.h"
#include "impact/trust_denials_internal.h"
#include "impact/trust_internal.h"
#include "snapshot/name.h"
#include "snapshot/record.h"
#include "snapshot/snapshot.h"
#include "snapshot/twin.h"

/* A source that has a snapshot. */
struct opened {
    const struct ot_source *source;
    struct ot_cache *cache;
    struct ot_snapshot *snapshot;
};

struct ot_trust_sources {
    struct ot_trust_changes changes;
    OSSL_LIB_CTX *library;
    int64_t now;
    struct opened opened[OT_SOURCES_MAX];
    size_t count;
    struct ot_trust_denials *denials;
    struct ot_cert **uploads; /* of each change; NULL: it is none, or not for servers */
};

static const uint32_t places[] = {OT_RECORD_WITHHELD_OPENSSL, OT_RECORD_WITHHELD_TOKEN,
                                  OT_RECORD_WITHHELD_FILES, OT_RECORD_WITHHELD_JAVA};

static uint32_t places_of(const struct ot_record *record, bool active, int64_t now)
{
    struct ot_record as_if = *record;
    uint32_t found = 0;

    as_if.flags &= ~(uint32_t)OT_RECORD_ACTIVE;
    as_if.flags |= active ? OT_RECORD_ACTIVE : 0;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (ot_record_is_anchor(&as_if, places[i], now))
            found |= places[i];
    return found;
}

static uint32_t places_now(const struct ot_trust_sources *sources,
                           const struct ot_record *record)
{
    if (ot_trust_denies_before(sources->denials, record))
        return 0;
    return places_of(record, (record->flags & OT_RECORD_ACTIVE) != 0, sources->now);
}

static uint32_t places_later(const struct ot_trust_sources *sources,
                             const struct ot_source *source,
                             const struct ot_record *record)
{
    if (ot_trust_denies_after(sources->denials, record))
        return 0;
    return places_of(record, ot_trust_changes_leave(&sources->changes, source, record),
                     sources->now);
}

/* NULL: OpenSSL cannot read it. */
static X509 *parse_anchor(const struct ot_trust_sources *sources, struct ot_span der)
{
    X509 *cert = X509_new_ex(sources->library, NULL);
    const unsigned char *at = der.data;

    if (cert != NULL && d2i_X509(&cert, &at, (long)der.len) == NULL) {
        X509_free(cert);
        cert = NULL;
    }
    ERR_clear_error();
    return cert;
}

static struct ot_trust_anchor *append_anchor(struct ot_trust_anchors *anchors, X509 *cert,
                                             struct ot_error *err)
{
    if (anchors->count == anchors->capacity) {
        size_t capacity = anchors->capacity > 0 ? anchors->capacity * 2 : 16;
        struct ot_trust_anchor *items =
            reallocarray(anchors->items, capacity, sizeof(*items));

        if (items == NULL) {
            ot_error_nomem(err);
            return NULL;
        }
        anchors->items = items;
        anchors->capacity = capacity;
    }
    anchors->items[anchors->count] = (struct ot_trust_anchor){.cert = cert};
    return &anchors->items[anchors->count++];
}

/* What two sources have is one anchor, wherever either has it. */
static enum ot_status add_trust_anchor(const struct ot_trust_sources *sources,
                                       struct ot_trust_anchors *anchors,
                                       struct ot_span der, uint32_t before,
                                       uint32_t after, struct ot_error *err)
{
    struct ot_trust_anchor *anchor = NULL;
    X509 *cert;

    if ((before | after) == 0)
        return OT_OK;
    cert = parse_anchor(sources, der);
    if (cert == NULL)
        return OT_OK; /* it vouches for nothing */
    for (size_t i = 0; anchor == NULL && i < anchors->count; i++)
        if (X509_cmp(anchors->items[i].cert, cert) == 0)
            anchor = &anchors->items[i];
    if (anchor != NULL || anchors->count >= OT_IMPACT_ANCHORS_MAX) {
        anchors->is_cut = anchors->is_cut || anchor == NULL;
        X509_free(cert);
    } else {
        anchor = append_anchor(anchors, cert, err);
        if (anchor == NULL) {
            X509_free(cert);
            return OT_E_NOMEM;
        }
    }
    if (anchor != NULL) {
        anchor->before |= before;
        anchor->after |= after;
    }
    return OT_OK;
}

void ot_trust_anchors_clear(struct ot_trust_anchors *anchors)
{
    for (size_t i = 0; i < anchors->count; i++)
        X509_free(anchors->items[i].cert);
    free(anchors->items);
    *anchors = (struct ot_trust_anchors){0};
}

static enum ot_status find_in_snapshot(const struct ot_trust_sources *sources,
                                       const struct opened *opened, struct ot_span canon,
                                       struct ot_trust_anchors *anchors,
                                       struct ot_error *err)
{
    struct ot_positions list;
    enum ot_status status = ot_snapshot_find(opened->snapshot, OT_INDEX_SUBJECT_CANON,
                                             canon, OT_SPAN_ABSENT, &list, err);

    for (uint32_t i = 0; status == OT_OK && !anchors->is_cut && i < list.count; i++) {
        struct ot_record record;

        /* A damaged one is handed to nobody. */
        if (ot_snapshot_record(opened->snapshot, &list, i, &record, NULL) != OT_OK ||
            (record.flags & OT_RECORD_QUARANTINED) != 0 ||
            !ot_span_equal(record.field[OT_FIELD_SUBJECT_CANON], canon))
            continue;
        status = add_trust_anchor(sources, anchors, record.field[OT_FIELD_DER],
                                  places_now(sources, &record),
                                  places_later(sources, opened->source, &record), err);
    }
    return status;
}

static enum ot_status find_in_uploads(const struct ot_trust_sources *sources,
                                      struct ot_span canon,
                                      struct ot_trust_anchors *anchors,
                                      struct ot_error *err)
{
    enum ot_status status = OT_OK;

    for (size_t i = 0; status == OT_OK && i < sources->changes.all->count; i++) {
        struct ot_record record = {.flags = 0};

        if (sources->uploads[i] == NULL)
            continue;
        ot_cert_fill(sources->uploads[i], &record);
        if (ot_span_equal(record.field[OT_FIELD_SUBJECT_CANON], canon) &&
            !ot_trust_denies_after(sources->denials, &record))
            status = add_trust_anchor(sources, anchors, record.field[OT_FIELD_DER], 0,
                                      places_of(&record, true, sources->now), err);
    }
    return status;
}

enum ot_status ot_trust_sources_find(struct ot_trust_sources *sources,
                                     struct ot_span subject,
                                     struct ot_trust_anchors *anchors,
                                     struct ot_error *err)
{
    struct ot_span canon;
    enum ot_status status = OT_OK;

    canon.data = ot_name_canon(subject.data, subject.len, &canon.len);
    if (canon.data == NULL)
        return OT_OK; /* not a name that any anchor has */
    for (size_t i = 0; status == OT_OK && i < sources->count; i++)
        status = find_in_snapshot(sources, &sources->opened[i], canon, anchors, err);
    if (status == OT_OK)
        status = find_in_uploads(sources, canon, anchors, err);
    free((void *)canon.data);
    return status;
}

/* Only where it can be used now; nothing is fetched. */
static enum ot_status open_source(struct ot_trust_sources *sources,
                                  const struct ot_source *source, struct ot_error *err)
{
    struct opened *opened = &sources->opened[sources->count];
    enum ot_status status = ot_cache_new(&opened->cache, source, err);

    if (status != OT_OK)
        return status;
    opened->source = source;
    if (ot_cache_get(opened->cache, 0, &opened->snapshot, NULL) == OT_OK)
        sources->count++;
    else
        ot_cache_free(opened->cache);
    return OT_OK;
}

static bool is_for_servers(const struct ot_source *source)
{
    return (source->purposes & OT_PURPOSE_SERVER) != 0 && !ot_source_distrusts(source);
}

/* What is uploaded and then activated where a source for servers sees it. What cannot be
 * read becomes no anchor. */
static void read_uploads(struct ot_trust_sources *sources, const struct ot_config *config)
{
    for (size_t i = 0; i < sources->changes.all->count; i++) {
        const struct ot_impact_change *change = &sources->changes.all->items[i];
        bool is_seen = false;

        for (size_t k = 0; k < ot_config_count(config); k++)
            is_seen =
                is_seen || (is_for_servers(ot_config_at(config, k)) &&
                            ot_trust_change_is_seen(ot_config_at(config, k), change));
        if (is_seen)
            sources->uploads[i] = ot_trust_change_upload(change);
    }
}

enum ot_status ot_trust_sources_open(struct ot_trust_sources **out,
                                     const struct ot_config *config,
                                     const struct ot_impact_changes *changes,
                                     OSSL_LIB_CTX *library, struct ot_error *err)
{
    struct ot_trust_sources *sources = calloc(1, sizeof(*sources));
    enum ot_status status;

    *out = sources;
    if (sources == NULL)
        return ot_error_nomem(err);
    sources->library = library;
    sources->now = (int64_t)time(NULL);
    status = ot_trust_changes_init(&sources->changes, changes, err);
    sources->uploads = calloc(changes->count + 1, sizeof(struct ot_cert *));
    if (status == OT_OK && sources->uploads == NULL)
        status = ot_error_nomem(err);
    for (size_t i = 0; status == OT_OK && i < ot_config_count(config); i++)
        if (is_for_servers(ot_config_at(config, i)))
            status = open_source(sources, ot_config_at(config, i), err);
    if (status == OT_OK)
        status = ot_trust_denials_open(&sources->denials, config, &sources->changes, err);
    for (size_t i = 0; status == OT_OK && i < sources->count; i++)
        status =
            ot_trust_denials_learn(sources->denials, sources->opened[i].snapshot, err);
    if (status == OT_OK)
        read_uploads(sources, config);
    return status;
}

/* What is not uploaded yet is labelled as it will be. */
static enum ot_status label_loss(struct ot_impact_loss *loss,
                                 const struct ot_record *record, struct ot_error *err)
{
    struct ot_span label = record->field[OT_FIELD_LABEL];

    if (label.data == NULL)
        return ot_label_make(&loss->label, record, 1, err);
    loss->label = strndup((const char *)label.data, label.len);
    return loss->label != NULL ? OT_OK : ot_error_nomem(err);
}

static enum ot_status add_loss(struct ot_impact *impact, const struct ot_source *source,
                               const struct ot_record *record, struct ot_error *err)
{
    struct ot_span id = record->field[OT_FIELD_ID];
    struct ot_impact_loss *loss;

    if (impact->loss_count++ >= OT_IMPACT_LOSSES_MAX)
        return OT_OK;
    loss = &impact->losses[impact->loss_count - 1];
    loss->source = source;
    if (id.data != NULL)
        memcpy(loss->id, id.data, id.len < OT_ID_MAX ? id.len : OT_ID_MAX);
    loss->created_at = record->created_at;
    return label_loss(loss, record, err);
}

static bool is_lost(const struct ot_trust_sources *sources, const struct opened *opened,
                    const struct ot_record *record)
{
    return (places_now(sources, record) &
            ~places_later(sources, opened->source, record)) != 0;
}

/* Of one id, in one source. */
static enum ot_status check_loss(const struct ot_trust_sources *sources,
                                 const struct opened *opened, struct ot_span id,
                                 struct ot_impact *impact, struct ot_error *err)
{
    struct ot_positions list;
    enum ot_status status =
        ot_snapshot_find(opened->snapshot, OT_INDEX_ID, id, OT_SPAN_ABSENT, &list, err);

    for (uint32_t i = 0; status == OT_OK && i < list.count; i++) {
        struct ot_record record;

        if (ot_snapshot_record(opened->snapshot, &list, i, &record, NULL) == OT_OK &&
            ot_span_equal(record.field[OT_FIELD_ID], id) &&
            is_lost(sources, opened, &record))
            status = add_loss(impact, opened->source, &record, err);
    }
    return status;
}

/* Whether it is among those that are named. */
static bool is_named_loss(const struct ot_impact *impact, const struct ot_record *record)
{
    struct ot_span id = record->field[OT_FIELD_ID];

    for (size_t i = 0;
         id.data != NULL && i < impact->loss_count && i < OT_IMPACT_LOSSES_MAX; i++)
        if (ot_span_equal(ot_span_str(impact->losses[i].id), id))
            return true;
    return false;
}

/* What a source trusts of the key of a certificate that a change says no to. */
static enum ot_status check_denial(const struct ot_trust_sources *sources,
                                   const struct opened *opened,
                                   const struct ot_record *denial,
                                   struct ot_impact *impact, struct ot_error *err)
{
    struct ot_positions list;
    enum ot_status status = ot_twins_find(opened->snapshot, denial, &list, err);

    for (uint32_t i = 0; status == OT_OK && i < list.count; i++) {
        struct ot_record record;

        if (ot_snapshot_record(opened->snapshot, &list, i, &record, NULL) == OT_OK &&
            ot_record_is_twin(denial, &record) && is_lost(sources, opened, &record) &&
            !is_named_loss(impact, &record))
            status = add_loss(impact, opened->source, &record, err);
    }
    return status;
}

static enum ot_status lose_by_denials(const struct ot_trust_sources *sources,
                                      struct ot_impact *impact, struct ot_error *err)
{
    const struct ot_record *denial;
    enum ot_status status = OT_OK;

    for (size_t i = 0; (denial = ot_trust_denial_at(sources->denials, i)) != NULL; i++)
        for (size_t k = 0; status == OT_OK && k < sources->count &&
                           denial->field[OT_FIELD_SPKI].data != NULL;
             k++)
            status = check_denial(sources, &sources->opened[k], denial, impact, err);
    return status;
}

enum ot_status ot_trust_sources_lose(const struct ot_trust_sources *sources,
                                     struct ot_impact *impact, struct ot_error *err)
{
    const struct ot_trust_changes *changes = &sources->changes;
    enum ot_status status = OT_OK;

    impact->losses = calloc(OT_IMPACT_LOSSES_MAX, sizeof(impact->losses[0]));
    if (impact->losses == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; i < changes->count; i++) {
        const char *id = changes->by_id[i]->id;
        size_t before = impact->loss_count;

        if (i > 0 && strcmp(changes->by_id[i - 1]->id, id) == 0)
            continue;
        /* The first source that loses it stands for all. */
        for (size_t k = 0;
             status == OT_OK && k < sources->count && impact->loss_count == before; k++)
            status =
                check_loss(sources, &sources->opened[k], ot_span_str(id), impact, err);
    }
    return status == OT_OK ? lose_by_denials(sources, impact, err) : status;
}

bool ot_trust_sources_deny(const struct ot_trust_sources *sources)
{
    return ot_trust_denials_are_new(sources->denials);
}

/* What of a certificate decides whether a no is to it; NULL: it cannot be read. */
static struct ot_cert *read_machine_cert(struct ot_record *record, X509 *cert)
{
    struct ot_cert *facts = NULL;
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);

    *record = (struct ot_record){.flags = 0};
    if (len > 0 && ot_cert_parse(&facts, der, (size_t)len, NULL) == OT_OK)
        ot_cert_fill(facts, record);
    OPENSSL_free(der);
    ERR_clear_error();
    return facts;
}

/* Names what a change says no to as lost where only the machine has it: once, of however
 * many twins. */
static enum ot_status lose_machine_cert(const struct ot_trust_sources *sources,
                                        const struct ot_record *record, bool *is_named,
                                        struct ot_impact *impact, struct ot_error *err)
{
    const struct ot_record *denial;

    for (size_t i = 0; (denial = ot_trust_denial_at(sources->denials, i)) != NULL; i++) {
        if (!ot_record_is_twin(denial, record))
            continue;
        if (is_named[i] || is_named_loss(impact, denial))
            return OT_OK;
        is_named[i] = true;
        return add_loss(impact, NULL, denial, err);
    }
    return OT_OK;
}

static size_t count_denials(const struct ot_trust_sources *sources)
{
    size_t count = 0;

    while (ot_trust_denial_at(sources->denials, count) != NULL)
        count++;
    return count;
}

enum ot_status ot_trust_sources_deny_machine(const struct ot_trust_sources *sources,
                                             struct ot_trust_machine *machine,
                                             struct ot_impact *impact,
                                             struct ot_error *err)
{
    bool *is_named = calloc(count_denials(sources) + 1, sizeof(*is_named));
    enum ot_status status = OT_OK;

    machine->later = sk_X509_new_null();
    if (machine->later == NULL || is_named == NULL) {
        free(is_named);
        return ot_error_nomem(err);
    }
    for (int i = 0; status == OT_OK && i < sk_X509_num(machine->now); i++) {
        X509 *cert = sk_X509_value(machine->now, i);
        struct ot_record record;
        struct ot_cert *facts = read_machine_cert(&record, cert);

        if (facts != NULL && !ot_trust_denies_before(sources->denials, &record) &&
            ot_trust_denies_after(sources->denials, &record))
            status = lose_machine_cert(sources, &record, is_named, impact, err);
        else if (sk_X509_push(machine->later, cert) <= 0)
            status = ot_error_nomem(err);
        ot_cert_free(facts);
    }
    free(is_named);
    return status;
}

void ot_trust_sources_close(struct ot_trust_sources *sources)
{
    if (sources == NULL)
        return;
    ot_trust_denials_close(sources->denials);
    for (size_t i = 0; i < sources->count; i++) {
        ot_snapshot_unref(sources->opened[i].snapshot);
        ot_cache_free(sources->opened[i].cache);
    }
    for (size_t i = 0; sources->uploads != NULL && i < sources->changes.all->count; i++)
        ot_cert_free(sources->uploads[i]);
    free(sources->uploads);
    ot_trust_changes_clear(&sources->changes);
    free(sources);
}

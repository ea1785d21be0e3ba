#include "impact/trust_changes_internal.h"

#include <stdlib.h>
#include <string.h>

#include "cert/cert.h"
#include "cert/pem.h"
#include "config/config.h"
#include "config/source.h"
#include "impact/impact.h"
#include "snapshot/record.h"

static bool is_change_of_scope(const struct ot_source *source,
                               const struct ot_impact_change *change)
{
    if (source->project == NULL || change->project == NULL)
        return source->project == change->project;
    return strcmp(source->project, change->project) == 0;
}

bool ot_trust_change_is_seen(const struct ot_source *source,
                             const struct ot_impact_change *change)
{
    return strcmp(source->base_url, change->base_url) == 0 &&
           ot_source_sees_scope(source, change->project);
}

bool ot_impact_denies(const struct ot_config *config,
                      const struct ot_impact_changes *changes)
{
    for (size_t i = 0; i < ot_config_count(config); i++)
        for (size_t k = 0;
             ot_source_distrusts(ot_config_at(config, i)) && k < changes->count; k++)
            if (changes->items[k].activates &&
                ot_trust_change_is_seen(ot_config_at(config, i), &changes->items[k]))
                return true;
    return false;
}

static enum ot_status see_first_upload(void *arg, const uint8_t *der, size_t len,
                                       struct ot_error *err)
{
    struct ot_cert **cert = arg;

    return *cert == NULL ? ot_cert_parse(cert, der, len, err) : OT_OK;
}

struct ot_cert *ot_trust_change_upload(const struct ot_impact_change *change)
{
    struct ot_cert *cert = NULL;

    if (change->id == NULL && change->activates)
        (void)ot_pem_each(change->pem, strlen(change->pem), see_first_upload, &cert,
                          NULL);
    return cert;
}

static int compare_id(const struct ot_impact_change *change, struct ot_span id)
{
    size_t len = strlen(change->id), shorter = len < id.len ? len : id.len;
    int order = memcmp(change->id, id.data, shorter);

    return order != 0 ? order : (len > id.len) - (len < id.len);
}

/* Those of one id stay in their order, which is that of the array they lie in. */
static int compare_changes(const void *a, const void *b)
{
    const struct ot_impact_change *const *x = a, *const *y = b;
    int order = compare_id(*x, ot_span_str((*y)->id));

    return order != 0 ? order : (*x > *y) - (*x < *y);
}

enum ot_status ot_trust_changes_init(struct ot_trust_changes *changes,
                                     const struct ot_impact_changes *all,
                                     struct ot_error *err)
{
    changes->all = all;
    changes->count = 0;
    changes->by_id = calloc(all->count + 1, sizeof(const struct ot_impact_change *));
    if (changes->by_id == NULL)
        return ot_error_nomem(err);
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].id != NULL)
            changes->by_id[changes->count++] = &all->items[i];
    qsort(changes->by_id, changes->count, sizeof(const struct ot_impact_change *),
          compare_changes);
    return OT_OK;
}

void ot_trust_changes_clear(struct ot_trust_changes *changes)
{
    free(changes->by_id);
}

/* Where the changes of an id begin, if there are any. */
static size_t first_of_id(const struct ot_trust_changes *changes, struct ot_span id)
{
    size_t low = 0, high = changes->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_id(changes->by_id[middle], id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool ot_trust_changes_leave(const struct ot_trust_changes *changes,
                            const struct ot_source *source,
                            const struct ot_record *record)
{
    struct ot_span id = record->field[OT_FIELD_ID];
    bool inherits = ot_source_inherits(source);
    bool own =
        (record->flags & (inherits ? OT_RECORD_BY_PROJECT : OT_RECORD_ACTIVE)) != 0;
    bool inherited = inherits && (record->flags & OT_RECORD_BY_ORGANIZATION) != 0;

    for (size_t i = first_of_id(changes, id);
         i < changes->count && compare_id(changes->by_id[i], id) == 0; i++) {
        const struct ot_impact_change *change = changes->by_id[i];

        if (strcmp(source->base_url, change->base_url) != 0)
            continue;
        if (change->everywhere)
            own = inherited = false;
        else if (is_change_of_scope(source, change))
            own = change->activates;
        else if (inherits && change->project == NULL)
            inherited = change->activates;
    }
    return own || inherited;
}

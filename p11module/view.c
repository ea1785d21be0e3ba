#include "view.h"

#include <stdio.h>
#include <string.h>

#include "cache/cache.h"
#include "config/source.h"
#include "log.h"
#include "snapshot/snapshot.h"

static void put_label(struct ot_view *view, const char *name, const char *word)
{
    const char *space = word[0] != '\0' ? " " : "";
    int len;

    if (strcmp(name, "default") == 0) {
        snprintf(view->label, sizeof(view->label), "orgtrust%s%s", space, word);
        return;
    }
    len =
        snprintf(view->label, sizeof(view->label), "orgtrust%s%s %s", space, word, name);
    if (len > OT_TOKEN_LABEL_LEN)
        snprintf(view->label, sizeof(view->label), "%s %s", word, name);
}

CK_RV ot_view_init(struct ot_view *view, const struct ot_source *source, const char *word,
                   const struct ot_error *why, const struct ot_locking *locking)
{
    memset(view, 0, sizeof(*view));
    put_label(view, source != NULL ? source->name : "default", word != NULL ? word : "");
    view->source = source;
    if (source == NULL)
        view->why = *why;
    else
        (void)ot_cache_new(&view->cache, source, &view->why); /* said when it matters */
    return ot_lock_init(&view->lock, locking);
}

void ot_view_clear_inherited(struct ot_view *view)
{
    ot_snapshot_unref(view->newest);
    ot_cache_free(view->cache);
}

void ot_view_clear(struct ot_view *view)
{
    ot_lock_clear(&view->lock);
    ot_view_clear_inherited(view);
}

void ot_view_complain(struct ot_view *view, const struct ot_error *err)
{
    unsigned bit = 1u << err->status;

    if ((atomic_fetch_or(&view->complained_of, bit) & bit) == 0)
        ot_log_token(view->label, err->message);
}

/* Makes a reference to the snapshot the newest one, if it is not that already. */
static void publish_snapshot(struct ot_view *view, struct ot_snapshot *snapshot)
{
    struct ot_snapshot *old;

    if (ot_lock_take(&view->lock) != CKR_OK)
        return;
    old = view->newest;
    if (old != snapshot) {
        view->newest = snapshot != NULL ? ot_snapshot_ref(snapshot) : NULL;
        atomic_fetch_add(&view->looks, 1);
    } else {
        old = NULL;
    }
    ot_lock_drop(&view->lock);
    ot_snapshot_unref(old);
}

struct ot_snapshot *ot_view_look(struct ot_view *view, unsigned flags)
{
    struct ot_snapshot *snapshot = NULL;
    struct ot_error err = OT_ERROR_INIT;

    if (view->cache == NULL) {
        ot_view_complain(view, &view->why);
        return NULL;
    }
    if (ot_cache_get(view->cache, flags, &snapshot, &err) != OT_OK)
        ot_view_complain(view, &err);
    publish_snapshot(view, snapshot);
    return snapshot;
}

struct ot_snapshot *ot_view_newest(struct ot_view *view, unsigned *looks)
{
    struct ot_snapshot *snapshot = NULL;

    if (ot_lock_take(&view->lock) != CKR_OK)
        return NULL;
    *looks = atomic_load(&view->looks);
    if (view->newest != NULL)
        snapshot = ot_snapshot_ref(view->newest);
    ot_lock_drop(&view->lock);
    return snapshot;
}
